"""Pass rates with intervals that know that responses to one problem are alike. Pure.

Ten responses to one problem say less than ten responses to ten problems. So a rate keeps how many independent responses
it is worth, told from how its problems differ, and intervals are Wilson's for so many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from genesys.quality.intervals import wilson

COLUMNS = ("problems", "responses", "accepted", "value", "worth")


@dataclass(frozen=True)
class Rate:
    """A share, and how many independent trials it is worth."""

    value: float
    worth: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval by Wilson's score method."""
        found = wilson(self.value * self.worth, self.worth)
        assert found is not None  # noqa: S101 - a rate is of one trial at least
        return found

    def less(self, other: Rate) -> tuple[float, float]:
        """The 95 % interval of this rate minus another one of other responses, by Newcombe's method."""
        (low, high), (other_low, other_high) = self.interval, other.interval
        gap = self.value - other.value
        down = math.hypot(self.value - low, other_high - other.value)
        return gap - down, gap + math.hypot(high - self.value, other.value - other_low)


def rates_by(problems: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Pass rates of groups of problems.

    Args:
        problems: One each, with ``responses`` that were judged and how many of them were ``accepted``.
        by: Columns that name a group; none: all of them together.

    Returns:
        The groups in their order, with ``COLUMNS``; a group without a judged response is left out.
    """
    n, hits = pl.col("responses").cast(pl.Float64), pl.col("accepted").cast(pl.Float64)
    sums = [
        pl.len().cast(pl.Int64).alias("problems"),
        pl.col("responses").sum().cast(pl.Int64),
        pl.col("accepted").sum().cast(pl.Int64),
        (n * n).sum().alias("nn"),
        (n * hits).sum().alias("nh"),
        (hits * hits).sum().alias("hh"),
    ]
    judged = problems.filter(pl.col("responses") > 0)
    if not judged.height:
        return pl.DataFrame(schema=dict.fromkeys([*by, *COLUMNS], pl.Float64))
    grouped = judged.group_by(list(by)).agg(sums).sort(list(by), nulls_last=True) if by else judged.select(sums)
    return grouped.with_columns(
        (pl.col("accepted") / pl.col("responses")).alias("value"),
        pl.struct("problems", "responses", "accepted", "nn", "nh", "hh")
        .map_elements(lambda row: _worth(**row), return_dtype=pl.Float64)
        .alias("worth"),
    ).select(*by, *COLUMNS)


def _worth(problems: int, responses: int, accepted: int, nn: float, nh: float, hh: float) -> float:
    """Independent responses that would be as sure: from the variance of a ratio over problems, never over all."""
    share = accepted / responses
    if problems < 2 or accepted in (0, responses):
        return float(problems)
    spread = hh - 2 * share * nh + share * share * nn
    variance = problems / (problems - 1) * spread / responses**2
    if variance <= 0:
        return float(responses)
    return max(1.0, min(float(responses), share * (1 - share) / variance))
