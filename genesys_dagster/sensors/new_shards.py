"""``<lane>_new_shards``: takes new shards through their lane. Stopped until a person starts it."""

import json

import dagster as dg

from genesys.lane import Lane
from genesys.ledger import ledger_asset
from genesys.partition import Partition, partitions_of
from genesys.tables.lake import Lake
from genesys_dagster import internals
from genesys_dagster.partitions import from_key, key_of, shards_def, shards_name

PARTITION = "dagster/partition"
BUDGET = 20
"""Runs requested at one tick: a first fill of thousands of shards is a backfill's work, not a sensor's."""


def new_shards_sensor(lane: Lane, job: str) -> dg.SensorDefinition:
    """The sensor of one lane.

    The cursor is the name of the last shard that was looked at: shards are cut in the order of their names and never
    change, so that one name tells which are new, however many there are. In a lane with languages it is one such name
    for each: a language that comes later gets all shards that are there. A partition whose run failed is not requested
    again, nor is one that a backfill has queued; that is for a person, or a run's retries, to decide.
    """

    @dg.sensor(
        name=f"{lane.name}_new_shards",
        job_name=job,
        description=f"Requests a run of {lane.name} for each shard of the ledger that has no verdicts yet"
        + (", in each language." if lane.languages else "."),
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=60,
        required_resource_keys={"lake"},
    )
    def new_shards(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        lake: Lake = context.resources.lake
        manifest = lake.manifest(ledger_asset(lane))
        last = _read_cursor(lane, context.cursor)
        there = partitions_of(lane, sorted(manifest.parts)) if manifest else []
        waiting = [partition for partition in there if partition.shard > last.get(partition.language, "")]
        if not waiting:
            return dg.SkipReason(f"no shard after {context.cursor}" if last else "the ledger has no shards yet")
        looked_at = waiting[:BUDGET]
        busy = _under_way(context.instance, job, dg.AssetKey([lane.name, "verifications"]), lane, looked_at)
        wanted = [
            partition
            for partition in looked_at
            if partition not in busy and lake.manifest(f"{lane.name}/verifications", partition.name) is None
        ]
        known = set(context.instance.get_dynamic_partitions(shards_name(lane.name)))
        missing = list(dict.fromkeys(one.shard for one in wanted if one.shard not in known))
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=one.name, partition_key=key_of(one)) for one in wanted],
            dynamic_partitions_requests=[shards_def(lane).build_add_request(missing)] if missing else [],
            cursor=_cursor(lane, last | {one.language: one.shard for one in looked_at}),
        )

    return new_shards


def _read_cursor(lane: Lane, cursor: str | None) -> dict[str | None, str]:
    """The last shard that was looked at, by language."""
    if not cursor or not lane.languages:
        return {None: cursor} if cursor else {}
    last: dict[str | None, str] = json.loads(cursor)
    return last


def _cursor(lane: Lane, last: dict[str | None, str]) -> str:
    return json.dumps(last, sort_keys=True) if lane.languages else last[None]


def _under_way(
    instance: dg.DagsterInstance, job: str, verdicts: dg.AssetKey, lane: Lane, partitions: list[Partition]
) -> set[Partition]:
    """Partitions of which a run that ends in verdicts waits or works already."""
    keys = [str(key_of(partition)) for partition in partitions]
    runs = instance.get_runs(dg.RunsFilter(statuses=list(internals.UNDER_WAY), tags={PARTITION: keys}))
    return {
        from_key(lane, run.tags[PARTITION])
        for run in runs
        if run.job_name == job or verdicts in (run.asset_selection or frozenset())
    }
