"""Which signatures are near each other, at the edges that large data sets have."""

from __future__ import annotations

import random

import numpy as np
import pytest

from genesys.quality.signatures import SIZE, signature
from genesys.release.near import CROWD, Bands, agreeing, first_ones, meetings


def signed(*texts: str) -> np.ndarray:
    return np.frombuffer(b"".join(signature(text.split()) for text in texts), "<u4").reshape(-1, SIZE)


def found(signatures: np.ndarray, threshold: float, *bands: Bands) -> dict[int, int]:
    def alike(row: int, others: np.ndarray) -> np.ndarray:
        told = agreeing(signatures, row, others)
        return np.where(told >= threshold, told, 0)

    meet = meetings(signatures, np.arange(len(signatures)), *(bands or [Bands(3, 42)]))
    return {row: twin for row, twin, _ in first_ones(meet, alike)}


def words(rnd: random.Random, count: int = 40) -> list[str]:
    return [f"w{rnd.randrange(10**6)}" for _ in range(count)]


def test_of_alike_ones_the_first_stays_and_nothing_goes_for_what_went() -> None:
    rnd = random.Random(1)
    first = words(rnd)
    middle = first[:34] + words(rnd, 6)
    last = middle[6:] + words(rnd, 6)
    chain = signed(*(" ".join(text) for text in (first, middle, last)))
    likeness = agreeing(chain, 1, np.array([0, 2]))
    assert min(likeness) > 0.6 > agreeing(chain, 0, np.array([2]))[0], "the chain is one"
    assert found(chain, 0.6) == {1: 0}, "the last is like the middle one alone, which went"


def test_the_nearest_of_those_that_stay_is_named() -> None:
    rnd = random.Random(2)
    one = words(rnd)
    two = one[:26] + words(rnd, 14)
    three = two[:39] + words(rnd, 1)
    assert found(signed(*(" ".join(text) for text in (one, two, three))), 0.7) == {2: 1}


def test_groups_keep_equal_texts_apart() -> None:
    same = signed(*["the same text over and over"] * 4)
    assert found(same, 0.9, Bands(3, 42, np.array([1, 1, 2, 2]))) == {1: 0, 3: 2}
    assert found(same, 0.9) == {1: 0, 2: 0, 3: 0}


def test_what_has_no_signature_is_like_nothing() -> None:
    nothing = np.zeros((3, SIZE), dtype="<u4")
    assert found(nothing, 0.5) == {}
    assert found(nothing, 0.5, Bands(3, 42, np.array([7, 7, 7]))) == {}


@pytest.mark.parametrize("equal", [True, False], ids=["equal ones", "ones that share a band and nothing else"])
def test_a_hundred_thousand_in_one_bucket_are_not_gone_through_by_pairs(equal: bool) -> None:
    count = 100_000
    rows = np.random.default_rng(1).integers(1, 2**32, (count, SIZE), dtype=np.uint32)
    if equal:
        rows[:] = rows[0]
    rows[:, :6] = rows[0, :6]  # also the band by which crowded buckets are parted
    compared = 0

    def alike(row: int, others: np.ndarray) -> np.ndarray:
        nonlocal compared
        compared += len(others)
        return (rows[others] == rows[row]).mean(axis=1) >= 0.6

    meet = meetings(rows, np.arange(count), Bands(3, 42))
    gone = sum(1 for _ in first_ones(meet, alike))
    assert gone == (count - 1 if equal else 0)
    assert compared <= 2 * CROWD * count


def test_the_order_in_which_bands_are_read_changes_nothing() -> None:
    rnd = random.Random(3)
    texts = [words(rnd) for _ in range(150)]
    edited = [text[:37] + words(rnd, 3) for text in texts]
    signatures = signed(*(" ".join(text) for text in texts + edited))
    twins = found(signatures, 0.6)
    assert sum(twins.get(150 + place) == place for place in range(150)) >= 148
    assert found(signatures, 0.6, Bands(4, 32)).items() <= twins.items()
