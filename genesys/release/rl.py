"""``dataset/rl``: tasks for learning by verified reward: what a verifier needs, and how hard each is for teachers.

A task is in it if one of its responses came past all filters of problems: it was solved, its prompt is in no benchmark,
it says the same as no other that is kept, and its pass rate is within the bounds. What filters of single responses
dropped does not count against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.release import origins
from genesys.release.chats import one_message
from genesys.release.choice import Built, Choice, make_set
from genesys.release.joined import by_shard, lane_called, plain, task_columns
from genesys.release.lookups import Lookup
from genesys.release.sorting import Sorter
from genesys.release.splitting import SplitWriter, mean
from genesys.stages.tasks import tasks_asset
from genesys.tables.columns import LINEAGE, RL, TASKS
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/rl"
VERSION = "1"
CAPS = "caps"
"""The filter of responses that comes after all filters of problems."""
UNSOLVED, UNPUBLISHABLE = "no response was accepted", "may not be published"
COLUMNS = ("in_source_id", "hf_dataset_name", "task_type", "prompt", "gold_standard_solution", "verification_info")
OF_PROBLEMS = ("problem_id", "lane", "shard", "split", "responses", "accepted", "pass_rate", "teachers", "publishable")


def rl_recipe() -> Recipe:
    """What decides the data set, besides the choice and the tasks."""
    return Recipe({"rl": VERSION})


def make_rl(lake: Lake, lanes: Iterable[Lane], *, run_id: str = "") -> Part:
    """Join the tasks of all problems that came past the filters, and write them by problem_id.

    Args:
        lake: Where the tables stand.
        lanes: All that ``dataset/filtered`` was made of.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made of has changed.

    Raises:
        GenesysError: ``dataset/filtered`` was never made, or what it was made of has changed since.
    """
    return make_set(lake, ASSET, rl_recipe(), lambda choice: _build(choice, list(lanes)), run_id=run_id)


def _build(choice: Choice, lanes: list[Lane]) -> Built:
    wanted, counts = _problems(choice)
    with (
        Sorter(choice.lake.scratch(ASSET, WHOLE), ["problem_id"]) as sorter,
        SplitWriter(choice.lake, ASSET, RL, LINEAGE) as writer,
    ):
        for table in _tasks(choice.lake, lanes, wanted):
            sorter.add(table)
        for table in sorter.sorted():
            writer.rows(table)
            writer.lineage(table)
    return writer.built(counts, {"mean_pass_rate": mean(wanted["pass_rate"].drop_nulls())})


def _problems(choice: Choice) -> tuple[pl.DataFrame, Counts]:
    """The problems that are kept, and how all ended: where the response of each ended that came furthest."""
    problems = choice.problems(OF_PROBLEMS)
    ends = choice.ends(["problem_id", "step", "reason"])
    past = pl.col("step").is_null() | (pl.col("step").cast(pl.String) == CAPS)
    kept = ends.filter(past).select("problem_id").unique()
    wanted = problems.filter(pl.col("publishable").fill_null(False)).join(kept, on="problem_id", how="semi")
    counts = Counts(rows=problems.height, accepted=wanted.height)
    left_out = problems.join(wanted, on="problem_id", how="anti")
    counts.rejected.update(dict(_reasons(left_out, ends).value_counts().iter_rows()))
    return wanted, counts


def _reasons(left_out: pl.DataFrame, ends: pl.DataFrame) -> pl.Series:
    """Why each problem is left out."""
    steps = ends.join(left_out, on="problem_id", how="semi").filter(pl.col("step").cast(pl.String) != "verdict")
    last = steps.group_by("problem_id").agg(pl.col("reason").cast(pl.String).mode().sort().first())
    reason = (
        pl.when(~pl.col("publishable").fill_null(False))
        .then(pl.lit(UNPUBLISHABLE))
        .when(pl.col("accepted").fill_null(0) == 0)
        .then(pl.lit(UNSOLVED))
        .otherwise(pl.col("reason").fill_null(UNSOLVED))
    )
    return left_out.join(last, on="problem_id", how="left").select(reason.alias("reason"))["reason"]


def _tasks(lake: Lake, lanes: Iterable[Lane], wanted: pl.DataFrame) -> Iterator[pa.Table]:
    """Rows and lineage of these problems, in tables of bounded size."""
    by_name = {lane.name: lane for lane in lanes}
    columns = task_columns(["metadata", *COLUMNS, *origins.COLUMNS]) | {"problem_id": "problem_id"}
    for (lane, shard), group in by_shard(wanted):
        asset = tasks_asset(lane_called(by_name, lane))
        (part,) = lake.need(asset, shard).parts.values()
        with lake.parquet(asset, shard, part.data) as opened:
            tasks = Lookup(lake, opened, "problem_id", columns, TASKS)
            places = tasks.places(group["problem_id"].to_arrow())
            if (places < 0).any():
                raise GenesysError(f"{asset} {shard} lacks {group['problem_id'][int(np.argmin(places))]}")
            group = group.with_columns(pl.Series("place", places)).sort("place")
            for rows in _in_groups(group, tasks, opened.num_row_groups):
                yield _as_rows(tasks.take(rows["place"].to_numpy()), rows)


def _in_groups(rows: pl.DataFrame, tasks: Lookup, groups: int) -> Iterator[pl.DataFrame]:
    for number in range(groups):
        here = rows.filter(pl.col("place").is_between(*tasks.bounds(number), closed="left"))
        if here.height:
            yield here


def _as_rows(tasks: pa.Table, problems: pl.DataFrame) -> pa.Table:
    tasks = tasks.set_column(tasks.column_names.index("prompt"), "prompt", one_message("user", tasks["prompt"]))
    for name in ("lane", "shard", "split", "responses", "pass_rate"):
        tasks = tasks.append_column(name, problems[name].to_arrow())
    rates = pa.array(map(_rates, problems["teachers"]), pa.string())
    return origins.task_lineage(plain(tasks.append_column("pass_rates", rates)))


def _rates(teachers: str | None) -> str:
    """Pass rates from counts, both by teacher as JSON."""
    counts = json.loads(teachers or "{}")
    return json.dumps({name: accepted / judged for name, (judged, accepted) in sorted(counts.items()) if judged})
