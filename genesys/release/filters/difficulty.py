"""The filter by difficulty: pass rates of problems over all samples and teachers, and the bands that they fall into."""

from __future__ import annotations

import json

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped
from genesys.release.filters.joining import with_problem
from genesys.settings.release import DifficultySettings

HOPELESS, TOO_EASY, KEPT, UNKNOWN = "hopeless", "too easy", "kept", "unknown"
JUDGED = {"responses": pl.Int64, "accepted": pl.Int64, "pass_rate": pl.Float64, "teachers": pl.String}
"""What is told of a problem by its verdicts."""


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Pass rates: problem_id and the columns of ``JUDGED``, by problem_id.

    Args:
        rows: All traces whose verdicts count, whether accepted or not: ``response_id``, ``problem_id``, ``teacher_id``,
            ``score`` and ``accepted``, people's decisions among them. A verdict without a score says nothing, and a
            response that stands in two campaigns is one.
    """
    counted = pl.len().cast(pl.Int64).alias("responses"), pl.col("accepted").sum().cast(pl.Int64).alias("accepted")
    by_teacher = (
        rows.select(
            *(pl.col(name).cast(pl.String) for name in ("response_id", "problem_id", "teacher_id")), "score", "accepted"
        )
        .filter(pl.col("score").is_not_null() | pl.col("accepted"))
        .unique("response_id", keep="first", maintain_order=True)
        .group_by("problem_id", "teacher_id")
        .agg(*counted)
        .sort("problem_id", "teacher_id")
    )
    counts = pl.struct("teacher_id", "responses", "accepted").alias("teachers")
    problems = by_teacher.group_by("problem_id", maintain_order=True).agg(
        pl.col("responses").sum(), pl.col("accepted").sum(), counts
    )
    return problems.select(
        "problem_id",
        "responses",
        "accepted",
        (pl.col("accepted") / pl.col("responses")).alias("pass_rate"),
        pl.col("teachers").map_elements(_as_text, return_dtype=pl.String),
    ).sort("problem_id")


def _as_text(teachers: pl.Series) -> str:
    return json.dumps({one["teacher_id"]: [one["responses"], one["accepted"]] for one in teachers}, ensure_ascii=False)


def band(settings: DifficultySettings) -> pl.Expr:
    """The band of each problem, from ``responses`` and ``accepted`` (null counts as 0).

    A problem that nobody has solved is hopeless, wherever the line is drawn.
    """
    responses, accepted = pl.col("responses").fill_null(0), pl.col("accepted").fill_null(0)
    rate = accepted / responses
    return (
        pl.when(responses < settings.samples)
        .then(pl.lit(UNKNOWN))
        .when((rate < settings.least) | (accepted == 0))
        .then(pl.lit(HOPELESS))
        .when(rate > settings.most)
        .then(pl.lit(TOO_EASY))
        .otherwise(pl.lit(KEPT))
    )


def filter_(settings: DifficultySettings) -> Filter:
    """Leave out problems that are hopeless or too easy; ``Traces.problems`` has ``responses`` and ``accepted``."""

    def drop(traces: Traces) -> pl.DataFrame:
        rows = with_problem(traces, "responses", "accepted").with_columns(band(settings).alias("band"))
        rows = rows.filter(pl.col("band").is_in([HOPELESS, TOO_EASY]))
        return dropped(rows, pl.col("band"), pl.format("{} of {} accepted", pl.col("accepted"), pl.col("responses")))

    return Filter("difficulty", "1", drop, settings.model_dump())
