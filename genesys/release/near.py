"""Which of very many signatures are near each other, in bounded memory. What they are of does not matter here.

Signatures are cut into bands; two that agree in all numbers of a band meet in a bucket, and only those that meet are
compared. Rows are gone through in order, and each is compared with those before it that stay: what is too much like one
of them goes, and nothing is compared with what went. A hundred thousand near-equal texts are one that stays, and in a
bucket of many that are not alike no more than ``CROWD`` are compared with, so no bucket is gone through by pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CROWD = 32
"""Of one bucket, that a row is compared with at most: the first ones that stay."""
_FULL = 1024
"""Rows in a bucket from which on it is parted by the next band, too."""
_CHUNK = 65_536
_AT_ONCE = 8
"""Bands whose keys are made in one reading of the signatures."""


@dataclass(frozen=True)
class Bands:
    """How signatures are looked up.

    Args:
        width: Numbers of a band, all of which have to agree: the more, the fewer meet by chance.
        count: Bands; of two that share s of their features ``1 - (1 - s**width)**count`` are found.
        groups: A number for each row: only rows with the same one meet. None: all may.
    """

    width: int
    count: int
    groups: Array | None = None


Alike = Callable[[int, "Array"], "Array"]
"""A row and earlier ones -> how alike each of these is, 0 where that is too little."""


@dataclass(frozen=True)
class Meetings:
    """Which rows meet in which buckets; rows are counted from 0 in the order in which they were given."""

    buckets: Array
    """A line for each row and a column for each band, -1 where the row is alone."""

    def rows(self) -> Array:
        """Rows that meet another one at all, in order."""
        import numpy as np

        return np.flatnonzero((self.buckets >= 0).any(axis=1))


def meetings(signatures: Array, chosen: Array, *lookups: Bands) -> Meetings:
    """Where rows meet.

    Args:
        signatures: All of them, mapped from a file; one of nothing but zeros meets no other.
        chosen: The rows to be looked at, in order.
        lookups: In each of these ways.
    """
    import numpy as np

    made = np.empty((len(chosen), sum(each.count for each in lookups)), dtype=np.int32)
    column, first = 0, 0
    for each in lookups:
        for start in range(0, each.count, _AT_ONCE):
            bands = range(start, min(start + _AT_ONCE, each.count))
            for keys, further in _keys(signatures, chosen, each, bands):
                made[:, column], first = _parted(keys, further, first)
                column += 1
    return Meetings(made)


def first_ones(found: Meetings, alike: Alike) -> Iterator[tuple[int, int, float]]:
    """Rows that go, each with the row that stays instead and how alike they are: the most alike, of equals the first.

    In order, so that a row is compared with none that went.
    """
    import numpy as np

    standing: dict[int, list[int]] = {}
    for row, buckets in _lines(found):
        candidates = _met(standing, buckets)
        if len(candidates):
            values = alike(row, candidates)
            best = int(np.argmax(values))
            if values[best] > 0:
                yield row, int(candidates[best]), float(values[best])
                continue
        _stay(standing, row, buckets)


def each_met(found: Meetings) -> Iterator[tuple[int, Array]]:
    """Each row that meets others, with those before it that it meets: all but where a bucket is crowded."""
    standing: dict[int, list[int]] = {}
    for row, buckets in _lines(found):
        candidates = _met(standing, buckets)
        if len(candidates):
            yield row, candidates
        _stay(standing, row, buckets)


def agreeing(signatures: Array, row: int, others: Array) -> Array:
    """The share of features that a row has in common with each of the others, as far as signatures tell."""
    import numpy as np

    return np.asarray((signatures[others] == signatures[row]).mean(axis=1))


def numbered(names: Any) -> Array:
    """A number for each of some texts, the same for the same text (a Polars series)."""
    import numpy as np

    return np.asarray(names.rank("dense").fill_null(0), dtype=np.int64)


def told_apart(names: Any) -> Array:
    """The same for some millions of them: by 8 bytes of a hash, without their order."""
    import numpy as np

    return np.asarray(names.hash().to_numpy().view(np.int64))


def _met(standing: dict[int, list[int]], buckets: list[int]) -> Array:
    import numpy as np

    others = {other for bucket in buckets for other in standing.get(bucket, ())}
    return np.fromiter(sorted(others), dtype=np.int64, count=len(others))


def _stay(standing: dict[int, list[int]], row: int, buckets: list[int]) -> None:
    for bucket in buckets:
        there = standing.setdefault(bucket, [])
        if len(there) < CROWD:
            there.append(row)


def _lines(found: Meetings) -> Iterator[tuple[int, list[int]]]:
    rows = found.rows()
    for start in range(0, len(rows), _CHUNK):
        some = rows[start : start + _CHUNK]
        for row, line in zip(some.tolist(), found.buckets[some].tolist(), strict=True):
            yield row, [bucket for bucket in line if bucket >= 0]


def _keys(signatures: Array, chosen: Array, bands: Bands, some: range) -> Iterator[tuple[Array, Array]]:
    """For each of some bands a hash for each row, and another one by which crowded buckets are parted."""
    import numpy as np

    made = np.zeros((len(some) + 1, len(chosen)), dtype=np.uint64)
    for start in range(0, len(chosen), _CHUNK):
        part = chosen[start : start + _CHUNK]
        numbers = np.asarray(signatures[part])
        none = ~numbers.any(axis=1)
        for line, band in enumerate([*some, (some[-1] + 1) % bands.count]):
            key = _hashed(numbers[:, band * bands.width : (band + 1) * bands.width])
            if bands.groups is not None:
                key = _mixed(key, bands.groups[start : start + _CHUNK].astype(np.uint64))
            key[none] = (part[none].astype(np.uint64) << np.uint64(8)) | np.uint64(line)
            made[line, start : start + _CHUNK] = key
    for line in range(len(some)):
        yield made[line], made[line + 1]


def _hashed(numbers: Array) -> Array:
    import numpy as np

    key = np.zeros(len(numbers), dtype=np.uint64)
    for column in range(numbers.shape[1]):
        key = _mixed(key, numbers[:, column].astype(np.uint64))
    return key


def _mixed(key: Array, value: Array) -> Array:
    import numpy as np

    key = (key ^ value) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(key ^ (key >> np.uint64(29)))


def _parted(keys: Array, further: Array, first: int) -> tuple[Array, int]:
    """The bucket of each row, counted from ``first``, -1 for a row that is alone; and the number after the last."""
    import numpy as np

    _, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
    full = counts[places] > _FULL
    if full.any():
        _, places, counts = np.unique(
            np.where(full, _mixed(keys, further), keys), return_inverse=True, return_counts=True
        )
    shared = counts > 1
    numbers = np.where(shared, np.cumsum(shared) - 1 + first, -1).astype(np.int32)
    return numbers[places], first + int(shared.sum())
