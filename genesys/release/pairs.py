"""Which wrong response stands beside which right one: two of the same problem that are about as long. No texts.

Without that a model would learn the length. What is left of it is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from genesys.hashing import digest
from genesys.settings.release import PreferenceSettings

SIDE = {
    "response_id": pl.String,
    "problem_id": pl.String,
    "asked": pl.String,
    "digest": pl.String,
    "chars": pl.Int64,
}
"""What is known of a response that may become a side of a pair. ``asked`` is equal where the same was asked."""
COMPARED = 2_000_000
"""Pairs that are looked at together."""


def pairs(chosen: pl.DataFrame, rejected: pl.DataFrame, settings: PreferenceSettings) -> pl.DataFrame:
    """The pairs: ``problem_id``, ``chosen``, ``rejected``, ``pair_id`` and the lengths of both.

    Of a problem's pairs that with the least difference of lengths is taken first, of equal ones that with the least
    ids; then that of the responses left, as often as the settings allow. So no response stands in two pairs, and the
    pairs do not depend on the order of what is given.

    Args:
        chosen: ``SIDE`` of those that were chosen.
        rejected: ``SIDE`` of those that may stand against them.
        settings: How many, and how different in length.
    """
    found = [_nearest(side, settings) for side in _candidates(chosen, rejected)]
    made = pl.concat(found) if found else _paired(chosen.head(0), rejected.head(0))
    names = ("problem_id", "chosen", "rejected", "chosen_chars", "rejected_chars")
    idents = [digest(["pair", one, other], 24) for one, other in made.select("chosen", "rejected").iter_rows()]
    return made.select(names).with_columns(pl.Series("pair_id", idents, dtype=pl.String)).sort("pair_id")


def _candidates(chosen: pl.DataFrame, rejected: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """All pairs of some problems at a time, so that a problem with many responses of each kind costs no memory."""
    both = chosen.group_by("problem_id").len("left").join(rejected.group_by("problem_id").len("right"), on="problem_id")
    both = both.sort("problem_id").with_columns((pl.col("left") * pl.col("right")).cum_sum().alias("pairs"))
    both = both.with_columns((pl.col("pairs") // COMPARED).alias("portion")).select("problem_id", "portion")
    for portion in both.partition_by("portion", maintain_order=True):
        here = portion.select("problem_id")
        yield _paired(chosen.join(here, on="problem_id", how="semi"), rejected.join(here, on="problem_id", how="semi"))


def _paired(chosen: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    both = chosen.join(rejected, on=["problem_id", "asked"], suffix="_rejected")
    lengths = pl.max_horizontal("chars", "chars_rejected", pl.lit(1))
    return both.filter(pl.col("digest") != pl.col("digest_rejected")).select(
        "problem_id",
        pl.col("response_id").alias("chosen"),
        pl.col("response_id_rejected").alias("rejected"),
        pl.col("chars").alias("chosen_chars"),
        pl.col("chars_rejected").alias("rejected_chars"),
        ((pl.col("chars") - pl.col("chars_rejected")).abs() / lengths).alias("difference"),
    )


def _nearest(both: pl.DataFrame, settings: PreferenceSettings) -> pl.DataFrame:
    left = both.filter(pl.col("difference") <= settings.difference).sort(
        "problem_id", "difference", "chosen", "rejected"
    )
    taken = []
    for _ in range(settings.per_problem):
        best = left.unique("problem_id", keep="first", maintain_order=True)
        if not best.height:
            break
        taken.append(best)
        for side in ("chosen", "rejected"):
            left = left.join(best.select(side), on=side, how="anti", maintain_order="left")
    return pl.concat(taken) if taken else both.head(0)
