"""What a filter is, and what filters look at. Which there are, and in what order, stands in ``genesys.release.chain``.

A filter sees the traces that all filters before it left, and says which of them go, why, and what a person needs to
know beyond the reason. It must be a function of what it sees and of its settings alone: neither the order of shards nor
the number of processes may change what it drops, so it breaks ties by ids, never by places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

DROPPED = {"row": pl.UInt32, "reason": pl.String, "detail": pl.String}
"""What a filter gives: the traces that go by their ``row``, each once."""


@dataclass(frozen=True)
class Traces:
    """What a filter looks at. No texts: what can be told of them was measured before (``columns.MEASURED``)."""

    rows: pl.DataFrame
    """Those left: ``row`` (counts all traces in the order of response_id and campaign, from 0), the columns of
    ``columns.MEASURED`` without ``signature``, ``lane`` and ``shard``. Where people decided, ``accepted`` and
    ``reason`` are as they did, and ``decided`` says why, null elsewhere. Names that repeat are categorical."""
    problems: pl.DataFrame
    """Every problem with a verdict, by problem_id: the columns of ``columns.MEASURED_PROBLEMS`` without ``signature``;
    ``dispute`` (the votes against its gold, for people; null if it is not disputed); and of all its traces, whatever
    becomes of them, ``responses``, ``accepted``, ``pass_rate``, ``teachers``, ``band``, ``cluster`` and ``split`` as in
    ``columns.PROBLEMS``. A trace whose task is gone has no problem here."""
    signatures: Path
    """``responses.npy``, a row for each trace by its ``row``, and ``problems.npy``, in the order of ``problems``:
    unsigned 32-bit numbers, ``genesys.quality.signatures.SIZE`` in a row; to be mapped, not read."""


@dataclass(frozen=True)
class Filter:
    """One stage of the choice.

    Args:
        name: The step, as outcomes and counts have it; short, for people: ``near-duplicate responses``.
        version: Raised when it means something else.
        drop: Traces that are left -> those that go, a frame of ``DROPPED``.
        settings: What decides it, JSON-like.
        for_all: Whether what it drops may be in no data set, not even in ``raw``: what may not be published, and what
            is no trace of a task that stands.
    """

    name: str
    version: str
    drop: Callable[[Traces], pl.DataFrame]
    settings: dict[str, Any] = field(default_factory=dict)
    for_all: bool = False


def dropped(rows: pl.DataFrame, reason: str | pl.Expr, detail: str | pl.Expr | None = None) -> pl.DataFrame:
    """Some of the traces as what goes.

    Args:
        rows: Those that go.
        reason: For all of them, or told from their columns.
        detail: Likewise.
    """
    return rows.select(
        pl.col("row").cast(pl.UInt32),
        (pl.lit(reason) if isinstance(reason, str) else reason).cast(pl.String).alias("reason"),
        (pl.lit(detail) if detail is None or isinstance(detail, str) else detail).cast(pl.String).alias("detail"),
    )
