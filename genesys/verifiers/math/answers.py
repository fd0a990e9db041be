"""What an answer can be: a number with its unit, a tuple, a set, a region, a statement, words. Made by ``reading``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genesys.verifiers.math.tree import Node


@dataclass(frozen=True, slots=True)
class Scalar:
    r"""One value.

    Attributes:
        node: Its expression, in which ``\pm`` may stand.
        unit: Unit as written, or empty.
        percent: It was written with a percent sign; the expression is without it.
    """

    node: Node
    unit: str = ""
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Several answers.

    Attributes:
        kind: ``tuple`` (order counts), ``set`` (neither order nor repetition), ``list`` (bare; order does not count,
            repetition does).
        items: What stands in it.
    """

    kind: Literal["tuple", "set", "list"]
    items: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix of at least two rows and columns."""

    rows: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A value with the name it was given.

    Attributes:
        name: As written, blanks aside: ``x``, ``f(x)``, ``Paolo``.
        value: What it is.
        equation: Both sides as expressions, where the name is one.
        computed: Where there is no name: the formula whose value it is, as written.
    """

    name: str
    value: Answer
    equation: tuple[Node, Node] | None = None
    computed: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """Real numbers between two bounds; an infinite one is open."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A union of intervals on the real line; single numbers are closed intervals of no length."""

    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """An equation or inequality between expressions that names no single value; ``left`` is the smaller side."""

    sign: Literal["=", "<", "<=", "!="]
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Ratio:
    """Parts in proportion: ``3:4``."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in words, in lower case, without articles."""

    text: str


Answer = Scalar | Row | Grid | Named | Region | Relation | Ratio | Words
