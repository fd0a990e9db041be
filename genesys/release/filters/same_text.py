"""A filter: responses to a problem that say the same word for word; of them the one with the least id stays."""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped

NAME = "equal responses"


def filter_() -> Filter:
    """The filter."""
    return Filter(NAME, "1", _drop)


def _drop(traces: Traces) -> pl.DataFrame:
    rows = traces.rows.select("row", "response_id", "problem_id", "digest")
    again = ~pl.struct("problem_id", "digest").is_first_distinct() | ~pl.col("response_id").is_first_distinct()
    return dropped(rows.filter(again), "duplicate response")
