"""What an id stands for, so that a person's decision finds it: a source row, a task, a response. Nothing is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.ledger_state import ledger_asset
from genesys.lineage.places import UnknownResponse, find
from genesys.partition import Partition
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import tasks_asset, with_identity
from genesys.tables.lake import WHOLE, Lake

Row = dict[str, Any]
_SHOWN = 5
_KEY = 60
"""Characters of a key that are shown."""


@dataclass(frozen=True)
class SourceRow:
    """A row of a ledger."""

    lane: Lane
    row_id: str
    shard: str
    source: str
    upstream_key: str

    def __str__(self) -> str:
        """For people."""
        key = " ".join(self.upstream_key.split())
        key = key if len(key) <= _KEY else f"{key[:_KEY]}..."  # some sources have no better key than the statement
        return f"row {self.row_id} of {self.source} (key {key}; {self.lane.name}, {self.shard})"


@dataclass(frozen=True)
class TaskNamed:
    """A task as its table has it."""

    lane: Lane
    partition: str
    row: Row

    @property
    def shard(self) -> str:
        """Of the ledger."""
        return Partition.of(self.lane, self.partition).shard

    def __str__(self) -> str:
        """For people."""
        return f"task {self.row['problem_id']} of {self.row['source']} ({self.lane.name}, {self.partition})"


def source_rows(lake: Lake, lanes: Iterable[Lane], wanted: str) -> list[SourceRow]:
    """The rows of ledgers that are called so: by id, by key in their source, or by file:row; each once."""
    place = pl.concat_str([pl.col("file"), pl.lit(":"), pl.col("row").cast(pl.String)])
    is_named = (pl.col("problem_id") == wanted) | (pl.col("upstream_key") == wanted) | (place == wanted)
    columns = ["problem_id", "upstream_key", "source", "file", "row"]
    found: dict[tuple[str, str], SourceRow] = {}
    for lane in lanes:
        manifest = lake.manifest(ledger_asset(lane))
        for shard, part in manifest.parts.items() if manifest else ():
            rows = lake.file_frame(ledger_asset(lane), WHOLE, part.data, columns).filter(is_named)
            for row in rows.iter_rows(named=True):
                ident, source, key = row["problem_id"], row["source"], row["upstream_key"]
                found[lane.name, ident] = SourceRow(lane, ident, shard, source, key)
    return list(found.values())


def task_named(lake: Lake, lanes: Iterable[Lane], problem_id: str) -> TaskNamed | None:
    """The task of this id, whichever lane has it."""
    for lane in lanes:
        for partition in lake.partitions(tasks_asset(lane)):
            for part in lake.need(tasks_asset(lane), partition).parts.values():
                for row in lake.find(tasks_asset(lane), partition, part.data, "problem_id", problem_id):
                    return TaskNamed(lane, partition, with_identity(row))
    return None


def problem_of_response(lake: Lake, lanes: Iterable[Lane], response_id: str) -> str | None:
    """The problem_id that a response answers; None if no response has just this id."""
    try:
        place = find(lake, lanes, response_id)
    except UnknownResponse:
        return None
    asset = generations_asset(place.lane)
    part = lake.need(asset, place.shard).parts[place.campaign]
    rows = lake.find(asset, place.shard, part.data, "response_id", response_id)
    return str(rows[0]["problem_id"]) if rows else None


def source_row(lake: Lake, lanes: Iterable[Lane], wanted: str) -> SourceRow:
    """The one source row that an id stands for: its own, its task's, its response's, its key or its place.

    Raises:
        GenesysError: There is none, or several have this key.
    """
    lanes = list(lanes)
    rows = source_rows(lake, lanes, wanted)
    if not rows:
        problem = problem_of_response(lake, lanes, wanted) or wanted
        task = task_named(lake, lanes, problem)
        if task is not None:
            rows = source_rows(lake, [task.lane], str(task.row["row_id"]))
    if len(rows) == 1:
        return rows[0]
    if rows:
        shown = "\n".join(f"- {row}" for row in rows[:_SHOWN])
        more = f"\nand {len(rows) - _SHOWN} more" if rows[_SHOWN:] else ""
        raise GenesysError(f"{len(rows)} source rows are called {wanted}; name one by its id:\n{shown}{more}")
    raise GenesysError(
        f"nothing is called {wanted} in {lake.root}: neither a source row (by its id, its key in the source, or "
        "file:row) nor a task nor a response"
    )


def tasks_of(lake: Lake, row: SourceRow) -> Iterator[TaskNamed]:
    """The tasks that were made of a source row."""
    for partition in lake.partitions(tasks_asset(row.lane)):
        if Partition.of(row.lane, partition).shard == row.shard:
            for part in lake.need(tasks_asset(row.lane), partition).parts.values():
                for task in map(with_identity, lake.file_rows(tasks_asset(row.lane), partition, part.data)):
                    if task["row_id"] == row.row_id:
                        yield TaskNamed(row.lane, partition, task)
