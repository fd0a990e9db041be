"""The table of what people decided as an external asset: its data version is that of the decisions that count."""

import dagster as dg

from genesys.overrides import Overrides, open_overrides
from genesys.settings import Settings
from genesys_dagster import internals
from genesys_dagster.ops.phases import plain_failures

KEY = dg.AssetKey(["people", "overrides"])
INPUT_TAG = f"dagster/input_data_version/{KEY.to_user_string()}"
"""The tag under which a materialization keeps the version of the decisions that it was made with."""


def overrides_asset(settings: Settings) -> dg.SourceAsset:
    """The external asset; an observation reads the table, and nothing else."""

    def observe(context: dg.OpExecutionContext) -> dg.ObserveResult:
        with plain_failures():
            overrides = open_overrides(settings)
        return dg.ObserveResult(data_version=dg.DataVersion(overrides.version), metadata=_metadata(overrides))

    with internals.unsettled_features():
        asset: dg.SourceAsset = dg.observable_source_asset(
            key=KEY,
            group_name="people",
            description="What people decided: banned tasks, mended golds, overturned verdicts, withdrawn source rows. "
            "Not made here: `genesys override` and `genesys withdraw` write it.",
            required_resource_keys={"presence"},
            tags={"dagster/kind/jsonl": ""},
        )(observe)
    return asset


def observation(overrides: Overrides) -> dg.AssetObservation:
    """The same observation, logged by whoever read the decisions: what is recorded is what was read."""
    return dg.AssetObservation(
        asset_key=KEY, metadata=_metadata(overrides), tags={"dagster/data_version": overrides.version}
    )


def _metadata(overrides: Overrides) -> dict[str, int]:
    actions = [decision.action for decision in overrides.decisions.values()]
    return {action: actions.count(action) for action in sorted(set(actions))}
