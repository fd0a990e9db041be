r"""Reads what is related by signs: ``x = 5``, ``2 < x \le 3``, ``x \in [1, 2)``, ``2x + y = 3``; and intervals."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

from genesys.verifiers.math import regions
from genesys.verifiers.math.answers import Interval, Region, Relation
from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.exact import NotRational, exact_value
from genesys.verifiers.math.identity import value_of
from genesys.verifiers.math.outer import cut, inside
from genesys.verifiers.math.parser import parse
from genesys.verifiers.math.scalars import plain_numbers
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import (
    Call,
    Negative,
    Node,
    Number,
    Symbol,
    children,
    has_signs,
    rebuilt,
    symbols,
    with_signs,
)

_SIGNS = {
    "<": "<", ">": ">", r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=",
    r"\geq": ">=", r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=", "=": "=",
}  # fmt: skip
_SIGN = r"\\(?:leqslant|geqslant|leq|geq|le|ge|lt|gt|neq|ne)(?![A-Za-z])|[<>=]"
_ORDER = re.compile(r"\\(?:leqslant|geqslant|leq|geq|le|ge|lt|gt|neq|ne)(?![A-Za-z])|[<>]")
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=", "=": "="}
_REALS = re.compile(r"(?:\\mathbb|\\mathbf|\\Bbb|\\mathrm)\s*\{?\s*R\s*\}?|\\R(?![A-Za-z])|ℝ")
_SIGNED_REALS = re.compile(rf"(?:{_REALS.pattern})" + r"\s*[_^]\s*\{?\s*(?P<sign>[-+])\s*\}?")
_UNION = (
    r"\\(?:cup|bigcup|cupdot|sqcup|lor|vee|uplus)(?![A-Za-z])|∪|(?<![A-Za-z])or(?![A-Za-z])|(?<![A-Za-z])U(?![A-Za-z])"
)
_INTERSECTION = r"\\(?:cap|land|wedge)(?![A-Za-z])|(?<![A-Za-z])and(?![A-Za-z])"
_MINUS = r"\\(?:setminus|backslash)(?![A-Za-z])|(?<=\})\s*-\s*(?=\\\{)|(?<=[)\]])\s*-\s*(?=\\\{)|(?<=R)\s*-\s*(?=\\\{)"
_ELEMENT = re.compile(
    r"\s*(?:[A-Za-z]|\\[a-z]+)(?:_\{?\w\}?)?'?(?:\([^()]{1,6}\))?\s*(?:\\in(?![A-Za-z])|∈)\s*(?P<rest>.*)", re.DOTALL
)
_OUTWARD = re.compile(r"(?P<open>[\[\](])\s*(?P<inner>[^\[\]]*[,;][^\[\]]*?)\s*(?P<close>[\[\])])")
_ABSENT = re.compile(r"\\emptyset|\\varnothing|∅|\\\{\s*\\\}")
_QUANTIFIED = re.compile(
    r"\\forall\s*[A-Za-z]\s*(?:\\in\s*\\mathbb\{?[RZNQ]\}?|[<>]\s*0)?\s*,\s*(?=.*[<>=]|.*\\[gl]e)", re.DOTALL
)
_VARIABLE = re.compile(r"[A-Za-z](?:_\{?\w\}?)?(?:\s*(?:\\in|∈)\s*\\?[A-Za-z]+\s*\{?\s*R\s*\}?)?|\\[a-z]+")
_EXCLUDED = re.compile(r"(?P<letter>[A-Za-z])\s*\\ne\s*(?P<values>.*(?:,|\\pm).*)", re.DOTALL)
_PIPE = r"\\mid(?![A-Za-z])|\||:|\\vert(?![A-Za-z])|\\colon(?![A-Za-z])"


def read_region(text: str) -> Region | None:
    """A part of the real line: intervals, sets by condition, inequalities of one letter; None for anything else.

    Two numbers in round brackets are taken for an interval here; that they may be a point is the caller's concern.
    """
    text = _QUANTIFIED.sub("", text.strip())
    element = _ELEMENT.fullmatch(text)
    if element:
        return read_region(element["rest"])
    flat = flattened(text)
    for separator, combine in ((_UNION, _united), (_INTERSECTION, _common)):
        parts = cut(flat, separator)
        if parts and len(parts) > 1:
            return combine(parts)
    parts = cut(flat, _MINUS)
    if parts and len(parts) == 2:
        left, right = read_region(parts[0]), _points(parts[1]) or read_region(parts[1])
        return regions.difference(left, right) if left is not None and right is not None else None
    if _ORDER.search(flat) and not _EXCLUDED.fullmatch(flat):
        parts = cut(flat, r",|;")
        if parts and len(parts) > 1 and not inside(flat, r"\{", r"\}"):
            return _listed(parts)
    return _single(text)


def _united(parts: list[str]) -> Region | None:
    found = [read_region(part) for part in parts if part]
    if not any(found) or _overlap([region for region in found if region]):
        return None  # "1 or 2" are values, and what says the same twice says two things
    whole = [region or _points(part) for region, part in zip(found, filter(None, parts), strict=True)]
    return regions.union(region for region in whole if region) if None not in whole else None


def _overlap(found: list[Region]) -> bool:
    """Whether an interval of one region lies within another region."""
    for one, other in itertools.permutations(found, 2):
        common = regions.intersection(one, other)
        if common is not None and common.intervals and regions.settled(common) == regions.settled(one):
            return True
    return False


def _common(parts: list[str]) -> Region | None:
    result: Region | None = regions.EVERYTHING
    for part in parts:
        region = read_region(part)
        result = regions.intersection(result, region) if result is not None and region is not None else None
    return result


def _listed(parts: list[str]) -> Region | None:
    """Inequalities with commas between: all of them hold if they can, else they are the cases of a solution."""
    found = [_single(part) for part in parts if part]
    if None in found:
        return None
    some = [region for region in found if region]
    result: Region | None = regions.EVERYTHING
    for region in some:
        result = regions.intersection(result, region) if result is not None else None
    return result if result is not None and result.intervals else regions.union(some)


def _single(text: str) -> Region | None:
    text = text.strip()
    excluded = _EXCLUDED.fullmatch(text)
    if excluded:
        points = _points(excluded["values"])
        return regions.difference(regions.EVERYTHING, points) if points else None
    if _ABSENT.fullmatch(text):
        return regions.NOTHING
    if _REALS.fullmatch(text):
        return regions.EVERYTHING
    signed = _SIGNED_REALS.fullmatch(text)
    if signed:
        zero = Number(Fraction(0))
        low, high = (zero, regions.INFINITY) if signed["sign"] == "+" else (regions.MINUS_INFINITY, zero)
        return Region((Interval(low, high, False, False),))
    built = inside(text, r"\{", r"\}")
    if built is not None:
        parts = cut(built, _PIPE)
        if not parts or len(parts) < 2 or not _VARIABLE.fullmatch(parts[0]):
            return None
        return read_region(built[len(parts[0]) :].strip().lstrip("|:").removeprefix(r"\mid").removeprefix(r"\vert"))
    interval = _OUTWARD.fullmatch(text)
    if interval:
        return _interval(interval)
    try:
        return _solved(*_chain(text))
    except Unreadable:
        return None


def _interval(match: re.Match[str]) -> Region | None:
    bounds = cut(match["inner"], r",|;")
    if not bounds or len(bounds) != 2:
        return None
    try:
        low, high = (parse(plain_numbers(bound)) for bound in bounds)
    except Unreadable:
        return None
    places = regions.bound(low), regions.bound(high)
    if places[0] is not None and places[1] is not None and not places[0] < places[1]:
        return None  # a point
    # ]a, b[ has its ends outside.
    return Region((Interval(low, high, match["open"] == "[", match["close"] == "]"),))


def _points(text: str) -> Region | None:
    r"""Single numbers: ``\{1, 2\}``, ``x = 1``, ``3``."""
    inner = inside(text.strip(), r"\{", r"\}")
    parts = cut(inner if inner is not None else text.rpartition("=")[2], r",|;")
    try:
        nodes = [parse(plain_numbers(part)) for part in parts or () if part]
    except Unreadable:
        return None
    settled = [with_signs(node, sign) for node in nodes for sign in ((1, -1) if has_signs(node) else (1,))]
    return Region(tuple(map(regions.point, settled))) if settled else None


def _chain(text: str) -> tuple[list[Node], list[str]]:
    """Sides and signs of a chain.

    Raises:
        Unreadable: A side is no formula, or there is no sign.
    """
    sides = cut(text, _SIGN)
    signs = [_SIGNS[sign] for sign in re.findall(_SIGN, text)]
    if not sides or len(sides) < 2 or len(sides) != len(signs) + 1:
        raise Unreadable(text[:80])
    return [parse(plain_numbers(side)) for side in sides], signs


def _solved(sides: list[Node], signs: list[str]) -> Region | None:
    """The numbers that a chain of inequalities in one letter allows."""
    if "=" in signs or _orders_letters(sides):
        return None
    if len(sides) == 2:
        return _half_line(sides[0], signs[0], sides[1])
    if len(sides) != 3 or not _is_letter(sides[1]):
        return None
    return _common_of(_half_line(sides[0], signs[0], sides[1]), _half_line(sides[1], signs[1], sides[2]))


def _orders_letters(sides: list[Node]) -> bool:
    """Whether a chain puts letters in order, of which none is the one that it is about: ``c < a < b``."""
    letters = [side for side in sides if isinstance(side, Symbol)]
    return len(letters) > 1 and all(isinstance(side, Symbol | Number) for side in sides)


def _common_of(left: Region | None, right: Region | None) -> Region | None:
    if left is None or right is None:
        return None
    common = regions.intersection(left, right)
    if common is not None or len(left.intervals) != 1 or len(right.intervals) != 1:
        return common
    # Bounds with letters have no place on the line; the chain itself says which is the lower one.
    lower, upper = (left, right) if left.intervals[0].high == regions.INFINITY else (right, left)
    low, high = lower.intervals[0], upper.intervals[0]
    return Region((Interval(low.low, high.high, low.low_closed, high.high_closed),))


def _is_letter(node: Node) -> bool:
    """Whether a node is the thing that an inequality is about: a letter, f(x), |z|, an angle."""
    if isinstance(node, Call):
        return node.name.startswith("?") or (node.name == "abs" and _is_letter(node.arguments[0]))
    return isinstance(node, Symbol)


def _half_line(left: Node, sign: str, right: Node) -> Region | None:
    if not _is_letter(left) and _is_letter(right):
        left, sign, right = right, _TURNED[sign], left
    if not _is_letter(left) or (symbols(right) & symbols(left)):
        solved = _linear(left, sign, right)
        if solved is None:
            return None
        left, sign, right = solved
    if isinstance(left, Call) and left.name == "abs":
        return _of_absolute(sign, right)
    if sign == "!=":
        return regions.without(right)
    closed = sign.endswith("=")
    if sign.startswith("<"):
        return Region((Interval(regions.MINUS_INFINITY, right, False, closed and right != regions.INFINITY),))
    return Region((Interval(right, regions.INFINITY, closed and right != regions.MINUS_INFINITY, False),))


def _of_absolute(sign: str, right: Node) -> Region | None:
    """|x| below or above a number."""
    closed = sign.endswith("=")
    value = value_of(right)
    if value is None or value.real < 0 or sign == "!=":
        return None
    if sign.startswith("<"):
        return Region((Interval(Negative(right), right, closed, closed),))
    outer = Interval(regions.MINUS_INFINITY, Negative(right), False, closed)
    return Region((outer, Interval(right, regions.INFINITY, closed, False)))


def _linear(left: Node, sign: str, right: Node) -> tuple[Node, str, Node] | None:
    """An inequality that is linear in its only letter, solved for it; None where it is not."""
    letters = symbols(left) | symbols(right)
    if len(letters) != 1:
        return None
    letter = next(iter(letters))
    try:
        values = [_exact_at(left, letter, x) - _exact_at(right, letter, x) for x in (0, 1, 2, -5)]
    except ValueError:
        return None
    offset, slope = values[0], values[1] - values[0]
    if not slope or values[2] != offset + 2 * slope or values[3] != offset - 5 * slope:
        return None
    return Symbol(letter), sign if slope > 0 else _TURNED[sign], Number(-offset / slope)


def _exact_at(node: Node, letter: str, value: int) -> Fraction:
    def put(part: Node) -> Node:
        if part == Symbol(letter):
            return Number(Fraction(value))
        return rebuilt(part, tuple(put(child) for child in children(part)))

    try:
        return exact_value(put(node))
    except (NotRational, ZeroDivisionError) as error:
        raise ValueError from error


def read_relations(text: str) -> list[Relation]:
    """The equation or inequality of a text, or those of a chain; none for anything else."""
    try:
        sides, signs = _chain(_QUANTIFIED.sub("", flattened(text)))
    except Unreadable:
        return []
    if len(sides) > 2 and "=" in signs:
        return []
    return [_upward(*link) for link in zip(sides, signs, sides[1:], strict=False)]


def _upward(left: Node, sign: str, right: Node) -> Relation:
    """A relation with its smaller side on the left."""
    if sign in (">", ">="):
        left, sign, right = right, _TURNED[sign], left
    return Relation(sign, left, right)  # type: ignore[arg-type]
