"""Values of trees in floating point: complex doubles for a first look, mpmath's numbers with many digits for a proof.

A value that no machine can hold or that would take long is ``Unbounded``; one that does not exist is ``Undefined``.
"""

from __future__ import annotations

import cmath
import functools
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol

from genesys.verifiers.math.tree import (
    Call,
    Constant,
    Degrees,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Series,
    Sum,
    Symbol,
    walk,
)

DIGITS = 60
"""Decimal digits of the precise values."""
_MAX_TERMS = 200
_MAX_NESTED_TERMS = 12
_MAX_LOG = 1e9  # natural logarithm of the greatest value that is computed
_MAX_ANGLE = 1e15
_REAL = 1e-25


class Undefined(Exception):
    """The expression has no value at this point."""


class Unbounded(Exception):
    """The value is too big to be computed."""


class Arithmetic(Protocol):
    """What evaluation needs of a kind of number."""

    def number(self, value: Fraction) -> Any:
        """A rational number in this kind."""

    def constant(self, name: str) -> Any:
        """pi, e, i, or infinity."""

    def power(self, base: Any, exponent: Any) -> Any:
        """The principal power, but the real root of a negative number for an odd root."""

    def call(self, name: str, values: list[Any]) -> Any:
        """A function's value."""


def evaluate(node: Node, point: Mapping[str, Any], arithmetic: Arithmetic) -> Any:
    """The value of a tree at a point.

    Args:
        node: Without plus-minus signs.
        point: A value for each symbol, of the arithmetic's kind.
        arithmetic: ``DOUBLE`` or ``precise()``.

    Raises:
        Undefined: No value: division by zero, a logarithm of zero, a function of unknown meaning.
        Unbounded: Too big.
    """
    try:
        return _value(node, point, arithmetic)
    except (ZeroDivisionError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Undefined(str(error)) from error
    except OverflowError as error:
        raise Unbounded(str(error)) from error


def _value(node: Node, point: Mapping[str, Any], a: Arithmetic) -> Any:
    match node:
        case Number(value):
            return a.number(value)
        case Symbol(name):
            return point[name]
        case Constant(name):
            return a.constant(name)
        case Sum(terms):
            return functools.reduce(lambda left, right: left + right, (_value(term, point, a) for term in terms))
        case Product(factors):
            return functools.reduce(lambda left, right: left * right, (_value(one, point, a) for one in factors))
        case Quotient(top, low):
            return _value(top, point, a) / _value(low, point, a)
        case Negative(of):
            return -_value(of, point, a)
        case Power(base, exponent):
            return _powered(base, exponent, point, a)
        case Degrees(of):
            return _value(of, point, a) * a.constant("pi") / 180
        case Call(name, arguments):
            return a.call(name, [_value(argument, point, a) for argument in arguments])
        case Series():
            return _series(node, point, a)
        case _:
            raise Undefined(type(node).__name__)


def _powered(base: Node, exponent: Node, point: Mapping[str, Any], a: Arithmetic) -> Any:
    value = _value(base, point, a)
    match exponent:
        case Quotient(Number(top), Number(low)) if low.denominator == top.denominator == 1:
            return _rational_power(value, Fraction(top, low), a)
        case Number(number):
            return _rational_power(value, number, a)
    return a.power(value, _value(exponent, point, a))


def _rational_power(value: Any, exponent: Fraction, a: Arithmetic) -> Any:
    """School's power: the real root of a negative number where the root is odd."""
    is_negative = value.imag == 0 and value.real < 0
    if is_negative and exponent.denominator % 2 and exponent.denominator > 1:
        root = a.power(-value, a.number(exponent))
        return -root if exponent.numerator % 2 else root
    return a.power(value, a.number(exponent))


def _series(node: Series, point: Mapping[str, Any], a: Arithmetic) -> Any:
    low, high = (_value(bound, point, a) for bound in (node.low, node.high))
    if max(abs(low), abs(high)) > 1e6:
        raise Unbounded("a long series")
    if abs(low - round(low.real)) > 1e-9 or abs(high - round(high.real)) > 1e-9:
        raise Undefined("bounds that are no whole numbers")
    first, last = round(low.real), round(high.real)
    is_nested = any(isinstance(part, Series) for part in walk(node.body))
    if last - first > (_MAX_NESTED_TERMS if is_nested else _MAX_TERMS):
        raise Unbounded("a long series")
    total = a.number(Fraction(0 if node.kind == "sum" else 1))
    for index in range(first, last + 1):
        term = _value(node.body, {**point, node.index: a.number(Fraction(index))}, a)
        total = total + term if node.kind == "sum" else total * term
    return total


class _Double:
    """Complex doubles."""

    def number(self, value: Fraction) -> complex:
        return complex(value.numerator / value.denominator)

    def constant(self, name: str) -> complex:
        if name == "inf":
            raise Undefined("infinity")
        return {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}[name]

    def power(self, base: complex, exponent: complex) -> complex:
        if exponent.imag == 0 and exponent.real == int(exponent.real) and abs(exponent.real) < 1000:
            return base ** int(exponent.real)
        return base**exponent

    def call(self, name: str, values: list[complex]) -> complex:
        return complex(_call(name, values, cmath, math.gamma))


class _Precise:
    """mpmath's complex numbers with ``DIGITS`` digits."""

    def __init__(self) -> None:
        import mpmath

        self.mp = mpmath.mp.clone()
        self.mp.dps = DIGITS

    def number(self, value: Fraction) -> Any:
        return self.mp.mpf(value.numerator) / value.denominator

    def constant(self, name: str) -> Any:
        if name == "inf":
            raise Undefined("infinity")
        return {"pi": +self.mp.pi, "e": +self.mp.e, "i": self.mp.mpc(0, 1)}[name]

    def power(self, base: Any, exponent: Any) -> Any:
        if base == 0:
            return base**exponent
        size = abs(exponent)
        logarithm = abs(self.mp.log(abs(base))) + 4
        if size > _MAX_LOG or size * logarithm > _MAX_LOG:
            raise Unbounded("a power")
        return base**exponent

    def call(self, name: str, values: list[Any]) -> Any:
        return _call(name, values, self.mp, self.mp.gamma)


DOUBLE: Arithmetic = _Double()


@functools.cache
def precise() -> Arithmetic:
    """The arithmetic with many digits."""
    return _Precise()


def _call(name: str, values: list[Any], library: Any, gamma: Callable[[Any], Any]) -> Any:
    """A function's value in ``cmath`` or mpmath."""
    value = values[0]
    if name in _OF_REALS:
        if any(abs(one.imag) > _REAL for one in values):
            raise Undefined(f"{name} of a complex number")
        return _of_reals(name, [one.real for one in values], gamma)
    if name in _OF_ANGLES and abs(value) > _MAX_ANGLE:
        raise Unbounded("an angle")
    if name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh"):
        return getattr(library, name)(value)
    match name:
        case "ln":
            return library.log(value)
        case "log":
            return library.log(value) / library.log(values[1]) if len(values) > 1 else library.log(value)
        case "abs":
            return abs(value)
        case "cot":
            return library.cos(value) / library.sin(value)
        case "sec":
            return 1 / library.cos(value)
        case "csc":
            return 1 / library.sin(value)
        case "coth":
            return library.cosh(value) / library.sinh(value)
        case "acot":
            return library.pi / 2 - library.atan(value)
        case "cis":
            return library.cos(value) + library.sin(value) * 1j
        case "Re":
            return value.real
        case "Im":
            return value.imag
    raise Undefined(name)


_OF_REALS = frozenset(("floor", "ceil", "factorial", "double_factorial", "binomial", "max", "min", "sgn", "gcd", "lcm"))
_OF_ANGLES = frozenset(("sin", "cos", "tan", "cot", "sec", "csc", "cis", "sinh", "cosh", "tanh", "coth"))


def _of_reals(name: str, values: list[Any], gamma: Callable[[Any], Any]) -> Any:
    value = values[0]
    match name:
        case "floor" | "ceil":
            nearest = round(value)
            whole = nearest if abs(value - nearest) < 1e-9 else math.floor(value) + (name == "ceil")
            return value * 0 + whole
        case "factorial":
            return gamma(value + 1) if abs(value) < 1e9 else _too_big()
        case "binomial":
            return gamma(value + 1) / gamma(values[1] + 1) / gamma(value - values[1] + 1)
        case "max":
            return max(values)
        case "min":
            return min(values)
        case "sgn":
            return value * 0 + (value > 0) - (value < 0)
    raise Undefined(name)


def _too_big() -> Any:
    raise Unbounded("a factorial")
