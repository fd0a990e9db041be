"""The ledger: upstream rows get their identity and their shard, before any money is spent on them.

Cheap and without calls. A row keeps its identity for ever; a shard is cut once and never changed, new rows make new
shards. A changed row is a new version in a new shard that supersedes the old one; a row that no source has any more is
marked, never deleted, also where its source is no longer named; duplicates and broken rows are kept with their reasons.
How a row is placed stands in ``genesys.ledger_reading``, what is known of earlier readings in ``genesys.ledger_known``.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesys.faults import InfrastructureFault
from genesys.lane import Lane
from genesys.ledger_known import Known
from genesys.ledger_reading import BROKEN, Reading, identify
from genesys.ledger_shards import Outrun, ShardCutter
from genesys.ledger_state import ledger_asset, problem_id, statement_hash, withdrawn_asset
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.sources import Opened, Source
from genesys.tables.columns import OUTCOMES, WITHDRAWN
from genesys.tables.lake import WHOLE, Lake, Part

if TYPE_CHECKING:
    from genesys.quality.benchmarks import Benchmarks

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
_READINGS = 10
"""Without a shard of ours in the ledger."""


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


def ledger_recipe(lane: Lane, sources: Iterable[Source], benchmarks: Mapping[str, Any] | None = None) -> Recipe:
    """What decides the ledger, besides what the sources hold.

    Args:
        lane: Whose rows are read.
        sources: As they are named.
        benchmarks: Which public test sets no row may overlap, and what an overlap is; none where there are none.
    """
    named = [source.model_dump() for source in sources]
    settings = {"sources": named} | ({"benchmarks": dict(benchmarks)} if benchmarks else {})
    return Recipe({"ledger": VERSION, lane.name: lane.version}, settings)


def update_ledger(
    lake: Lake,
    lane: Lane,
    opened: list[Opened],
    *,
    shard_size: int,
    run_id: str = "",
    benchmarks: Benchmarks | None = None,
    tell: Callable[[Mapping[str, Part]], None] = lambda shards: None,
) -> LedgerUpdate:
    """Read the sources and append what is new.

    What stands in the ledger goes before what is new, in whatever order it is read; of new duplicates the first stays.
    When a row is gone, its duplicate takes its place. Shards are in the ledger, and final, while the reading goes on:
    one that is broken off has lost nothing but the shard at hand, and the next goes on behind it.

    Args:
        lake: Where the ledger stands.
        lane: Whose rows these are.
        opened: The sources, in the order that decides which of two new duplicates stays.
        shard_size: Tasks in a shard at most.
        run_id: For the manifest.
        benchmarks: Public test sets; rows that overlap one are dropped, also such as were in the ledger before.
        tell: Told of shards as they come into the ledger, several at a time.

    Returns:
        Counts over all rows read: accepted (new or known) and rejected by reason. After a crash ``new_shards`` can be
        short of those that were published before it: the manifest has them all.

    Raises:
        GenesysError: Sources of which none of the first rows can be used, each with what is wrong with it.
        InfrastructureFault: It could not be written, or a source broke off.
    """
    recipe = ledger_recipe(lane, [source.source for source in opened], benchmarks.settings if benchmarks else None)
    revisions: list[Any] = [source.revision for source in opened]
    fingerprint = recipe.fingerprint([*revisions, *([benchmarks.revisions] if benchmarks else [])])
    published: dict[str, int] = {}
    # Two readings at once would cut two shards of one name. Object storage has no such lock: there whoever is later
    # finds that the ledger has changed since, and reads again.
    with lake.exclusive(ledger_asset(lane), WHOLE, ".reading"), _keeping(lake, lane) as scratch:
        left = _READINGS
        while left:
            before = lake.manifest(withdrawn_asset(lane))
            if before and (part := before.parts["ledger"]).fingerprint == fingerprint:
                return LedgerUpdate(counts=Counts.from_dict(part.counts)).with_shards(published)
            attempt = _Attempt(lake, lane, opened, shard_size, benchmarks, fingerprint, run_id, scratch)
            update = attempt.read(tell)
            published |= attempt.published
            if update is not None:
                return update.with_shards(published)
            left = left - 1 if not attempt.published else _READINGS
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


@contextmanager
def _keeping(lake: Lake, lane: Lane) -> Iterator[Path]:
    """A folder for what is known of rows while they are read; where it is full, everything has to stop."""
    folder = lake.scratch(ledger_asset(lane), WHOLE)
    try:
        yield folder
    except sqlite3.Error as error:
        raise InfrastructureFault(
            f"what is known of the rows of {lane.name} could not be kept in {folder}: {error}. If the disk is full, "
            "make room (about 150 bytes a row) and run the same again.",
            fatal=True,
        ) from error


@dataclass
class _Attempt:
    """One reading of all sources, which may find at its end, or at any shard, that somebody else was faster."""

    lake: Lake
    lane: Lane
    opened: list[Opened]
    shard_size: int
    benchmarks: Benchmarks | None
    fingerprint: str
    run_id: str
    scratch: Path
    published: dict[str, int] = field(default_factory=dict)
    """Rows of each shard that this reading brought into the ledger."""

    def read(self, tell: Callable[[Mapping[str, Part]], None]) -> LedgerUpdate | None:
        """Shards first, marks last: a crash between the two leaves rows that the next reading knows.

        Returns:
            None if another reading has published since this one began; what is left to do needs a new reading.
        """
        lake, lane = self.lake, self.lane
        ledger, withdrawn = (lake.manifest(asset(lane)) for asset in (ledger_asset, withdrawn_asset))
        revisions = {opened.source.label: opened.revision for opened in self.opened}
        common = {"fingerprint": self.fingerprint, "versions": revisions, "run_id": self.run_id}
        with (
            Known(self.scratch) as known,
            ShardCutter(lake, lane, ledger, self.shard_size, common, tell) as cutter,
        ):
            try:
                known.load(lake, lane)
                with lake.writer(withdrawn_asset(lane), WHOLE, OUTCOMES) as log:
                    reading = Reading(lane, self.opened, known, cutter, log, self.benchmarks)
                    reading.fail_if_unusable()
                    reading.place_all()
                cutter.end()
            except Outrun:
                return None
            finally:
                self.published = cutter.published
            part = Part(
                data=lake.write(withdrawn_asset(lane), WHOLE, WITHDRAWN, known.gone()),
                outcomes=log.file,
                counts=reading.counts.as_dict(),
                made_at=time.time(),
                **common,
            )
        update = LedgerUpdate(counts=reading.counts)
        return update if lake.publish_after(withdrawn, withdrawn_asset(lane), WHOLE, {"ledger": part}) else None
