"""What is on both sides of the split: families, and problems that are alike. How it is cut stands in ``problems``."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from genesys.release.choice import CAMPAIGN, FILTERED, PROBLEMS, TEST
from genesys.tables.lake import WHOLE, Lake

SETS = ("dataset/raw", "dataset/sft", "dataset/preference", "dataset/rl")


class Leak(NamedTuple):
    """Something that a data set tests with and another one, or the same, trains on."""

    what: str
    """``family`` or ``cluster``."""
    ident: str
    asset: str
    """The data set that trains on it."""


def leaks(lake: Lake, asset: str) -> list[Leak]:
    """What of a data set's test split is in the train split of any data set, or of the same family, or alike.

    Args:
        lake: Where the tables stand.
        asset: The data set.
    """
    choice = lake.need(FILTERED).parts[CAMPAIGN]
    columns = ["problem_id", "family_id", "cluster"]
    problems = lake.file_frame(FILTERED, WHOLE, choice.companions[PROBLEMS], columns)
    held_back = _problems(lake, asset, test=True).join(problems, on="problem_id")
    found = []
    for other in SETS:
        if lake.manifest(other) is None:
            continue
        trained = _problems(lake, other, test=False).join(problems, on="problem_id")
        for what, column in (("family", "family_id"), ("cluster", "cluster")):
            both = held_back.join(trained, on=column, how="semi")[column].drop_nulls().unique().sort()
            found += [Leak(what, ident, other) for ident in both]
    return found


def _problems(lake: Lake, asset: str, *, test: bool) -> pl.DataFrame:
    part = lake.need(asset).parts[CAMPAIGN]
    file = part.companions[TEST] if test else part.data
    return lake.file_frame(asset, WHOLE, file, ["problem_id"]).unique()
