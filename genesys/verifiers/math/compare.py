"""What can be said about two answers from their texts alone: equal, different, or a case for SymPy.

Every rule here is exact: it says "equal" only where no other reading is possible, and "different" only where SymPy
would be misled (units it strips, words it multiplies out) or where both sides are plain numbers. The rest is
``worker``'s.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from genesys.verifiers.math.numbers import PlainNumber, number_text, read_based, read_number
from genesys.verifiers.math.text import Items, canonical, clean, items
from genesys.verifiers.math.units import conversion, same_unit, split_unit

_CHOICE = re.compile(r"\(?(?P<letter>[A-J])\)?(?P<label>(?:[.:)]|(?<=\))|\s*\\quad)\s*\S.*)?", re.DOTALL)
_OTHER_LETTER = re.compile(r"(?<![A-Za-z])[A-J](?![A-Za-z])")
_WORD = re.compile(r"[A-Za-z][a-z]+(?:[ -][A-Za-z]+)*")
_SHORT_WORDS = {"yes", "no", "odd"}
_CLOCK = re.compile(r"\d{1,2}:0\d|\d{1,2}:\d\d:\d\d|\d{1,2}:\d\d(?=[ap\s])")
_DECIMAL_COMMA = re.compile(r"[-+]?(?:0,\d+|\d+,\d{2}|\d{4,},\d+)")
_DEGREES = re.compile(r"\\(sin|cos|tan|cot|sec|csc)\s*[({]?\s*(-?\d+(?:\.\d+)?)\s*\^\s*(?:\\circ|\{\\circ\})\s*[)}]?")
# A decimal is often a rounded value; SymPy decides between decimals which are as close as this.
_CLOSE = Fraction(1, 10_000)
_PERCENT = re.compile(r"(?:\\[,;! ]|\s)*\\?%\s*$")
_MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Decision:
    """That two answers are equal or not, and the rule that says so."""

    equal: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Question:
    """Two clean texts for SymPy to compare, where their texts alone decide nothing."""

    gold: str
    answer: str


def compare_texts(gold: str, answer: str) -> Decision | Question:
    """Compare an extracted answer with a gold as far as their texts allow.

    Args:
        gold: The gold's short answer, in LaTeX or plain text.
        answer: What was extracted from the response.

    Returns:
        A decision with its rule, or the question that SymPy has to settle.
    """
    gold, answer = _without_shared_percent(clean(gold), clean(answer))
    gold_text, answer_text = canonical(gold), canonical(answer)
    if gold_text == answer_text:
        return Decision(bool(gold_text), "exact")
    if max(len(gold), len(answer)) > _MAX_TEXT:
        return Question(gold, answer)
    gold, answer = _in_radians(gold), _in_radians(answer)
    for rule in (_by_choice, _by_words, _by_clock, _by_base):
        decision = rule(gold_text, answer_text)
        if decision:
            return decision
    (gold, gold_unit), (answer, answer_unit) = split_unit(gold), split_unit(answer)
    if not same_unit(gold_unit, answer_unit):
        factor = conversion(answer_unit, gold_unit)
        if factor is None:
            return Decision(False, "unit")
        answer = rf"({answer})\cdot\frac{{{factor.numerator}}}{{{factor.denominator}}}"
    return _by_value(gold, answer) or Question(gold, answer)


def canonical_answer(answer: str) -> str:
    """One text for answers that are the same beyond doubt, by which samples can be grouped; numbers by their value."""
    text = canonical(answer)
    number = read_number(text)
    return number_text(number) if number else text


def _without_shared_percent(gold: str, answer: str) -> tuple[str, str]:
    """Where both are percentages their numbers are compared: the sign is read after plain numbers only."""
    if _PERCENT.search(gold) and _PERCENT.search(answer):
        return _PERCENT.sub("", gold), _PERCENT.sub("", answer)
    return gold, answer


def _in_radians(text: str) -> str:
    """Angles in degrees under a trigonometric function; SymPy's reader would take the degree sign for nothing."""
    return _DEGREES.sub(r"\\\1(\\frac{\2\\pi}{180})", text)


def _by_choice(gold: str, answer: str) -> Decision | None:
    """Letters of a multiple choice, bare, in parentheses, or before the text of their option."""
    left, right = _CHOICE.fullmatch(gold), _CHOICE.fullmatch(answer)
    if not left or not right or (left["label"] and right["label"]):
        return None
    if any(_OTHER_LETTER.search(side["label"] or "") for side in (left, right)):
        return None  # "A) and C)" chooses two
    return Decision(left["letter"] == right["letter"], "choice")


def _by_words(gold: str, answer: str) -> Decision | None:
    """Words are compared as words; SymPy would take them for products of letters, in which order means nothing."""
    if not _WORD.fullmatch(gold) or not _WORD.fullmatch(answer):
        return None
    if gold.casefold() == answer.casefold():
        return Decision(True, "words")
    is_word = any(len(text) > 3 or text.casefold() in _SHORT_WORDS for text in (gold, answer))
    return Decision(False, "words") if is_word else None


def _by_clock(gold: str, answer: str) -> Decision | None:
    """A time of day is not a ratio: it equals nothing but the same text."""
    return Decision(False, "clock") if _CLOCK.match(gold) or _CLOCK.match(answer) else None


def _by_base(gold: str, answer: str) -> Decision | None:
    """Digits with a base are compared by value, since SymPy's reader drops the base."""
    left, right = read_based(gold), read_based(answer)
    if left is not None and right is not None:
        return Decision(left == right, "base")
    return None


def _by_value(gold: str, answer: str) -> Decision | None:
    """Plain numbers, and collections of them, decided exactly."""
    left, right = items(gold), items(answer)
    kinds = {left.kind, right.kind}
    if kinds == {"single"}:
        return _numbers(canonical(gold), canonical(answer))
    if kinds == {"tuple", "set"}:
        return Decision(False, "order")  # a set has no order, a tuple means nothing without
    if "single" not in kinds:
        return _collections(left, right)
    return _decimal_comma(canonical(gold), canonical(answer)) or _repeated(left, right)


def _numbers(gold: str, answer: str) -> Decision | None:
    """Two plain numbers; decimals that nearly agree are left to SymPy, which knows how far they were rounded."""
    left, right = read_number(gold), read_number(answer)
    if left is None or right is None:
        return None
    if left.value == right.value:
        return Decision(True, "number")
    return None if _may_be_rounded(left, right) else Decision(False, "number")


def _may_be_rounded(left: PlainNumber, right: PlainNumber) -> bool:
    if not left.is_decimal and not right.is_decimal:
        return False
    return abs(left.value - right.value) <= _CLOSE * max(abs(left.value), abs(right.value))


def _collections(left: Items, right: Items) -> Decision | None:
    """Two collections; equal when their parts are, in order between tuples, else as often as they occur."""
    ordered = left.kind == right.kind == "tuple"
    parts = [_keys(side) for side in (left, right)]
    if parts[0] == parts[1] or (not ordered and "tuple" not in (left.kind, right.kind) and _same(left, right, parts)):
        return Decision(True, "items")
    plain = all(read_number(part) and "." not in part for side in (left, right) for part in side.parts)
    if plain and left.kind == right.kind:
        return Decision(False, "items")
    return _repeated(left, right)


def _keys(side: Items) -> list[str]:
    """A part's key is its value where it is a plain number, so that 1/2 meets 0.5, and its text otherwise."""
    numbers = [(part, read_number(part)) for part in side.parts]
    return [number_text(number) if number else part for part, number in numbers]


def _same(left: Items, right: Items, parts: list[list[str]]) -> bool:
    """Whether the same parts stand on both sides; how often counts between bare lists, never where a side is a set."""
    if "set" in (left.kind, right.kind):
        return set(parts[0]) == set(parts[1])
    return Counter(parts[0]) == Counter(parts[1])


def _repeated(left: Items, right: Items) -> Decision | None:
    """SymPy makes sets of lists, so that a value given twice would pass for one given once.

    Only bare values count so: a solution that is listed twice is still that solution, and assignments name their value.
    """
    if "set" in (left.kind, right.kind) or len(left.parts) == len(right.parts):
        return None
    parts = [*left.parts, *right.parts]
    repeated = any(len(set(side.parts)) < len(side.parts) for side in (left, right))
    return Decision(False, "count") if repeated and not any(set(part) & set("=()") for part in parts) else None


def _decimal_comma(gold: str, answer: str) -> Decision | None:
    """``2,74`` for 2.74: read so only beside a decimal with a point, and where it hardly is a list of two numbers."""
    for comma, point in ((gold, answer), (answer, gold)):
        if _DECIMAL_COMMA.fullmatch(comma) and "." in point:
            left, right = read_number(comma.replace(",", ".")), read_number(point)
            if left and right:
                return Decision(left.value == right.value, "number")
    return None
