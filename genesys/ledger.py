"""The ledger: upstream rows get their identity and their shard, before any money is spent on them.

Cheap and without calls. A row keeps its identity for ever; a shard is cut once and never changed, new rows make new
shards. A changed row is a new version in a new shard that supersedes the old one; a row that no source has any more is
marked, never deleted, also where its source is no longer named; duplicates and broken rows are kept with their reasons.
What is known of earlier readings stands in ``genesys.ledger_state``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from genesys.faults import GenesysError, InfrastructureFault
from genesys.hashing import digest
from genesys.lane import Identity, Lane
from genesys.ledger_state import Known, all_marks, ledger_asset, problem_id, statement_hash, withdrawn_asset
from genesys.outcomes import Counts, Outcome, accepted, rejected
from genesys.recipe import Recipe
from genesys.schemas import as_text
from genesys.sources import BadRow, Opened, Source, SourceRow
from genesys.tables.columns import LEDGER, OUTCOMES, WITHDRAWN
from genesys.tables.lake import WHOLE, Lake, Part
from genesys.tables.part_writer import PartWriter

__all__ = [
    "BROKEN",
    "LedgerUpdate",
    "broken_rows",
    "identify",
    "ledger_asset",
    "ledger_rows",
    "problem_id",
    "statement_hash",
    "update_ledger",
    "withdrawn_asset",
]

VERSION = "2"
BROKEN = "broken row"
_READINGS = 10


@dataclass
class LedgerUpdate:
    """What one reading of the sources brought."""

    new_shards: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    unchanged: int = 0

    def with_shards(self, rows: dict[str, int]) -> LedgerUpdate:
        """The same, given how many rows each new shard has."""
        self.new_shards, self.unchanged = sorted(rows), self.counts.accepted - sum(rows.values())
        return self


def ledger_recipe(lane: Lane, sources: Iterable[Source]) -> Recipe:
    """What decides the ledger, besides what the sources hold."""
    named = [source.model_dump() for source in sources]
    return Recipe({"ledger": VERSION, lane.name: lane.version}, {"sources": named})


def update_ledger(lake: Lake, lane: Lane, opened: list[Opened], *, shard_size: int, run_id: str = "") -> LedgerUpdate:
    """Read the sources and append what is new.

    What stands in the ledger goes before what is new, in whatever order it is read; of new duplicates the first stays.
    When a row is gone, its duplicate takes its place.

    Args:
        lake: Where the ledger stands.
        lane: Whose rows these are.
        opened: The sources, in the order that decides which of two new duplicates stays.
        shard_size: Tasks in a shard at most.
        run_id: For the manifest.

    Returns:
        Counts over all rows read: accepted (new or known) and rejected by reason. After a crash ``new_shards`` can be
        short of those that were published before it: the manifest has them all.

    Raises:
        GenesysError: Sources of which none of the first rows can be used, each with what is wrong with it.
        InfrastructureFault: It could not be written.
    """
    recipe = ledger_recipe(lane, [source.source for source in opened])
    fingerprint = recipe.fingerprint([source.revision for source in opened])
    published: dict[str, int] = {}
    # Two readings at once would cut two shards of one name. Object storage has no such lock: there whoever is later
    # finds that the ledger has changed since, and reads again.
    with lake.exclusive(ledger_asset(lane), WHOLE, ".reading"):
        for _ in range(_READINGS):
            before = lake.manifest(withdrawn_asset(lane))
            if before and (part := before.parts["ledger"]).fingerprint == fingerprint:
                return LedgerUpdate(counts=Counts.from_dict(part.counts)).with_shards(published)
            reading = _Reading(lake, lane, opened, shard_size)
            reading.place_all()
            is_whole = reading.publish(fingerprint, run_id)
            published |= reading.published
            if is_whole:
                return reading.update.with_shards(published)
    fault = f"others have changed the {lane.name} ledger {_READINGS} times while its sources were read: try again later"
    raise InfrastructureFault(fault, fatal=True)


def ledger_rows(lake: Lake, lane: Lane, shard: str) -> Iterator[dict[str, Any]]:
    """Rows of one shard, in order."""
    yield from lake.rows(ledger_asset(lane), campaign=shard)


def broken_rows(lake: Lake, lane: Lane) -> Iterator[str]:
    """Rows that the last reading could not use, each as ``file:row: field: reason``."""
    manifest = lake.manifest(withdrawn_asset(lane))
    for part in manifest.parts.values() if manifest else ():
        if part.outcomes is not None and part.counts.get("rejected", {}).get(BROKEN):
            for row in lake.file_rows(withdrawn_asset(lane), WHOLE, part.outcomes, ["reason", "detail"]):
                if row["reason"] == BROKEN:
                    yield json.loads(row["detail"])["where"]


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


class _Reading:
    """One reading of all sources: places each row, cuts shards, and at the end publishes what came of it."""

    def __init__(self, lake: Lake, lane: Lane, opened: list[Opened], shard_size: int) -> None:
        self._before = {asset: lake.manifest(asset) for asset in (withdrawn_asset(lane), ledger_asset(lane))}
        manifest = self._before[ledger_asset(lane)]
        self._lake, self._lane, self._opened, self._size = lake, lane, opened, shard_size
        self._known = Known.load(lake, lane)
        self._first_shard = len(manifest.parts) if manifest else 0
        self._waiting: list[tuple[str, frozenset[str], str]] = []
        self._waited_for: set[str] = set()
        self._rows: list[dict[str, Any]] = []
        self._shards: dict[str, Part] = {}
        self._outcomes = lake.writer(withdrawn_asset(lane), WHOLE, OUTCOMES)
        self._log: PartWriter
        self.published: dict[str, int] = {}
        """Rows of each shard that is in the ledger by now."""
        self.update = LedgerUpdate()

    def place_all(self) -> None:
        """Read every source once."""
        if flaws := [flaw for source in self._opened if (flaw := _flaw_of(source, self._lane)) is not None]:
            raise GenesysError("; ".join(flaws))
        with self._outcomes as self._log:
            for source in self._opened:
                for row in source.rows():
                    self._place(row)
            self._place_waiting()
        if self._rows:
            self._cut()

    def publish(self, fingerprint: str, run_id: str) -> bool:
        """Shards first: a crash between the two leaves rows that the next reading knows.

        Returns:
            False if another reading has published since this one began; what is left to do needs a new reading.
        """
        lane = self._lane
        revisions = {opened.source.label: opened.revision for opened in self._opened}
        common = {"fingerprint": fingerprint, "versions": revisions, "run_id": run_id}
        shards = {name: part.model_copy(update=common) for name, part in self._shards.items()}
        if not self._publish(ledger_asset(lane), shards):
            return False
        self.published = {name: shard.data.rows for name, shard in shards.items()}
        part = Part(
            data=self._lake.write(withdrawn_asset(lane), WHOLE, WITHDRAWN, self._known.gone()),
            outcomes=self._log.file,
            fingerprint=fingerprint,
            versions=revisions,
            counts=self.update.counts.as_dict(),
            run_id=run_id,
            made_at=time.time(),
        )
        return self._publish(withdrawn_asset(lane), {"ledger": part})

    def _publish(self, asset: str, parts: dict[str, Part]) -> bool:
        return self._lake.publish_after(self._before[asset], asset, WHOLE, parts) is not None

    def _place(self, row: SourceRow | BadRow) -> None:
        """Give one row its identity and, if it is new, its place."""
        place = _where(row)
        if isinstance(row, SourceRow):
            identity = identify(self._lane, row)
            if isinstance(identity, Identity):
                self._place_good(row, identity)
                return
            row = identity
        self._end(place, rejected(BROKEN, as_text({"where": str(row), "raw": row.raw})))

    def _place_good(self, row: SourceRow, identity: Identity) -> None:
        known, ident = self._known, problem_id(row.source.label, identity.key)
        if ident in known.found:
            self._end(_where(row), rejected("duplicate", f"the same upstream key as an earlier row: {ident}"))
            return
        marks = all_marks(identity)
        rivals = known.rivals(ident, marks)
        is_open = not any(map(known.stands, rivals)) and any(map(known.may_be_gone, rivals))
        if is_open or self._waited_for & known.wanted(ident, marks):
            # Whether this row is a duplicate hangs on rows that are still to be read.
            known.pass_over(ident, marks)
            self._waiting.append((ident, marks, _where(row)))
            self._waited_for |= marks
        else:
            self._settle(row, identity)

    def _place_waiting(self) -> None:
        """Rows that stood back for a known row of the same marks; where that did not come they are read again."""
        chosen = set()
        for ident, marks, place in self._waiting:
            if (rival := self._known.standing_rival(ident, marks)) is not None:
                self._end(place, _duplicate(*rival))
            else:
                chosen.add(ident)
        for row in (row for source in self._opened if chosen for row in source.rows()):
            identity = identify(self._lane, row) if isinstance(row, SourceRow) else row
            if isinstance(row, SourceRow) and isinstance(identity, Identity):
                ident = problem_id(row.source.label, identity.key)
                if ident in chosen:
                    chosen.remove(ident)
                    self._settle(row, identity)

    def _settle(self, row: SourceRow, identity: Identity) -> None:
        """End a row all of whose rivals are known."""
        known, ident = self._known, problem_id(row.source.label, identity.key)
        marks, row_hash = all_marks(identity), digest(row.data, 32)
        if (rival := known.standing_rival(ident, marks)) is not None:
            known.pass_over(ident, marks)
            self._end(_where(row), _duplicate(*rival))
            return
        before = known.current.get(ident)
        if known.place(ident, row_hash, marks):
            self._rows.append(_ledger_row(row, identity, row_hash, before))
            if len(self._rows) == self._size:
                self._cut()
        self._end(_where(row), accepted())

    def _end(self, place: str, outcome: Outcome) -> None:
        self.update.counts.add(outcome)
        self._log.add(outcome.row(place))

    def _cut(self) -> None:
        """Write the rows at hand as one shard; it is published with all others."""
        shard = f"{self._lane.name}-{self._first_shard + len(self._shards):05d}"
        rows = [row | {"shard": shard} for row in self._rows]
        file = self._lake.write(ledger_asset(self._lane), WHOLE, LEDGER, rows)
        counts = Counts(rows=len(rows), accepted=len(rows), records=len(rows)).as_dict()
        self._shards[shard] = Part(data=file, fingerprint="", counts=counts, made_at=time.time())
        self._rows = []


def _where(row: SourceRow | BadRow) -> str:
    return f"{row.file}:{row.row}"


def _duplicate(rival: str, mark: str) -> Outcome:
    return rejected("duplicate", f"the same {mark.partition(':')[0]} as {rival}")


def _ledger_row(row: SourceRow, identity: Identity, row_hash: str, supersedes: str | None) -> dict[str, Any]:
    return {
        "problem_id": problem_id(row.source.label, identity.key),
        "row_hash": row_hash,
        "source": row.source.label,
        "upstream_key": identity.key,
        "statement_hash": statement_hash(identity.statement),
        "marks": list(identity.marks),
        "supersedes": supersedes,
        "revision": row.revision,
        "file": row.file,
        "row": row.row,
        "license": _text(row.data.get("license")) or row.source.license,
        "attribution": row.source.attribution,
        "source_url": _text(row.data.get("url")),
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
                broken = broken or row
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
