"""Whether a decimal stands for an exact value at the precision that it states.

A decimal with d digits after its point stands for what rounds to it or is cut off to it. So that few digits do not fit
many values, a gold's decimal must have three significant digits, an answer's four where the gold is a rational number
and five where it is not, or three where the task asks to round. Whole numbers are exact: nothing rounds to them.
"""

from __future__ import annotations

from fractions import Fraction

from genesys.verifiers.math.exact import NotRational, exact_value
from genesys.verifiers.math.identity import value_of
from genesys.verifiers.math.tree import Negative, Node, Number

_GOLD_DIGITS = 3
_ANSWER_DIGITS = 4
_IRRATIONAL_DIGITS = 5


def rounds_to(gold: Node, answer: Node, scale: Fraction = Fraction(1), *, asked_for: bool = False) -> bool:
    """Whether one of two values without letters is the other at its stated precision.

    Args:
        gold: The gold's value.
        answer: The answer's value.
        scale: What the answer is to be multiplied with first: 100 for a share beside a percentage.
        asked_for: The task asks for a rounded value.
    """
    gold_literal, answer_literal = literal(gold), literal(answer)
    values = value_of(gold), value_of(answer)
    if values[0] is None or values[1] is None or any(abs(value.imag) > 1e-12 for value in values if value is not None):
        return False
    left, right = values[0].real, values[1].real * float(scale)
    if gold_literal is not None and gold_literal.decimals:
        if answer_literal is not None:
            finer = (answer_literal.decimals or 0) - (2 if scale == 100 else 0)
            if finer <= gold_literal.decimals:
                return False  # a coarser decimal is less than what is asked for
        # An answer in decimals was not cut off to give the gold; an exact one may have been.
        may_be_cut = answer_literal is None and gold_literal.decimals > 1
        return significant(gold_literal) >= _GOLD_DIGITS and _stands_for(left, gold_literal.decimals, right, may_be_cut)
    if answer_literal is None or not answer_literal.decimals or _is_whole(gold):
        return False
    needed = _GOLD_DIGITS if asked_for else _ANSWER_DIGITS if _is_rational(gold) else _IRRATIONAL_DIGITS
    if significant(answer_literal) < needed or answer_literal.decimals < 2 - asked_for:
        return False
    if answer_literal.value.denominator == 1 and not asked_for:
        return False  # 1.0000 hides that it is not 1
    return _stands_for(right, answer_literal.decimals - (2 if scale == 100 else 0), left, True)


def literal(node: Node) -> Number | None:
    """The number that a node writes out, sign aside."""
    while isinstance(node, Negative):
        node = node.of
    return node if isinstance(node, Number) else None


def significant(number: Number) -> int:
    """How many significant digits a literal number shows."""
    digits = str(abs(number.value.numerator * 10 ** (number.decimals or 0) // number.value.denominator))
    return len(digits.lstrip("0"))


def _stands_for(decimal: float, decimals: int, value: float, may_be_cut: bool) -> bool:
    unit = 10.0**-decimals
    slack = unit * 1e-6
    is_cut = may_be_cut and decimal * value > 0 and -slack <= abs(value) - abs(decimal) < unit - slack
    return is_cut or abs(decimal - value) <= unit / 2 + slack


def _is_rational(node: Node) -> bool:
    try:
        exact_value(node)
    except (NotRational, ZeroDivisionError):
        return False
    return True


def _is_whole(node: Node) -> bool:
    try:
        return exact_value(node).denominator == 1
    except (NotRational, ZeroDivisionError):
        return False
