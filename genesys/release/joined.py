"""Traces joined from the tables of their lanes, shard by shard and a group of rows at a time: with their texts.

Which traces stands with the data set that asks. What they look like in it, too; here each keeps the form of its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.release.lookups import Lookup, Places
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.columns import GENERATIONS, TASKS, VERIFICATIONS
from genesys.tables.lake import Lake
from genesys.tables.manifest import Part
from genesys.tables.text_sizes import characters

OF_TASKS = {
    **{name: name for name in ("source", "source_url", "revision", "row_id", "row_hash", "license", "attribution")},
    **{name: name for name in ("in_source_id", "hf_dataset_name", "task_type", "prompt", "gold_standard_solution")},
    **{name: name for name in ("verification_info", "metadata", "task_hash", "family_id", "prompt_hashes")},
    "task_call_keys": "call_keys",
}
OF_GENERATIONS = {
    **{name: name for name in ("response_id", "problem_id", "campaign", "teacher_id", "model_name", "sample_index")},
    **{name: name for name in ("generation_config", "messages", "finish_reason")},
    "generation_call_key": "call_key",
}
OF_VERDICTS = {
    **{name: name for name in ("score", "verification_result_info", "verifier", "verifier_version")},
    "verdict_call_key": "call_key",
}
"""Columns that a trace can have, by where they come from and what they are called there. Besides ``lane`` and
``shard``."""

CHARACTERS = 2**25
"""Rows with about so much text are given together."""


def joined(lake: Lake, lanes: Iterable[Lane], wanted: pl.DataFrame, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The wanted traces with their texts, in tables of bounded size.

    Args:
        lake: Where the tables stand.
        lanes: Whose tables they are.
        wanted: ``lane``, ``shard``, ``campaign`` and ``response_id`` of traces, and whatever else is to stand with
            them. A trace may be wanted more than once.
        columns: What of ``OF_TASKS``, ``OF_GENERATIONS`` and ``OF_VERDICTS`` is wanted besides.

    Raises:
        GenesysError: A lane is not there any more, or a table lacks a trace that it should have.
    """
    by_name = {lane.name: lane for lane in lanes}
    for (name, shard), group in by_shard(wanted):
        yield from _shard(lake, lane_called(by_name, name), shard, group, columns)


def lane_called(lanes: Mapping[str, Lane], name: str) -> Lane:
    """A lane that something was chosen of.

    Raises:
        GenesysError: It is not there any more.
    """
    if name not in lanes:
        raise GenesysError(f"dataset/filtered holds traces of the lane {name}, which is not there any more")
    return lanes[name]


def by_shard(rows: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """Rows by their ``lane`` and ``shard``, in the order of these."""
    rows = rows.with_columns(pl.col("lane", "shard").cast(pl.String))
    for (lane, shard), group in sorted(rows.partition_by("lane", "shard", as_dict=True).items()):
        yield (str(lane), str(shard)), group


def _shard(lake: Lake, lane: Lane, shard: str, wanted: pl.DataFrame, columns: Sequence[str]) -> Iterator[pa.Table]:
    found = 0
    parts = lake.need(generations_asset(lane), shard).parts
    verdicts = lake.need(verifications_asset(lane), shard).parts
    with ExitStack() as stack:
        tasks = _tasks(lake, lane, shard, columns, stack)
        for campaign, part in parts.items():
            here = wanted.filter(pl.col("campaign") == campaign)
            if not here.height:
                continue
            opened = stack.enter_context(lake.parquet(generations_asset(lane), shard, part.data))
            judged = _verdicts(lake, lane, shard, verdicts.get(campaign), columns, stack)
            for table in _campaign(lake, opened, here, columns, tasks, judged):
                found += len(table)
                yield table
    if found != wanted.height:
        raise GenesysError(f"{lane.name}/generations {shard} has {found} of {wanted.height} chosen responses")


def _tasks(lake: Lake, lane: Lane, shard: str, columns: Sequence[str], stack: ExitStack) -> Lookup:
    (part,) = lake.need(tasks_asset(lane), shard).parts.values()
    opened = stack.enter_context(lake.parquet(tasks_asset(lane), shard, part.data))
    return Lookup(lake, opened, "problem_id", task_columns(columns), TASKS)


def task_columns(columns: Sequence[str]) -> dict[str, str]:
    """Those of these columns that stand with the task."""
    return {name: OF_TASKS[name] for name in columns if name in OF_TASKS}


def _verdicts(
    lake: Lake, lane: Lane, shard: str, part: Part | None, columns: Sequence[str], stack: ExitStack
) -> Lookup:
    if part is None:
        raise GenesysError(f"{lane.name}/verifications {shard} has lost a campaign whose responses were chosen")
    opened = stack.enter_context(lake.parquet(verifications_asset(lane), shard, part.data))
    wanted = {name: OF_VERDICTS[name] for name in columns if name in OF_VERDICTS}
    return Lookup(lake, opened, "response_id", wanted, VERIFICATIONS)


def _campaign(
    lake: Lake, file: pq.ParquetFile, wanted: pl.DataFrame, columns: Sequence[str], tasks: Lookup, judged: Lookup
) -> Iterator[pa.Table]:
    """The wanted traces of one part of the generations, group of rows by group of rows."""
    names = {name: OF_GENERATIONS[name] for name in columns if name in OF_GENERATIONS}
    generations = Lookup(lake, file, "response_id", names | {"problem_id": "problem_id"}, GENERATIONS)
    places = generations.places(wanted["response_id"].to_arrow())
    wanted = wanted.with_columns(pl.Series("_place", places)).filter(pl.col("_place") >= 0).sort("_place")
    for number in range(file.num_row_groups):
        group = wanted.filter(pl.col("_place").is_between(*generations.bounds(number), closed="left"))
        if group.height:
            said = generations.take(group["_place"].to_numpy())
            extra = plain(group.drop("_place", *(set(said.column_names) & set(group.columns))).to_arrow())
            yield from _with_tasks(_side_by_side(extra, said), group, tasks, judged)


def _with_tasks(rows: pa.Table, wanted: pl.DataFrame, tasks: Lookup, judged: Lookup) -> Iterator[pa.Table]:
    of_task = _known(tasks.places(rows["problem_id"]), rows["problem_id"], "tasks")
    verdicts = judged.take(_known(judged.places(wanted["response_id"].to_arrow()), wanted["response_id"], "verdicts"))
    rows = _side_by_side(rows, verdicts)
    own, back = np.unique(of_task, return_inverse=True)
    asked = tasks.take(own)
    # A task's tests may be large, and each of its responses gets them.
    texts = np.cumsum(characters(rows) + characters(asked)[back])
    edges = np.searchsorted(texts, np.arange(0, texts[-1] + CHARACTERS, CHARACTERS), side="left")
    edges = np.unique([0, *edges, len(rows)])
    for start, end in zip(edges, edges[1:], strict=False):
        yield _side_by_side(rows.slice(start, end - start), asked.take(pa.array(back[start:end])))


def _known(places: Places, ids: pa.ChunkedArray | pl.Series, what: str) -> Places:
    if (places < 0).any():
        lost = ids.to_pylist() if isinstance(ids, pa.ChunkedArray) else ids.to_list()
        raise GenesysError(f"the table of {what} lacks {lost[int(np.argmin(places))]}, of which there is a response")
    return places


def _side_by_side(left: pa.Table, right: pa.Table) -> pa.Table:
    for name in right.column_names:
        left = left.append_column(name, right[name])
    return left


def plain(table: pa.Table) -> pa.Table:
    """Texts as our tables have them: Polars gives long ones, and codes for names that repeat."""
    for number, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            table = table.set_column(number, field.name, pc.cast(table[field.name], pa.string()))
    return table
