"""Types of values that tests hold, told from the values alone; no language and no program is known here.

A type is the narrowest that all values at one place have: integers and numbers with a fraction are numbers, null beside
others makes an option, lists of one length whose places have types of their own are tuples. Where values are mixed
beyond that, there is no type, which only JavaScript can express.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["bool", "int", "float", "text", "list", "map", "tuple", "option", "any"]
MOST_PLACES = 8
"""Of a tuple."""
DEEPEST = 12
"""Levels of lists and mappings within each other."""
_INT64 = range(-(1 << 63), 1 << 63)


class NoType(ValueError):
    """Values have no common type; the message says what they are."""


class TooLarge(NoType):
    """An integer does not fit into 64 bits."""


@dataclass(frozen=True)
class Type:
    """A type: what it is, and the types within it.

    Args:
        kind: ``map`` is a mapping whose keys are texts; ``any`` is what cannot be said.
        parts: One for list, map and option; one a place for a tuple.
        guessed: Nothing was seen that tells it (the elements of lists that are all empty).
    """

    kind: Kind
    parts: tuple[Type, ...] = ()
    guessed: bool = False

    @property
    def is_guessed(self) -> bool:
        """Whether any part of it was guessed."""
        return self.guessed or any(part.is_guessed for part in self.parts)

    def has(self, kind: Kind) -> bool:
        """Whether it is of a kind, or has a part that is."""
        return self.kind == kind or any(part.has(kind) for part in self.parts)


BOOL, INT, FLOAT, TEXT, ANY = Type("bool"), Type("int"), Type("float"), Type("text"), Type("any")
GUESS = Type("int", guessed=True)
_SCALARS: dict[frozenset[str], Type] = {
    frozenset({"bool"}): BOOL,
    frozenset({"int"}): INT,
    frozenset({"float"}): FLOAT,
    frozenset({"int", "float"}): FLOAT,
    frozenset({"text"}): TEXT,
}


def infer(values: Sequence[Any], depth: int = 0) -> Type:
    """The type of all values that stand at one place, one a test.

    Args:
        values: JSON's values.
        depth: Of lists and mappings around them.

    Raises:
        NoType: They have none.
        TooLarge: One is an integer beyond 64 bits.
    """
    if depth > DEEPEST:
        raise NoType(f"more than {DEEPEST} lists within each other")
    there = [value for value in values if value is not None]
    kinds = {_kind(value) for value in there}
    if not there:
        found = GUESS
    elif kinds == {"list"}:
        found = _of_lists(there, depth)
    elif kinds == {"map"}:
        found = _of_maps(there, depth)
    elif (scalar := _SCALARS.get(frozenset(kinds))) is not None:
        found = scalar
        _check_scalars(there)
    else:
        raise NoType(f"{' and '.join(sorted(kinds))} at one place")
    return found if len(there) == len(values) else Type("option", (found,))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    for name, kinds in (("int", int), ("float", float), ("text", str), ("list", (list, tuple)), ("map", dict)):
        if isinstance(value, kinds):
            return name
    raise NoType(f"a value of type {type(value).__name__}")


def _check_scalars(values: Sequence[Any]) -> None:
    for value in values:
        if isinstance(value, int) and value not in _INT64:
            raise TooLarge(f"an integer of {value.bit_length()} bits")
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise NoType("half a character in a text") from None


def _of_lists(lists: Sequence[Sequence[Any]], depth: int) -> Type:
    """A list where all elements have one type, else a tuple where all lists are of one length."""
    try:
        elements = [element for each in lists for element in each]
        return Type("list", (infer(elements, depth + 1) if elements else GUESS,))
    except TooLarge:
        raise
    except NoType as trouble:
        places = {len(each) for each in lists}
        if len(places) > 1 or max(places) > MOST_PLACES or max(places) < 2:
            raise NoType(f"a list of {trouble}") from None
    return Type("tuple", tuple(infer(column, depth + 1) for column in zip(*lists, strict=True)))


def _of_maps(maps: Sequence[dict[Any, Any]], depth: int) -> Type:
    for each in maps:
        if not all(isinstance(key, str) for key in each):
            raise NoType("a mapping whose keys are no texts")
        _check_scalars(list(each))
    within = [value for each in maps for value in each.values()]
    return Type("map", (infer(within, depth + 1) if within else GUESS,))
