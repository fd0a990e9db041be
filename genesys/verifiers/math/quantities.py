"""Compares two values with what they are values of: percent, units, degrees; then as numbers or formulas."""

from __future__ import annotations

import re
from fractions import Fraction

from genesys.verifiers.math.answers import Scalar
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.identity import same, value_of
from genesys.verifiers.math.measures import Factor, read_measure
from genesys.verifiers.math.rounding import rounds_to
from genesys.verifiers.math.tree import (
    Constant,
    Degrees,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    symbols,
)
from genesys.verifiers.math.units import Different, compare_units
from genesys.verifiers.math.words import are_opposed

_DEGREES = re.compile(r"\\circ|°|(?<![A-Za-z])deg(?:ree)?s?(?![A-Za-z])", re.IGNORECASE)
_RADIANS = re.compile(r"(?<![A-Za-z])rad(?:ian)?s?(?![A-Za-z])", re.IGNORECASE)
_TEMPERATURE = re.compile(r"[CFK](?![a-z])|elsius|ahrenheit|elvin")
_HUNDRED = Number(Fraction(100))
_INFINITIES = (Constant("inf"), Negative(Constant("inf")))


def same_quantity(gold: Scalar, answer: Scalar, context: Context) -> Decision:
    """Whether two values without plus-minus signs are the same.

    An answer may leave out the gold's unit or percent sign; another unit must convert.

    Raises:
        Undecided: See ``identity``.
    """
    if gold.percent or answer.percent:
        return _percentages(gold, answer, context)
    one, other = _in_degrees(gold), _in_degrees(answer)
    found = compare_units(one.unit, other.unit)
    if isinstance(found, Different) or are_opposed(one.unit, other.unit):
        return Decision(False, "unit")
    if isinstance(found, Factor):
        decision = _values(one.node, _converted(other.node, found), context)
        return Decision(decision.equal, "unit-conversion")
    if any(isinstance(side.node, Degrees) and _in_radians(that) for side, that in ((one, other), (other, one))):
        return Decision(same(one.node, other.node), "degrees")
    return _angles(one.node, other.node, context)


def _percentages(gold: Scalar, answer: Scalar, context: Context) -> Decision:
    measure = read_measure((answer if gold.percent else gold).unit)
    if measure.factors or measure.nouns:
        return Decision(False, "unit")
    if gold.percent and answer.percent:
        decision = _values(gold.node, answer.node, context)
        return Decision(decision.equal, decision.rule if decision.equal else "percent")
    # A number that is asked for as a percentage is more than one as a rule: 0.28 is a share.
    as_written = gold.percent or (context.may_be_percent and _exceeds_one(gold.node))
    if as_written and _values(gold.node, answer.node, context).equal:
        return Decision(True, "percent")
    if gold.percent:
        equal = same(gold.node, Product((answer.node, _HUNDRED))) or rounds_to(gold.node, answer.node, Fraction(100))
    else:
        equal = same(gold.node, Quotient(answer.node, _HUNDRED))
    return Decision(equal, "percent")


def _in_degrees(scalar: Scalar) -> Scalar:
    """Degrees in words become degrees in the formula."""
    is_angle = _DEGREES.search(scalar.unit) and not _TEMPERATURE.search(scalar.unit)
    return Scalar(Degrees(scalar.node)) if is_angle and not isinstance(scalar.node, Degrees) else scalar


def _in_radians(scalar: Scalar) -> bool:
    return bool(_RADIANS.search(scalar.unit))


def _angles(gold: Node, answer: Node, context: Context) -> Decision:
    """A degree sign may be missing on one side, if the number is the same."""
    if isinstance(gold, Degrees) != isinstance(answer, Degrees):
        bare = (gold.of if isinstance(gold, Degrees) else gold), (answer.of if isinstance(answer, Degrees) else answer)
        if _values(*bare, context).equal:
            return Decision(True, "degrees")
    if isinstance(gold, Degrees) and isinstance(answer, Degrees):
        return _values(gold.of, answer.of, context)
    return _values(gold, answer, context)


def _values(gold: Node, answer: Node, context: Context) -> Decision:
    if gold in _INFINITIES or answer in _INFINITIES:
        return Decision(gold == answer, "infinity")
    if same(gold, answer, positive=symbols(gold) | symbols(answer) <= context.positive, given=context.letters):
        return Decision(True, "value" if not symbols(gold) else "formula")
    if not symbols(gold) and not symbols(answer):
        rounded = rounds_to(gold, answer, asked_for=context.rounded)
        return Decision(rounded, "rounded" if rounded else "value")
    return Decision(False, "formula")


def _exceeds_one(node: Node) -> bool:
    value = value_of(node)
    return value is not None and abs(value) > 1


def _converted(node: Node, factor: Factor) -> Node:
    """A value in the other unit."""
    scaled = Product((node, Number(factor.scale), Power(Constant("pi"), Number(Fraction(factor.pi)))))
    return Sum((scaled, Number(factor.offset))) if factor.offset else scaled
