"""Reads answers by their shape: sets, tuples, matrices, systems, functions in pieces, letters in order."""

from __future__ import annotations

import re
from collections.abc import Callable

from genesys.verifiers.math import regions
from genesys.verifiers.math.answers import Answer, Grid, Row, Scalar, Words
from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.outer import cut, inside
from genesys.verifiers.math.parser import parse
from genesys.verifiers.math.relations import read_region
from genesys.verifiers.math.scalars import plain_numbers
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import Negative, Product, Symbol

Read = Callable[[str], Answer]
"""Reads a part of an answer; it raises ``Unreadable``, which every function here lets through."""
_MATRIX = re.compile(
    r"(?P<factor>[^&,;=]*?)\\begin\{(?P<name>[pbvB]?matrix|array|smallmatrix)\*?\}\s*(?:\{[^{}]*\})?(?P<body>.*)\\end\{(?P=name)\*?\}\s*"
    r"(?P<after>(?:\^\s*\{?\s*\\?(?:top|T|intercal)\s*\}?)?)",
    re.DOTALL,
)
_POINT = re.compile(r"\A[A-Z]'?\s*\((?=.*,)")
_NUMBER_SETS = re.compile(r"\\(?:mathbb|mathbf)\s*\{?\s*(?P<name>[ZNQ])\s*\}?(?:\s*\^\s*\{?\+\}?)?")
_CASES = re.compile(
    r"(?:\\\{)?\s*\\begin\{(?:cases|aligned|array|align|gathered)\*?\}(?:\{[a-z|]*\})?(?P<body>.*)\\end\{[a-z]+\*?\}\s*\.?",
    re.DOTALL,
)
_TRANSPOSED = re.compile(r"\^\s*\{?\s*\\?(?:top|T|intercal)\s*\}?\s*\Z")


def lines_of(text: str) -> list[str]:
    """The lines of a system of equations; none where the text is none."""
    cases = _CASES.fullmatch(text)
    if cases is None or cases["body"].count("=") < 2:
        return []
    return [line.replace("&", "") for line in cut(cases["body"], r"\\\\") or [] if line]


def read_pieces(text: str, read: Read) -> Row | None:
    """A function in pieces, as a set of values with their conditions."""
    cases = _CASES.fullmatch(text)
    if cases is None or not ("cases" in text[: text.index("}")] or text.startswith(r"\{")):
        return None
    pieces = [_piece(line) for line in cut(cases["body"], r"\\\\") or [] if line]
    if not pieces or any(len(piece) != 2 for piece in pieces):
        return None
    return Row("set", tuple(Row("tuple", tuple(map(read, piece))) for piece in pieces))


def _piece(line: str) -> list[str]:
    parts = re.split(r"&|,(?=[^()]*\Z)|(?<![A-Za-z])(?:if|for|when)(?![A-Za-z])", flattened(line))
    return [part for part in (part.strip(" ,.") for part in parts) if part]


def read_order(text: str, read: Read) -> Row | None:
    """``b < a < d < c``: letters in their order."""
    for sign in ("<", ">"):
        sides = cut(text, sign)
        if sides and len(sides) > 2 and all(re.fullmatch(r"[A-Za-z](?:_\{?\w\}?)?", side) for side in sides):
            letters = tuple(Scalar(Symbol(side)) for side in sides)
            return Row("tuple", letters if sign == "<" else letters[::-1])
    return None


def read_set(text: str, read: Read) -> Answer | None:
    r"""``\{1, 2\}``, a union of such, ``\mathbb{Z}``; braces that TeX would not show are passed over."""
    parts = cut(text, r"\\cup(?![A-Za-z])|∪")
    if parts and len(parts) > 1 and all(inside(part, r"\{", r"\}") for part in parts):
        sets = [read_set(part, read) for part in parts]
        if all(isinstance(one, Row) for one in sets):
            return Row("set", tuple(item for one in sets if isinstance(one, Row) for item in one.items))
    number_set = _NUMBER_SETS.fullmatch(text)
    if number_set:
        return Words({"Z": "integers", "N": "naturals", "Q": "rationals"}[number_set["name"]])
    inner = inside(text, r"\{", r"\}")
    if inner is None:
        plain = inside(text, "{", "}")
        return None if plain is None else read(plain)
    if not inner.strip():
        return regions.NOTHING
    region = read_region(text)
    if region is not None:
        return region
    parts = cut(inner, r"\\mid(?![A-Za-z])|\||:")
    if parts and len(parts) == 2 and parts[0]:  # { 2k : k an integer }: a condition
        inner = ", ".join(parts)
    found = read(inner)
    items = found.items if isinstance(found, Row) and found.kind == "list" else (found,)
    return Row("set", items)


def read_tuple(text: str, read: Read) -> Answer | None:
    """``(1, 2)``, also with angle or square brackets, transposed, or behind the name of a point."""
    if text.startswith(r"\pm"):
        both = read_tuple(text.removeprefix(r"\pm").strip(), read)
        if isinstance(both, Row) and all(isinstance(item, Scalar) for item in both.items):
            opposite = tuple(Scalar(Negative(item.node)) for item in both.items if isinstance(item, Scalar))
            return Row("list", (both, Row("tuple", opposite)))
        return None
    text = _POINT.sub("(", _TRANSPOSED.sub("", text))
    for opening, closing in (("(", ")"), (r"\langle", r"\rangle"), ("[", "]")):
        inner = inside(text, opening, closing)
        if inner is None:
            continue
        parts = cut(inner, r",|;")
        if parts and len(parts) > 1 and all(parts):
            if opening == "[" and all(part.startswith("[") for part in parts):
                return _matrix([cut(part[1:-1], ",") or [part] for part in parts], read)
            if opening == "[" and len(parts) == 2 and (region := read_region(text)) is not None:
                return region
            return Row("tuple", tuple(map(read, parts)))
        if opening == "(" and re.search(r",|\\text|=", inner):
            return read(inner)
    return None


def read_grid(text: str, read: Read) -> Answer | None:
    """A matrix, or a tuple where it has one row or column; a factor before it goes into its cells."""
    bare = inside(text, "(", ")") or inside(text, "[", "]")
    match = _MATRIX.fullmatch(bare.strip() if bare and bare.strip().startswith(r"\begin") else text)
    if match is None or match["name"] == "vmatrix":
        return None
    lines = [line for line in cut(match["body"].replace(r"\hline", ""), r"\\\\|\\cr(?![a-z])") or [] if line]
    grid = _matrix([cut(line, r"&") or [line] for line in lines], read)
    if match["after"].strip() and isinstance(grid, Grid):
        grid = Grid(tuple(zip(*grid.rows, strict=True)))
    return _multiplied(match["factor"], grid) if match["factor"].strip() else grid


def _matrix(cells: list[list[str]], read: Read) -> Row | Grid:
    """A matrix, or a tuple where it has one row or column.

    Raises:
        Unreadable: Its rows differ in length.
    """
    rows = tuple(tuple(map(read, row)) for row in cells)
    if not rows or len({len(row) for row in rows}) != 1:
        raise Unreadable("rows of different lengths")
    if len(rows) == 1 or len(rows[0]) == 1:
        return Row("tuple", tuple(cell for row in rows for cell in row))
    return Grid(rows)


def _multiplied(factor: str, grid: Row | Grid) -> Answer:
    """Every cell times a factor.

    Raises:
        Unreadable: The factor is no formula, or a cell no value.
    """
    sign = factor.strip().removesuffix(r"\cdot").strip()
    node = parse(plain_numbers({"-": "-1", "+": "1"}.get(sign, sign)))

    def cell(answer: Answer) -> Answer:
        if not isinstance(answer, Scalar):
            raise Unreadable("a matrix of other things")
        return Scalar(Product((node, answer.node)))

    if isinstance(grid, Row):
        return Row("tuple", tuple(map(cell, grid.items)))
    return Grid(tuple(tuple(map(cell, row)) for row in grid.rows))
