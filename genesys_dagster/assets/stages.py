"""``<lane>/tasks``, ``<lane>/generations``, ``<lane>/verifications``: graph-backed assets of two ops, from one factory.

Graph-backed, since the two phases want different places: the first waits for a slot of its pool and may need a GPU, the
second needs neither.
"""

import dagster as dg

from genesys.lane import Lane
from genesys.settings import Settings
from genesys.verifiers.runner import VerifierRunner
from genesys_dagster.assets.shards import SHARDS
from genesys_dagster.ops.kinds import StageKind
from genesys_dagster.ops.phases import run_phase, seal_phase
from genesys_dagster.partitions import partitions_def, shards_mapping


def stage_asset(kind: StageKind, lane: Lane, settings: Settings, verifiers: VerifierRunner) -> dg.AssetsDefinition:
    """One stage of one lane; the verifiers are asked for their versions only."""
    run, seal = run_phase(kind, lane, settings), seal_phase(kind, lane, settings)
    mapping = shards_mapping(lane) if kind.after == SHARDS else None

    @dg.graph_asset(
        key=[lane.name, kind.name],
        ins={kind.after: dg.AssetIn([lane.name, kind.after], partition_mapping=mapping, dagster_type=dg.Nothing)},
        partitions_def=partitions_def(lane),
        group_name=lane.name,
        description=kind.description,
        kinds=set(kind.kinds),
        code_version=kind.recipe(settings, lane, verifiers).code_version,
    )
    def stage(**table):  # type: ignore[no-untyped-def]  # Dagster calls it once, to see how the ops are joined
        return seal(run(**table))

    return stage
