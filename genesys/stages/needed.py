"""Which task types really occur in a shard: what has to be ready for it hangs on these, and not on all of its lane."""

from __future__ import annotations

from genesys.lane import Lane
from genesys.ledger import ledger_rows
from genesys.partition import Partition
from genesys.schemas import parse_info
from genesys.stages.tasks import tasks_asset
from genesys.tables.lake import Lake


def types_of_rows(lake: Lake, lane: Lane, partition: str) -> tuple[str, ...]:
    """Task types that the rows of a partition may become: all of the lane, unless its rows say which they are."""
    if lane.task_type is None:
        return lane.task_types
    shard = Partition.of(lane, partition).shard
    named = {lane.task_type(parse_info(row["upstream_row"])) for row in ledger_rows(lake, lane, shard)}
    return tuple(sorted(named))


def types_of_tasks(lake: Lake, lane: Lane, partition: str) -> tuple[str, ...]:
    """Task types of the tasks that a partition has."""
    return tuple(sorted(lake.frame(tasks_asset(lane), partition, ["task_type"])["task_type"].unique().to_list()))
