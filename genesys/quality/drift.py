"""What moved between two sets' measures, and whether so far that a person should look. Pure: no tables.

Four questions: did diversity fall, did texts become more alike, did lengths move, did pass rates move. A figure warns
when it moved by more than the settings allow and by more than chance explains; with millions of responses the first
decides, with a few hundred the second.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from genesys.quality.diversity import LEVELS
from genesys.quality.rates import Rate
from genesys.settings.release import DiversitySettings

Row = Mapping[str, Any]
Question = Literal["diversity", "self_similarity", "lengths", "pass_rates"]
QUESTIONS: tuple[Question, ...] = ("diversity", "self_similarity", "lengths", "pass_rates")
LADDER = ("distinct-", "compressed", "different openings", "likeness of nearest")
"""Beginnings of measures that depend on the size they were measured at: only equal sizes are compared."""
FEWEST = {"distinct-": 20_000, "compressed": 20_000, "likeness of two texts": 1_000, "likeness": 50}
"""By the beginning of a measure's name, what it has to rest on to warn: words, pairs of texts, texts. Two draws of the
same kind of texts differ by a third in 2,000 words, and by less than a tenth in 20,000."""
SHARES = ("different openings", "most common")
"""Beginnings of measures that are shares of texts."""
_SURE = 1.63
"""Of Kolmogorov and Smirnov: with two equal distributions a larger distance comes by chance in 1 % of cases."""


@dataclass(frozen=True)
class Drift:
    """One measure of one group, before and now."""

    question: Question
    measure: str
    of: str
    scope: str
    group: str
    before: float
    now: float
    moved: float
    """As the limit counts it: relative fall, rise, distance or difference."""
    limit: float
    warns: bool

    def __str__(self) -> str:
        """For a person."""
        what = f"{self.measure} of {self.of}" if self.of else self.measure
        where = f" ({self.scope} {self.group})" if self.group else ""
        return f"{what}{where}: {self.before:.4g} before, {self.now:.4g} now"


def drifts(now: Iterable[Row], before: Iterable[Row], limits: DiversitySettings) -> list[Drift]:
    """All that both sets have: what warns first, of that what holds of all, and the farthest moved before others.

    Args:
        now: Rows as ``dataset/diversity`` keeps them.
        before: The same of the set that it is compared with.
        limits: How far each may move.
    """
    earlier = {_key(row): row for row in before}
    pairs = [(row, earlier[_key(row)]) for row in now if _key(row) in earlier]
    found = [drift for row, other in _largest(pairs) if (drift := _drift(row, other, limits)) is not None]
    return sorted(found, key=lambda one: (not one.warns, bool(one.group), -one.moved / one.limit, str(one)))


def _key(row: Row) -> tuple[Any, ...]:
    size = row["size"] if str(row["measure"]).startswith(LADDER) else 0
    return row["measure"], row["of"], row["scope"], row["group"], size


def _largest(pairs: Iterable[tuple[Row, Row]]) -> Iterator[tuple[Row, Row]]:
    """Of a measure at several sizes only the largest that both have."""
    best: dict[tuple[Any, ...], tuple[Row, Row]] = {}
    for pair in pairs:
        key = _key(pair[0])[:4]
        if key not in best or best[key][0]["size"] < pair[0]["size"]:
            best[key] = pair
    yield from best.values()


def _drift(row: Row, other: Row, limits: DiversitySettings) -> Drift | None:
    measure, now, before = str(row["measure"]), float(row["value"]), float(other["value"])
    smaller = min(row["size"], other["size"])
    enough = smaller >= next((least for name, least in FEWEST.items() if measure.startswith(name)), 0)
    question: Question
    if measure == "pass rate":
        low, high = Rate(now, row["worth"]).less(Rate(before, other["worth"]))
        question, moved, limit, sure = "pass_rates", abs(now - before), limits.pass_rates, low > 0 or high < 0
    elif measure.startswith(SHARES):
        low, high = Rate(now, row["size"]).less(Rate(before, other["size"]))
        is_fall = measure == SHARES[0]
        moved = (before - now) / before if is_fall else now - before
        limit, sure = (limits.distinct, high < 0) if is_fall else (limits.openings, low > 0)
        question = "diversity"
    elif row["quantiles"]:
        size = math.sqrt((row["size"] + other["size"]) / (row["size"] * other["size"]))
        moved = distance(row["quantiles"], other["quantiles"])
        question, limit, sure = "lengths", limits.lengths, moved > _SURE * size
    elif measure.startswith("likeness"):
        question, moved, limit, sure = "self_similarity", now - before, limits.likeness, enough
    elif measure.startswith(LADDER):
        moved = (before - now) / before if before else 0.0
        question, limit, sure = "diversity", limits.distinct, enough
    else:
        return None
    of, scope, group = str(row["of"]), str(row["scope"]), str(row["group"])
    return Drift(question, measure, of, scope, group, before, now, moved, limit, sure and moved > limit)


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference between two distributions' shares below a value, told from their quantiles."""
    places = [(place, at) for place in sorted({*one, *other}) for at in (True, False)]
    return max((abs(_below(one, *place) - _below(other, *place)) for place in places), default=0.0)


def _below(quantiles: Sequence[float], place: float, at: bool) -> float:
    """The share of a distribution below a value, or (``at``) at most there; straight lines between its quantiles."""
    number = (bisect.bisect_right if at else bisect.bisect_left)(quantiles, place)
    if number == 0:
        return 0.0
    if number == len(quantiles):
        return 1.0
    left, right = quantiles[number - 1], quantiles[number]
    step = LEVELS[number] - LEVELS[number - 1]
    return LEVELS[number - 1] + (step * (place - left) / (right - left) if right > left else 0.0)
