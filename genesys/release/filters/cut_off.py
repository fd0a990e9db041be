"""A filter: responses that the token limit cut off."""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped

NAME = "length and format"


def filter_() -> Filter:
    """The filter."""
    return Filter(NAME, "1", _drop)


def _drop(traces: Traces) -> pl.DataFrame:
    return dropped(
        traces.rows.filter(pl.col("finish_reason").cast(pl.String) == "length"), "cut off at the token limit"
    )
