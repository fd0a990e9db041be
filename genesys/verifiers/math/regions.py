"""Parts of the real line: union, intersection and comparison of intervals. How they are written is read elsewhere."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from genesys.verifiers.math.answers import Interval, Region
from genesys.verifiers.math.identity import Undecided, same, value_of
from genesys.verifiers.math.tree import Constant, Negative, Node, symbols

INFINITY = Constant("inf")
MINUS_INFINITY = Negative(INFINITY)
EVERYTHING = Region((Interval(MINUS_INFINITY, INFINITY, False, False),))
NOTHING = Region(())
_MAX_INTERVALS = 40


def bound(node: Node) -> float | None:
    """The place of a bound on the line; None where letters or complex values stand in it."""
    if node == INFINITY:
        return math.inf
    if node == MINUS_INFINITY:
        return -math.inf
    value = None if symbols(node) else value_of(node)
    return value.real if value is not None and abs(value.imag) < 1e-12 else None


def point(node: Node) -> Interval:
    """A single number as an interval."""
    return Interval(node, node, True, True)


def without(node: Node) -> Region:
    """All numbers but one."""
    return Region((Interval(MINUS_INFINITY, node, False, False), Interval(node, INFINITY, False, False)))


def union(regions: Iterable[Region]) -> Region:
    """All intervals of several regions, as they are: ``settled`` puts them in order."""
    return Region(tuple(itertools.chain.from_iterable(region.intervals for region in regions)))


def intersection(left: Region, right: Region) -> Region | None:
    """What two regions have in common; None where a bound is no number."""
    found: list[Interval] = []
    for one, other in itertools.product(left.intervals, right.intervals):
        bounds = [bound(node) for node in (one.low, other.low, one.high, other.high)]
        if any(value is None for value in bounds):
            return None
        a_low, b_low, a_high, b_high = (float(value) for value in bounds if value is not None)
        # Of two equal bounds the open one is narrower.
        low = one if (a_low, not one.low_closed) >= (b_low, not other.low_closed) else other
        high = one if (a_high, one.high_closed) <= (b_high, other.high_closed) else other
        common = Interval(low.low, high.high, low.low_closed, high.high_closed)
        if max(a_low, b_low) < min(a_high, b_high) or _is_point(common):
            found.append(common)
    return Region(tuple(found))


def difference(left: Region, right: Region) -> Region | None:
    """What the first region has and the second has not; None where a bound is no number."""
    rest: Region | None = left
    for interval in right.intervals:
        outside = []
        if interval.low != MINUS_INFINITY:
            outside.append(Interval(MINUS_INFINITY, interval.low, False, not interval.low_closed))
        if interval.high != INFINITY:
            outside.append(Interval(interval.high, INFINITY, not interval.high_closed, False))
        rest = intersection(rest, Region(tuple(outside))) if rest is not None else None
    return rest


def settled(region: Region) -> Region:
    """The same region in order, empty intervals dropped and touching ones joined, where its bounds are numbers."""
    keyed = [(bound(one.low), bound(one.high), one) for one in region.intervals]
    if any(low is None or high is None for low, high, _ in keyed):
        return region
    kept = [(low, high, one) for low, high, one in keyed if low is not None and high is not None]
    kept = [(low, high, one) for low, high, one in kept if low < high or _is_point(one)]
    kept.sort(key=lambda item: (item[0], not item[2].low_closed, item[1]))
    joined: list[Interval] = []
    for low, _, one in kept:
        last = joined[-1] if joined else None
        end = bound(last.high) if last else None
        if last is None or end is None or low > end or (low == end and not (last.high_closed or one.low_closed)):
            joined.append(one)
            continue
        later = one if (bound(one.high), one.high_closed) > (end, last.high_closed) else last
        joined[-1] = Interval(last.low, later.high, last.low_closed, later.high_closed)
    return Region(tuple(joined))


def same_region(gold: Region, answer: Region, *, ends_count: bool = True) -> bool:
    """Whether two regions are equal.

    Args:
        gold: One.
        answer: The other.
        ends_count: Whether an open end differs from a closed one.

    Raises:
        Undecided: A bound cannot be compared.
    """
    left, right = settled(gold).intervals, list(settled(answer).intervals)
    if len(left) != len(right) or len(left) > _MAX_INTERVALS:
        return False
    for interval in left:
        match = next((other for other in right if _same_interval(interval, other, ends_count)), None)
        if match is None:
            return False
        right.remove(match)
    return True


def _same_interval(left: Interval, right: Interval, ends_count: bool) -> bool:
    if ends_count and (left.low_closed, left.high_closed) != (right.low_closed, right.high_closed):
        return False
    return _same_bound(left.low, right.low) and _same_bound(left.high, right.high)


def _same_bound(left: Node, right: Node) -> bool:
    infinite = {INFINITY, MINUS_INFINITY}
    if left in infinite or right in infinite:
        return left == right
    return same(left, right)


def _is_point(interval: Interval) -> bool:
    if not (interval.low_closed and interval.high_closed):
        return False
    try:
        return _same_bound(interval.low, interval.high)
    except Undecided:
        return False
