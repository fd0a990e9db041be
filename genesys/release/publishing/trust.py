"""How often verdicts are wrong, as a card says it, from ``dataset/error_rates``. How that is estimated stands there."""

from __future__ import annotations

from typing import Any

from genesys.release.publishing.markdown import Markdown, plain, share, table
from genesys.release.publishing.standing import ERROR_RATES, Standing
from genesys.tables.lake import Lake

_NONE = "How often these verdicts are wrong was not estimated for this version."
_COLUMNS = ("lane", "task_type", "kind", "method", "trials", "errors", "rate", "low", "high", "meaning")
_HEADER = ("lane", "task type", "error", "told by", "errors", "trials", "rate", "95 % interval")


def error_rates(lake: Lake, standing: Standing) -> Markdown:
    """The estimates as a table, and what each method's rate is a share of."""
    if ERROR_RATES not in standing.others:
        return Markdown(_NONE)
    rows = sorted(lake.rows(ERROR_RATES, columns=_COLUMNS), key=lambda row: [row[name] or "" for name in _COLUMNS[:4]])
    if not rows:
        return Markdown(_NONE)
    told = table(
        ("lane", "task type", "error", "told by", "errors", "trials", "rate", "95 % interval"),
        map(_cells, rows),
        most=80,
    )
    meanings = {(row["kind"], row["method"]): row["meaning"] for row in rows if row["meaning"]}
    words = [
        f"- {plain(kind)}, by {plain(method)}: {plain(meaning, 400)}"
        for (kind, method), meaning in sorted(meanings.items())
    ]
    return Markdown("\n\n".join(filter(None, ["Estimated rates of wrong verdicts:", told, "\n".join(words)])))


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    names = (row["lane"], row["task_type"], row["kind"], row["method"])
    if row["rate"] is None:
        return (*names, row["errors"] or 0, row["trials"] or 0, "", "no trials")
    return (*names, row["errors"], row["trials"], row["rate"], f"{share(row['low'])} to {share(row['high'])}")
