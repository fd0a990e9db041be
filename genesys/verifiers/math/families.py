r"""Infinitely many answers with a free whole number in them: ``k\pi + \pi/4``, ``4k + 1``, ``[2k, 2k+1]``.

They are compared as sets: another letter, another start or another direction of counting says the same.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from fractions import Fraction

from genesys.verifiers.math import regions
from genesys.verifiers.math.answers import Answer, Interval, Named, Region, Row, Scalar
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.identity import Undecided, same
from genesys.verifiers.math.numeric import DOUBLE, Unbounded, Undefined, evaluate
from genesys.verifiers.math.reading import Reading
from genesys.verifiers.math.tree import Constant, Degrees, Node, renamed, symbols, walk, with_signs

_PARAMETERS = frozenset(("t", "s", "u", "k", "m", "n", r"\lambda", r"\mu"))
_MAX_DENOMINATOR = 120
_MAX_PERIODS = 400
_COUNTING = frozenset("klmn")
_USUAL = frozenset("jklmnpqrst")
_NEAR = 1e-9
_ARGUMENT = re.compile(r"(?P<head>\\?[A-Za-z]+)(?:\((?P<letter>[A-Za-z])\)|_\{?(?P<index>[A-Za-z])\}?)")


def free_letters(gold: Reading, answer: Reading, context: Context) -> frozenset[str]:
    """Letters that stand for any whole number in two answers.

    Where the gold says of a letter that it is one, the answer's only letter is so as well, if it is a usual one. A k,
    l, m or n beside pi or degrees needs no such word, unless it is one of the task's own.
    """
    whole = gold.whole | answer.whole
    for one in (*gold.answers, *answer.answers):
        for node in _values_of(one):
            if any(isinstance(part, Degrees) or part == Constant("pi") for part in walk(node)):
                whole |= (symbols(node) & _COUNTING) - context.letters
    if gold.whole:
        for one in answer.answers:
            bare = one.value if isinstance(one, Named) else one
            parts = [
                part.node for part in (bare.items if isinstance(bare, Row) else (bare,)) if isinstance(part, Scalar)
            ]
            letters = frozenset(itertools.chain.from_iterable(map(symbols, parts)))
            if len(letters) == 1 and next(iter(letters)) in _USUAL:
                whole |= letters
    if answer.whole:
        # A gold may not say that its letter is one, but hardly means all whole numbers without a word.
        for one in gold.answers:
            letters = frozenset(itertools.chain.from_iterable(map(symbols, _values_of(one))))
            lines = [_line(node, letters) for node in _values_of(one) if symbols(node)]
            if (
                len(letters) == 1
                and next(iter(letters)) in _USUAL
                and all(line and abs(line[1]) > 1.5 for line in lines)
            ):
                whole |= letters
    return whole


def _values_of(answer: Answer) -> list[Node]:
    """The expressions in an answer, plus-minus signs settled."""
    bare = answer.value if isinstance(answer, Named) else answer
    if isinstance(bare, Region):
        return [node for one in bare.intervals for node in (one.low, one.high)]
    parts = [
        part.value if isinstance(part, Named) else part for part in (bare.items if isinstance(bare, Row) else (bare,))
    ]
    return [with_signs(part.node, 1) for part in parts if isinstance(part, Scalar)]


def is_family(node: Node, whole: frozenset[str]) -> bool:
    """Whether a value depends on one whole number, linearly.

    Args:
        node: The value.
        whole: Letters that stand for any whole number (``free_letters``).
    """
    return _line(node, whole) is not None


def same_family(gold: Sequence[Node], answer: Sequence[Node], whole: frozenset[str]) -> bool:
    """Whether two unions of families hold the same numbers; numbers without a free letter are allowed among them."""
    sides = [_residues([_line(node, whole, or_constant=True) for node in nodes]) for nodes in (gold, answer)]
    return sides[0] is not None and sides[1] is not None and _same_sets(sides[0], sides[1])


Line = tuple[float, float]
"""Start and step."""


def _line(node: Node, whole: frozenset[str], *, or_constant: bool = False) -> Line | None:
    letters = symbols(node)
    if not letters and or_constant:
        values = _values(node, "", (0,))
        return (values[0], 0.0) if values else None
    if len(letters) != 1:
        return None
    letter = next(iter(letters))
    if letter not in whole:
        return None
    values = _values(node, letter, (0, 1, 2, 7))
    if values is None:
        return None
    start, step = values[0], values[1] - values[0]
    is_straight = abs(values[2] - start - 2 * step) < _NEAR and abs(values[3] - start - 7 * step) < _NEAR
    return (start, step) if is_straight and step else None


def _values(node: Node, letter: str, places: Sequence[int]) -> list[float] | None:
    try:
        found = [complex(evaluate(node, {letter: complex(place)}, DOUBLE)) for place in places]
    except (Undefined, Unbounded):
        return None
    return None if any(abs(value.imag) > _NEAR for value in found) else [value.real for value in found]


Residues = tuple[float, list[float], list[float]]
"""Common period, sorted residues, and the numbers that stand alone."""


def _residues(lines: Sequence[Line | None]) -> Residues | None:
    if None in lines or not lines:
        return None
    found = [line for line in lines if line is not None]
    alone = sorted(start for start, step in found if not step)
    moving = [(start, abs(step)) for start, step in found if step]
    if not moving:
        return 0.0, [], alone
    first = moving[0][1]
    ratios = [Fraction(step / first).limit_denominator(_MAX_DENOMINATOR) for _, step in moving]
    if any(abs(float(ratio) - step / first) > _NEAR for ratio, (_, step) in zip(ratios, moving, strict=True)):
        return None
    common = Fraction(
        math.lcm(*(ratio.numerator for ratio in ratios)), math.gcd(*(ratio.denominator for ratio in ratios))
    )
    period = first * float(common)
    if sum(period / step for _, step in moving) > _MAX_PERIODS:
        return None
    residues = [(start + turn * step) % period for start, step in moving for turn in range(round(period / step))]
    return period, _distinct(residues, period), alone


def _distinct(residues: list[float], period: float) -> list[float]:
    kept: list[float] = []
    for residue in sorted(0.0 if period - value < _NEAR * period else value for value in residues):
        if not kept or residue - kept[-1] > _NEAR * max(1.0, period):
            kept.append(residue)
    return kept


def _same_sets(left: Residues, right: Residues) -> bool:
    if not _close_lists(left[2], right[2]):
        return False
    if not left[1] or not right[1]:
        return not left[1] and not right[1]
    ratio = Fraction(right[0] / left[0]).limit_denominator(_MAX_DENOMINATOR)
    if abs(float(ratio) - right[0] / left[0]) > _NEAR or max(ratio.numerator, ratio.denominator) > _MAX_DENOMINATOR:
        return False
    period = left[0] * ratio.numerator
    spread = [
        _distinct([r + turn * p for r in rs for turn in range(round(period / p))], period)
        for p, rs in (left[:2], right[:2])
    ]
    return _close_lists(*spread)


def _close_lists(left: list[float], right: list[float]) -> bool:
    return len(left) == len(right) and all(
        abs(a - b) <= 1e-7 * max(1.0, abs(a)) for a, b in zip(left, right, strict=True)
    )


def with_argument_of(gold: Named, answer: Named) -> Scalar | None:
    """The answer's value with its function's argument, or its sequence's index, called like the gold's.

    None where there is nothing to rename.
    """
    ours, theirs = _ARGUMENT.fullmatch(gold.name), _ARGUMENT.fullmatch(answer.name)
    if not ours or not theirs or ours["head"] != theirs["head"] or not isinstance(answer.value, Scalar):
        return None
    old, new = theirs["letter"] or theirs["index"], ours["letter"] or ours["index"]
    if old == new or bool(ours["index"]) != bool(theirs["index"]):
        return None
    node = renamed(answer.value.node, old, new)
    return Scalar(node, answer.value.unit, answer.value.percent)


def same_parametrized(gold: Sequence[Answer], answer: Sequence[Answer], whole: frozenset[str]) -> bool:
    """Whether two tuples with one free letter each hold the same points: after renaming it, or moving its start.

    The letter is free if it was called a whole number, or is one of those that are usual for a parameter on both sides.
    """
    left, right = _nodes(gold), _nodes(answer)
    if left is None or right is None or len(left) != len(right):
        return False
    letters = [frozenset(itertools.chain.from_iterable(map(symbols, nodes))) for nodes in (left, right)]
    if any(len(names) != 1 for names in letters):
        return False
    mine, other = (next(iter(names)) for names in letters)
    if not {mine, other} & whole and not {mine, other} <= _PARAMETERS:
        return False
    moved = [renamed(node, other, mine) for node in right]
    if mine != other and _all_same(left, moved):
        return True
    return bool({mine, other} & whole) and _same_lines(left, moved, mine)


def _nodes(answers: Sequence[Answer]) -> list[Node] | None:
    values = [answer.value if isinstance(answer, Named) else answer for answer in answers]
    nodes = [value.node for value in values if isinstance(value, Scalar)]
    return nodes if len(nodes) == len(values) else None


def _all_same(left: Sequence[Node], right: Sequence[Node]) -> bool:
    try:
        return all(same(a, b) for a, b in zip(left, right, strict=True))
    except Undecided:
        return False


def _same_lines(left: Sequence[Node], right: Sequence[Node], letter: str) -> bool:
    """Whether two tuples of lines in a whole number differ only in where and in which direction counting starts."""
    lines = [[_line(node, frozenset((letter,)), or_constant=True) for node in nodes] for nodes in (left, right)]
    shifts = set()
    for one, other in zip(*lines, strict=True):
        if one is None or other is None:
            return False
        if abs(abs(one[1]) - abs(other[1])) > _NEAR:
            return False
        if not one[1]:
            if abs(one[0] - other[0]) > _NEAR:
                return False
            continue
        shifts.add((round((other[0] - one[0]) / one[1], 6), one[1] * other[1] > 0))
    return len(shifts) == 1 and float(next(iter(shifts))[0]).is_integer()


def same_regions(gold: Region, answer: Region, whole: frozenset[str], ends_count: bool) -> bool:
    """Whether two unions of intervals with a free whole number in their bounds are the same, interval by interval."""
    if len(gold.intervals) != len(answer.intervals):
        return False
    bounds = [node for one in (*gold.intervals, *answer.intervals) for node in (one.low, one.high) if symbols(node)]
    if not bounds or not all(is_family(node, whole) for node in bounds):
        return False  # a letter that is given is not to be called otherwise
    rest = list(answer.intervals)
    for interval in gold.intervals:
        partner = next((other for other in rest if _same_interval(interval, other, ends_count, whole)), None)
        if partner is None:
            return False
        rest.remove(partner)
    return True


def _same_interval(gold: Interval, answer: Interval, ends_count: bool, whole: frozenset[str]) -> bool:
    if ends_count and (gold.low_closed, gold.high_closed) != (answer.low_closed, answer.high_closed):
        return False
    infinite = (regions.INFINITY, regions.MINUS_INFINITY)
    left, right = [], []
    for one, other in ((gold.low, answer.low), (gold.high, answer.high)):
        if one in infinite or other in infinite:
            if one != other:
                return False
            continue
        left.append(Scalar(one))
        right.append(Scalar(other))
    return same_parametrized(left, right, whole)
