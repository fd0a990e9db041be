"""``dataset/sft``: the chosen responses as chats in SYNTHETIC-1's published columns, and their lineage beside them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.release import filtered
from genesys.release.buckets import Buckets
from genesys.stages.generations import generations_asset
from genesys.stages.sampling import rendering
from genesys.stages.tasks import task_rows
from genesys.stages.verifications import verifications_asset
from genesys.tables.columns import LINEAGE, SFT
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/sft"
CAMPAIGN = "all"
VERSION = "2"
LINEAGE_FILE = "lineage"
"""The companion with the lineage of each row, in the same order."""

OF_TASKS = (
    *("problem_id", "task_type", "source", "source_url", "revision", "row_id", "row_hash", "license", "attribution"),
    *("task_hash", "prompt_hashes", "call_keys"),
)
OF_VERDICTS = ("response_id", "campaign", "score", "verifier", "verifier_version", "call_key")
"""The columns that are read: tests and what verdicts say of them are not."""

Row = dict[str, Any]


def sft_recipe() -> Recipe:
    """What decides the data set, besides ``dataset/filtered`` and the texts."""
    return Recipe({"sft": VERSION})


def make_sft(lake: Lake, lanes: Iterable[Lane], *, run_id: str = "") -> Part:
    """Join the texts of ``dataset/filtered`` and write them sorted by response_id.

    Up to ``buckets.HELD`` rows are sorted in memory; more go through files by the beginning of their ids first.

    Args:
        lake: Where the tables stand.
        lanes: All that ``dataset/filtered`` was made of.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when ``dataset/filtered`` has not changed.

    Raises:
        GenesysError: ``dataset/filtered`` was never made, or what it was made of has changed since.
    """
    choice = lake.need(filtered.ASSET).parts[filtered.CAMPAIGN]
    inputs = {f"{filtered.ASSET}/{WHOLE}": lake.need(filtered.ASSET).data_version}
    recipe = sft_recipe()
    fingerprint = recipe.fingerprint([inputs, choice.fingerprint])
    standing = lake.part(ASSET, WHOLE, CAMPAIGN)
    if standing and standing.fingerprint == fingerprint:
        return standing
    if changed := lake.changed(choice):
        raise GenesysError(
            f"{filtered.ASSET} was made of earlier versions of {', '.join(changed[:3])}"
            f"{' and others' if len(changed) > 3 else ''}: materialize it again first"
        )
    with (
        Buckets(choice.data.rows, lake.scratch(ASSET, WHOLE)) as buckets,
        lake.writer(ASSET, WHOLE, SFT) as table,
        lake.writer(ASSET, WHOLE, LINEAGE) as lineage,
    ):
        for row, origin in _joined(lake, lanes):
            buckets.add(row["response_id"], (row, origin))
        for row, origin in buckets.sorted():
            table.add(row)
            lineage.add(origin)
    assert table.file is not None  # noqa: S101 - set at the end of the block
    assert lineage.file is not None  # noqa: S101
    counts = Counts(rows=choice.data.rows, accepted=table.file.rows, records=table.file.rows)
    part = Part(
        data=table.file,
        companions={LINEAGE_FILE: lineage.file},
        fingerprint=fingerprint,
        inputs=inputs,
        versions=recipe.versions,
        counts=counts.as_dict(),
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(ASSET, WHOLE, {CAMPAIGN: part})
    return part


def _joined(lake: Lake, lanes: Iterable[Lane]) -> Iterator[tuple[Row, Row]]:
    """Row and lineage of every chosen response, shard by shard."""
    by_name = {lane.name: lane for lane in lanes}
    chosen = lake.frame(filtered.ASSET, WHOLE)
    for (lane_name, shard), group in chosen.partition_by("lane", "shard", as_dict=True).items():
        if lane_name not in by_name:
            raise GenesysError(f"{filtered.ASSET} holds responses of the lane {lane_name}, which is not there any more")
        yield from _joined_shard(lake, by_name[lane_name], shard, group)


def _joined_shard(lake: Lake, lane: Lane, shard: str, chosen: pl.DataFrame) -> Iterator[tuple[Row, Row]]:
    wanted = set(zip(chosen["response_id"], chosen["campaign"], strict=True))
    tasks = {task["problem_id"]: task for task in task_rows(lake, lane, shard, OF_TASKS)}
    verdicts = {
        (verdict["response_id"], verdict["campaign"]): verdict
        for verdict in lake.rows(verifications_asset(lane), shard, OF_VERDICTS)
    }
    found = 0
    for generation in lake.rows(generations_asset(lane), shard):
        key = (generation["response_id"], generation["campaign"])
        if key in wanted:
            found += 1
            task, verdict = tasks[generation["problem_id"]], verdicts[key]
            yield sft_row(task, generation, verdict), lineage_row(lane, shard, task, generation, verdict)
    if found != len(wanted):
        raise GenesysError(f"{lane.name}/generations {shard} has {found} of {len(wanted)} chosen responses")


def sft_row(task: Row, generation: Row, verdict: Row) -> Row:
    """A response in the published columns; the thinking stands in its marks at the beginning of the last content."""
    asked = [{"role": turn["role"], "content": turn["content"]} for turn in generation["messages"][:-1]]
    return {
        "response_id": generation["response_id"],
        "problem_id": generation["problem_id"],
        "task_type": task["task_type"],
        "score": verdict["score"],
        "messages": [*asked, {"role": "assistant", "content": rendering(generation)}],
    }


def lineage_row(lane: Lane, shard: str, task: Row, generation: Row, verdict: Row) -> Row:
    """Where a released response came from, step by step."""
    return {
        "lane": lane.name,
        "shard": shard,
        **{name: task[name] for name in ("problem_id", "source", "source_url", "revision", "row_id", "row_hash")},
        **{name: task[name] for name in ("license", "attribution", "task_hash", "prompt_hashes")},
        "task_call_keys": task["call_keys"],
        **{name: generation[name] for name in ("response_id", "teacher_id", "model_name", "campaign", "sample_index")},
        "generation_config": generation["generation_config"],
        "generation_call_key": generation["call_key"],
        "verifier": verdict["verifier"],
        "verifier_version": verdict["verifier_version"],
        "verdict_call_key": verdict["call_key"],
    }
