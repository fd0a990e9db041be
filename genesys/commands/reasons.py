"""Why rows ended as they did, in words, for a command's end: what is most frequent, where broken rows stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from genesys.outcomes import Counts, Outcome
from genesys.printable import printable

BROKEN, INCOMPLETE = "broken row", "incomplete record"
_PLACED = (BROKEN, INCOMPLETE)
"""Reasons whose details name a row each, so that the first ones are shown and not the most frequent."""
_PLACES, _REASONS = 5, 3
_KINDS = 1000
"""Of details are kept at most: a run of millions of rows may have as many."""
_CHARS = 300
_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass
class _Details:
    """Details of rows that ended for the same reason; those that differ in their numbers alone are of one kind."""

    kinds: dict[str, int] = field(default_factory=dict)
    firsts: dict[str, str] = field(default_factory=dict)
    """The first detail of each kind."""
    first: list[str] = field(default_factory=list)
    """The first of all."""

    def add(self, detail: str, count: int = 1) -> None:
        text = _text(detail)
        kind = _NUMBER.sub("#", text)
        if kind in self.kinds or len(self.kinds) < _KINDS:
            self.kinds[kind] = self.kinds.get(kind, 0) + count
            self.firsts.setdefault(kind, text)

    def note(self, detail: str) -> None:
        if len(self.first) < _PLACES:
            self.first.append(_text(detail))


@dataclass
class ReasonedCounts(Counts):
    """Ends of rows, counted, with the reasons in words."""

    details: dict[tuple[str, str], _Details] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count one row."""
        super().add(outcome)
        if outcome.detail:
            details = self.details.setdefault((outcome.status, outcome.reason or ""), _Details())
            details.add(outcome.detail)
            details.note(outcome.detail)

    def merge(self, other: Counts) -> None:
        """Count the rows of another part too."""
        super().merge(other)
        if isinstance(other, ReasonedCounts):
            for key, theirs in other.details.items():
                details = self.details.setdefault(key, _Details())
                for kind, count in theirs.kinds.items():
                    details.add(theirs.firsts[kind], count)
                for detail in theirs.first:
                    details.note(detail)

    def lines(self, said: Iterable[str] = ()) -> Iterator[str]:
        """For a person: how many rows ended for which reason, and what is behind it but for what is ``said``."""
        elsewhere = {_text(text) for text in said}
        for kind, reasons in (("rejected", self.rejected), ("errored", self.errored)):
            for reason, count in sorted(reasons.items()):
                yield f"  {count:,} {kind}: {reason}"
                details = self.details.get((kind, reason), _Details())
                yield from (f"    {line}" for line in _shown(details, count, elsewhere, is_placed=reason in _PLACED))


def how_to_see_more(counts: Counts, journal: str | Path, segment: str) -> str | None:
    """The command that shows every failed call; None where no call has failed."""
    if not counts.errored["infrastructure"]:
        return None
    return f"genesys calls why --journal {shlex.quote(str(journal))} --segment {segment}"


def _text(detail: str) -> str:
    text = printable(" ".join(detail.split()))
    return text if len(text) <= _CHARS else f"{text[:_CHARS]}..."


def _shown(details: _Details, count: int, elsewhere: set[str], *, is_placed: bool) -> Iterator[str]:
    if is_placed:
        yield from details.first
        if 0 < len(details.first) < count:
            yield f"... and {count - len(details.first):,} more"
        return
    kinds = {kind: number for kind, number in details.kinds.items() if details.firsts[kind] not in elsewhere}
    most = sorted(kinds.items(), key=lambda item: -item[1])
    yield from (f"{number:,} x {details.firsts[kind]}" for kind, number in most[:_REASONS])
    if most[_REASONS:]:
        yield f"... and {len(most) - _REASONS:,} other reasons"
