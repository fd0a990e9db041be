"""``dataset/diversity`` and ``dataset/report``: what a person looks at before a data set is published. Unpartitioned.

What they hold is made by ``genesys.release``; the pictures of the report are drawn there too, and shown here as PNG.
"""

import base64
from collections.abc import Sequence
from typing import Any

import dagster as dg

from genesys.lane import Lane
from genesys.release import diversity
from genesys.release.report import gathering, make
from genesys.release.report.drawing import pictures
from genesys.release.report.facts import Facts, Table
from genesys.settings import Settings
from genesys.storage import replace_file
from genesys.tables.lake import Lake
from genesys_dagster.checks.diversity import drift_results, drift_specs
from genesys_dagster.checks.tables import table_checks
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.markdown import below_limit, markdown_table
from genesys_dagster.metadata import table_metadata
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.resources import BASIC

GROUP = "dataset"
DIVERSITY, REPORT, ERROR_RATES = (
    dg.AssetKey(asset.split("/")) for asset in (diversity.ASSET, make.ASSET, gathering.ERRORS)
)
MEASURED_ON = ("filtered", "sft")


def report_assets(lanes: Sequence[Lane], settings: Settings) -> list[dg.AssetsDefinition]:
    """Both of them.

    Args:
        lanes: All of the data sets.
        settings: Prices, acceptance, limits of drift.
    """
    return [diversity_asset(settings), report_asset(lanes, settings)]


def report_checks() -> list[dg.AssetChecksDefinition]:
    """Whether their tables are sound; what drifted is told by the asset itself."""
    required = ("measure", "of", "scope", "group", "size", "value")
    return [
        table_checks(DIVERSITY.path, diversity.DIVERSITY, required),
        table_checks(REPORT.path, make.REPORT, make.REPORT.names),
    ]


def diversity_asset(settings: Settings) -> dg.AssetsDefinition:
    """Measures of each version of the data sets, and checks that warn where they moved."""

    @dg.asset(
        key=DIVERSITY,
        deps=[dg.AssetKey([GROUP, name]) for name in MEASURED_ON],
        group_name=GROUP,
        description="How diverse, how long and how often right each version of the data sets is, measured on samples; "
        "one part a version, so that drift can be seen.",
        code_version=diversity.diversity_recipe(settings.release.diversity).code_version,
        kinds={"parquet"},
        op_tags=settings_tags(settings),
        check_specs=drift_specs(DIVERSITY),
        required_resource_keys=set(BASIC),
    )
    def measured(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lake: Lake = context.resources.lake
        with plain_failures():
            fail_if_changed(context.op_execution_context, settings)
            diversity.make_diversity(lake, settings.release.diversity, run_id=context.run.run_id)
            manifest = lake.need(diversity.ASSET)
            found = diversity.compared(lake, settings.release.diversity)
        whole = [row for row in found.rows if row["scope"] == "all"]
        return dg.MaterializeResult(
            metadata={
                **table_metadata(lake, manifest, diversity.DIVERSITY),
                "version": found.version,
                "compared_with": found.before or "none",
                "versions": len(manifest.parts),
                "warnings": sum(drift.warns for drift in found.drifts),
                **{_name(row): row["value"] for row in whole if not row["quantiles"]},
                "measures": _measures(whole),
            },
            check_results=drift_results(DIVERSITY, found),
            data_version=dg.DataVersion(manifest.made_version),
        )

    return measured


def _name(row: dict[str, Any]) -> str:
    """A measure as a figure that the UI plots; one at several sizes is told at the largest, which comes last."""
    words = f"{row['measure']} {row['of']}".replace("-", " ").replace(",", "").split()
    return "_".join(words)


def _measures(rows: list[dict[str, Any]]) -> dg.MarkdownMetadataValue:
    names = ("measure", "of", "size", "value", "example")
    return markdown_table(names, ([row[name] for name in names] for row in rows))


def report_asset(lanes: Sequence[Lane], settings: Settings) -> dg.AssetsDefinition:
    """The page, as a table in the lake and as a file to open; and the same pictures and tables in the UI."""

    @dg.asset(
        key=REPORT,
        deps=[dg.AssetKey([GROUP, "filtered"]), DIVERSITY, ERROR_RATES],
        group_name=GROUP,
        description="What a person looks at before a data set is published: funnel, pass rates, difficulty, lengths, "
        "duplicates, costs, judges, diversity, disputed golds, and traces side by side.",
        code_version=make.report_recipe(settings).code_version,
        kinds={"html"},
        op_tags=settings_tags(settings),
        required_resource_keys=set(BASIC),
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lake: Lake = context.resources.lake
        with plain_failures():
            fail_if_changed(context.op_execution_context, settings)
            make.make_report(lake, list(lanes), settings, run_id=context.run.run_id)
            manifest = lake.need(make.ASSET)
            html, facts = make.report_html(lake), make.report_facts(lake)
            target = make.report_file(settings)
            replace_file(target, html or b"")
        return dg.MaterializeResult(
            metadata={
                **table_metadata(lake, manifest, make.REPORT),
                "report": dg.MetadataValue.path(str(target)),
                "bytes": len(html or b""),
                **(_shown(facts) if facts else {}),
            },
            data_version=dg.DataVersion(manifest.made_version),
        )

    return report


def _shown(facts: Facts) -> dict[str, Any]:
    tables = {
        "by_lane": facts.by_lane,
        "reasons": facts.reasons,
        "bands": facts.difficulty.bands,
        "lengths": facts.length_table,
        "duplicates": facts.duplicates.kinds,
        "costs": facts.costs.table,
        "disputed": facts.disputed,
    }
    if facts.judges is not None:
        tables |= {"judges": facts.judges.figures}
    if facts.errors is not None:
        tables |= {"errors": facts.errors}
    if facts.diversity is not None:
        tables |= {"drift": facts.diversity.moved, "phrases": facts.diversity.phrases}
    drawn = {
        f"{name.replace('-', '_')}_plot": dg.MetadataValue.md(below_limit(_picture(picture.title, picture.png)))
        for name, picture in pictures(facts).items()
    }
    return {
        "traces": facts.traces,
        "chosen": facts.chosen,
        "problems": facts.problems,
        **{name: _table(table) for name, table in tables.items()},
        **drawn,
        "samples": _samples(facts),
    }


def _table(table: Table) -> dg.MarkdownMetadataValue:
    return markdown_table([name or " " for name in table.header], table.rows)


def _samples(facts: Facts) -> dg.MarkdownMetadataValue:
    rows = [
        (
            sample.lane,
            sample.kind,
            sample.why,
            sample.prompt,
            trace.end,
            dict(trace.verdict).get("score", ""),
            trace.answer,
        )
        for sample in facts.samples
        for trace in sample.traces
    ]
    return markdown_table(("lane", "shown as", "because", "prompt", "verdict", "score", "answer"), rows)


def _picture(title: str, png: bytes) -> str:
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"
