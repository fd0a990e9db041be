"""Problems of a data set that are alike: the one place where filters and clusters ask it.

Candidates come from signatures (``genesys.release.near``), the decision from the statements themselves
(``genesys.quality.sameness``).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import polars as pl

from genesys.quality import sameness
from genesys.quality.statements import KEPT, Statement, unpacked
from genesys.quality.vocabulary import meaning, weight
from genesys.release.near import agreeing

if TYPE_CHECKING:
    from genesys.release.near import Array


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
        return len({meaning(word) for word in self.at(place).words if weight(meaning(word)) == 1})

    def near(self, place: int, others: Array, threshold: float, *, templates: float | None = None) -> Any:
        """How alike each of the others is to one, 0 where it is another problem.

        Args:
            place: The one.
            others: Places.
            threshold: Below it they are not alike.
            templates: From this likeness of their words on also those that are other problems: numbers, signs and words
                that decide may differ.
        """
        import numpy as np

        told = agreeing(self._signatures, int(self._chosen[place]), self._chosen[others])
        values = np.zeros(len(others))
        for at in np.flatnonzero(told >= sameness.glance(threshold)).tolist():
            values[at] = self._likeness(place, int(others[at]), float(told[at]), threshold, templates)
        return values

    def _likeness(self, place: int, other: int, told: float, threshold: float, templates: float | None) -> float:
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
