"""Traces as filters see them, made of a few words each."""

from pathlib import Path
from typing import Any

import polars as pl

from genesys.release.filters.base import Filter, Traces

Row = dict[str, Any]

_ROWS = {
    "row": pl.UInt32,
    "response_id": pl.String,
    "campaign": pl.Categorical,
    "problem_id": pl.String,
    "teacher_id": pl.Categorical,
    "score": pl.Float64,
    "accepted": pl.Boolean,
    "reason": pl.Categorical,
    "faults": pl.List(pl.String),
    "findings": pl.List(pl.String),
}
_PROBLEMS = {
    "problem_id": pl.String,
    "source": pl.Categorical,
    "license": pl.Categorical,
    "row_id": pl.String,
    "family_id": pl.String,
    "responses": pl.Int64,
    "accepted": pl.Int64,
}


def traces(rows: list[Row], problems: list[Row] | None = None) -> Traces:
    """Rows are numbered in their order, and accepted; problems that are not named stand for themselves."""
    filled = [
        {
            "row": number,
            "response_id": f"r{number:03d}",
            "campaign": "c",
            "problem_id": "p",
            "teacher_id": "t",
            "score": 1.0,
            "accepted": True,
            "reason": None,
            "faults": [],
            "findings": [],
            **row,
        }
        for number, row in enumerate(rows)
    ]
    named = {problem["problem_id"]: problem for problem in problems or []}
    for row in filled:
        named.setdefault(row["problem_id"], {"problem_id": row["problem_id"]})
    known = [{"source": "s", "row_id": name, "family_id": name, **named[name]} for name in sorted(named)]
    return Traces(
        pl.DataFrame(filled, schema=_ROWS), pl.DataFrame(known, schema=_PROBLEMS), Path("no signatures are read")
    )


def ends(filter_: Filter, seen: Traces) -> dict[int, tuple[str, str | None]]:
    """What a filter drops: reason and detail by row, each row once."""
    found = filter_.drop(seen)
    assert dict(found.schema) == {"row": pl.UInt32, "reason": pl.String, "detail": pl.String}
    assert found["row"].is_unique().all()
    return {row["row"]: (row["reason"], row["detail"]) for row in found.iter_rows(named=True)}
