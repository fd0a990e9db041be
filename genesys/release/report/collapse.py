"""How diverse the data set is and what moved, as the report shows it; measured by ``dataset/diversity``."""

from __future__ import annotations

from typing import Any

from genesys.quality.diversity import TEXTS, WORDS
from genesys.release import diversity
from genesys.release.report.facts import Diversity, Table
from genesys.settings.release import DiversitySettings
from genesys.tables.lake import Lake

MOVED = 20
"""Rows that are shown; what moved the other way is no news."""
MOVES = ("question", "measure", "of", "groups", "group", "before", "now", "moved by", "limit", "")
LINES = ("distinct-3", "compressed", "likeness of nearest text", "likeness of two responses to a problem", "pass rate")
"""Measures that are followed over the versions, of all traces together."""

Row = dict[str, Any]


def diversity_facts(lake: Lake, settings: DiversitySettings) -> Diversity | None:
    """None where nothing was measured yet."""
    if lake.manifest(diversity.ASSET) is None:
        return None
    found, versions = diversity.compared(lake, settings), diversity.history(lake)
    whole = [row for row in found.rows if row["scope"] == "all"]
    moved = [
        (drift.question.replace("_", " "), drift.measure, drift.of, drift.scope, drift.group)
        + (drift.before, drift.now, round(drift.moved, 4), drift.limit, "warns" if drift.warns else "")
        for drift in [drift for drift in found.drifts if drift.warns or drift.moved > 0][:MOVED]
    ]
    return Diversity(
        version=found.version,
        before=found.before,
        measures=Table.of(("measure", "of", "on", "value"), map(_measure, filter(_is_figure, whole))),
        phrases=Table.of(("most common", "of", "group", "share", "words"), _phrases(found.rows)),
        moved=Table.of(MOVES, moved),
        warnings=sum(drift.warns for drift in found.drifts),
        versions=tuple(f"{name} ({traces:,} traces)" for name, traces, _ in versions),
        lines=_lines([rows for _, _, rows in versions]),
    )


def _is_figure(row: Row) -> bool:
    return not row["quantiles"] and not str(row["measure"]).startswith("most common")


def _measure(row: Row) -> tuple[Any, ...]:
    return row["measure"], row["of"], row["size"], round(row["value"], 4)


def _phrases(rows: list[Row]) -> list[tuple[Any, ...]]:
    """Of each text what most traces begin with or say, over all and in the lane where it is most."""
    told = [row for row in rows if row["example"] and row["scope"] in ("all", "lane")]
    told.sort(key=lambda row: (row["measure"], row["of"], row["scope"] != "all", -row["value"], row["group"]))
    return [
        (row["measure"].removeprefix("most common "), row["of"], row["group"] or "all", round(row["value"], 4))
        + (row["example"],)
        for row in told
    ][:MOVED]


def _lines(versions: list[list[Row]]) -> dict[str, tuple[float | None, ...]]:
    """Values over the versions, each measure at the largest size that the first version with it has."""
    lines: dict[str, tuple[float | None, ...]] = {}
    for measure in LINES:
        for of in sorted({row["of"] for rows in versions for row in rows if row["measure"] == measure}):
            if of == "prompt":
                continue
            sized = [
                {row["size"]: row["value"] for row in rows if (row["measure"], row["of"]) == (measure, of)}
                for rows in versions
            ]
            common = [size for size in (*WORDS, *TEXTS) if all(size in one for one in sized)]
            values = tuple(one[max(common)] if common else max(one.items())[1] if one else None for one in sized)
            lines[f"{measure}, {of}" if of else measure] = values
    return lines
