"""Which problems hang together, so that none of them is learned from while another is tested with.

A family always does. So do problems with like words, whatever their numbers: who has learned a problem has seen the one
that differs from it by a number, or that asks for the smallest instead of the largest. Where the words are few, nearly
all of them have to be the same, and where they say next to nothing (``Simplify ...``), the numbers, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from genesys.release.near import Bands, each_met, meetings, numbered
from genesys.release.same_problems import Problems

if TYPE_CHECKING:
    from genesys.release.near import Array

VERSION = "1"
LIKENESS, WORDS, FEW_WORDS = 0.7, 0.85, 0.95
"""From which likeness on two problems with the same numbers hang together; from which on two with whatever numbers, by
their words alone; and two that have few of them."""
ANY_NUMBERS, SAME_NUMBERS = (6, 21), (3, 42)
"""Bands of those that are looked up whatever their numbers, and of those with the same ones."""
FEW, TOO_FEW = 8, 3
"""Different words that say something. Problems with too few hang together only if their numbers are the same."""


def clusters(problems: pl.DataFrame, signatures: Path) -> pl.Series:
    """The cluster of each problem: the least family_id of all that hang together.

    Args:
        problems: Columns of ``columns.MEASURED_PROBLEMS`` without ``signature``, by problem_id.
        signatures: The folder with ``problems.npy``, in the same order.
    """
    import numpy as np

    families = problems["family_id"].cast(pl.String).fill_null(problems["problem_id"].cast(pl.String))
    groups = numbered(families).astype(np.int64) - 1
    places = np.arange(len(problems))
    mapped = np.load(signatures / "problems.npy", mmap_mode="r")
    statements = Problems(problems, mapped, places)
    numbers = numbered(problems["numbers"].cast(pl.String))
    heads = _Heads(len(problems))

    def look(place: int, others: Array) -> None:
        telling = statements.telling(place)
        words = WORDS if telling >= FEW else FEW_WORDS if telling >= TOO_FEW else None
        for at, told in statements.nearest(place, others, LIKENESS):
            other = int(others[at])
            # What hangs together already is not looked at again.
            if heads.together(int(groups[place]), int(groups[other])):
                continue
            if words is None and numbers[other] != numbers[place]:
                continue
            if statements.likeness(place, other, told, LIKENESS, templates=words) > 0:
                heads.join(int(groups[place]), int(groups[other]))

    for place, others in each_met(meetings(mapped, places, Bands(*ANY_NUMBERS), Bands(*SAME_NUMBERS, numbers))):
        look(place, others)
    # Numbers of families are in the order of their ids, so that the least number is the least id.
    names = families.unique().sort()
    return names.gather([heads.of(group) for group in groups.tolist()]).alias("cluster")


class _Heads:
    """Groups that have been joined, each known by its least number."""

    def __init__(self, count: int) -> None:
        """Each by itself."""
        self._above = list(range(count))

    def of(self, one: int) -> int:
        """The least number of all that it was joined with."""
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def together(self, one: int, two: int) -> bool:
        """Whether they have been joined, over whatever others."""
        return self.of(one) == self.of(two)

    def join(self, one: int, two: int) -> None:
        """Join two groups."""
        one, two = sorted((self.of(one), self.of(two)))
        self._above[two] = one
