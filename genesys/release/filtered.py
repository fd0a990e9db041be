"""``dataset/filtered``: which responses are good enough to be published, and why the others are not. No texts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from genesys.calls.context import verdict_keys
from genesys.columns import FILTERED, OUTCOMES
from genesys.hashing import digest
from genesys.lake import WHOLE, Lake, Part
from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.outcomes import Counts, Outcome, accepted, rejected
from genesys.stages import generations_asset, rendering, response_record, tasks_asset, verifications_asset

ASSET = "dataset/filtered"
CAMPAIGN = "all"
VERSION = "1"


Row = dict[str, Any]
Key = tuple[str, str]
"""response_id and campaign: two campaigns that ask the same of one teacher get the same answer."""
Withdrawn = dict[tuple[str, str], str]
"""Why a version of a source row no longer counts, by problem_id and row_hash."""


def make_filtered(lake: Lake, lanes: Iterable[Lane], *, run_id: str = "") -> Part:
    """Choose among all verified responses.

    Dropped, each for the first of these reasons that holds: its verdict does not accept it; its task has changed since;
    its source row was withdrawn; its verdict was on another text; it was cut off at the token limit; it says the same
    as another response to the problem (of those the one with the least id stays).

    Args:
        lake: Where the tables stand.
        lanes: Whose verifications are read, every shard that was made.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made from has changed. Its outcomes name every
        verdict's response, shard by shard, with what became of it.
    """
    shards = [
        (lane, shard)
        for lane in sorted(lanes, key=lambda lane: lane.name)
        for shard in lake.partitions(verifications_asset(lane))
    ]
    inputs = _inputs(lake, shards)
    fingerprint = digest([VERSION, inputs], 32)
    manifest = lake.manifest(ASSET)
    standing = manifest.parts.get(CAMPAIGN) if manifest else None
    if standing and standing.fingerprint == fingerprint:
        return standing
    counts, kept = Counts(), [pl.DataFrame(schema=dict.fromkeys(FILTERED.names, pl.String) | {"score": pl.Float64})]
    withdrawn = {lane.name: _withdrawn(lake, lane) for lane, _ in shards}
    with lake.writer(ASSET, WHOLE, OUTCOMES) as outcomes:
        for lane, shard in shards:
            records: list[Row] = []
            for response_id, outcome in _ends(lake, lane, shard, withdrawn[lane.name]):
                counts.add(outcome)
                outcomes.add({"row_id": response_id, "status": outcome.status, "reason": outcome.reason})
                records.extend(outcome.records)
            kept.append(pl.DataFrame(records, schema=kept[0].schema))
    rows = pl.concat(kept).sort("response_id").iter_rows(named=True)
    part = Part(
        data=lake.write(ASSET, WHOLE, FILTERED, rows),
        outcomes=outcomes.file,
        fingerprint=fingerprint,
        inputs=inputs,
        versions={"filter": VERSION},
        counts=counts.as_dict(),
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(ASSET, WHOLE, {CAMPAIGN: part})
    return part


def _inputs(lake: Lake, shards: list[tuple[Lane, str]]) -> dict[str, str]:
    """Data version of each table that is read; one that is not there is no input."""
    names = [
        f"{asset(lane)}/{shard}"
        for lane, shard in shards
        for asset in (tasks_asset, generations_asset, verifications_asset)
    ]
    names += sorted({f"{withdrawn_asset(lane)}/{WHOLE}" for lane, _ in shards})
    versions = ((name, lake.version_of(name)) for name in names)
    return {name: version for name, version in versions if version is not None}


def _ends(lake: Lake, lane: Lane, shard: str, withdrawn: Withdrawn) -> Iterator[tuple[str, Outcome]]:
    """Each verdict of a shard with the end of its response, by response_id.

    A problem lives in one shard, so duplicates are found within it.
    """
    tasks = {task["problem_id"]: task for task in lake.rows(tasks_asset(lane), shard)}
    verdicts = sorted(lake.rows(verifications_asset(lane), shard), key=_verdict_key)
    chosen = {_verdict_key(verdict): verdict for verdict in verdicts if verdict["accepted"]}
    texts = dict(_texts(lake, lane, shard, tasks, chosen))
    seen: set[tuple[str, str]] = set()
    for verdict in verdicts:
        task, text = tasks.get(verdict["problem_id"]), texts.get(_verdict_key(verdict))
        reason = _reason_against(verdict, task, text, withdrawn)
        if reason is None and task is not None and text is not None:
            same = {(verdict["problem_id"], text.digest), (verdict["problem_id"], verdict["response_id"])}
            if seen.isdisjoint(same):
                seen |= same
                yield verdict["response_id"], accepted(_record(lane, shard, verdict, task))
                continue
            reason = "duplicate response"
        yield verdict["response_id"], rejected(str(reason))


@dataclass(frozen=True)
class _Text:
    """What is kept of a response's text while a shard is judged."""

    digest: str
    finish_reason: str
    verdict_keys: frozenset[str]
    """Keys that a verdict on this very text and task can have."""


def _texts(
    lake: Lake, lane: Lane, shard: str, tasks: dict[str, Row], chosen: dict[Key, Row]
) -> Iterator[tuple[Key, _Text]]:
    for generation in lake.rows(generations_asset(lane), shard):
        key = (generation["response_id"], generation["campaign"])
        task, verdict = tasks.get(generation["problem_id"]), chosen.get(key)
        if task is None or verdict is None:
            continue
        keys = verdict_keys(verdict["verifier"], verdict["verifier_version"], response_record(task, generation))
        yield key, _Text(digest(rendering(generation)), generation["finish_reason"], keys)


def _reason_against(verdict: Row, task: Row | None, text: _Text | None, withdrawn: Withdrawn) -> str | None:
    if not verdict["accepted"]:
        return f"not accepted: {verdict['reason']}"
    if task is None or task["task_hash"] != verdict["task_hash"]:
        return "stale task"
    if (status := withdrawn.get((task["problem_id"], task["row_hash"]))) is not None:
        return f"{status} source row"
    if text is None or verdict["call_key"] not in text.verdict_keys:
        return "stale verdict"
    return "cut off at the token limit" if text.finish_reason == "length" else None


def _record(lane: Lane, shard: str, verdict: Row, task: Row) -> Row:
    return {
        "response_id": verdict["response_id"],
        "problem_id": verdict["problem_id"],
        "lane": lane.name,
        "shard": shard,
        "campaign": verdict["campaign"],
        "task_type": task["task_type"],
        "score": verdict["score"],
    }


def _verdict_key(verdict: Row) -> Key:
    return verdict["response_id"], verdict["campaign"]


def _withdrawn(lake: Lake, lane: Lane) -> Withdrawn:
    asset = withdrawn_asset(lane)
    rows = lake.rows(asset) if lake.manifest(asset) else ()
    return {(row["problem_id"], row["row_hash"]): row["status"] for row in rows}
