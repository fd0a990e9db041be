"""What stands in a manifest: a partition's parts, their files, and what they were made from. Nothing is read here."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from genesys.hashing import digest
from genesys.outcomes import Counts

FORMAT = 1
WHOLE = "_"
"""Partition of an asset that has none."""


class File(BaseModel):
    """One immutable file of a part."""

    name: str
    sha256: str
    rows: int
    bytes: int


class Part(BaseModel):
    """What one campaign made of one partition, and from what."""

    data: File
    outcomes: File | None = None
    timings: File | None = None
    companions: dict[str, File] = Field(default_factory=dict)
    """Further tables about the same rows, by what they are, as in ``lineage``."""
    fingerprint: str
    """Hash of inputs, versions and settings; equal means that there is nothing to do."""
    inputs: dict[str, str] = Field(default_factory=dict)
    """Data version of each table that was read, by ``asset/partition``."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Prompts, verifiers and row functions by name."""
    settings: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, Any] = Field(default_factory=dict)
    figures: dict[str, float] = Field(default_factory=dict)
    """Tokens and the like, summed."""
    paid: list[dict[str, Any]] = Field(default_factory=list)
    """What its own calls used, by who was paid (``genesys.calls.usage``): each call in one part only."""
    run_id: str = ""
    made_at: float = 0.0

    @property
    def unfinished(self) -> bool:
        """Whether infrastructure failed rows, so that the part is to be made again."""
        return bool(self.counts.get("errored"))

    @property
    def files(self) -> list[File]:
        """All files of the part."""
        return [file for file in (self.data, self.outcomes, self.timings, *self.companions.values()) if file]


class Manifest(BaseModel):
    """The parts of one partition by campaign."""

    format: int = FORMAT
    asset: str
    partition: str
    parts: dict[str, Part] = Field(default_factory=dict)

    @property
    def data_version(self) -> str:
        """A hash of the parts' contents: what a table made of this one names as its input."""
        shas = {
            campaign: [part.data.sha256, {name: file.sha256 for name, file in part.companions.items()}]
            for campaign, part in self.parts.items()
        }
        return digest(shas, 32)

    @property
    def made_version(self) -> str:
        """A hash of the parts' contents and of all that they were made from: Dagster's data version.

        It changes with each table further up, so that whoever stands behind this one need not depend on those too.
        """
        return digest([self.data_version, {name: part.fingerprint for name, part in self.parts.items()}], 32)

    @property
    def counts(self) -> Counts:
        """Ends of rows over all parts."""
        total = Counts()
        for part in self.parts.values():
            if part.counts:
                total.merge(Counts.from_dict(part.counts))
        return total

    def figure(self, name: str) -> float:
        """A figure summed over all parts."""
        return sum(part.figures.get(name, 0) for part in self.parts.values())
