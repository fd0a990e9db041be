"""``dataset/published``: a release in the place that the settings name. Unpartitioned, in a group of its own.

It is no part of the job that builds the data sets: what leaves this state does so because somebody asked for it.
"""

from collections.abc import Sequence

import dagster as dg

from genesys.lane import Lane
from genesys.release.publishing.layout import CONFIGS, FORMAT
from genesys.release.publishing.publish import destination_of, publish
from genesys.release.publishing.release import Release, plan_release
from genesys.release.publishing.standing import ERROR_RATES, REPORT_TABLE
from genesys.settings import Settings
from genesys.tables.lake import Lake
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.markdown import LIMIT, markdown_table
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.resources import BASIC

KEY = dg.AssetKey(["dataset", "published"])
GROUP = "release"


def published_asset(lanes: Sequence[Lane], settings: Settings) -> dg.AssetsDefinition:
    """The release.

    Args:
        lanes: Whose costs its card tells.
        settings: ``[release]``, and prices.
    """
    tables = (*CONFIGS.values(), REPORT_TABLE, ERROR_RATES)

    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey(table.split("/")) for table in tables],
        group_name=GROUP,
        description="The data sets as a folder with card, report and manifest of hashes, in the place that "
        "[release.publish] to names. Materializing it publishes it; one that stands there is not written again.",
        code_version=str(FORMAT),
        kinds={"parquet", "huggingface"},
        op_tags=settings_tags(settings),
        required_resource_keys=set(BASIC),
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lake: Lake = context.resources.lake
        with plain_failures():
            fail_if_changed(context.op_execution_context, settings)
            release = plan_release(lake, settings, [lane.name for lane in lanes])
            placed = publish(release, settings, destination_of(settings), context.log.debug)
        return dg.MaterializeResult(
            metadata={
                "place": placed.place,
                "version": release.version,
                "written_now": placed.is_new,
                "dagster/row_count": sum(item.rows or 0 for item in release.items if item.folder == "raw"),
                "root": str(release.manifest["merkle"]["root"]),
                "files": _files(release),
                "card": dg.MetadataValue.md(_bounded(release.card)),
                **(
                    {"notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in release.notes))}
                    if release.notes
                    else {}
                ),
            },
            data_version=dg.DataVersion(release.version),
        )

    return published


def _files(release: Release) -> dg.MarkdownMetadataValue:
    rows = [(item.path, item.rows if item.rows is not None else "", item.bytes) for item in release.items]
    return markdown_table(("file", "rows", "bytes"), rows)


def _bounded(card: str) -> str:
    """The card without its head, as far as an entry holds it."""
    body = card.split("\n---\n", 1)[-1].strip()
    if len(body.encode()) < LIMIT // 2:
        return body
    return body.encode()[: LIMIT // 2].decode(errors="ignore") + "\n\n(The rest stands in README.md.)"
