"""The filter ``disputed golds``: responses to a task whose gold most of them agree against go, whatever their verdict.

Nothing is known of them but that the gold is doubtful, so that no data set to train on has them; ``raw`` shows them.
"""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped

NAME = "disputed golds"
DISPUTED_GOLD = "disputed gold"
"""Why such a response was dropped; the detail says by which votes."""


def filter_() -> Filter:
    """The filter; when a gold is disputed stands in ``[disputes]``."""
    return Filter(NAME, "1", _drop)


def _drop(traces: Traces) -> pl.DataFrame:
    gone = traces.rows.filter(pl.col("standing").cast(pl.String) == DISPUTED_GOLD)
    votes = traces.problems.filter(pl.col("dispute").is_not_null()).select("problem_id", "dispute")
    gone = gone.join(votes, on="problem_id", how="left", maintain_order="left")
    return dropped(gone, DISPUTED_GOLD, pl.col("dispute"))
