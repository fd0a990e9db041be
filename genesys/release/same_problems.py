"""Problems of a data set that are alike: the one place where filters and clusters ask it.

Candidates come from signatures (``genesys.release.near``), the decision from the statements themselves
(``genesys.quality.sameness``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from genesys.quality import sameness
from genesys.quality.statements import KEPT, Statement, unpacked
from genesys.release.near import agreeing

if TYPE_CHECKING:
    from genesys.release.near import Array


LOOKS = 32
"""Statements that one is compared with word by word, at most."""


class Problems:
    """Statements of problems by their places, read when they are asked for."""

    def __init__(self, problems: pl.DataFrame, signatures: Array, chosen: Array) -> None:
        """Places are those in ``chosen``, which are rows of ``problems`` and of ``signatures``."""
        self._contents: pl.Series = problems["content"].gather(chosen)
        self._long = (problems["words"].gather(chosen).fill_null(0) > KEPT).to_numpy()
        self._numbers = problems["numbers"].gather(chosen)
        self._signatures, self._chosen = signatures, chosen
        self.at = functools.lru_cache(maxsize=50_000)(self._at)

    def _at(self, place: int) -> Statement:
        return unpacked(self._contents[place])

    def telling(self, place: int) -> int:
        """How many different words of a statement say what it is about."""
        return sum(weight == 1 for weight in self.at(place).weights.values())

    def nearest(self, place: int, others: Array, threshold: float) -> Iterator[tuple[int, float]]:
        """Those of the others that may be like one, as far as signatures tell, and how alike these are.

        The nearest first, of equals the first one, and no more than ``LOOKS``: of many from one template all are near.
        """
        import numpy as np

        told = agreeing(self._signatures, int(self._chosen[place]), self._chosen[others])
        for at in np.argsort(-told, kind="stable")[:LOOKS].tolist():
            if told[at] < sameness.glance(threshold):
                break
            yield at, float(told[at])

    def near(self, place: int, others: Array, threshold: float) -> Array:
        """How alike each of the others is to one, 0 where it is another problem."""
        import numpy as np

        values = np.zeros(len(others))
        for at, told in self.nearest(place, others, threshold):
            values[at] = self.likeness(place, int(others[at]), told, threshold)
        return values

    def likeness(
        self, place: int, other: int, told: float, threshold: float, *, templates: float | None = None
    ) -> float:
        """How alike two problems are, 0 if they are different ones.

        Args:
            place: The one.
            other: The other.
            told: What their signatures have in common.
            threshold: Below it they are not alike.
            templates: From this likeness of their words on also those that are other problems: numbers, signs and words
                that decide may differ.
        """
        one, two = self.at(place), self.at(other)
        # Of a long statement only the beginning is at hand; the signature is of the whole.
        long = bool(self._long[place] or self._long[other])
        most = 2 * told / (1 + told) if long else 1.0
        if templates is not None and (words := min(most, sameness.likeness(one, two, numbers=False))) >= templates:
            return words
        if long and self._numbers[place] != self._numbers[other]:
            return 0
        likeness = min(most, sameness.likeness(one, two))
        return likeness if likeness >= threshold and sameness.same_task(one, two) else 0
