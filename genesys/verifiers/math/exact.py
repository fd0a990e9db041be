"""Arithmetic without rounding: the exact value of a tree of rational numbers, and its value in a finite field.

In a field of p elements rational functions are compared however big their values are, ``2^{100000000}`` among them:
two that differ agree at a random point with a chance of about their degree over p (Schwartz 1980, Zippel 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from genesys.verifiers.math.tree import (
    Call,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)

PRIMES = ((1 << 61) - 1, (1 << 61) - 31)
_MAX_BITS = 20_000
_MAX_EXPONENT_BITS = 4_000
_MAX_FACTORIAL = 2_000


class NotRational(Exception):
    """The tree holds something which this arithmetic does not know, or whose value is too big for it."""


def exact_value(node: Node) -> Fraction:
    """The exact value of a tree.

    Raises:
        NotRational: It holds symbols, roots or functions, or a value has more than ``_MAX_BITS`` bits.
        ZeroDivisionError: As it says.
    """
    match node:
        case Number(value):
            return value
        case Sum(terms):
            return sum((exact_value(term) for term in terms), Fraction(0))
        case Product(factors):
            value = Fraction(1)
            for factor in factors:
                value = _small(value * exact_value(factor))
            return value
        case Quotient(top, low):
            return exact_value(top) / exact_value(low)
        case Negative(of):
            return -exact_value(of)
        case Power(base, exponent):
            return _power(exact_value(base), exact_value(exponent))
        case Call(name, arguments):
            return _call(name, [exact_value(argument) for argument in arguments])
        case _:
            raise NotRational


def _small(value: Fraction) -> Fraction:
    if value.numerator.bit_length() + value.denominator.bit_length() > _MAX_BITS:
        raise NotRational
    return value


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        return _root(base, exponent)
    power = exponent.numerator
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(power) * bits > _MAX_BITS and base not in (0, 1, -1):
        raise NotRational
    if base in (1, -1):
        return base if power % 2 else Fraction(1)
    return base**power


def _root(base: Fraction, exponent: Fraction) -> Fraction:
    """A rational root of a positive number, where it has one."""
    degree = exponent.denominator
    if base <= 0 or degree > 64:
        raise NotRational
    top, low = (_whole_root(part, degree) for part in (base.numerator, base.denominator))
    return _power(Fraction(top, low), Fraction(exponent.numerator))


def _whole_root(number: int, degree: int) -> int:
    root = math.isqrt(number) if degree == 2 else round(number ** (1 / degree)) if number < 1 << 1000 else 0
    if root**degree != number:
        raise NotRational
    return root


def _call(name: str, values: list[Fraction]) -> Fraction:
    first = values[0]
    if name == "abs":
        return abs(first)
    if name in ("floor", "ceil"):
        return Fraction(math.floor(first) if name == "floor" else math.ceil(first))
    if name in ("max", "min"):
        return max(values) if name == "max" else min(values)
    if any(value.denominator != 1 for value in values):
        raise NotRational
    if name == "mod" and values[1] > 0:
        return first % values[1]
    whole = [value.numerator for value in values]
    if name in ("gcd", "lcm"):
        return Fraction((math.gcd if name == "gcd" else math.lcm)(*whole))
    if name == "factorial" and 0 <= whole[0] <= _MAX_FACTORIAL:
        return Fraction(math.factorial(whole[0]))
    if name == "double_factorial" and 0 <= whole[0] <= _MAX_FACTORIAL:
        return Fraction(math.prod(range(whole[0], 0, -2)))
    if name == "binomial" and 0 <= whole[1] <= whole[0] <= _MAX_FACTORIAL:
        return Fraction(math.comb(*whole))
    raise NotRational


def field_value(node: Node, point: Mapping[str, int], prime: int) -> int:
    """The value of a tree in the field of ``prime`` elements.

    Raises:
        NotRational: It holds roots or functions, or an exponent that is no whole number.
        ZeroDivisionError: A denominator is zero in the field.
    """
    match node:
        case Number(value):
            return _element(value, prime)
        case Symbol(name):
            return point[name]
        case Sum(terms):
            return sum(field_value(term, point, prime) for term in terms) % prime
        case Product(factors):
            result = 1
            for factor in factors:
                result = result * field_value(factor, point, prime) % prime
            return result
        case Quotient(top, low):
            return field_value(top, point, prime) * _inverse(field_value(low, point, prime), prime) % prime
        case Negative(of):
            return -field_value(of, point, prime) % prime
        case Power(base, exponent):
            power = exact_value(exponent)
            if power.denominator != 1 or power.numerator.bit_length() > _MAX_EXPONENT_BITS:
                raise NotRational
            element = field_value(base, point, prime)
            return pow(element if power >= 0 else _inverse(element, prime), abs(power.numerator), prime)
        case _:
            return _element(exact_value(node), prime)


def _element(value: Fraction, prime: int) -> int:
    return value.numerator * _inverse(value.denominator, prime) % prime


def _inverse(value: int, prime: int) -> int:
    if value % prime == 0:
        raise ZeroDivisionError
    return pow(value, -1, prime)
