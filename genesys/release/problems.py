"""Problems as filters and data sets see them: pass rates by teacher, the band of their difficulty, and their split.

Which problems are alike is told elsewhere and comes in as ``cluster``. Nothing is dropped here.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from genesys.hashing import digest
from genesys.recipe import Recipe
from genesys.release import clusters as likeness
from genesys.release.chain import Ends
from genesys.release.clusters import clusters
from genesys.release.filters.difficulty import band, judged
from genesys.settings.release import ReleaseSettings

VERSION = "1"
TRAIN, TEST = "train", "test"


def with_rates(problems: pl.DataFrame, rows: pl.DataFrame, settings: ReleaseSettings) -> pl.DataFrame:
    """The problems with ``responses``, ``accepted``, ``pass_rate``, ``teachers`` and ``band``.

    Args:
        problems: By problem_id.
        rows: All traces, dropped or not; those count whose verdict stands.
        settings: Of the bands.
    """
    rates = judged(rows.filter(pl.col("standing").is_null()))
    found = problems.join(rates, on="problem_id", how="left", maintain_order="left").with_columns(
        pl.col("responses", "accepted").fill_null(0), pl.col("teachers").fill_null("{}")
    )
    return found.with_columns(band(settings.difficulty).alias("band"))


def with_split(problems: pl.DataFrame, signatures: Path, settings: ReleaseSettings) -> pl.DataFrame:
    """The problems with ``cluster`` and ``split``: all of a cluster on one side, by a hash of its name alone.

    Args:
        problems: By problem_id.
        signatures: The folder with ``problems.npy``, in the same order.
        settings: Of the split.
    """
    problems = problems.with_columns(clusters(problems, signatures).alias("cluster"))
    names = problems.select(pl.col("cluster").unique())
    held = [_part(cluster, settings.split.salt) < settings.split.test for cluster in names["cluster"]]
    side = pl.Series("split", [TEST if each else TRAIN for each in held], dtype=pl.String)
    return problems.join(names.with_columns(side), on="cluster", how="left", maintain_order="left")


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
        {"problems": VERSION, "clusters": likeness.VERSION},
        {"difficulty": settings.difficulty.model_dump(), "split": settings.split.model_dump()},
    )


def _part(cluster: str, salt: str) -> float:
    """A number from 0 to 1 that stands for a cluster."""
    return int(digest([salt, cluster], 13), 16) / 16**13
