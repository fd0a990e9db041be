"""Whether two expressions are the same function of their letters, by their values at chosen points.

Doubles at a dozen points tell most differences; what they cannot tell apart is proved exactly (rational numbers, a
finite field) or with ``numeric.DIGITS`` digits. Two analytic expressions that agree so at random points are the same.
"""

from __future__ import annotations

import functools
import itertools
import random
import re
from collections.abc import Iterator
from fractions import Fraction

from genesys.verifiers.math.exact import PRIMES, NotRational, exact_value, field_value
from genesys.verifiers.math.numeric import DOUBLE, Unbounded, Undefined, evaluate, precise
from genesys.verifiers.math.tree import (
    Call,
    Constant,
    Negative,
    Node,
    Number,
    Power,
    Series,
    Symbol,
    children,
    rebuilt,
    renamed,
    symbols,
    walk,
)

_POINTS = 12
_POSITIVE_POINTS = 8  # the first ones; the others have either sign
_ENOUGH = 3
_LOOSE = 1e-7
_TIGHT = 1e-40
_FREE_CONSTANT = re.compile(r"[ABCDKck](?:_\d)?")
_EITHER_CASE = frozenset("cknx")
_MOST_CONSTANTS = 3


class Undecided(Exception):
    """Nothing can be said: no value exists at the points that were tried."""


class TooBig(Undecided):
    """Nothing can be said, because a value is too big to be computed."""


@functools.lru_cache(maxsize=4096)
def same(left: Node, right: Node, *, positive: bool = False, given: frozenset[str] = frozenset()) -> bool:
    """Whether two expressions without plus-minus signs are equal wherever both have a real value.

    Args:
        left: One.
        right: The other. A letter that only one of them has may stand there, if the value does not depend on it.
        positive: The letters stand for positive numbers.
        given: Letters of the task, which are not to be called otherwise.

    Raises:
        Undecided: See there.
    """
    if left == right:
        return True
    if not symbols(left) and not symbols(right):
        return _same_constant(left, right) or (
            _has_bare_logarithm(left, right) and _same_constant(_decadic(left), _decadic(right))
        )
    if _same_function(left, right, positive):
        return True
    if _has_bare_logarithm(left, right) and _same_function(_decadic(left), _decadic(right), positive):
        return True
    return any(_same_function(left, other, positive) for other in _with_letters_of(left, right, given))


def value_of(node: Node) -> complex | None:
    """The value of an expression without letters as a double, or None where it has none that a double holds."""
    try:
        return complex(evaluate(node, {}, DOUBLE))
    except (Undefined, Unbounded):
        return None


def value_at(node: Node, letters: list[str], index: int) -> complex | None:
    """The value at one of the points that are tried, or None where there is none."""
    try:
        point = {letter: complex(value) for letter, value in _point(letters, index, frozenset()).items()}
        return complex(evaluate(node, point, DOUBLE))
    except (Undefined, Unbounded):
        return None


def _same_constant(left: Node, right: Node) -> bool:
    try:
        return exact_value(left) == exact_value(right)
    except (NotRational, ZeroDivisionError):
        pass
    values = value_of(left), value_of(right)
    if None not in values and _clearly_differ(*values):  # type: ignore[arg-type]
        # Doubles may lie where big numbers cancel; a second look costs little.
        return _agree_precisely(left, right, {})
    try:
        return _agree_in_fields(left, right, [])
    except NotRational:
        return _agree_precisely(left, right, {})


def _same_function(left: Node, right: Node, positive: bool) -> bool:
    letters = sorted(symbols(left) | symbols(right))
    whole = _whole_letters(left) | _whole_letters(right)
    is_complex = any(part == Constant("i") for tree in (left, right) for part in walk(tree))
    agreeing: list[int] = []
    complex_agreeing: list[int] = []
    differing = 0
    for index in range(_POSITIVE_POINTS if positive else _POINTS):
        point = {letter: complex(value) for letter, value in _point(letters, index, whole).items()}
        try:
            values = evaluate(left, point, DOUBLE), evaluate(right, point, DOUBLE)
        except (Undefined, Unbounded):
            continue
        real = [abs(value.imag) <= 1e-9 * abs(value) for value in values]
        if not is_complex and not all(real):
            if not any(real) and not _clearly_differ(*values):
                complex_agreeing.append(index)
            continue
        if _clearly_differ(*values):
            differing += 1
            if differing == 2:
                return False
        else:
            agreeing.append(index)
    return _proved(left, right, letters, whole, agreeing or complex_agreeing, differing)


def _proved(
    left: Node, right: Node, letters: list[str], whole: frozenset[str], agreeing: list[int], differing: int
) -> bool:
    """Whether what agrees in doubles agrees for good."""
    try:
        return _agree_in_fields(left, right, letters)
    except NotRational:
        pass
    if differing:
        return False
    if len(agreeing) < _ENOUGH:
        raise Undecided("no values at the points that were tried")
    for index in agreeing[:: max(1, len(agreeing) // 3)]:
        point = _point(letters, index, whole)
        if not _agree_precisely(left, right, point):
            return False
    return True


def _clearly_differ(left: complex, right: complex) -> bool:
    return not abs(left - right) <= _LOOSE * max(1.0, abs(left), abs(right))


def _agree_precisely(left: Node, right: Node, point: dict[str, Fraction]) -> bool:
    """Whether both have the same value with many digits.

    Raises:
        Undecided: One of them has none, or one too big.
    """
    arithmetic = precise()
    place = {letter: arithmetic.number(value) for letter, value in point.items()}
    try:
        first, second = evaluate(left, place, arithmetic), evaluate(right, place, arithmetic)
    except Undefined as error:
        raise Undecided(str(error)) from error
    except Unbounded as error:
        raise TooBig(str(error)) from error
    scale = max(abs(first), abs(second))
    return bool(abs(first - second) <= _TIGHT * scale or scale < _TIGHT)


def _agree_in_fields(left: Node, right: Node, letters: list[str]) -> bool:
    """Whether two rational functions agree in finite fields.

    Raises:
        NotRational: One of them is none, or has no value at any point that was tried.
    """
    agreements = 0
    for prime in PRIMES:
        for index in range(3):
            point = {letter: _field_coordinate(letter, index, prime) for letter in letters}
            try:
                if field_value(left, point, prime) != field_value(right, point, prime):
                    return False
                agreements += 1
            except ZeroDivisionError:
                continue
            if not letters:
                break
    if not agreements:
        raise NotRational
    return True


@functools.lru_cache(maxsize=4096)
def _coordinate(letter: str, place: int, index: int, is_whole: bool) -> Fraction:
    """The value of a letter at a point: a fraction between 0 and 1, above 1, or of either sign; or a whole number.

    ``place`` is the letter's place among all: of the signs of the first few letters every combination occurs.
    """
    source = random.Random(f"{letter}/{index}")  # noqa: S311 - the same points each time, that is the purpose
    if is_whole:
        return Fraction(source.randint(2, 9))
    size = Fraction(source.randint(101, 907), 1009)
    if index % 2 and index < _POSITIVE_POINTS:
        return 3 * size + 1
    if index < _POSITIVE_POINTS:
        return size
    is_negative = (index - _POSITIVE_POINTS + 1) >> (place % 3) & 1
    return -4 * size if is_negative else 4 * size


def _point(letters: list[str], index: int, whole: frozenset[str]) -> dict[str, Fraction]:
    return {letter: _coordinate(letter, place, index, letter in whole) for place, letter in enumerate(letters)}


@functools.lru_cache(maxsize=4096)
def _field_coordinate(letter: str, index: int, prime: int) -> int:
    return random.Random(f"{letter}/{index}/{prime}").randrange(2, prime)  # noqa: S311 - see above


def _whole_letters(node: Node) -> frozenset[str]:
    """Letters that can only be whole numbers: exponents of -1, arguments of factorials, bounds of series."""
    found: frozenset[str] = frozenset()
    for part in walk(node):
        match part:
            case Power(Negative(Number()), exponent):
                found |= symbols(exponent)
            case Call("factorial" | "double_factorial" | "binomial" | "gcd" | "lcm", arguments):
                for argument in arguments:
                    found |= symbols(argument)
            case Series():
                found |= symbols(part.low) | symbols(part.high)
    return found


def _has_bare_logarithm(*nodes: Node) -> bool:
    return any(isinstance(p, Call) and p.name == "log" and len(p.arguments) == 1 for n in nodes for p in walk(n))


def _decadic(node: Node) -> Node:
    """The tree with logarithms of no stated base taken to the base 10."""
    parts = tuple(_decadic(part) for part in children(node))
    if isinstance(node, Call) and node.name == "log" and len(parts) == 1:
        return Call("log", (parts[0], Number(Fraction(10))))
    return rebuilt(node, parts)


def _with_letters_of(left: Node, right: Node, given: frozenset[str]) -> Iterator[Node]:
    """The right tree with its foreign letters called like the left one's, where both mean the same kind of thing.

    Those are constants that are free to choose, and a letter in upper and lower case.
    """
    ours, theirs = sorted(symbols(left) - symbols(right)), sorted(symbols(right) - symbols(left))
    if given & {*ours, *theirs}:
        return
    if not ours or len(ours) != len(theirs) or isinstance(left, Symbol) or isinstance(right, Symbol):
        return  # two bare letters are two answers
    if len(ours) == 1 and ours[0].casefold() == theirs[0].casefold() in _EITHER_CASE:
        yield renamed(right, theirs[0], ours[0])
    elif (
        len(ours) <= _MOST_CONSTANTS
        and symbols(left) & symbols(right)
        and all(_FREE_CONSTANT.fullmatch(letter) for letter in (*ours, *theirs))
    ):
        for order in itertools.permutations(ours):
            node: Node = right
            for old, new in zip(theirs, order, strict=True):
                node = renamed(node, old, new)
            yield node
