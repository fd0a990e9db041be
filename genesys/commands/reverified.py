"""What ``genesys reverify`` found, for programs and for people. Nothing is checked in here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, PrivateAttr

from genesys.printable import printable
from genesys.quality.intervals import wilson
from genesys.release.proof.again import Group, Told
from genesys.release.proof.checking import Checked
from genesys.release.proof.contents import PublishedManifest
from genesys.release.proof.place import Place

LISTED = 1000
_SHOWN = 20
_COLUMNS = ("task type", "language", "rows", "told again", "agree", "disagree", "not run", "agreement (95 %)")


class GroupFound(BaseModel):
    """Verdicts of one task type and language."""

    task_type: str
    language: str | None
    rows: int
    recomputed: int
    agree: int
    disagree: int
    not_run: int
    judged: int
    agreement: float | None
    low: float | None
    high: float | None
    verifiers_then: dict[str, int]
    verifiers_now: dict[str, int]
    toolchains_then: dict[str, int]
    toolchains_now: dict[str, int]
    not_run_because: dict[str, int]


class FindingFound(BaseModel):
    """Something that does not hold."""

    kind: str
    where: str
    what: str


class Disagreement(BaseModel):
    """A verdict that comes out otherwise here."""

    response_id: str
    task_type: str
    language: str | None
    score_then: float | None
    reason_then: str
    score_now: float | None
    reason_now: str


class Reverified(BaseModel):
    """All of it."""

    dataset: str
    name: str
    version: str
    sample: str
    seed: str
    root: str = ""
    root_promised: str
    files: int = 0
    traces: int = 0
    sampled: int = 0
    proven: int = 0
    found: int = 0
    """Findings in all; ``findings`` are the first of them."""
    findings: list[FindingFound] = []
    notes: list[str] = []
    disagreed: int = 0
    groups: list[GroupFound] = []
    disagreements: list[Disagreement] = []
    _groups: dict[tuple[str, str], Group] = PrivateAttr(default_factory=dict)

    @classmethod
    def of(cls, place: Place, manifest: PublishedManifest, sample: str, seed: str) -> Self:
        """Nothing is checked yet."""
        named = {"dataset": place.name, "name": manifest.name, "version": manifest.version}
        return cls(**named, sample=sample, seed=seed, root_promised=manifest.merkle.root)

    @property
    def told(self) -> int:
        """Verdicts that were told again so far."""
        return sum(group.ends["agree"] + group.ends["disagree"] for group in list(self._groups.values()))

    def add(self, told: Told) -> None:
        """Count what became of one verdict."""
        key = (told.task_type, told.language or "")
        self._groups.setdefault(key, Group(told.task_type, told.language)).add(told)
        if told.end == "disagree" and told.now is not None:
            self.disagreed += 1
            if len(self.disagreements) < LISTED:
                self.disagreements.append(
                    Disagreement(
                        response_id=told.response_id,
                        task_type=told.task_type,
                        language=told.language,
                        score_then=told.then[0],
                        reason_then=told.then[1],
                        score_now=told.now[0],
                        reason_now=told.now[1],
                    )
                )

    def ended(self, checked: Checked) -> Self:
        """With all that was found, in an order that is the same in each run."""
        self.root, self.files, self.traces = checked.root, checked.files, checked.traces
        self.sampled, self.proven, self.found = checked.sampled, checked.proven, checked.found
        self.findings = [FindingFound(**each._asdict()) for each in checked.findings]
        self.notes = checked.notes
        self.groups = [_group(group) for _, group in sorted(self._groups.items())]
        self.disagreements.sort(key=lambda each: each.response_id)
        return self


def _group(group: Group) -> GroupFound:
    agree, disagree = group.ends["agree"], group.ends["disagree"]
    recomputed = agree + disagree
    ends = wilson(agree, recomputed)
    return GroupFound(
        task_type=group.task_type,
        language=group.language,
        rows=group.rows,
        recomputed=recomputed,
        agree=agree,
        disagree=disagree,
        not_run=group.ends["not run"],
        judged=group.ends["judged"],
        agreement=agree / recomputed if recomputed else None,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        verifiers_then=_sorted(group.verifiers),
        verifiers_now=_sorted(group.verifiers_now),
        toolchains_then=_sorted(group.toolchains),
        toolchains_now=_sorted(group.toolchains_now),
        not_run_because=_sorted(group.not_run),
    )


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def shown(found: Reverified) -> str:
    """For people."""
    told = [*_proof(found), "", *_verdicts(found)]
    return printable("\n".join(told).rstrip())


def _proof(found: Reverified) -> Iterable[str]:
    yield f"{found.name} {found.version} at {found.dataset}"
    yield (
        f"  files    {found.files:,} with the SHA-256 that the manifest gives"
        if not _broken(found)
        else (f"  files    {found.files:,}, not all with the SHA-256 that the manifest gives")
    )
    yield f"  root     {found.root} over {found.traces:,} leaves" + (
        "" if found.root == found.root_promised.lower() else f"; the manifest says {found.root_promised}"
    )
    seed = f", seed {found.seed}" if found.seed else ""
    yield f"  sample   {found.sampled:,} traces ({found.sample}{seed}), {found.proven:,} of them proven"
    for each in found.findings[:_SHOWN]:
        yield f"  {each.kind:8} {each.where}: {each.what}"
    if found.found > _SHOWN:
        yield f"           and {found.found - _SHOWN:,} more findings (--json lists {LISTED:,})"
    for note in found.notes[:_SHOWN]:
        yield f"  note     {note}"
    if not found.found:
        yield "  Nothing was found that does not hold."


def _broken(found: Reverified) -> bool:
    return any(each.kind == "file" for each in found.findings)


def _verdicts(found: Reverified) -> Iterable[str]:
    again = [group for group in found.groups if group.rows > group.judged]
    if again:
        yield from _table([_COLUMNS, *(_cells(group) for group in again)])
        yield ""
    for group in again:
        yield from _versions(group)
    judged: Counter[str] = Counter()
    for group in found.groups:
        judged[group.task_type] += group.judged
    for task_type, count in judged.items():
        if count:
            yield f"{count:,} verdicts of {task_type} are a judge's word, and were not told again."
    for each in found.disagreements[:_SHOWN]:
        then, now = _verdict(each.score_then, each.reason_then), _verdict(each.score_now, each.reason_now)
        yield f"  {each.response_id}  {each.task_type}: published {then}; here {now}"
    if found.disagreed > _SHOWN:
        yield f"  and {found.disagreed - _SHOWN:,} more (--json lists {LISTED:,})"


def _cells(group: GroupFound) -> tuple[str, ...]:
    agreement = "" if group.agreement is None else f"{group.agreement:.2%} ({group.low:.2%} to {group.high:.2%})"
    numbers = (group.rows - group.judged, group.recomputed, group.agree, group.disagree, group.not_run)
    return (group.task_type, group.language or "", *(f"{number:,}" for number in numbers), agreement)


def _table(rows: list[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text.ljust(width) if place < 2 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _versions(group: GroupFound) -> Iterable[str]:
    for what, then, now in (
        ("verifier", group.verifiers_then, group.verifiers_now),
        ("toolchain", group.toolchains_then, group.toolchains_now),
    ):
        if set(now) - {"none"}:
            same = "the same here" if set(then) == set(now) else f"here {', '.join(now)}"
            yield f"  {_named(group)}: {what} {', '.join(then)}; {same}"
    for reason, count in list(group.not_run_because.items())[:3]:
        yield f"  {_named(group)}: {count:,} could not be told again: {reason}"


def _named(group: GroupFound) -> str:
    return f"{group.task_type}, {group.language}" if group.language else group.task_type


def _verdict(score: float | None, reason: str) -> str:
    said: Any = "no score" if score is None else f"{score:g}"
    return f"{said} ({reason})" if reason else str(said)
