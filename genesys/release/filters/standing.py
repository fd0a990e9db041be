"""The filter ``standing``: verdicts that count for nothing, whatever they say. Why is told when traces are gathered.

Its task has changed since or is gone, its source row was withdrawn, or its verdict was on another text
(``genesys.release.gathered``). Verdicts by a disputed gold have a filter of their own: these are traces all the same.
"""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped
from genesys.release.filters.disputed_golds import DISPUTED_GOLD

NAME = "standing"


def filter_() -> Filter:
    """The filter; nothing of it can be set."""
    return Filter(NAME, "2", _drop, for_all=True)


def _drop(traces: Traces) -> pl.DataFrame:
    gone = traces.rows.filter(pl.col("standing").is_not_null() & (pl.col("standing").cast(pl.String) != DISPUTED_GOLD))
    return dropped(gone, pl.col("standing"))
