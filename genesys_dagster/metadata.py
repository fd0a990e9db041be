"""What a materialization shows: counts by reason, tokens, cost, pass rate, a sample as a table, a plot.

All of it goes into Dagster's event log, so that each entry is kept small (``markdown``). Nothing secret: numbers,
reasons, names of files, and texts that stand in the tables anyway. Pictures are drawn in ``genesys_dagster.plots``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from genesys.funnel import Level, curation_funnel
from genesys.outcomes import Counts
from genesys.settings.prices import Prices
from genesys.tables.lake import Lake, Manifest
from genesys_dagster import plots
from genesys_dagster.costs import stage_costs
from genesys_dagster.difficulty import predicted_metadata
from genesys_dagster.judged import judged_metadata
from genesys_dagster.markdown import below_limit, markdown_table
from genesys_dagster.ops.kinds import VERIFICATIONS, StageKind
from genesys_dagster.programs import programs_metadata

SAMPLES = 4
Metadata = dict[str, Any]


def stage_metadata(
    lake: Lake,
    manifest: Manifest,
    kind: StageKind,
    *,
    lane: str,
    prices: Prices,
    calls: tuple[int, int],
    skipped: bool,
    steps: Sequence[str] = (),
) -> Metadata:
    """Metadata of one partition of a stage's table.

    Args:
        lake: Where the table stands.
        manifest: The partition's.
        kind: Which stage.
        lane: The lane's name.
        prices: By which the calls are paid.
        calls: Calls that this run (made, answered from the journal).
        skipped: Whether there was nothing to do, so that what stood there still stands.
        steps: Of the lane's curation, where this is what it made.
    """
    prompt, completion = manifest.figure("prompt_tokens"), manifest.figure("completion_tokens")
    counts = manifest.counts
    made, replayed = calls
    return {
        **table_metadata(lake, manifest, kind.schema),
        **counts_metadata(counts),
        **(funnel_metadata(curation_funnel(counts, steps), picture=not skipped) if steps else {}),
        kind.rate: round(counts.accepted / counts.rows, 6) if counts.rows else 0.0,
        "prompt_tokens": int(prompt),
        "completion_tokens": int(completion),
        **stage_costs(lake, manifest, prices),
        "calls_made": made,
        "calls_from_journal": replayed,
        "skipped": skipped,
        **(
            {"errors": markdown_table(("what went wrong", "rows"), error_details(lake, manifest))}
            if counts.errored
            else {}
        ),
        "made_with": dg.MetadataValue.json(_first(_made_with(manifest), 20)),
        "campaigns": dg.MetadataValue.json({name: part.data.rows for name, part in manifest.parts.items()}),
        "inputs": dg.MetadataValue.json(_first(inputs_of(manifest), 50)),
        "dagster/column_lineage": _lineage(kind, lane),
        **({} if skipped else _shown(lake, manifest, kind)),
    }


def _shown(lake: Lake, manifest: Manifest, kind: StageKind) -> Metadata:
    """What is large, or read out of the rows: left out where the run before said the same."""
    return {
        "sample": sample_table(lake, manifest, kind.sample),
        "plot": dg.MetadataValue.md(below_limit(plots.stage_plot(lake, manifest, kind.name))),
        **(programs_metadata(lake, manifest) if kind.executes and kind.name == VERIFICATIONS.name else {}),
        **(judged_metadata(lake, manifest) if kind.name == VERIFICATIONS.name else {}),
        **(predicted_metadata(lake, manifest) if kind.name == VERIFICATIONS.name else {}),
    }


def table_metadata(lake: Lake, manifest: Manifest, schema: pa.Schema) -> Metadata:
    """What Dagster itself knows how to show of a table."""
    return {
        "dagster/row_count": sum(part.data.rows for part in manifest.parts.values()),
        "dagster/uri": lake.uri(manifest.asset, manifest.partition, "manifest.json"),
        "dagster/column_schema": dg.TableSchema(
            columns=[dg.TableColumn(field.name, str(field.type)) for field in schema]
        ),
    }


def counts_metadata(counts: Counts) -> Metadata:
    """How rows ended, as numbers that the UI plots and as a table of reasons."""
    reasons = [
        *(("rejected", reason, count) for reason, count in counts.rejected.most_common()),
        *(("errored", reason, count) for reason, count in counts.errored.most_common()),
    ]
    return {
        "rows_in": counts.rows,
        "accepted": counts.accepted,
        "rejected": counts.rejected.total(),
        "errored": counts.errored.total(),
        "reasons": markdown_table(("ended as", "reason", "rows"), reasons),
    }


def funnel_metadata(levels: Sequence[Level], *, picture: bool = True) -> Metadata:
    """Rows left after each step, as a table and as a picture; nothing of a table that does not tell its steps."""
    if not levels:
        return {}
    rows = [(level.name, level.left, level.lost) for level in levels]
    table = {"funnel": markdown_table(("step", "rows left", "rows ended there"), rows)}
    if not picture:
        return table
    return table | {"funnel_plot": dg.MetadataValue.md(below_limit(plots.funnel_plot(levels)))}


def error_details(lake: Lake, manifest: Manifest) -> list[tuple[str, int]]:
    """What went wrong with errored rows, the most frequent first."""
    found: Counter[str] = Counter()
    for part in manifest.parts.values():
        if part.outcomes is not None and part.unfinished:
            outcomes = lake.file_rows(manifest.asset, manifest.partition, part.outcomes, ["status", "detail"])
            found.update(str(row["detail"]) for row in outcomes if row["status"] == "errored")
    return found.most_common(20)


def inputs_of(manifest: Manifest) -> dict[str, str]:
    """Data version of every table that the parts were made from."""
    return {name: version for part in manifest.parts.values() for name, version in part.inputs.items()}


def sample_table(lake: Lake, manifest: Manifest, columns: Sequence[str]) -> dg.MarkdownMetadataValue:
    """The first rows, long texts cut."""
    parts = [part for part in manifest.parts.values() if part.data.rows]
    rows: list[tuple[Any, ...]] = []
    for part in parts[:1]:
        for row in lake.file_rows(manifest.asset, manifest.partition, part.data, list(columns)):
            rows.append(tuple(row[name] for name in columns))
            if len(rows) == SAMPLES:
                break
    return markdown_table(columns, rows)


def _lineage(kind: StageKind, lane: str) -> dg.TableColumnLineage:
    before = dg.AssetKey([lane, kind.after])
    return dg.TableColumnLineage(
        {name: [dg.TableColumnDep(asset_key=before, column_name=name)] for name in kind.carried}
    )


def _made_with(manifest: Manifest) -> dict[str, Any]:
    """Versions of code, prompts and verifiers, and settings (teacher, model, sampling, acceptance), by campaign."""
    return {name: {"versions": part.versions, **part.settings} for name, part in manifest.parts.items()}


def _first(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    shown = dict(list(values.items())[:number])
    if len(values) > number:
        shown["..."] = f"{len(values) - number} more"
    return shown
