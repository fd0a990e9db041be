"""What filters know of a trace by its problem. No filter stands here."""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Traces


def with_problem(traces: Traces, *columns: str) -> pl.DataFrame:
    """The traces that are left, with columns of their problems; null where a problem is not known."""
    known = traces.problems.select("problem_id", *columns).with_columns(
        pl.col("problem_id").cast(traces.rows.schema["problem_id"])
    )
    kept = traces.rows.drop(column for column in columns if column in traces.rows.columns)
    return kept.join(known, on="problem_id", how="left", maintain_order="left")
