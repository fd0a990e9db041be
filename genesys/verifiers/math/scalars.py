"""Reads one value: a formula, a number as people write it, with its percent sign, unit or in words."""

from __future__ import annotations

import re
from fractions import Fraction

from genesys.verifiers.math.answers import Ratio, Scalar
from genesys.verifiers.math.conditions import flattened
from genesys.verifiers.math.outer import cut
from genesys.verifiers.math.parser import parse
from genesys.verifiers.math.tokens import Unreadable
from genesys.verifiers.math.tree import Degrees, Node, Number, Quotient, Sum
from genesys.verifiers.math.units import split_unit
from genesys.verifiers.math.words import number_in_words

_PERCENT = re.compile(
    r"\s*(?:\\%|%|\\text\s*\{\s*(?:\\?%|percent|per cent|pct\.?)\s*\}|(?<=[\d})\s])"
    r"(?:percent(?:age)?|per cent|pct\.?))\s*\Z",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"(?<![\d.,{])([1-9]\d{0,2})((?:[, ]\d{3})+)(?![\d,]|\s*[/^])")
_REPEATING = re.compile(r"(?<![\d.])(\d*)\.(\d*)(?:\\(?:overline|dot|bar|overset\{\.\})\s*\{?\s*(\d+)\s*\}?|\((\d+)\))")
_CONTINUED = re.compile(r"(?<![\d.])(\d{0,30})\.(\d{0,20}?)(\d{1,20}?)\3{2,20}\d{0,3}\s*(?:\\(?:l|c)?dots|\.\.\.|…)")
_MIXED = re.compile(r"(?<![\d.,/^{}])(\d+)(?:\s+|\s*-\s*(?=\d+/\d+\Z))(\d+)\s*/\s*(\d+)(?![\d.])")
_SCIENTIFIC = re.compile(r"(?<=\d)[eE]([-+]?\d{1,3})(?![\d.])")
_ANGLE = re.compile(r"\\circ(?![A-Za-z])|°")
_TEMPERATURE = re.compile(
    r"(?:\\circ|°)\s*\}?\s*(?:\\(?:text|mathrm)\s*\{\s*)?(?:[CFK](?![A-Za-z])|[Cc]elsius|[Ff]ahrenheit)"
)
_ARC = re.compile(
    r"(?P<sign>-?)(?:(?P<degrees>\d+(?:\.\d+)?)\s*\^?\s*\{?\s*\\circ\s*\}?\s*)?(?P<minutes>\d+(?:\.\d+)?)\s*"
    r"(?:'|\^\s*\{?\\prime\}?|′)\s*(?:(?P<seconds>\d+(?:\.\d+)?)\s*(?:''|\"|″|\^\s*\{?\\prime\\prime\}?)\s*)?"
)
_OF_TRAILING_WORDS = re.compile(r"(?P<value>.*[\d)}\]])\s+(?P<words>[A-Za-z][A-Za-z ./'-]*[A-Za-z.])", re.DOTALL)
_NUMBER_IN_TEXT = re.compile(r"\\(?:text|mathrm|mbox)\s*\{\s*([-\d.,/ ]+)\s*\}")
# Words that say something of a number, and name nothing that is counted.
_NO_UNIT = re.compile(
    r"\b(?:or|and|not|no|if|mod|modulo|to|factorial|choose|halves|squared|cubed|over|plus|minus|times|least|most|wrong|maybe"
    r"|perhaps|negative|below|above|less|more|thirds|quarters|lakh|crore)\b"
)
_TO = re.compile(r"(?<=[\d\s})])\s*\bto\b\s*")


def read_scalar(text: str) -> Scalar:
    """One value.

    Args:
        text: Clean LaTeX, without what stands around the answer.

    Raises:
        Unreadable: It is none.
    """
    percent = _PERCENT.search(text)
    if percent and percent.start():
        return Scalar(_formula(text[: percent.start()]), percent=True)
    arc = _ARC.fullmatch(text.strip())
    if arc:
        return Scalar(Degrees(_arc(arc)))
    if _ANGLE.search(text) and not _TEMPERATURE.search(text):
        return Scalar(_formula(text))
    value, unit = split_unit(text)
    if _NO_UNIT.search(flattened(unit)):
        raise Unreadable(text[:80])
    if unit or value != text:  # a word for a number may have been taken off: 5 million
        return Scalar(_formula(value), unit)
    try:
        return Scalar(_formula(text))
    except Unreadable:
        value, unit = _trailing_words(text)
        return Scalar(_formula(value), unit)


def read_ratio(text: str) -> Ratio | None:
    r"""Parts in proportion, as ``3:4``, ``3 \text{ to } 4`` or ``1:2:3``; None where it is something else."""
    parts = cut(_TO.sub(":", flattened(text)), r":|\\colon(?![A-Za-z])|\\ratio|∶")
    if not parts or len(parts) < 2 or not all(parts):
        return None
    try:
        return Ratio(tuple(parse(part) for part in parts))
    except Unreadable:
        return None


def _formula(text: str) -> Node:
    """A formula, or a number in words.

    Raises:
        Unreadable: It is neither.
    """
    text = text.strip()
    number = number_in_words(flattened(text))
    if number is not None:
        return Number(number)
    return parse(plain_numbers(_NUMBER_IN_TEXT.sub(r"\1", text)))


def plain_numbers(text: str) -> str:
    """The same text with numbers spelled plainly: grouped thousands, repeating decimals, mixed numbers, exponents."""
    text = _GROUPED.sub(lambda found: found.group(1) + re.sub("[, ]", "", found.group(2)), text)
    if "." in text:
        text = _REPEATING.sub(lambda found: _repeated(found[1], found[2], found[3] or found[4]), text)
        text = _CONTINUED.sub(lambda found: _repeated(found[1], found[2], found[3]), text)
    text = _MIXED.sub(r"(\1+\\frac{\2}{\3})", text)
    return _SCIENTIFIC.sub(r"\\cdot 10^{\1}", text)


def _repeated(whole: str, fixed: str, period: str) -> str:
    """A repeating decimal as a fraction: 0.1666... is 15/90."""
    low = (10 ** len(period) - 1) * 10 ** len(fixed)
    top = int((whole or "0") + fixed + period) - int((whole or "0") + fixed)
    return rf"\frac{{{top}}}{{{low}}}"


def _arc(match: re.Match[str]) -> Node:
    """Degrees, minutes and seconds as degrees."""
    parts: list[Node] = [
        Number(Fraction(match["degrees"] or 0)),
        Quotient(Number(Fraction(match["minutes"])), Number(Fraction(60))),
    ]
    if match["seconds"]:
        parts.append(Quotient(Number(Fraction(match["seconds"])), Number(Fraction(3600))))
    total = Sum(tuple(parts))
    return Quotient(total, Number(Fraction(-1))) if match["sign"] else total


def _trailing_words(text: str) -> tuple[str, str]:
    """A value and the words behind it, which say what is counted.

    Raises:
        Unreadable: There are none.
    """
    match = _OF_TRAILING_WORDS.fullmatch(flattened(text).strip())
    if not match or _NO_UNIT.search(match["words"]):
        raise Unreadable(text[:80])
    return match["value"], match["words"]
