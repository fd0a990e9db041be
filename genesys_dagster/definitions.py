"""Everything assembled: lanes, data sets, checks, jobs, sensors and resources, on one page.

Tests and commands use this assembly too and give settings, or resources, of their own. Nothing is opened here:
resources are made when a run starts.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from genesys.lanes import chosen_lane
from genesys.settings import Settings, load_settings
from genesys_dagster.assets.datasets import GROUP, KINDS, dataset_asset
from genesys_dagster.assets.error_rates import error_rates_asset, error_rates_checks
from genesys_dagster.assets.overrides import overrides_asset
from genesys_dagster.assets.published import published_asset
from genesys_dagster.assets.report import report_assets, report_checks
from genesys_dagster.assets.upstream import fail_if_mixed_up
from genesys_dagster.checks.current import current_check
from genesys_dagster.checks.splits import splits_check
from genesys_dagster.checks.tables import table_checks
from genesys_dagster.lanes import LaneGraph, lane_graph
from genesys_dagster.resources import resources_of


def build_defs(
    settings: Settings | None = None, *, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """All definitions.

    Args:
        settings: By default those of ``genesys.toml`` and the environment.
        resource_overrides: Resources to take the place of those made from the settings, by name.

    Raises:
        GenesysError: The settings cannot be read, or name a lane that does not exist, or a language that it has not,
            or a lane whose tasks nobody verifies.
    """
    settings = settings or load_settings()
    lanes = {name: chosen_lane(settings, name) for name in settings.lanes}
    fail_if_mixed_up(source for chosen in settings.lanes.values() for source in chosen.sources)
    graphs = [lane_graph(lane, settings.lanes[name], settings) for name, lane in lanes.items()]
    datasets = [dataset_asset(kind, list(lanes.values()), settings) for kind in KINDS]
    return dg.Definitions(
        assets=[
            *_upstream(graphs),
            overrides_asset(settings),
            *(spec for graph in graphs for spec in graph.shards),
            *(asset for graph in graphs for asset in graph.assets),
            *datasets,
            error_rates_asset(list(lanes.values()), settings),
            *report_assets(list(lanes.values()), settings),
            published_asset(list(lanes.values()), settings),
        ],
        asset_checks=[
            *(checks for graph in graphs for checks in graph.checks),
            *(table_checks([GROUP, kind.name], kind.schema, kind.required) for kind in KINDS),
            *(current_check(asset.key, list(lanes.values()), settings) for asset in datasets),
            *(splits_check(kind.name) for kind in KINDS if kind.chosen),
            error_rates_checks(),
            *report_checks(),
        ],
        jobs=[*(job for graph in graphs for job in graph.jobs), _dataset_job()],
        sensors=[sensor for graph in graphs for sensor in graph.sensors],
        resources={**resources_of(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


def _upstream(graphs: list[LaneGraph]) -> list[dg.SourceAsset]:
    """Each source once, though lanes may share it."""
    return list({asset.key: asset for graph in graphs for asset in graph.upstream}.values())


def _dataset_job() -> Any:
    return dg.define_asset_job(
        GROUP,
        selection=dg.AssetSelection.groups(GROUP),
        executor_def=dg.in_process_executor,
        description="Build the data sets from all shards that have verdicts.",
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads: called by it once, so that importing this module reads no settings."""
    return build_defs()
