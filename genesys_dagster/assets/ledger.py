"""``<lane>/ledger``: reads the sources, gives rows their identity and cuts shards, the lane's partitions."""

from collections.abc import Mapping
from itertools import islice

import dagster as dg

from genesys.funnel import ledger_funnel
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.lane_source import open_all
from genesys.ledger import (
    BROKEN,
    LedgerUpdate,
    broken_rows,
    ledger_asset,
    ledger_recipe,
    update_ledger,
    withdrawn_asset,
)
from genesys.ledger_marks import mark_withdrawn
from genesys.overrides import open_overrides
from genesys.quality.benchmarks import open_benchmarks
from genesys.settings import LaneSettings, Settings
from genesys.sources import Source
from genesys.tables import columns
from genesys.tables.lake import Lake, Part
from genesys_dagster import plots
from genesys_dagster.assets.shards import observations, shard_observation
from genesys_dagster.assets.upstream import input_version_tag, observation, upstream_key
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.markdown import markdown_table
from genesys_dagster.metadata import Metadata, counts_metadata, funnel_metadata, sample_table, table_metadata
from genesys_dagster.ops.phases import RETRIES, plain_failures
from genesys_dagster.partitions import add_shards
from genesys_dagster.resources import BASIC

REQUIRED = ("problem_id", "row_hash", "source", "upstream_key", "statement_hash", "shard", "revision", "upstream_row")
MOST_BROKEN = 100
"""Shown of them; all stand in the outcomes."""
SAMPLE = ("problem_id", "shard", "source", "file", "row", "upstream_row")


def ledger_of(lane: Lane, chosen: LaneSettings, settings: Settings) -> dg.AssetsDefinition:
    """The ledger's asset of one lane."""

    @dg.asset(
        key=[lane.name, "ledger"],
        deps=list(dict.fromkeys(key for source in chosen.sources for key in _read(source))),
        group_name=lane.name,
        code_version=ledger_recipe(lane, map(settings.source, chosen.sources), settings.benchmarks.recipe).code_version,
        kinds={"parquet"},
        op_tags=settings_tags(settings),
        description="Upstream rows with their identity, duplicates dropped, cut into shards that never change. "
        "Each shard is a partition of the lane.",
        required_resource_keys=set(BASIC),
    )
    def ledger(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lake: Lake = context.resources.lake
        told: list[str] = []

        def tell(parts: Mapping[str, Part]) -> None:
            """Shards are partitions as soon as they are cut: a long reading need not end before work begins."""
            told.extend(add_shards(context.instance, lane.name, parts))
            for name, part in parts.items():
                context.log_event(shard_observation(lane, name, part))

        with plain_failures(RETRIES):
            fail_if_changed(context.op_execution_context, settings)
            opened, benchmarks = open_all(map(settings.source, chosen.sources), lake), open_benchmarks(settings)
            update = update_ledger(
                lake,
                lane,
                opened,
                shard_size=chosen.shard_size,
                run_id=context.run.run_id,
                benchmarks=benchmarks,
                tell=tell,
            )
            mark_withdrawn(lake, lane, open_overrides(settings).withdrawn)
        upstream = [source for source in opened if source.source.lane is None]
        for source in upstream:
            context.log_event(observation(source))
        # Also those of a reading that was broken off, or that are older than this Dagster instance.
        shards = list(lake.need(ledger_asset(lane)).parts)
        new = [*told, *add_shards(context.instance, lane.name, shards)]
        for observed in observations(context.instance, lake, lane):
            context.log_event(observed)
        broken = update.counts.rejected[BROKEN]
        context.log.info(f"{len(shards)} shards, {len(new)} new partitions; {broken} broken rows")
        return dg.MaterializeResult(
            metadata=_metadata(lake, lane, update, shards),
            data_version=dg.DataVersion(_data_version(lake, lane)),
            # What was read, not what was known of the sources when the step began.
            tags={input_version_tag(source): source.revision for source in upstream},
        )

    return ledger


def _read(source: Source) -> list[dg.AssetKey]:
    """What a source stands behind; of another lane its ledger too, which alone tells of withdrawn rows."""
    if source.lane is None:
        return [upstream_key(source)]
    return [dg.AssetKey([source.lane, table]) for table in ("ledger", "tasks")]


def _data_version(lake: Lake, lane: Lane) -> str:
    """Of the rows and of the list of those that no longer count."""
    return digest([lake.need(ledger_asset(lane)).data_version, lake.need(withdrawn_asset(lane)).data_version], 32)


def _metadata(lake: Lake, lane: Lane, update: LedgerUpdate, shards: list[str]) -> Metadata:
    manifest = lake.need(ledger_asset(lane))
    withdrawn = lake.need(withdrawn_asset(lane)).parts["ledger"]
    broken = islice(broken_rows(lake, lane), MOST_BROKEN)
    return {
        **table_metadata(lake, manifest, columns.LEDGER),
        **counts_metadata(update.counts),
        **funnel_metadata(ledger_funnel(update.counts)),
        "rows_new": update.counts.accepted - update.unchanged,
        "rows_withdrawn": withdrawn.data.rows,
        "shards": len(shards),
        "shards_new": len(update.new_shards),
        "revisions": dg.MetadataValue.json(withdrawn.versions),
        "broken_rows": markdown_table(("file:row: field: reason",), ((text,) for text in broken)),
        "sample": sample_table(lake, manifest, SAMPLE),
        "plot": dg.MetadataValue.md(plots.ends_plot(update.counts)),
    }
