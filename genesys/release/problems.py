"""Problems as filters and data sets see them: pass rates by teacher, the band of their difficulty, and their split.

Which problems are alike is told elsewhere and comes in as ``cluster``. Nothing is dropped here.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from genesys.hashing import digest
from genesys.recipe import Recipe
from genesys.release.chain import Ends
from genesys.settings.release import DifficultySettings, ReleaseSettings

VERSION = "1"
KEPT, HOPELESS, TOO_EASY, UNKNOWN = "kept", "hopeless", "too easy", "unknown"
TRAIN, TEST = "train", "test"
JUDGED_ANYWAY = "disputed gold"
"""The standing of verdicts that were reached on a task and a text as they are: they count in its pass rate."""


def with_rates(problems: pl.DataFrame, rows: pl.DataFrame, settings: ReleaseSettings) -> pl.DataFrame:
    """The problems with ``responses``, ``accepted``, ``pass_rate``, ``teachers`` and ``band``.

    Args:
        problems: By problem_id.
        rows: All traces, dropped or not. A response counts once, whatever number of campaigns have it, if its verdict
            stands and has a score.
        settings: Of the bands.
    """
    stands = pl.col("standing").is_null() | (pl.col("standing").cast(pl.String) == JUDGED_ANYWAY)
    judged = rows.filter(stands & pl.col("score").is_not_null()).select(
        "problem_id", "response_id", pl.col("teacher_id").cast(pl.String), "accepted"
    )
    judged = judged.unique("response_id", keep="first", maintain_order=True)
    counts = (pl.len().cast(pl.Int64).alias("responses"), pl.col("accepted").sum().cast(pl.Int64))
    by_teacher = judged.group_by("problem_id", "teacher_id").agg(*counts).sort("problem_id", "teacher_id")
    names = {name: json.dumps(name, ensure_ascii=False) for name in by_teacher["teacher_id"].unique().drop_nulls()}
    told = pl.format(
        "{}: [{}, {}]", pl.col("teacher_id").replace(names).fill_null('""'), pl.col("responses"), pl.col("accepted")
    )
    of_problems = by_teacher.group_by("problem_id", maintain_order=True).agg(
        pl.col("responses").sum(), pl.col("accepted").sum(), pl.format("{{{}}}", told.str.join(", ")).alias("teachers")
    )
    found = problems.join(of_problems, on="problem_id", how="left", maintain_order="left").with_columns(
        pl.col("responses", "accepted").fill_null(0), pl.col("teachers").fill_null("{}")
    )
    rate = pl.when(pl.col("responses") > 0).then(pl.col("accepted") / pl.col("responses"))
    return found.with_columns(rate.alias("pass_rate")).with_columns(band(settings.difficulty).alias("band"))


def band(settings: DifficultySettings) -> pl.Expr:
    """How difficult a problem is, by its ``responses`` and its ``pass_rate``."""
    return (
        pl.when(pl.col("responses") < settings.samples)
        .then(pl.lit(UNKNOWN))
        .when(pl.col("pass_rate") < settings.least)
        .then(pl.lit(HOPELESS))
        .when(pl.col("pass_rate") > settings.most)
        .then(pl.lit(TOO_EASY))
        .otherwise(pl.lit(KEPT))
    )


def with_split(problems: pl.DataFrame, signatures: Path, settings: ReleaseSettings) -> pl.DataFrame:
    """The problems with ``cluster`` and ``split``: all of a cluster on one side, by a hash of its name alone.

    Args:
        problems: By problem_id.
        signatures: The folder with ``problems.npy``, in the same order.
        settings: Of the split.
    """
    problems = problems.with_columns(pl.col("family_id").alias("cluster"))
    clusters = problems.select(pl.col("cluster").unique())
    held = [_part(cluster, settings.split.salt) < settings.split.test for cluster in clusters["cluster"]]
    side = pl.Series("split", [TEST if each else TRAIN for each in held], dtype=pl.String)
    return problems.join(clusters.with_columns(side), on="cluster", how="left", maintain_order="left")


def with_ends(problems: pl.DataFrame, rows: pl.DataFrame, ends: Ends) -> pl.DataFrame:
    """The problems with ``publishable`` and ``chosen``.

    Args:
        problems: By problem_id.
        rows: All traces.
        ends: What became of them.
    """
    told = rows.select("row", "problem_id").join(ends.rows, on="row", how="left", maintain_order="left")
    told = told.group_by("problem_id").agg(
        (~pl.col("for_all").fill_null(value=False)).any().alias("publishable"),
        pl.col("step").is_null().sum().cast(pl.Int64).alias("chosen"),
    )
    return problems.join(told, on="problem_id", how="left", maintain_order="left")


def problem_recipe(settings: ReleaseSettings) -> Recipe:
    """What decides all this, besides traces and problems."""
    return Recipe(
        {"problems": VERSION},
        {"difficulty": settings.difficulty.model_dump(), "split": settings.split.model_dump()},
    )


def _part(cluster: str, salt: str) -> float:
    """A number from 0 to 1 that stands for a cluster."""
    return int(digest([salt, cluster], 13), 16) / 16**13
