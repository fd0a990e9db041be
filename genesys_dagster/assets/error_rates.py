"""``dataset/error_rates``: how often verdicts are wrong, estimated by ``genesys.release``. Unpartitioned."""

from collections.abc import Sequence

import dagster as dg

from genesys.calls.journal import Journal
from genesys.lane import Lane
from genesys.release import error_rates
from genesys.sandbox.isolation import isolation_of
from genesys.settings import Settings
from genesys.tables import columns
from genesys.tables.lake import Lake
from genesys_dagster.checks.tables import table_checks
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.markdown import markdown_table
from genesys_dagster.metadata import counts_metadata, table_metadata
from genesys_dagster.ops.kinds import SANDBOX_POOL
from genesys_dagster.ops.phases import DEVICE_TAG, RETRIES, plain_failures
from genesys_dagster.resources import BASIC
from genesys_dagster.resources.workbench import Workbench

KEY = dg.AssetKey(error_rates.ASSET.split("/"))
REQUIRED = ("lane", "task_type", "kind", "method", "trials", "errors", "unsaid", "meaning")
SHOWN = ("lane", "task_type", "kind", "method", "trials", "errors", "rate", "low", "high")


def error_rates_asset(lanes: Sequence[Lane], settings: Settings) -> dg.AssetsDefinition:
    """The table of estimates.

    Args:
        lanes: All of the data sets.
        settings: Size of the sample, what is accepted, and what verifiers are made from.
    """
    device = "docker" if isolation_of(settings.sandbox) == "docker" else "cpu"

    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey(error_rates.RAW.split("/"))],
        group_name=KEY.path[0],
        description="How often verdicts are wrong, by lane and task type: mutants and other tasks' golds that are "
        "accepted, golds that are rejected, and how far independent verifiers differ. Programs run in the sandbox.",
        code_version=error_rates.error_rates_recipe(settings).code_version,
        kinds={"parquet"},
        pool=SANDBOX_POOL,
        op_tags={DEVICE_TAG: device, **settings_tags(settings)},
        required_resource_keys={*BASIC, "journal", "workbench"},
    )
    def estimated(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lake: Lake = context.resources.lake
        journal: Journal = context.resources.journal
        bench: Workbench = context.resources.workbench
        with plain_failures(RETRIES):
            fail_if_changed(context.op_execution_context, settings)
            work = error_rates.make_error_rates(lake, lanes, journal, settings, run_id=context.run.run_id)
            bench.run(work)
            manifest = lake.need(error_rates.ASSET)
        rows = [[row[name] for name in SHOWN] for row in lake.rows(error_rates.ASSET)]
        return dg.MaterializeResult(
            metadata={
                **table_metadata(lake, manifest, columns.ERROR_RATES),
                **counts_metadata(manifest.counts),
                "rates": markdown_table(SHOWN, rows),
            },
            data_version=dg.DataVersion(manifest.made_version),
        )

    return estimated


def error_rates_checks() -> dg.AssetChecksDefinition:
    """Whether the table is sound."""
    return table_checks(KEY.path, columns.ERROR_RATES, REQUIRED)
