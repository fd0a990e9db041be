"""The filter ``verdict``: what neither its verifier nor a person accepted goes.

From which score on a verifier does stands in ``[acceptance]``.
"""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped

NAME = "verdict"


def filter_() -> Filter:
    """The filter; nothing of it can be set."""
    return Filter(NAME, "1", _drop)


def _drop(traces: Traces) -> pl.DataFrame:
    why = pl.col("reason").cast(pl.String).fill_null("no reason given")
    return dropped(traces.rows.filter(~pl.col("accepted")), pl.lit("not accepted: ") + why, pl.col("decided"))
