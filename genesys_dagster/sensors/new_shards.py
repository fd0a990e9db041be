"""``<lane>_new_shards``: takes new shards through their lane. Stopped until a person starts it."""

import dagster as dg

from genesys.lane import Lane
from genesys.ledger import ledger_asset
from genesys.tables.lake import Lake
from genesys_dagster import internals
from genesys_dagster.partitions import shards_name, shards_of

PARTITION = "dagster/partition"
BUDGET = 20
"""Runs requested at one tick: a first fill of thousands of shards is a backfill's work, not a sensor's."""


def new_shards_sensor(lane: Lane, job: str) -> dg.SensorDefinition:
    """The sensor of one lane.

    The cursor is the name of the last shard that was looked at: shards are cut in the order of their names and never
    change, so that one name tells which are new, however many there are. A shard whose run failed is not requested
    again, nor is one that a backfill has queued; that is for a person, or a run's retries, to decide.
    """

    @dg.sensor(
        name=f"{lane.name}_new_shards",
        job_name=job,
        description=f"Requests a run of {lane.name} for each shard of the ledger that has no verdicts yet.",
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=60,
        required_resource_keys={"lake"},
    )
    def new_shards(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        lake: Lake = context.resources.lake
        manifest = lake.manifest(ledger_asset(lane))
        last = context.cursor or ""
        waiting = sorted(shard for shard in manifest.parts if shard > last) if manifest else []
        if not waiting:
            return dg.SkipReason(f"no shard after {last}" if last else "the ledger has no shards yet")
        looked_at = waiting[:BUDGET]
        busy = _under_way(context.instance, job, dg.AssetKey([lane.name, "verifications"]), looked_at)
        wanted = [
            shard
            for shard in looked_at
            if shard not in busy and lake.manifest(f"{lane.name}/verifications", shard) is None
        ]
        known = context.instance.get_dynamic_partitions(shards_name(lane.name))
        missing = [shard for shard in wanted if shard not in set(known)]
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=shard, partition_key=shard) for shard in wanted],
            dynamic_partitions_requests=[shards_of(lane.name).build_add_request(missing)] if missing else [],
            cursor=looked_at[-1],
        )

    return new_shards


def _under_way(instance: dg.DagsterInstance, job: str, verdicts: dg.AssetKey, shards: list[str]) -> set[str]:
    """Shards of which a run that ends in verdicts waits or works already."""
    runs = instance.get_runs(dg.RunsFilter(statuses=list(internals.UNDER_WAY), tags={PARTITION: shards}))
    return {
        run.tags[PARTITION] for run in runs if run.job_name == job or verdicts in (run.asset_selection or frozenset())
    }
