"""The audit of one upstream row: whether the ledger took it, what its curation made of it, at which step and why.

For rows that became no task above all; of one that did, ``audit`` follows each response.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from dataclasses import replace as changed

import polars as pl
import pyarrow as pa

from genesys.calls.context import Calls
from genesys.calls.engine import Work, end_of
from genesys.calls.entry import Entry
from genesys.faults import GenesysError
from genesys.funnel import steps_of
from genesys.lane import Lane, LedgerRow
from genesys.ledger import BROKEN, ledger_asset, withdrawn_asset
from genesys.lineage.chain import check_entry, ledger_link
from genesys.lineage.decisions import decision
from genesys.lineage.evidence import GONE, Evidence, Recorded, no_evidence, withdrawn_status
from genesys.lineage.held import Held, Row, held_row
from genesys.lineage.places import Place
from genesys.lineage.records import Checks, Link, RowAudit
from genesys.lineage.replay import Registry, mends_then, roles_of
from genesys.lineage.source_row import source_link
from genesys.outcomes import Outcome
from genesys.partition import Partition, partitions_of
from genesys.settings import Settings
from genesys.sources import Source
from genesys.stages.tasks import curate_row, read_ledger_row, tasks_asset
from genesys.tables.lake import WHOLE, Lake, Part
from genesys.verifiers.runner import VerifierRunner


@dataclass(frozen=True)
class Replay:
    """With which verifiers a row's end is derived again; as of ``audit``."""

    registry: Registry | None = None
    settings: Settings | None = None


UNREADABLE = (OSError, pa.ArrowException, pl.exceptions.PolarsError, GenesysError)
_PLACE = re.compile(r".+:\d+")
_SHOWN = 5


def audit_row(
    lake: Lake,
    recorded: Recorded,
    lanes: Iterable[Lane],
    wanted: str,
    *,
    sources: Iterable[Source] = (),
    replay: Replay | None = None,
) -> RowAudit | None:
    """Follow an upstream row from its source to the end of its curation, from files alone.

    Args:
        lake: Where the tables stand.
        recorded: The journal.
        lanes: Where the row is looked for.
        wanted: A row's id in the ledger or a task's problem_id, or a beginning that only one has; or ``file:row``.
        sources: Of the lanes, in which the row is looked up again where they are local files.
        replay: Also derive the end of the curation again from recorded answers.

    Returns:
        The chain, or None where no row is called so.

    Raises:
        GenesysError: Several rows are.
    """
    for lane in lanes:
        if _PLACE.fullmatch(wanted) and (refused := _refused(lake, lane, wanted)) is not None:
            return refused
    found = {place for lane in lanes for place in _places(lake, lane, wanted)}
    if len({(lane.name, ident) for lane, _, ident in found}) > 1:
        names = ", ".join(sorted({ident for _, _, ident in found})[:_SHOWN])
        raise GenesysError(f"several rows are called {wanted}: {names}")
    if not found:
        return None
    lane, shard, ident = max(found, key=lambda place: place[1])  # the last version of the row
    ledger = held_row(lake, ledger_asset(lane), WHOLE, shard, "problem_id", ident)
    evidence = no_evidence(lake, Place(lane, partitions_of(lane, [shard])[0].name, "", ident))
    evidence = changed(evidence, ledger=ledger, withdrawn=withdrawn_status(lake, lane, ledger.row or {}))
    links = [source_link(evidence, sources), ledger_link(evidence)]
    links += _curations(evidence, recorded, replay)
    return RowAudit(row_id=ident, lane=lane.name, shard=shard, links=tuple(links))


def _places(lake: Lake, lane: Lane, wanted: str) -> Iterator[tuple[Lane, str, str]]:
    """(lane, shard, row's id) of rows whose id, task's id or place it is, in whatever version."""
    manifest = lake.manifest(ledger_asset(lane))
    for shard, part in manifest.parts.items() if manifest else ():
        try:
            rows = lake.file_frame(ledger_asset(lane), WHOLE, part.data, ["problem_id", "file", "row"])
        except UNREADABLE:
            continue  # the chain says what is wrong with it
        place = pl.concat_str([pl.col("file"), pl.lit(":"), pl.col("row").cast(pl.String)])
        named = pl.col("problem_id").str.starts_with(wanted) | (place == wanted)
        yield from ((lane, shard, ident) for ident in rows.filter(named)["problem_id"])
    for partition in lake.partitions(tasks_asset(lane)):
        for part in lake.need(tasks_asset(lane), partition).parts.values():
            try:
                if "row_id" not in lake.footer(tasks_asset(lane), partition, part.data).schema.names:
                    continue  # made when each task had the id of its row
                tasks = lake.file_frame(tasks_asset(lane), partition, part.data, ["problem_id", "row_id"])
            except UNREADABLE:
                continue
            ids = tasks.filter(pl.col("problem_id").str.starts_with(wanted))["row_id"].drop_nulls()
            yield from ((lane, shard, ident) for ident in ids for shard in _shards_of(part, lane))


def _shards_of(part: Part, lane: Lane) -> list[str]:
    before = f"{ledger_asset(lane)}/"
    return [name.removeprefix(before) for name in part.inputs if name.startswith(before)]


def _refused(lake: Lake, lane: Lane, wanted: str) -> RowAudit | None:
    """A row that never got into the ledger: broken, a duplicate, or one that overlaps a benchmark."""
    held = held_row(lake, withdrawn_asset(lane), WHOLE, "ledger", "problem_id", "")
    if held.part is None or held.part.outcomes is None:
        return None
    try:
        rows = lake.find(held.asset, WHOLE, held.part.outcomes, "row_id", wanted)
    except UNREADABLE:
        return None
    row = next((row for row in rows if row["status"] == "rejected"), None)
    if row is None:
        return None
    detail = json.loads(row["detail"]) if row["reason"] == BROKEN else {"detail": row["detail"]}
    facts = {"status": "dropped", "reason": row["reason"], **detail}
    link = Link(step="ledger", where=lake.uri(held.asset, WHOLE, held.part.outcomes), facts=facts, checks=())
    return RowAudit(row_id=wanted, lane=lane.name, shard="", links=(link,))


def _curations(evidence: Evidence, recorded: Recorded, replay: Replay | None) -> Iterator[Link]:
    """What became of the row in each partition that was made of its shard; several where a lane has languages."""
    lake, lane, shard = evidence.lake, evidence.lane, evidence.place.partition.shard
    none = True
    for partition in lake.partitions(tasks_asset(lane)):
        for part in lake.need(tasks_asset(lane), partition).parts.values():
            if shard in _shards_of(part, lane):
                none = False
                yield _curation(evidence, Held(tasks_asset(lane), partition, part), recorded, replay)
    if none:
        where = lake.uri(tasks_asset(lane), shard, "manifest.json")
        yield Link(step="curation", where=where, facts={"status": "not curated yet"}, checks=())


def _curation(evidence: Evidence, held: Held, recorded: Recorded, replay: Replay | None) -> Link:
    lake, ident, part, checks = evidence.lake, evidence.place.response_id, held.part, Checks()
    if part is None or part.outcomes is None:
        return Link(step="curation", where=held.where(lake), facts={}, checks=())
    where = lake.uri(held.asset, held.partition, part.outcomes)
    if (trouble := lake.trouble(held.asset, held.partition, part.outcomes)) is not None:
        checks.differs(f"SHA-256 of {part.outcomes.name}", f"the file was altered, or lost: {trouble}")
        return Link(step="curation", where=where, facts={}, checks=tuple(checks.made))
    checks.agrees(f"SHA-256 of {part.outcomes.name}")
    ends = lake.find(held.asset, held.partition, part.outcomes, "row_id", ident)
    if not ends:
        checks.differs("row", f"{where} does not say what became of the row")
        return Link(step="curation", where=where, facts={}, checks=tuple(checks.made))
    end, steps = ends[0], steps_of(evidence.lane)
    hashes = {
        name.removeprefix("prompt:"): value for name, value in part.versions.items() if name.startswith("prompt:")
    }
    entries = _entries(evidence, recorded, held.partition, checks)
    for entry in entries:
        check_entry(entry, checks)
    if (made_by := part.versions.get(f"{evidence.lane.name}.curate")) != evidence.lane.version:
        checks.note("version", f"curated by version {made_by} of the lane, which is now {evidence.lane.version}")
    if replay is not None:
        asyncio.run(_derive_again(evidence, recorded, held, entries, end, replay, checks))
    facts = {
        "status": {"accepted": "kept", "rejected": "dropped"}.get(end["status"], end["status"]),
        "at step": end.get("step"),
        "reason": end["reason"],
        "detail": end["detail"],
        "passed": _passed(steps, end),
        "calls": [decision(evidence.lane, entry, hashes) for entry in entries],
        "tasks": _tasks(lake, held, ident),
    }
    return Link(step="curation", where=where, facts=facts, checks=tuple(checks.made))


def _passed(steps: tuple[str, ...], end: Row) -> list[str]:
    """Steps before the one at which the row ended; none are known of one that errored, or that ended at none."""
    if end["status"] == "accepted":
        return list(steps)
    step = end.get("step")
    return list(steps[: steps.index(step)]) if step in steps else []


def _tasks(lake: Lake, held: Held, ident: str) -> list[str]:
    if held.part is None:
        return []
    try:
        rows = lake.find(held.asset, held.partition, held.part.data, "row_id", ident)
    except (*UNREADABLE, KeyError):
        return []
    return [str(row["problem_id"]) for row in rows]


def _segment(evidence: Evidence, partition: str) -> str:
    return f"{evidence.lane.name}/{partition}"


def _entries(evidence: Evidence, recorded: Recorded, partition: str, checks: Checks) -> list[Entry]:
    """The calls that this row's curation made, in their order. Those of samples stand under ids of their own."""
    name, ident = _segment(evidence, partition), evidence.place.response_id
    try:
        segment = recorded.segment(name)
        if segment is None:
            checks.note("calls", GONE)
            return []
        return sorted(segment.entries(row_id=ident), key=lambda entry: entry.made_at)
    except (sqlite3.Error, GenesysError, ValueError) as error:
        checks.differs("calls", f"the journal segment {name} cannot be read: {error}")
        return []


async def _derive_again(
    evidence: Evidence,
    recorded: Recorded,
    held: Held,
    entries: list[Entry],
    end: Row,
    replay: Replay,
    checks: Checks,
) -> None:
    """The end of the row, derived once more from recorded answers."""
    row, segment = evidence.ledger.row, recorded.segment(_segment(evidence, held.partition))
    if row is None or segment is None:
        checks.note("replay", f"cannot be derived again: {GONE}")
        return
    lane, language = evidence.lane, Partition.of(evidence.lane, held.partition).language

    mends = mends_then(evidence.lake, lane, held.partition, held.part, replay.settings) if held.part else {}

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        return await curate_row(lane, row, calls, mends)

    async with VerifierRunner(replay.registry, settings=replay.settings) as runner:
        calls = Calls(evidence.place.response_id, segment, roles_of(lane, entries, runner), replay=True)
        work = Work(rows=lambda: (), row_id=lambda row: row.problem_id, function=curate)
        found = (await end_of(work, read_ledger_row(lane, row, language), calls)).row(calls.row_id)
    for name in ("status", "reason", "detail", "step"):
        if name in end:
            checks.same(f"replay {name}", found[name], end[name], "derived again, the row ends otherwise")
