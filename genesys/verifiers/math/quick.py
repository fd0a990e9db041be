"""What can be said about two answers from their texts alone, in microseconds: the same text, or plain numbers.

Every rule here is exact. All other questions go to the workers, where ``comparison`` answers them.
"""

from __future__ import annotations

import re

from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.numbers import number_text, read_number
from genesys.verifiers.math.text import canonical

# What is no more than a number needs no cleaning, and most answers are.
_CURRENCY = re.compile(r"[$€£¥]")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d{0,17})")


def compare_quickly(gold: str, answer: str) -> Decision | None:
    """Compare two answers by their texts.

    Args:
        gold: The gold's short answer, in LaTeX or plain text.
        answer: What was extracted from the response.

    Returns:
        A decision with its rule; None where texts decide nothing.
    """
    if _PLAIN.fullmatch(gold) and _PLAIN.fullmatch(answer):
        return Decision(gold == answer, "exact" if gold == answer else "number")
    gold_text, answer_text = canonical(gold), canonical(answer)
    if gold_text == answer_text:
        return Decision(bool(gold_text), "exact")
    currencies = _CURRENCY.findall(gold_text), _CURRENCY.findall(answer_text)
    if all(currencies) and currencies[0] != currencies[1]:
        return None
    left, right = read_number(gold_text), read_number(answer_text)
    if left is None or right is None:
        return None
    if left.value == right.value:
        return Decision(True, "number")
    # A decimal may be a rounded value.
    return None if left.is_decimal or right.is_decimal else Decision(False, "number")


def canonical_answer(answer: str) -> str:
    """One text for answers that are the same beyond doubt, by which samples can be grouped; numbers by their value."""
    text = canonical(answer)
    number = read_number(text)
    return number_text(number) if number else text
