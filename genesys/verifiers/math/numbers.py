"""Plain numbers, read exactly: integers, decimals, fractions, mixed numbers, powers of ten. Algebra is SymPy's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_DECIMAL = r"(?:\d+(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(
    rf"""(?P<sign>[-+]?)(?:\\?[$€£])?(?P<sign2>-?)(?:
        (?P<whole>\d+)(?:\\frac\{{(?P<mixed_top>\d+)\}}\{{(?P<mixed_low>\d+)\}}|[ ](?P<mix_top>\d+)/(?P<mix_low>\d+))
      | \\frac\{{(?P<top>-?{_DECIMAL})\}}\{{(?P<low>{_DECIMAL})\}}
      | (?P<left>{_DECIMAL})/(?P<right>{_DECIMAL})
      | (?P<mantissa>{_DECIMAL})(?:\\times|\\cdot)10\^\{{?(?P<exponent>-?\d{{1,3}})\}}?
      | (?P<plain>{_DECIMAL})
    )(?:\\?\$|€)?""",
    re.VERBOSE,
)
_MAX_DIGITS = 400  # beyond that the text alone decides, since exact arithmetic would be slow


@dataclass(frozen=True, slots=True)
class PlainNumber:
    """A number read from a text.

    Attributes:
        value: Its exact value.
        is_decimal: It was written with a decimal point, so it may stand for a rounded value.
    """

    value: Fraction
    is_decimal: bool


def read_number(text: str) -> PlainNumber | None:
    """The number which a canonical text consists of, currency sign aside; ``None`` where it says anything else.

    A whole number before a fraction is a mixed number: two and a half, not two times a half.
    """
    match = _NUMBER.fullmatch(text) if len(text) <= _MAX_DIGITS else None
    if match is None:
        return None
    part = match.groupdict()
    try:
        value = _value(part)
    except ZeroDivisionError:
        return None
    negative = (part["sign"] == "-") != (part["sign2"] == "-")
    return PlainNumber(-value if negative else value, "." in text)


def _value(part: dict[str, str | None]) -> Fraction:
    """Magnitude of a matched number; raises ZeroDivisionError for a denominator of zero."""
    if part["whole"] is not None:
        top, low = part["mixed_top"] or part["mix_top"], part["mixed_low"] or part["mix_low"]
        return Fraction(part["whole"]) + Fraction(int(top or 0), int(low or 0))
    for top, low in (("top", "low"), ("left", "right")):
        if part[top] is not None:
            return Fraction(part[top] or 0) / Fraction(part[low] or 0)
    if part["mantissa"] is not None:
        return Fraction(part["mantissa"]) * Fraction(10) ** int(part["exponent"] or 0)
    return Fraction(part["plain"] or 0)


def number_text(number: PlainNumber) -> str:
    """One text for each value: ``0.50`` and ``1/2`` both give ``1/2``."""
    return str(number.value)
