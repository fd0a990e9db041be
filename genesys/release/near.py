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
    """Which rows meet in which buckets; rows are counted from 0 in the order in which they were given.

    Most rows meet no other, and a bucket in which a row is alone is not kept: 8 bytes for each meeting.
    """

    rows: Array
    """Those that meet another one, in order."""
    ends: Array
    """For each of them, where its buckets end; they begin where those of the one before end."""
    buckets: Array
    """Of all of them, one after the other."""


def meetings(signatures: Array, chosen: Array, *lookups: Bands) -> Meetings:
    """Where rows meet.

    Args:
        signatures: All of them, mapped from a file; one of nothing but zeros meets no other.
        chosen: The rows to be looked at, in order.
        lookups: In each of these ways.
    """
    import numpy as np

    rows, buckets = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int32)]
    first = 0
    for each in lookups:
        for start in range(0, each.count, _AT_ONCE):
            bands = range(start, min(start + _AT_ONCE, each.count))
            for keys, further in _keys(signatures, chosen, each, bands):
                met, where, first = _parted(keys, further, first)
                rows.append(met)
                buckets.append(where)
    there = np.concatenate(rows)
    rows.clear()
    order = np.argsort(there, kind="stable")
    found, counts = np.unique(there[order], return_counts=True)
    return Meetings(found, np.cumsum(counts), np.concatenate(buckets)[order])


def first_ones(found: Meetings, alike: Alike) -> Iterator[tuple[int, int, float]]:
    """Rows that go, each with the row that stays instead and how alike they are: the most alike, of equals the first.

    In order, so that a row is compared with none that went.
    """
    import numpy as np

    standing = _Standing(found.buckets)
    for row, buckets in _lines(found):
        candidates = standing.met(buckets)
        if len(candidates):
            values = alike(row, candidates)
            best = int(np.argmax(values))
            if values[best] > 0:
                yield row, int(candidates[best]), float(values[best])
                continue
        standing.add(row, buckets)


def each_met(found: Meetings) -> Iterator[tuple[int, Array]]:
    """Each row that meets others, with those before it that it meets: all but where a bucket is crowded."""
    standing = _Standing(found.buckets)
    for row, buckets in _lines(found):
        candidates = standing.met(buckets)
        if len(candidates):
            yield row, candidates
        standing.add(row, buckets)


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


class _Standing:
    """The rows of each bucket that stay, the first ``CROWD`` of them."""

    def __init__(self, buckets: Array) -> None:
        """None yet, and room for those that may come."""
        import numpy as np

        self._room = np.minimum(np.bincount(buckets), CROWD).astype(np.int32)
        self._starts = np.cumsum(self._room, dtype=np.int64) - self._room
        self._there = np.zeros(len(self._room), dtype=np.int32)
        self._rows = np.empty(int(self._room.sum()), dtype=np.int32)

    def met(self, buckets: Array) -> Array:
        """All rows that stand in some of the buckets, in order."""
        import numpy as np

        counts = self._there[buckets]
        total = int(counts.sum())
        if not total:
            return np.empty(0, dtype=np.int64)
        shifts = self._starts[buckets] - (np.cumsum(counts) - counts)
        return np.unique(self._rows[np.repeat(shifts, counts) + np.arange(total)]).astype(np.int64)

    def add(self, row: int, buckets: Array) -> None:
        """A row that stays."""
        some = buckets[self._there[buckets] < self._room[buckets]]
        self._rows[self._starts[some] + self._there[some]] = row
        self._there[some] += 1


def _lines(found: Meetings) -> Iterator[tuple[int, Array]]:
    """Each row with its buckets."""
    start = 0
    for row, end in zip(found.rows.tolist(), found.ends.tolist(), strict=True):
        yield row, found.buckets[start:end]
        start = end


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


def _parted(keys: Array, further: Array, first: int) -> tuple[Array, Array, int]:
    """The rows that share a bucket, the bucket of each, counted from ``first``, and the number after the last."""
    import numpy as np

    _, places, counts = np.unique(keys, return_inverse=True, return_counts=True)
    full = counts[places] > _FULL
    if full.any():
        _, places, counts = np.unique(
            np.where(full, _mixed(keys, further), keys), return_inverse=True, return_counts=True
        )
    shared = counts > 1
    numbers = (np.cumsum(shared) - 1 + first).astype(np.int32)
    rows = np.flatnonzero(shared[places]).astype(np.int32)
    return rows, numbers[places[rows]], first + int(shared.sum())
