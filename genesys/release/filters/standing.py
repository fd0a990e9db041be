"""The filter ``standing``: verdicts that count for nothing, whatever they say. Why is told when traces are gathered.

Its gold is disputed, its task has changed since or is gone, its source row was withdrawn, or its verdict was on another
text (``genesys.release.gathered``).
"""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped

NAME = "standing"
DISPUTED_GOLD = "disputed gold"
"""Why a response to a task whose gold is disputed was dropped; the detail says by which votes."""


def filter_() -> Filter:
    """The filter; when a gold is disputed stands in ``[disputes]``."""
    return Filter(NAME, "1", _drop, for_all=True)


def _drop(traces: Traces) -> pl.DataFrame:
    gone = traces.rows.filter(pl.col("standing").is_not_null())
    votes = traces.problems.filter(pl.col("dispute").is_not_null()).select("problem_id", "dispute")
    gone = gone.join(votes, on="problem_id", how="left", maintain_order="left")
    is_disputed = pl.col("standing").cast(pl.String) == DISPUTED_GOLD
    return dropped(gone, pl.col("standing"), pl.when(is_disputed).then(pl.col("dispute")))
