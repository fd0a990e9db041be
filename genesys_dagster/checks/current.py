"""The check whether a data set is of the tables as they stand, for which Dagster's own badge does not do.

Dagster compares no data versions where a table rests on a hundred partitions or more, so that a data set of many shards
never looks stale. The manifests say exactly what was read. Only warns; a schedule can run it by itself.
"""

from collections.abc import Sequence

import dagster as dg

from genesys.lane import Lane
from genesys.ledger import ledger_asset
from genesys.overrides import Overrides, open_overrides
from genesys.partition import partitions_of
from genesys.release import filtered
from genesys.settings import Settings
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import WHOLE, Lake, Part
from genesys_dagster.markdown import markdown_table
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.resources import BASIC

CURRENT = "current"
DESCRIPTION = "The data set is made of the tables of all lanes as they stand now. Counts shards that are still to come."


def current_check(key: dg.AssetKey, lanes: Sequence[Lane], settings: Settings) -> dg.AssetChecksDefinition:
    """The check of one data set."""
    asset = "/".join(key.path)

    @dg.asset_check(name=CURRENT, asset=key, description=DESCRIPTION, blocking=False, required_resource_keys=set(BASIC))
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake: Lake = context.resources.lake
        with plain_failures():
            changed = sorted({*filtered.changed_inputs(lake, lanes), *_changed(lake, asset), *_decided(lake, settings)})
            missing, unfinished = missing_shards(lake, lanes), unfinished_shards(lake, lanes)
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        return dg.AssetCheckResult(
            passed=not changed,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"made of earlier versions of {', '.join(changed[:3])}{more}: run the job dataset"
            if changed
            else None,
            metadata={
                "tables_changed": len(changed),
                "shards_missing": len(missing),
                "shards_unfinished": len(unfinished),
                "changed": markdown_table(("table",), [(name,) for name in changed]),
                "shards": markdown_table(
                    ("shard", "is"),
                    [*((name, "without verdicts") for name in missing), *((name, "unfinished") for name in unfinished)],
                ),
            },
        )

    return check


def missing_shards(lake: Lake, lanes: Sequence[Lane]) -> list[str]:
    """Shards of the ledgers, in each language where a lane has several, that have no verdicts."""
    missing = []
    for lane in lanes:
        ledger = lake.manifest(ledger_asset(lane))
        wanted = [partition.name for partition in partitions_of(lane, ledger.parts if ledger else ())]
        missing += sorted(set(wanted).difference(lake.partitions(verifications_asset(lane))))
    return missing


def unfinished_shards(lake: Lake, lanes: Sequence[Lane]) -> list[str]:
    """Shards with verdicts, of which some table has rows left to be tried again."""
    tables = (tasks_asset, generations_asset, verifications_asset)
    shards = {
        shard: [(table(lane), shard) for table in tables]
        for lane in lanes
        for shard in lake.partitions(verifications_asset(lane))
    }
    found = lake.manifests(place for places in shards.values() for place in places)
    return [
        shard
        for shard, places in shards.items()
        if any(part.unfinished for place in places if (manifest := found[place]) for part in manifest.parts.values())
    ]


def _decided(lake: Lake, settings: Settings) -> list[str]:
    """The table of decisions, if it says something else by now than it did to ``dataset/filtered``."""
    overrides = open_overrides(settings)
    was = [part.versions.get("overrides", Overrides().version) for part in _parts(lake, filtered.ASSET, WHOLE)]
    return ["what people decided"] if any(version != overrides.version for version in was) else []


def _changed(lake: Lake, asset: str) -> list[str]:
    return [name for part in _parts(lake, asset, WHOLE) for name in lake.changed(part)]


def _parts(lake: Lake, asset: str, partition: str) -> list[Part]:
    manifest = lake.manifest(asset, partition)
    return list(manifest.parts.values()) if manifest else []
