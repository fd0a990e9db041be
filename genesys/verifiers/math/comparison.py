"""Compares a gold with an extracted answer by all that is known short of computer algebra: the entry of this package.

First the texts (``compare``), then options of a multiple choice, then what the answers say (``equality``).
"""

from __future__ import annotations

import re

from genesys.verifiers.math import equality
from genesys.verifiers.math.bases import compare_based
from genesys.verifiers.math.choices import Choice, hedges, read_choice, read_choices, text_of
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision
from genesys.verifiers.math.text import clean, depth
from genesys.verifiers.math.words import plain_words

_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{4,}|\\(?:text|textbf|mbox)\s*\{[^{}]*[A-Za-z]{2,}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]+\*?\}")
_LONGEST_FORMULA = 1500
_DEEPEST_FORMULA = 20
_BOX = re.compile(r"\\(?:boxed|fbox|framebox|verb|in)(?![A-Za-z])")
_CLOCK = re.compile(r"\d{1,2}:0\d|\d{1,2}:\d\d:\d\d|\d{1,2}:\d\d(?=\s*[apAP]\.?[mM])")


def compare_answers(gold: str, answer: str, context: Context) -> Decision | None:
    """Whether an answer says what the gold says.

    Args:
        gold: The gold's short answer.
        answer: What was extracted from the response.
        context: The task: its options, and what its letters stand for.

    Returns:
        The decision and its rule; None where one of the two cannot be read.
    """
    if _CLOCK.match(clean(gold)) or _CLOCK.match(clean(answer)):
        return Decision(_time(gold) == _time(answer), "clock")
    based = compare_based(gold, answer, context)
    if based is not None:
        return based
    left, right = read_choice(gold), read_choice(answer)
    if left and right and not left.is_small:
        return _two_choices(left, right, context)
    several = read_choices(gold), read_choices(answer)
    if several[0] and several[1]:
        return Decision(several[0] == several[1], "choice")
    if left and not left.is_small and (text := text_of(left, context)):
        return _by_text(text, answer, context)
    if right and not right.is_small and context.options.get(right.letter):
        return _by_text_of_answer(gold, right, context)
    decision = equality.compare(gold, answer, context)
    if decision and decision.equal and decision.rule in ("value", "formula") and context.is_echo(answer, gold):
        return Decision(False, "echo")
    return decision


def _two_choices(gold: Choice, answer: Choice, context: Context) -> Decision | None:
    """Two letters; where they agree an answer's label must not contradict the option."""
    if hedges(answer):
        return Decision(False, "choice")
    if gold.letter != answer.letter:
        return Decision(False, "choice")
    expected = text_of(gold, context)
    if expected and answer.label:
        decision = equality.compare(expected, answer.label, context)
        if decision is not None and not decision.equal and decision.rule != "words":
            return Decision(False, "choice-text")
        others = (text for letter, text in context.options.items() if letter != answer.letter)
        if any(plain_words(text) == plain_words(answer.label) for text in others):
            return Decision(False, "choice-text")
    return Decision(True, "choice")


def _by_text(option: str, answer: str, context: Context) -> Decision | None:
    decision = equality.compare(option, answer, context)
    return decision and Decision(decision.equal, "choice-text")


def _by_text_of_answer(gold: str, answer: Choice, context: Context) -> Decision | None:
    decision = equality.compare(gold, context.options[answer.letter], context)
    return decision and Decision(decision.equal, "choice-text")


def is_for_algebra(gold: str, answer: str) -> bool:
    """Whether computer algebra may be asked: not of what is long or deep, nor where prose or a box could be picked."""
    for text in map(clean, (gold, answer)):
        if len(text) > _LONGEST_FORMULA or depth(text) > _DEEPEST_FORMULA:
            return False
        if _BOX.search(text) or _PROSE.search(_ENVIRONMENT.sub("", text)):
            return False
    return True


def _time(text: str) -> str:
    """A time of day, which is no ratio, in one spelling."""
    return re.sub(r"[\s.]|\\text|[{}]", "", clean(text)).lower().lstrip("0")
