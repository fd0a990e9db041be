"""The caps: not too many responses of one problem, nor of one source.

Which stay is drawn by a hash of their ids, so that neither length nor order nor name decides, and the same ones stay
every time. Of a problem every teacher's first stays before any teacher's second.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped
from genesys.release.filters.joining import with_problem
from genesys.settings.release import CapSettings

OF_PROBLEM, OF_SOURCE = "over the cap of its problem", "over the cap of its source"
_SALT = b"caps"


def filter_(settings: CapSettings) -> Filter:
    """Leave out what is too much, of problems first; what a problem's cap drops no longer counts for its source."""

    def drop(traces: Traces) -> pl.DataFrame:
        of_problems = _of_problems(traces.rows, settings.per_problem)
        left = Traces(traces.rows.join(of_problems, on="row", how="anti"), traces.problems, traces.signatures)
        return pl.concat([of_problems, _of_sources(left, settings)]).sort("row")

    return Filter("caps", "1", drop, settings.model_dump())


def _of_problems(rows: pl.DataFrame, cap: int | None) -> pl.DataFrame:
    many = rows.filter(pl.len().over("problem_id") > cap) if cap is not None else rows.head(0)
    many = _drawn(many.select("row", "response_id", "problem_id", "teacher_id"))
    turn = pl.int_range(pl.len()).over("problem_id", "teacher_id").alias("turn")
    place = pl.int_range(pl.len()).over("problem_id").alias("place")
    many = many.with_columns(turn).sort("turn", "drawn", "row").with_columns(place)
    return dropped(many.filter(pl.col("place") >= (cap or 0)), OF_PROBLEM, f"{cap:,}" if cap is not None else None)


def _of_sources(traces: Traces, settings: CapSettings) -> pl.DataFrame:
    if settings.per_source is None and not settings.sources:
        return dropped(traces.rows.head(0), OF_SOURCE)
    rows = with_problem(traces, "source").with_columns(pl.col("source").cast(pl.String))
    caps = pl.DataFrame(
        {"source": list(settings.sources), "cap": list(settings.sources.values())},
        schema={"source": pl.String, "cap": pl.Int64},
    )
    rows = rows.select("row", "response_id", "source").join(caps, on="source", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("cap").fill_null(pl.lit(settings.per_source, dtype=pl.Int64)))
    many = _drawn(rows.filter(pl.len().over("source") > pl.col("cap")))
    place = pl.int_range(pl.len()).over("source").alias("place")
    many = many.with_columns(place).filter(pl.col("place") >= pl.col("cap"))
    return dropped(many, OF_SOURCE, pl.format("{}: {}", pl.col("source"), pl.col("cap")))


def _drawn(rows: pl.DataFrame) -> pl.DataFrame:
    """In the order of the draw. Frames hash differently from one version of their library to the next, so ours."""
    drawn = np.fromiter(_hashes(rows["response_id"]), dtype=np.uint64, count=rows.height)
    return rows.with_columns(pl.Series("drawn", drawn)).sort("drawn", "row")


def _hashes(ids: pl.Series) -> Iterator[int]:
    for ident in ids.cast(pl.String):
        yield int.from_bytes(blake2b(ident.encode(), digest_size=8, salt=_SALT).digest(), "big")
