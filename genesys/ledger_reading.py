"""One reading of all sources: each row gets its identity and, where it is new, its place in a shard.

Nothing here grows with the rows: what is known of them is asked of ``genesys.ledger_known``, and shards are written
and published as they are cut (``genesys.ledger_shards``). Rows that nobody can use end with their reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from genesys.faults import GenesysError, InfrastructureFault
from genesys.hashing import digest
from genesys.lane import Identity, Lane
from genesys.ledger_known import Known, Problem
from genesys.ledger_shards import ShardCutter
from genesys.ledger_state import OVERLAPS, problem_id, statement_hash, statement_mark
from genesys.outcomes import Counts, Outcome, accepted, rejected
from genesys.schemas import as_text
from genesys.sources import BadRow, Opened, PassedOver, SourceRow
from genesys.tables.part_writer import PartWriter

BROKEN = "broken row"


class FindsOverlap(Protocol):
    """What knows the benchmarks: ``genesys.quality.benchmarks.Benchmarks``."""

    def overlap(self, statement: str) -> str | None:
        """Which row of which benchmark a statement has words of, and which words; None if of none."""


def identify(lane: Lane, row: SourceRow) -> Identity | BadRow:
    """A row's identity, or what is wrong with the row: a column that is missing, a field that the lane cannot read."""
    try:
        return lane.identify(row.data)
    except ValueError as error:
        name, separator, reason = str(error).partition(": ")
        name, reason = (name, reason) if separator else ("row", name)
    except Exception as error:  # noqa: BLE001 - a row that the lane did not foresee must not stop the others
        name, reason = "row", f"{type(error).__name__}: {error}"
    return BadRow(row.file, row.row, name, reason, as_text(row.data))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of which it is known who it is."""

    found: SourceRow
    identity: Identity
    ident: str
    statement_hash: str
    marks: frozenset[str]
    place: str

    @classmethod
    def of(cls, found: SourceRow, identity: Identity) -> _Row:
        """What places the row, worked out once."""
        statement = statement_hash(identity.statement)
        marks = frozenset({statement_mark(statement), *identity.marks})
        return cls(found, identity, problem_id(found.source.label, identity.key), statement, marks, _where(found))


class Reading:
    """Places the rows of all sources.

    Args:
        lane: Whose rows these are.
        opened: The sources, in the order that decides which of two new duplicates stays.
        known: What earlier readings brought.
        cutter: Takes new rows.
        log: Takes the end of each row.
        benchmarks: What no row may have words of.
    """

    def __init__(
        self,
        lane: Lane,
        opened: list[Opened],
        known: Known,
        cutter: ShardCutter,
        log: PartWriter,
        benchmarks: FindsOverlap | None = None,
    ) -> None:
        """Nothing is read yet."""
        self._lane, self._opened, self._known, self._cutter, self._log = lane, opened, known, cutter, log
        self._benchmarks = benchmarks
        self.counts = Counts()

    def fail_if_unusable(self) -> None:
        """Look at the first rows of each source.

        Raises:
            GenesysError: Sources of which none of them can be used, each with what is wrong with it.
        """
        if flaws := [flaw for source in self._opened if (flaw := _flaw_of(source, self._lane)) is not None]:
            raise GenesysError("; ".join(flaws))

    def place_all(self) -> None:
        """Read every source once, and those again in which rows stood back for others that did not come."""
        for source in self._opened:
            for row in source.rows():
                self._place(row)
        self._place_waiting()

    def _place(self, row: SourceRow | BadRow) -> None:
        """Give one row its identity and, if it is new, its place."""
        place = _where(row)
        if isinstance(row, PassedOver):
            self._end(place, rejected(row.reason, row.raw))
            return
        if isinstance(row, SourceRow):
            identity = identify(self._lane, row)
            if isinstance(identity, Identity):
                self._place_good(_Row.of(row, identity))
                return
            row = identity
        self._end(place, rejected(BROKEN, as_text({"where": str(row), "raw": row.raw})))

    def _place_good(self, row: _Row) -> None:
        known, problem = self._known, self._known.problem(row.ident)
        if problem.is_seen:
            self._end(row.place, rejected("duplicate", f"the same upstream key as an earlier row: {row.ident}"))
            return
        if self._benchmarks is not None and (words := self._benchmarks.overlap(row.identity.statement)) is not None:
            # It gives up all its marks, so that no other row is held for a duplicate of one that does not count.
            known.pass_over(problem, (), OVERLAPS)
            self._end(row.place, rejected(OVERLAPS, words))
            return
        owners = known.owners(row.marks)
        others = [known.problem(rival) for rival in known.rivals(row.ident, owners)]
        is_open = not any(other.stands for other in others) and not all(other.is_seen for other in others)
        if is_open or known.is_waited_for(row.ident, row.marks, owners):
            # Whether this row is a duplicate hangs on rows that are still to be read.
            known.pass_over(problem, row.marks)
            known.wait(row.ident, row.marks, row.place)
        else:
            self._settle(row, problem, owners)

    def _place_waiting(self) -> None:
        """Rows that stood back for a known row of the same marks; where that did not come they are read again."""
        known = self._known
        for ident, marks, place in known.waiting():
            if (rival := known.standing(known.rivals(ident, known.owners(marks)))) is not None:
                self._end(place, _duplicate(*rival))
            else:
                known.choose(ident)
        for found in (row for source in self._opened if known.any_chosen() for row in source.rows()):
            identity = identify(self._lane, found) if isinstance(found, SourceRow) else found
            if isinstance(found, SourceRow) and isinstance(identity, Identity):
                row = _Row.of(found, identity)
                if known.take_chosen(row.ident):
                    self._settle(row, known.problem(row.ident), known.owners(row.marks))

    def _settle(self, row: _Row, problem: Problem, owners: dict[str, str]) -> None:
        """End a row all of whose rivals are known."""
        known = self._known
        if (rival := known.standing(known.rivals(row.ident, owners))) is not None:
            known.pass_over(problem, row.marks)
            self._end(row.place, _duplicate(*rival))
            return
        row_hash, before = digest(row.found.data, 32), problem.current
        if known.place(problem, row_hash, row.marks, owners):
            self._cutter.add(_ledger_row(row, row_hash, before))
        self._end(row.place, accepted())

    def _end(self, place: str, outcome: Outcome) -> None:
        self.counts.add(outcome)
        self._log.add(outcome.row(place))


def _where(row: SourceRow | BadRow) -> str:
    return f"{row.file}:{row.row}"


def _duplicate(rival: str, mark: str) -> Outcome:
    return rejected("duplicate", f"the same {mark.partition(':')[0]} as {rival}")


def _ledger_row(placed: _Row, row_hash: str, supersedes: str | None) -> dict[str, Any]:
    row, identity = placed.found, placed.identity
    return {
        "problem_id": placed.ident,
        "row_hash": row_hash,
        "source": row.source.label,
        "upstream_key": identity.key,
        "statement_hash": placed.statement_hash,
        "marks": list(identity.marks),
        "supersedes": supersedes,
        "revision": row.revision,
        "file": row.file,
        "row": row.row,
        "license": _text(row.data.get("license")) or row.source.license,
        "attribution": _text(row.data.get("attribution")) or row.source.attribution,
        "source_url": _text(row.data.get("source_url") or row.data.get("url")),
        "upstream_row": as_text(row.data),
    }


def _text(value: Any) -> str | None:
    """A column that upstream may fill with anything, a list of licences for one."""
    return value if value is None or isinstance(value, str) else as_text(value)


def _flaw_of(opened: Opened, lane: Lane) -> str | None:
    """What is wrong with a source as a whole: a wrong file is one mistake, and not as many as it has rows.

    None of its first hundred rows can be read, or none has a column that is needed. Its shape is the one of which its
    rows lack the smallest share of columns.
    """
    lacking: dict[str, set[str]] = {}
    broken: BadRow | None = None
    try:
        for row in islice(opened.rows(), 100):
            if isinstance(row, BadRow):
                broken = broken or (None if isinstance(row, PassedOver) else row)
                continue
            for adapter in lane.adapters:
                absent = set(adapter.lacks(row.data))
                lacking[adapter.name] = absent & lacking.get(adapter.name, absent)
            if not all(lacking.values()):
                return None
    except InfrastructureFault:
        raise
    except GenesysError as error:
        return str(error)
    if not lacking:
        return f"{opened.source.path}: no row can be read; the first: {broken}" if broken else None
    nearest = min(lane.adapters, key=lambda adapter: len(lacking[adapter.name]) / len(adapter.columns))
    named = len(lane.adapters) > 1
    shapes = [", ".join(a.columns) + (f" ({a.name})" if named else "") for a in lane.adapters]
    return (
        f"{opened.source.path} has no column {', '.join(sorted(lacking[nearest.name]))}; "
        f"the {lane.name} lane needs {'; or '.join(shapes)}"
    )
