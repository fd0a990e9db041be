"""Units of measure and counted things behind a value: which are the same, which convert. Knows no other mathematics."""

from __future__ import annotations

import re
from fractions import Fraction

_LENGTH = {"mm": 1, "cm": 10, "dm": 100, "m": 1000, "km": 1_000_000}
_MASS = {"mg": 1, "g": 1000, "kg": 1_000_000, "t": 1_000_000_000}
_TIME = {"s": 1, "min": 60, "h": 3600, "day": 86_400, "week": 604_800}
_VOLUME = {"ml": 1, "cl": 10, "dl": 100, "l": 1000}
_IMPERIAL = {"in": 1, "ft": 12, "yd": 36, "mi": 63_360}
_MONEY = {"cent": 1, "dollar": 100}
_DIMENSIONS = {
    name: (dimension, Fraction(size))
    for dimension, sizes in enumerate((_LENGTH, _MASS, _TIME, _VOLUME, _IMPERIAL, _MONEY))
    for name, size in sizes.items()
}
_ALIASES = {
    "millimeter": "mm", "millimetre": "mm", "centimeter": "cm", "centimetre": "cm", "decimeter": "dm", "meter": "m",
    "metre": "m", "kilometer": "km", "kilometre": "km", "milligram": "mg", "gram": "g", "kilogram": "kg", "kilo": "kg",
    "tonne": "t", "ton": "t", "second": "s", "sec": "s", "minute": "min", "hour": "h", "hr": "h", "d": "day",
    "milliliter": "ml", "millilitre": "ml", "liter": "l", "litre": "l", "inch": "in", "inche": "in", "foot": "ft",
    "feet": "ft", "yard": "yd", "mile": "mi", "degree": "degree", "deg": "degree", "usd": "dollar", "buck": "dollar",
}  # fmt: skip
# Words which say only that something is counted, or how a value is meant, and so contradict no other unit.
_EMPTY = {"unit", "total", "each", "exactly", "approximately", "of", "the", "in", "per", "a", "an", "and"}
_NAMED = sorted({*_DIMENSIONS, *_ALIASES, "percent"} - {"d", "t", "s", "m", "h", "g", "l", "in"}, key=len, reverse=True)
_POWER = r"(?:\s*\^\s*\{?\s*\d\s*\}?)?"
_TEXT_UNIT = re.compile(
    r"\\(?:text|textbf|textrm|textnormal|mathrm|mbox|operatorname)\s*\{([^{}]*[A-Za-z][^{}]*)\}" + _POWER + r"\s*$"
)
_NAMED_UNIT = rf"(?:square |cubic )?(?:{'|'.join(_NAMED)})(?:e?s)?"
_PLAIN_UNIT = re.compile(
    rf"(?<=[0-9}})\s])({_NAMED_UNIT}|(?<=\d)\s(?:m|s|g|h|l)){_POWER}\s*$",
    re.IGNORECASE,
)
_DOLLARS = re.compile(r"\s*\\\$\s*(?=[\d.])")
_SQUARED = re.compile(r"\b(?:square|sq\.?)\s+([a-z]+)")
_CUBED = re.compile(r"\b(?:cubic|cu\.?)\s+([a-z]+)")
_CONNECTIVE = re.compile(r"^[\s,;]*(?:and|or|if|for|where|with|when|mod|not|no|yes)\b")


def split_unit(text: str) -> tuple[str, str]:
    """Part a clean answer into its value and the unit that ends it.

    Words in a text command are a unit, whatever they are; bare letters only when they name a unit and stand off by a
    blank or follow a digit, since ``5x`` is a product.

    Returns:
        The value and the unit's words; an empty unit where there is none, or where nothing would remain as value.
    """
    money = _DOLLARS.match(text)
    if money:
        return text[money.end() :].strip(), "dollar"
    for pattern in (_TEXT_UNIT, _PLAIN_UNIT):
        match = pattern.search(text)
        if match and not _CONNECTIVE.match(match.group(1)):
            value = text[: match.start()].rstrip()
            if value.endswith(tuple("0123456789)]}")):  # after a comma it would be an item of a list
                return value, match.group(1).strip() + re.sub(r"[\s{}]", "", text[match.end(1) :].lstrip("}"))
    return text, ""


def same_unit(left: str, right: str) -> bool:
    """Whether two units may stand for one another: one is absent or says nothing, or they share what they name."""
    a, b = _names(left), _names(right)
    return not a or not b or bool(a & b)


def conversion(left: str, right: str) -> Fraction | None:
    """How many of the right unit make one of the left, for two plain units of one dimension; else ``None``."""
    a, b = _names(left), _names(right)
    if len(a) != 1 or len(b) != 1:
        return None
    (a_dimension, a_size), (b_dimension, b_size) = (_DIMENSIONS.get(next(iter(unit)), (None, None)) for unit in (a, b))
    if a_dimension is None or a_dimension != b_dimension or a_size is None or b_size is None:
        return None
    return a_size / b_size


def _names(unit: str) -> set[str]:
    """The unit's words in the singular and under one spelling, with their power, without words that say nothing."""
    names = set()
    unit = _SQUARED.sub(r"\1^2", _CUBED.sub(r"\1^3", unit.lower()))
    for base, power in re.findall(r"([a-z]+)(\^\d)?", unit):
        singular = base if base in _ALIASES or base in _DIMENSIONS else re.sub(r"(?<=[a-z]{2})s$", "", base)
        name = _ALIASES.get(singular, singular)
        if name not in _EMPTY:
            names.add(name + power)
    return names
