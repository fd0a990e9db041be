r"""Vectors in unit vectors, ``3\mathbf{i} - 4\mathbf{j}``, as tuples."""

from __future__ import annotations

from fractions import Fraction

from genesys.verifiers.math.answers import Row, Scalar
from genesys.verifiers.math.tree import (
    Call,
    Constant,
    Node,
    Number,
    Power,
    Product,
    Symbol,
    children,
    rebuilt,
    symbols,
    walk,
)

_MARKS = ("mathbf", "vec", "hat", "boldsymbol", "bm", "overrightarrow", "widehat")
_AXES = "ijk"
_ZERO, _ONE = Number(Fraction(0)), Number(Fraction(1))


def components(node: Node) -> list[Row]:
    """A combination of unit vectors as tuples: of three components, and of two where k does not occur.

    Returns:
        Nothing where the expression is no such combination. A plain i is a unit vector only beside a plain j or k.
    """
    names = symbols(node)
    axes = {name: _axis(name) for name in names if _axis(name)}
    if not axes:
        return []
    if any(len(name) == 1 for name in axes) and Constant("i") not in set(walk(node)):
        return []
    if any(isinstance(part, Power | Call) and _has_axis(part) for part in walk(node)):
        return []
    if any(isinstance(part, Product) and sum(map(_has_axis, part.factors)) > 1 for part in walk(node)):
        return []
    if _at(node, None) is None:
        return []
    parts = [Scalar(found) for axis in _AXES if (found := _at(node, axis)) is not None]
    rows = [Row("tuple", tuple(parts))]
    if "k" not in axes.values():
        rows.append(Row("tuple", tuple(parts[:2])))
    return rows


def _has_axis(node: Node) -> bool:
    return any(part == Constant("i") or (isinstance(part, Symbol) and _axis(part.name)) for part in walk(node))


def _axis(name: str) -> str:
    mark, _, letter = name.rpartition(":")
    return letter if letter in _AXES and letter and (mark in _MARKS or (not mark and letter in "jk")) else ""


def _at(node: Node, axis: str | None) -> Node | None:
    """The expression with one unit vector put to one and the others to nothing."""
    if isinstance(node, Symbol) and _axis(node.name):
        return _ONE if _axis(node.name) == axis else _ZERO
    if node == Constant("i"):
        return _ONE if axis == "i" else _ZERO
    parts = [_at(part, axis) for part in children(node)]
    known = [part for part in parts if part is not None]
    return rebuilt(node, tuple(known)) if len(known) == len(parts) else None
