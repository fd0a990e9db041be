"""A lane's part of the graph, from its data alone: sources -> ledger -> tasks -> generations -> verifications.

A further lane is a ``genesys.lane.Lane`` and a section in the settings; nothing is added here for it.
"""

from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from genesys.faults import GenesysError, InfrastructureFault
from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.settings import LaneSettings, Settings
from genesys.tables import columns
from genesys.verifiers.runner import VerifierRunner
from genesys_dagster.assets.ledger import REQUIRED, ledger_of
from genesys_dagster.assets.shards import shards_asset
from genesys_dagster.assets.stages import stage_asset
from genesys_dagster.assets.upstream import upstream_asset
from genesys_dagster.checks.judging import judging_check
from genesys_dagster.checks.tables import table_checks
from genesys_dagster.ops.kinds import KINDS, StageKind, device_tag, placed
from genesys_dagster.ops.phases import DEVICE_TAG
from genesys_dagster.sensors.new_shards import new_shards_sensor

PRIORITY_TAG = "dagster/priority"


@dataclass
class LaneGraph:
    """What one lane brings to the graph."""

    assets: list[dg.AssetsDefinition] = field(default_factory=list)
    shards: list[dg.AssetSpec] = field(default_factory=list)
    upstream: list[dg.SourceAsset] = field(default_factory=list)
    """Apart, since lanes may share sources."""
    checks: list[dg.AssetChecksDefinition] = field(default_factory=list)
    jobs: list[Any] = field(default_factory=list)
    sensors: list[dg.SensorDefinition] = field(default_factory=list)


def lane_graph(lane: Lane, chosen: LaneSettings, settings: Settings) -> LaneGraph:
    """All assets, checks, jobs and sensors of one lane.

    Args:
        lane: The task family.
        chosen: Its sources and the size of its shards.
        settings: Who plays the roles, sampling and the rest.

    Raises:
        GenesysError: One of its task types has no verifier that loads.
    """
    verifiers = _verifiers(lane, settings)
    kinds = [placed(kind, lane, settings) for kind in KINDS]
    ledger_key, stage_keys = dg.AssetKey([lane.name, "ledger"]), [dg.AssetKey([lane.name, kind.name]) for kind in kinds]
    # Op tags cannot leave a process; a run goes where all its ops can be.
    devices = frozenset[str]().union(*(kind.devices(settings) for kind in kinds))
    through_lane = dg.define_asset_job(
        lane.name,
        selection=dg.AssetSelection.assets(*stage_keys),
        executor_def=dg.in_process_executor,
        description=f"One shard through the whole {lane.name} lane, in one process.",
        tags={"genesys/lane": lane.name, DEVICE_TAG: device_tag(devices)},
    )
    read_sources = dg.define_asset_job(
        f"{lane.name}_ledger",
        selection=dg.AssetSelection.assets(ledger_key),
        executor_def=dg.in_process_executor,
        description=f"Read the sources of the {lane.name} lane; new rows become new shards.",
        tags={"genesys/lane": lane.name},
    )
    one_stage = [_stage_job(lane, kind, number, settings) for number, kind in enumerate(kinds)]
    return LaneGraph(
        assets=[ledger_of(lane, chosen, settings), *(stage_asset(kind, lane, settings, verifiers) for kind in kinds)],
        shards=[shards_asset(lane)],
        upstream=[upstream_asset(settings, source) for source in chosen.sources if source.lane is None],
        checks=[
            table_checks([lane.name, "ledger"], columns.LEDGER, REQUIRED, reading=withdrawn_asset(lane)),
            *(table_checks([lane.name, k.name], k.schema, k.required, lane) for k in kinds),
            judging_check(lane, settings),
        ],
        jobs=[read_sources, through_lane, *one_stage],
        sensors=[new_shards_sensor(lane, lane.name)],
    )


def _stage_job(lane: Lane, kind: StageKind, number: int, settings: Settings) -> Any:
    """One shard through one stage: in a deployment with several machines each run goes to the one for its stage."""
    return dg.define_asset_job(
        f"{lane.name}_{kind.name}",
        selection=dg.AssetSelection.assets(dg.AssetKey([lane.name, kind.name])),
        executor_def=dg.in_process_executor,
        description=f"One shard through {lane.name}/{kind.name} alone, for runs on the machine that this stage wants.",
        tags={
            "genesys/lane": lane.name,
            "genesys/stage": kind.name,
            DEVICE_TAG: device_tag(kind.devices(settings)),
            # Of what waits in the queue that goes first which is nearest to its end.
            PRIORITY_TAG: str(number),
        },
    )


def _verifiers(lane: Lane, settings: Settings) -> VerifierRunner:
    """Who verifies the lane's responses. Nothing is started; each has to be there, or no row could be finished."""
    runner = VerifierRunner(settings=settings)
    for task_type in lane.task_types:
        try:
            runner.identity(task_type)
        except InfrastructureFault as fault:
            raise GenesysError(f"[lanes.{lane.name}]: {fault}") from fault
    return runner
