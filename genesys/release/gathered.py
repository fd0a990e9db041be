"""The traces of all shards in one frame, as filters look at them, with their signatures in files beside it. No texts.

Which traces count for nothing is told here, since it takes all that is known: the shard's own verdicts, what is
disputed, and which source rows were withdrawn. Pass rates, splits and likeness stand in ``problems``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from genesys.quality.signatures import SIZE
from genesys.release.disputed import COMPANION, Withdrawn, dispute_of
from genesys.release.filters.base import Traces
from genesys.release.filters.disputed_golds import DISPUTED_GOLD
from genesys.release.measured import MeasuredShard
from genesys.release.measuring import ASSET, PROBLEMS
from genesys.stages.verifications import STALE_TASK
from genesys.tables.columns import MEASURED, MEASURED_PROBLEMS
from genesys.tables.lake import File, Lake

SIGNATURE, PLACE, WITHDRAWN = "signature", "place", "withdrawn"
REPEATED = (
    *("campaign", "teacher_id", "reason", "verifier", "verifier_version", "standing", "finish_reason"),
    *("lane", "shard"),
)
WHERE = ("problem_id", "lane", "shard")
"""What a task is known by: one that was made again of another version of its row has its problem_id."""
REPEATED_OF_PROBLEMS = ("lane", "shard", "task_type", "language", "source", "license")
"""Names that stand in many rows: categories take four bytes each."""

Row = dict[str, Any]
_Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Gathered:
    """All traces, and the disputes among them."""

    traces: Traces
    disputes: list[Row]
    """Rows of the table ``disputed``, of tasks whose source row still counts."""
    judged_tasks: int
    """Tasks that have a verdict on what they are now."""


def gather(lake: Lake, shards: Sequence[MeasuredShard], withdrawn: Mapping[str, Withdrawn], scratch: Path) -> Gathered:
    """Read what was measured.

    Args:
        lake: Where the tables stand.
        shards: All of them, in any order.
        withdrawn: By lane, why versions of source rows no longer count.
        scratch: A folder for the signatures, which stay as long as the traces are looked at.
    """
    tasks = _problems(lake, shards)
    tasks = tasks.with_columns(_withdrawn(tasks, withdrawn))
    disputes = _disputes(lake, shards, tasks)
    tasks = tasks.join(_votes(disputes), on=WHERE, how="left", maintain_order="left")
    # Of a problem whose source row was superseded by another version there is an earlier task, in an earlier shard.
    problems, places = _in_order(tasks, ["problem_id", WITHDRAWN, "lane", "shard"], "problem_id")
    _write_signatures(lake, ((one, one.part.companions[PROBLEMS]) for one in shards), places, scratch / "problems.npy")
    rows, places = _in_order(_rows(lake, shards), ["response_id", "campaign", "lane", "shard"])
    _write_signatures(lake, ((one, one.part.data) for one in shards), places, scratch / "responses.npy")
    rows = rows.with_columns(_standing(rows, tasks)).with_row_index("row")
    stale = pl.col("standing").cast(pl.String).is_in([STALE_TASK, *tasks[WITHDRAWN].drop_nulls().unique()])
    judged = rows.filter(~stale.fill_null(value=False))["problem_id"].n_unique()
    return Gathered(Traces(rows, problems.drop(WITHDRAWN), scratch), disputes, judged)


def _disputes(lake: Lake, shards: Iterable[MeasuredShard], tasks: pl.DataFrame) -> list[Row]:
    """Of tasks whose source row still counts, by problem_id."""
    gone = set(tasks.filter(pl.col(WITHDRAWN).is_not_null()).select(pl.col(WHERE).cast(pl.String)).iter_rows())
    listed = (row for one in shards for row in lake.file_rows(ASSET, one.partition, one.part.companions[COMPANION]))
    counted = (row for row in listed if tuple(row[name] for name in WHERE) not in gone)
    return sorted(counted, key=lambda row: (row["problem_id"], row["shard"]))


def _rows(lake: Lake, shards: Iterable[MeasuredShard]) -> pl.DataFrame:
    frames = [_empty(MEASURED).with_columns(pl.lit("").alias("lane"), pl.lit("").alias("shard"))]
    frames[0] = frames[0].with_columns(pl.col(REPEATED).cast(pl.Categorical))
    for one in shards:
        frame = lake.file_frame(ASSET, one.partition, one.part.data, _without_signature(MEASURED))
        frame = frame.with_columns(pl.lit(one.lane).alias("lane"), pl.lit(one.shard).alias("shard"))
        frames.append(frame.with_columns(pl.col(REPEATED).cast(pl.Categorical)))
    return pl.concat(frames)


def _problems(lake: Lake, shards: Iterable[MeasuredShard]) -> pl.DataFrame:
    frames = [_empty(MEASURED_PROBLEMS).with_columns(pl.col(REPEATED_OF_PROBLEMS).cast(pl.Categorical))]
    for one in shards:
        file = one.part.companions[PROBLEMS]
        frame = lake.file_frame(ASSET, one.partition, file, _without_signature(MEASURED_PROBLEMS))
        frames.append(frame.with_columns(pl.col(REPEATED_OF_PROBLEMS).cast(pl.Categorical)))
    return pl.concat(frames)


def _without_signature(schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if name != SIGNATURE]


def _empty(schema: pa.Schema) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(schema.empty_table())).drop(SIGNATURE)


def _in_order(frame: pl.DataFrame, by: list[str], unique: str | None = None) -> tuple[pl.DataFrame, _Numbers]:
    """The frame sorted, and for each of its rows as they were where it stands now; -1 for one that another one is."""
    ordered = frame.with_row_index(PLACE).sort(by, nulls_last=False)
    if unique is not None:
        ordered = ordered.unique(unique, keep="first", maintain_order=True)
    places = np.full(frame.height, -1, dtype=np.int64)
    places[ordered[PLACE].to_numpy()] = np.arange(ordered.height)
    return ordered.drop(PLACE), places


def _write_signatures(lake: Lake, files: Iterable[tuple[MeasuredShard, File]], places: _Numbers, path: Path) -> None:
    """Signatures by place; zeros for what has none. The file is mapped anew for each shard, so that little is held."""
    shape = (int(places.max(initial=-1)) + 1, SIZE)
    if not shape[0]:
        np.save(path, np.zeros(shape, dtype="<u4"))
        return
    np.lib.format.open_memmap(path, mode="w+", dtype="<u4", shape=shape)  # made, and let go of
    first = 0
    for one, file in files:
        found = lake.file_frame(ASSET, one.partition, file, [SIGNATURE])[SIGNATURE]
        where = places[first : first + len(found)]
        first += len(found)
        has = found.is_not_null().to_numpy() & (where >= 0)
        numbers = np.frombuffer(b"".join(found.filter(pl.Series(has))), dtype="<u4").reshape(-1, SIZE)
        mapped = np.lib.format.open_memmap(path, mode="r+")
        mapped[where[has]] = numbers
        del mapped


def _withdrawn(problems: pl.DataFrame, withdrawn: Mapping[str, Withdrawn]) -> pl.Series:
    """Why a problem's source row no longer counts, null if it does."""
    listed = [
        (lane, row_id, row_hash, f"{status} source row")
        for lane, rows in sorted(withdrawn.items())
        for (row_id, row_hash), status in rows.items()
    ]
    by = ["lane", "row_id", "row_hash"]
    known = pl.DataFrame(
        listed, schema=[*by, WITHDRAWN], schema_overrides=dict.fromkeys([*by, WITHDRAWN], pl.String), orient="row"
    )
    keys = problems.select(pl.col("lane").cast(pl.String), "row_id", "row_hash")
    return keys.join(known, on=by, how="left", maintain_order="left")[WITHDRAWN]


def _votes(disputes: Iterable[Row]) -> pl.DataFrame:
    """Against which golds so many spoke that no data set takes their tasks, with the votes for people."""
    rows = [(*(row[name] for name in WHERE), str(dispute_of(row))) for row in disputes if row["kind"] == "disputed"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys([*WHERE, "dispute"], pl.String), orient="row")
    return frame.with_columns(pl.col("lane", "shard").cast(pl.Categorical))


def _standing(rows: pl.DataFrame, tasks: pl.DataFrame) -> pl.Series:
    """Why a verdict counts for nothing, all in all: its task, then its source row, then its text, then its gold."""
    rare = tasks.filter(pl.col(WITHDRAWN).is_not_null() | pl.col("dispute").is_not_null())
    found = rows.select(*WHERE, pl.col("standing").cast(pl.String)).join(
        rare.select(*WHERE, WITHDRAWN, "dispute"), on=WHERE, how="left", maintain_order="left"
    )
    told = (
        pl.when(pl.col("standing") == STALE_TASK)
        .then("standing")
        .otherwise(
            pl.coalesce(WITHDRAWN, "standing", pl.when(pl.col("dispute").is_not_null()).then(pl.lit(DISPUTED_GOLD)))
        )
    )
    return found.select(told.cast(pl.Categorical).alias("standing"))["standing"]
