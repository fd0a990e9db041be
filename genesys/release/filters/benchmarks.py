"""Traces of problems that overlap a public test set.

What an overlap is was decided when prompts were at hand (``genesys.quality.benchmarks``); what was found stands in the
problem's ``overlap`` and is shown as it is.
"""

from __future__ import annotations

import polars as pl

from genesys.ledger_state import OVERLAPS
from genesys.release.filters.base import Filter, Traces, dropped


def benchmarks() -> Filter:
    """Nothing of what others measure by stays."""
    return Filter("benchmarks", "1", _overlapping)


def _overlapping(traces: Traces) -> pl.DataFrame:
    found = traces.problems.select(pl.col("problem_id").cast(pl.String), "overlap").drop_nulls("overlap")
    rows = traces.rows.select("row", pl.col("problem_id").cast(pl.String)).join(found, on="problem_id").sort("row")
    return dropped(rows, OVERLAPS, pl.col("overlap"))
