"""How often verdicts are wrong, as a card says it, from ``dataset/error_rates``. How that is estimated stands there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from genesys.release.publishing.markdown import Markdown, plain, share, table
from genesys.release.publishing.standing import ERROR_RATES, Standing
from genesys.tables.lake import Lake

_NONE = "How often these verdicts are wrong was not estimated for this version."
_COLUMNS = ("lane", "task_type", "kind", "method", "trials", "errors", "rate", "low", "high", "meaning")
_KINDS = ("wrong accept", "wrong reject")


def error_rates(lake: Lake, standing: Standing) -> Markdown:
    """The estimates as a table, and what each method's rate is a share of."""
    if ERROR_RATES not in standing.others:
        return Markdown(_NONE)
    rows = sorted(lake.rows(ERROR_RATES, columns=_COLUMNS), key=lambda row: [row[name] or "" for name in _COLUMNS[:4]])
    if not rows:
        return Markdown(_NONE)
    by_place: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_place[row["lane"] or "", row["task_type"] or ""][row["kind"]].append(_told(row))
    told = table(
        ("lane", "task type", *(f"{kind}s" for kind in _KINDS)),
        [(*place, *(Markdown("<br>".join(found[kind])) for kind in _KINDS)) for place, found in by_place.items()],
    )
    meanings = {(row["kind"], row["method"]): row["meaning"] for row in rows if row["meaning"]}
    words = [
        f"- {plain(kind)}, by {plain(method)}: {plain(meaning, 400)}"
        for (kind, method), meaning in sorted(meanings.items())
    ]
    return Markdown(
        "\n\n".join(
            filter(
                None,
                [
                    "Estimated rates of wrong verdicts, each by what it was told from, with its 95 % interval:",
                    told,
                    "\n".join(words),
                ],
            )
        )
    )


def _told(row: dict[str, Any]) -> str:
    """One estimate in few words."""
    method = plain(row["method"])
    if row["rate"] is None:
        return f"{method}: no trials"
    tried = f"{method}: {row['errors']:,} of {row['trials']:,}"
    if not row["errors"]:
        return f"{tried} (at most {share(row['high'])})"
    return f"{tried}, {share(row['rate'])} ({share(row['low'])} to {share(row['high'])})"
