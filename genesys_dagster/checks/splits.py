"""The check that no problem of a data set's test split is alike one that any data set trains on."""

import dagster as dg

from genesys.release.leaks import leaks
from genesys.tables.lake import Lake
from genesys_dagster.markdown import markdown_table
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.resources import BASIC

SPLITS = "splits"
DESCRIPTION = "No family, and nothing that is alike, is on both sides of the split, over all data sets that were made."


def splits_check(name: str) -> dg.AssetChecksDefinition:
    """The check of one data set, by the last part of its key."""
    key = dg.AssetKey(["dataset", name])

    @dg.asset_check(name=SPLITS, asset=key, description=DESCRIPTION, blocking=True, required_resource_keys=set(BASIC))
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake: Lake = context.resources.lake
        with plain_failures():
            found = leaks(lake, f"dataset/{name}")
        rows = [(leak.what, leak.ident, leak.asset) for leak in found[:50]]
        return dg.AssetCheckResult(
            passed=not found,
            description=f"{len(found)} are on both sides" if found else None,
            metadata={
                "leaks": len(found),
                **({"found": markdown_table(("what", "id", "trained on in"), rows)} if rows else {}),
            },
        )

    return check
