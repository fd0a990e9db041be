"""What stands in the tables and in the journal about one response, gathered without judging it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pyarrow as pa

from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.ledger import ledger_asset, withdrawn_asset
from genesys.lineage.held import Held, Row, find_row, held_row
from genesys.lineage.places import Place
from genesys.lineage.releases import Released, released_in
from genesys.release.choice import CAMPAIGN, ENDS, FILTERED
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import TASKS_CAMPAIGN, tasks_asset, with_identity
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import WHOLE, Lake


@dataclass(frozen=True)
class Evidence:
    """All that is known of one response."""

    lake: Lake
    place: Place
    ledger: Held
    task: Held
    generation: Held
    verdict: Held
    timing: Row | None
    """How the call that gave the verdict went; None where the side table cannot be read."""
    filtered: Held
    released: tuple[Released, ...]
    """What each data set holds of it."""
    withdrawn: str | None
    """Why the version of the source row that the task was made of no longer counts."""
    unverified: str | None
    """Why there is no verdict, where the verification says so."""
    end: Row | None
    """What became of the trace in ``dataset/filtered``."""

    @property
    def lane(self) -> Lane:
        """The response's lane."""
        return self.place.lane

    @property
    def segment(self) -> str:
        """The journal's segment with all its calls."""
        return f"{self.place.lane.name}/{self.place.shard}"


def gather(lake: Lake, place: Place) -> Evidence:
    """Follow a response from its generation to the ledger on one side, and to the releases on the other."""
    lane, shard, ident = place.lane, place.shard, place.response_id
    generation = held_row(lake, generations_asset(lane), shard, place.campaign, "response_id", ident)
    verdict = held_row(lake, verifications_asset(lane), shard, place.campaign, "response_id", ident)
    chosen = held_row(lake, FILTERED, WHOLE, CAMPAIGN, "response_id", ident)
    # Any of them names the problem, so that one broken table does not end the chain.
    problem = str((generation.row or verdict.row or chosen.row or {}).get("problem_id", ""))
    task = _task(lake, lane, shard, problem)
    row_id = str((task.row or {}).get("row_id", problem))
    return Evidence(
        lake=lake,
        place=place,
        ledger=held_row(lake, ledger_asset(lane), WHOLE, place.partition.shard, "problem_id", row_id),
        task=task,
        generation=generation,
        verdict=verdict,
        timing=_timing(lake, verdict),
        filtered=chosen,
        released=tuple(released_in(lake, ident, problem)),
        withdrawn=withdrawn_status(lake, lane, task.row),
        unverified=_outcome(lake, verdict, ident),
        end=_end(lake, chosen, place),
    )


def no_evidence(lake: Lake, place: Place) -> Evidence:
    """Of a row that is followed before anything was made of it."""
    none = Held("", "")
    return Evidence(lake, place, none, none, none, none, None, none, (), None, None, None)


def _task(lake: Lake, lane: Lane, shard: str, problem: str) -> Held:
    held = held_row(lake, tasks_asset(lane), shard, TASKS_CAMPAIGN, "problem_id", problem)
    return held if held.row is None else replace(held, row=with_identity(held.row))


def _timing(lake: Lake, held: Held) -> Row | None:
    file = held.part.timings if held.part else None
    if file is None or held.row is None:
        return None
    return find_row(lake, held.asset, held.partition, file, "call_key", held.row["call_key"])[0]


def withdrawn_status(lake: Lake, lane: Lane, row: Row | None) -> str | None:
    """Why a version of a source row no longer counts, given a row of the ledger or of the tasks; None if it does."""
    if not row:
        return None
    ident = row.get("row_id") or row.get("problem_id", "")
    held = held_row(lake, withdrawn_asset(lane), WHOLE, "ledger", "problem_id", ident)
    if held.part is None:
        return None
    try:
        rows = lake.find(held.asset, WHOLE, held.part.data, "problem_id", ident)
    except (OSError, pa.ArrowException):
        return None
    return next((str(gone["status"]) for gone in rows if gone["row_hash"] == row["row_hash"]), None)


def _outcome(lake: Lake, held: Held, ident: str) -> str | None:
    """Why a row is not in a table, as its outcomes say."""
    if held.part is None or held.part.outcomes is None or held.row is not None:
        return None
    row, _ = find_row(lake, held.asset, held.partition, held.part.outcomes, "row_id", ident)
    return ": ".join(str(row[name]) for name in ("reason", "detail") if row[name]) if row else None


def _end(lake: Lake, chosen: Held, place: Place) -> Row | None:
    """What became of the trace in the choice."""
    file = chosen.part.companions.get(ENDS) if chosen.part else None
    if file is None:
        return None
    try:
        rows = lake.find(chosen.asset, chosen.partition, file, "response_id", place.response_id)
    except (OSError, pa.ArrowException):
        return None
    return next((row for row in rows if row["campaign"] == place.campaign), None)


@dataclass
class Recorded:
    """The journal as an audit reads it: whatever is missing or broken there is said, and nothing is made."""

    journal: Journal
    _names: frozenset[str] | None = field(default=None)

    def segment(self, name: str) -> Segment | None:
        """The segment, None if there is none: gc removed it, or the calls were made on another machine."""
        if self._names is None:
            self._names = frozenset(self.journal.names())
        return self.journal.segment(name) if name in self._names else None

    def entries(self, name: str, keys: list[str]) -> Iterator[Entry | str]:
        """The finished call of each key, or why there is none."""
        try:
            segment = self.segment(name)
        except (sqlite3.Error, GenesysError) as error:
            yield from (f"the journal segment {name} cannot be read: {error}" for _ in keys)
            return
        for key in keys:
            if segment is None:
                yield GONE
                continue
            try:
                yield segment.get(key) or f"the journal segment {name} has no such call"
            except (sqlite3.Error, ValueError) as error:
                yield f"the journal segment {name} cannot be read: {error}"


GONE = "the journal segment was removed by gc, or was never on this machine"
"""What is said where a segment is missing; no contradiction, since the tables hold the answers."""
