r"""Digits with the base they are written in: ``1101_2``, ``204 \text{ base five}``.

The base is to digits what a unit is to a value: an answer may leave it out, if its digits are the gold's; the same
number in the digits of another base is another answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.text import clean

_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = {word: str(base) for base, word in enumerate(_NUMBERS, start=2)}
_WORDS |= {"sixteen": "16", "binary": "2", "octal": "8", "decimal": "10", "hexadecimal": "16", "hex": "16"}
_BASE = r"(?P<base>\d{1,2}|" + "|".join(_WORDS) + ")"
_DIGITS = r"(?P<digits>[0-9A-Za-z]{1,400}(?:\.[0-9A-Za-z]{1,100})?)"
_BASED = re.compile(
    rf"\(?{_DIGITS}\)?(?:_\{{?\(?{_BASE}\)?\}}?|,?\(?(?:in)?base\{{?{_BASE.replace('base', 'base2')}\}}?\)?)"
)
_BARE = re.compile(r"[0-9A-Za-z]{1,400}(?:\.[0-9A-Za-z]{1,100})?")


@dataclass(frozen=True, slots=True)
class Based:
    """A number in a base.

    Attributes:
        digits: As written, in upper case.
        base: From 2 to 36.
        value: What it is worth.
    """

    digits: str
    base: int
    value: Fraction


def read_based(text: str) -> Based | None:
    """Digits with a base; None for anything else, such as a letter with an index."""
    flat = re.sub(r"\s+", "", flattened(clean(text)))
    match = _BASED.fullmatch(flat)
    if match is None:
        return None
    name = (match["base"] or match["base2"]).lower()
    base, digits = int(_WORDS.get(name, name)), match["digits"].upper()
    if not 2 <= base <= 36 or not any(digit.isdigit() for digit in digits):
        return None
    whole, _, rest = digits.partition(".")
    try:
        return Based(digits, base, Fraction(int(whole + rest, base), base ** len(rest)))
    except ValueError:
        return None


def compare_based(gold: str, answer: str, context: Context) -> Decision | None:
    """Compare two answers of which at least one names its base; None where neither does, or the other is no number."""
    left, right = read_based(gold), read_based(answer)
    if left and right:
        return Decision(left.value == right.value and left.base == right.base, "base")
    based, other = left or right, answer if left else gold
    if based is None:
        return None
    bare = re.sub(r"\s+", "", clean(other)).upper()
    if not _BARE.fullmatch(bare):
        return None
    if bare == based.digits and (left or _names(context, based.base)):
        return Decision(True, "base")
    # A gold without a base is a decimal number, and is not to be answered in another base.
    equal = bool(right) and based.base == 10 and bare.isdigit() and int(bare) == based.value
    return Decision(equal, "base")


def _names(context: Context, base: int) -> bool:
    """Whether the task itself asks for this base."""
    return any(_WORDS.get(name, name) == str(base) for name in context.bases)
