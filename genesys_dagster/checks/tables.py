"""Dagster's checks of a table: the sums, the columns, and whether rows are left to try again.

The first two block what is built on the table; the third only warns, since a later run completes the table by itself.
They run in runs of a single partition, as all runs of a lane are.
"""

from collections.abc import Iterator, Sequence

import dagster as dg
import pyarrow as pa

from genesys.lane import Lane
from genesys.tables.lake import WHOLE, Lake
from genesys_dagster import internals
from genesys_dagster.checks.soundness import problems_of, reading_problems, schema_problems, sums_of
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.partitions import partition_of, partitions_def
from genesys_dagster.resources import BASIC

ACCOUNTING, SCHEMA, COMPLETE = "accounting", "schema", "complete"


def table_checks(
    key: Sequence[str],
    schema: pa.Schema,
    required: Sequence[str],
    lane: Lane | None = None,
    *,
    reading: str = "",
) -> dg.AssetChecksDefinition:
    """The checks of one asset, in one op; each can also be run by itself, without making the table.

    Args:
        key: Of the asset.
        schema: The table's columns.
        required: Those of them that hold no null.
        lane: Whose partitions the table has, if it has any.
        reading: The table beside it that counts how all rows ended that were read for it, if there is one.
    """
    asset, asset_key = "/".join(key), dg.AssetKey(list(key))
    with internals.unsettled_features():
        specs = [
            dg.AssetCheckSpec(
                name,
                asset=asset_key,
                description=description,
                blocking=name != COMPLETE,
                partitions_def=partitions_def(lane) if lane else None,
            )
            for name, description in _DESCRIPTIONS.items()
        ]

    @dg.multi_asset_check(
        name="__".join([*key, "checks"]), specs=specs, can_subset=True, required_resource_keys=set(BASIC)
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        lake: Lake = context.resources.lake
        partition = partition_of(context, lane).name if lane else WHOLE
        wanted = {key.name for key in context.selected_asset_check_keys}
        with plain_failures():
            if ACCOUNTING in wanted:
                yield _accounting(lake, asset, partition, asset_key, reading)
            if SCHEMA in wanted:
                problems = schema_problems(lake, asset, partition, schema, required)
                yield _result(SCHEMA, asset_key, problems, {"columns": len(schema)})
            if COMPLETE in wanted:
                yield _complete(lake, asset, partition, asset_key)

    return checks


_DESCRIPTIONS = {
    ACCOUNTING: "Rows in = accepted + rejected + errored, and what steps dropped is what was rejected; the "
    "manifest, the list of outcomes and the Parquet files agree; the files hold what was written.",
    SCHEMA: "The Parquet files have exactly the table's columns, and the required ones hold no null.",
    COMPLETE: "No row is left to be tried again.",
}


def _accounting(lake: Lake, asset: str, partition: str, key: dg.AssetKey, reading: str) -> dg.AssetCheckResult:
    sums = sums_of(lake, asset, partition)
    problems = problems_of(lake, asset, partition) + (reading_problems(lake, reading) if reading else [])
    return _result(ACCOUNTING, key, problems, dict(vars(sums)))


def _complete(lake: Lake, asset: str, partition: str, key: dg.AssetKey) -> dg.AssetCheckResult:
    errored = lake.need(asset, partition).counts.errored.total()
    advice = [f"{errored} rows errored: materialize this partition again to try them again"] if errored else []
    return _result(COMPLETE, key, advice, {"errored": errored}, dg.AssetCheckSeverity.WARN)


def _result(
    name: str,
    key: dg.AssetKey,
    problems: list[str],
    facts: dict[str, int],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    shown = "\n".join(f"- {problem}" for problem in problems[:50])
    return dg.AssetCheckResult(
        passed=not problems,
        asset_key=key,
        check_name=name,
        severity=severity,
        description="; ".join(problems[:3]) or None,
        metadata={**facts, **({"problems": dg.MetadataValue.md(shown)} if problems else {})},
    )
