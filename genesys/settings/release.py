"""``[release]``: which verified responses become data sets, and how those are cut (docs/filters.md, releases.md)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from genesys.settings.sections import Place, Strict


class DuplicateSettings(Strict):
    """``[release.duplicates]``: what says the same as something that is kept."""

    prompts: float = Field(default=0.7, gt=0, le=1)
    """Two problems with the same numbers are one from this share of common words on; 1: only with equal words."""
    responses: float = Field(default=0.6, gt=0, le=1)
    """Two responses are, from this share of common words and pairs of words on."""
    semantic: bool = False
    """Compare problems by their meaning too; needs the extra ``semantic``."""
    semantic_model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """A hub id or a folder."""
    semantic_threshold: float = Field(default=0.95, gt=0, le=1)
    """Cosine from which on two problems mean the same."""


FaultKind = Literal[
    "cut off",
    "empty answer",
    "thinking never ends",
    "no thinking",
    "goes round in a loop",
    "marks of a chat template",
    "mixed scripts",
    "broken Markdown",
    "too short",
    "too long",
]
"""What can be wrong with the form of a response (``genesys.quality.text_faults``)."""


class FormatSettings(Strict):
    """``[release.format]``: how a response has to look."""

    thinking: bool = False
    """It has to have thought before it answers, in marks or in the endpoint's own field."""
    least_chars: int = Field(default=1, ge=0)
    """Of the answer, without its thinking."""
    most_tokens: int | None = Field(default=None, ge=1)
    """Of the whole response."""
    tolerate: tuple[FaultKind, ...] = ()
    """Kinds of faults that drop nothing."""


class DifficultySettings(Strict):
    """``[release.difficulty]``: problems by their pass rates, which are shares of responses that were accepted."""

    least: float = Field(default=0.0, ge=0, le=1)
    """Below it a problem is hopeless: what was accepted there may be so by chance."""
    most: float = Field(default=1.0, ge=0, le=1)
    """Above it a problem is too easy."""
    samples: int = Field(default=4, ge=1)
    """A problem with fewer responses that were judged is in no band, and stays."""


class CapSettings(Strict):
    """``[release.caps]``: not too much of one thing. Of what is too much the last by a hash goes."""

    per_problem: int | None = Field(default=None, ge=1)
    per_source: int | None = Field(default=None, ge=1)
    sources: dict[str, int] = Field(default_factory=dict)
    """A source's own cap, by its name in the rows."""


class LicenceSettings(Strict):
    """``[release.licences]``: whose rows may be published."""

    allow: tuple[str, ...] = ()
    """Names as the rows have them, in any spelling that ``genesys.curation.common.licences`` knows; empty: all."""
    unknown: bool = True
    """Publish rows that name no licence."""


class PeopleSettings(Strict):
    """``[release.people]``: what is done with responses that hold secrets or personal data."""

    secrets: Literal["drop", "keep"] = "drop"
    personal: Literal["drop", "keep"] = "drop"


class SplitSettings(Strict):
    """``[release.split]``: what is held back for testing."""

    test: float = Field(default=0.02, ge=0, lt=1)
    """Share of the problems, by families; all that is alike is on one side."""
    salt: str = ""
    """Another word holds back other families."""


class DiversitySettings(Strict):
    """``[release.diversity]``: how far a release may move from the one before until a check warns."""

    sample: int = Field(default=1000, ge=100)
    """Traces of each group whose texts are looked at."""
    against: str = ""
    """The version of ``dataset/diversity`` to compare with; empty: the one that was made before."""
    distinct: float = Field(default=0.1, gt=0, lt=1)
    """Relative fall of distinct runs of words, of different openings, and of what is left after compression."""
    openings: float = Field(default=0.1, gt=0, lt=1)
    """Rise of the share of texts with the most common opening or phrase."""
    likeness: float = Field(default=0.05, gt=0, lt=1)
    """Rise of how alike texts are."""
    lengths: float = Field(default=0.15, gt=0, lt=1)
    """Distance of two distributions of lengths (Kolmogorov and Smirnov's)."""
    pass_rates: float = Field(default=0.05, gt=0, lt=1)
    """Difference of pass rates, where its 95 % interval leaves out 0."""


class PreferenceSettings(Strict):
    """``[release.preference]``: which two responses to a problem make a pair."""

    per_problem: int = Field(default=2, ge=1)
    """Pairs of one problem at most; no response stands in two."""
    difference: float = Field(default=0.25, ge=0, lt=1)
    """How far the lengths of both may be apart, as a share of the longer one."""


class ErrorRateSettings(Strict):
    """``[release.error_rates]``: how many traces the estimates of wrong verdicts rest on (docs/proof.md)."""

    sample: int = Field(default=100, ge=1, le=100_000)
    """Of each lane and task type: accepted ones, and as many rejected ones."""


class PublishSettings(Strict):
    """``[release.publish]``: where a release goes, and what its card says of it."""

    to: Place = "{state}/releases"
    """A folder, ``s3://bucket/folder``, or ``hub:owner/name``."""
    storage_options: dict[str, Any] = Field(default_factory=dict)
    name: str = Field(default="verified-reasoning", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
    """Of the folder, before the version."""
    title: str = ""
    description: str = ""
    license: str = ""
    """Of the data set as a whole, as the hub names it; by default that of its rows if all have the same, else
    ``other``: each row has its own."""
    citation: str = ""
    """BibTeX of your own, before that of the sources."""
    limits: tuple[str, ...] = ()
    """What you know of the data that its card cannot tell by counting; a sentence each."""
    languages: tuple[str, ...] = ("en",)
    """In which people wrote the texts, as ISO 639 codes."""
    private: bool = True
    """Of a repository that is made on the hub; one that is there stays as it is."""


class ReleaseSettings(Strict):
    """All of it."""

    overrides: Place = "{state}/overrides.jsonl"
    """What people decided: banned tasks, mended golds, overturned verdicts, withdrawn rows."""
    benchmarks: bool = True
    """Leave out problems that overlap the sets of ``[benchmarks]``, as the ledger does before any money is spent."""
    workers: int = Field(default=0, ge=0)
    """Processes that read shards side by side; 0: one for each core."""
    duplicates: DuplicateSettings = DuplicateSettings()
    format: FormatSettings = FormatSettings()
    difficulty: DifficultySettings = DifficultySettings()
    caps: CapSettings = CapSettings()
    licences: LicenceSettings = LicenceSettings()
    people: PeopleSettings = PeopleSettings()
    split: SplitSettings = SplitSettings()
    diversity: DiversitySettings = DiversitySettings()
    preference: PreferenceSettings = PreferenceSettings()
    error_rates: ErrorRateSettings = ErrorRateSettings()
    publish: PublishSettings = PublishSettings()
