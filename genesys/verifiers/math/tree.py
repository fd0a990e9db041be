"""Expressions as trees: what a formula says, without its spelling. They are made by ``parser``; nothing is computed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

_MOST_SIGNS = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number.

    Attributes:
        value: Its exact value.
        decimals: Digits after its point, where it was written with one: then it may stand for a rounded value.
    """

    value: Fraction
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter with its marks: ``x``, ``a_{1}``, ``vec:AB``."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number with a name; ``inf`` is the positive infinity."""

    name: Literal["pi", "e", "i", "inf"]


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms that are added."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors that are multiplied."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """One thing divided by another."""

    top: Node
    low: Node


@dataclass(frozen=True, slots=True)
class Negative:
    """The opposite of something."""

    of: Node


@dataclass(frozen=True, slots=True)
class Power:
    """A base with its exponent; a root is a power with a fraction as its exponent."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments: sin, log (base last), abs, floor, factorial, binomial, ..."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A sum or product over an index from low to high."""

    kind: Literal["sum", "product"]
    index: str
    low: Node
    high: Node
    body: Node


@dataclass(frozen=True, slots=True)
class PlusMinus:
    """Something with either sign; ``sign`` is -1 for the lower of the two signs first."""

    sign: int
    of: Node


@dataclass(frozen=True, slots=True)
class Degrees:
    """An angle in degrees."""

    of: Node


Node = Number | Symbol | Constant | Sum | Product | Quotient | Negative | Power | Call | Series | PlusMinus | Degrees


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below a node."""
    match node:
        case Sum(parts) | Product(parts) | Call(_, parts):
            return parts
        case Quotient(left, right) | Power(left, right):
            return left, right
        case Negative(of) | Degrees(of) | PlusMinus(_, of):
            return (of,)
        case Series():
            return node.low, node.high, node.body
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(children(current))


def symbols(node: Node) -> frozenset[str]:
    """Names of all symbols, an index of a series left out."""
    bound = {part.index for part in walk(node) if isinstance(part, Series)}
    return frozenset(part.name for part in walk(node) if isinstance(part, Symbol)) - bound


def rebuilt(node: Node, parts: tuple[Node, ...]) -> Node:
    """The same kind of node with other nodes below it, in the order of ``children``."""
    match node:
        case Sum():
            return Sum(parts)
        case Product():
            return Product(parts)
        case Call(name, _):
            return Call(name, parts)
        case Quotient():
            return Quotient(*parts)
        case Power():
            return Power(*parts)
        case Negative():
            return Negative(*parts)
        case Degrees():
            return Degrees(*parts)
        case PlusMinus(sign, _):
            return PlusMinus(sign, *parts)
        case Series(kind, index):
            return Series(kind, index, *parts)
        case _:
            return node


def renamed(node: Node, old: str, new: str) -> Node:
    """The tree with one symbol's name changed."""
    if isinstance(node, Symbol):
        return Symbol(new) if node.name == old else node
    return rebuilt(node, tuple(renamed(part, old, new) for part in children(node)))


def with_signs(node: Node, sign: int) -> Node:
    """The tree with every plus-minus settled: the upper sign of all for 1, the lower for -1."""
    if isinstance(node, PlusMinus):
        of = with_signs(node.of, sign)
        return of if node.sign * sign > 0 else Negative(of)
    return rebuilt(node, tuple(with_signs(part, sign) for part in children(node)))


def values_of_signs(node: Node) -> list[Node]:
    r"""All that a tree with plus-minus signs stands for: ``\pm`` signs are free, those with a ``\mp`` are tied."""
    signs = [part.sign for part in walk(node) if isinstance(part, PlusMinus)]
    if not signs:
        return [node]
    if len(set(signs)) > 1 or len(signs) > _MOST_SIGNS:
        return [with_signs(node, 1), with_signs(node, -1)]
    return [_chosen(node, iter(choice)) for choice in itertools.product((1, -1), repeat=len(signs))]


def _chosen(node: Node, signs: Iterator[int]) -> Node:
    """The tree with each plus-minus settled by a sign of its own."""
    if isinstance(node, PlusMinus):
        sign = next(signs)
        of = _chosen(node.of, signs)
        return of if sign > 0 else Negative(of)
    return rebuilt(node, tuple(_chosen(part, signs) for part in children(node)))


def has_signs(node: Node) -> bool:
    """Whether a plus-minus stands in the tree."""
    return any(isinstance(part, PlusMinus) for part in walk(node))
