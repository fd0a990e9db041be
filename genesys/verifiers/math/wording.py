"""What stands beside an answer and makes another of it: a minus, a factor, "5 million", "not 5", "5 ... wait, 6".

Where the answer stands is found in ``answer``.
"""

from __future__ import annotations

import re

from genesys.verifiers.math.expressions import Expression

# Who offers a second answer behind the first has not given one.
_SECOND_THOUGHT = re.compile(
    r"\b(?:alternatively|or (?:maybe|perhaps|possibly|it could be)|(?:it )?(?:could|might|may) also be"
    r"|on second thought|another possible answer|if not,|wait\b|actually\b|hmm\b|recheck|no, it)|\(or\b",
    re.IGNORECASE,
)
# "The answer is not 42" gives none.
_DENIAL = re.compile(
    r"(?:\b(?:is|are|does|do|was|can|could)(?: not|n't)|\bcannot|\bnever)(?: be| equal(?: to)?)?[\s:]*\Z", re.IGNORECASE
)
_DENIED_BOX = re.compile(
    r"(?:\\neq?(?![A-Za-z])|≠|\\not\s*=|\b(?:cannot be|can't be|is not|isn't|not equal to|never be))[\s:$]*\Z",
    re.IGNORECASE,
)
_REPLACED_BOX = re.compile(
    r"[\s$.)\]}*]{0,8}(?:(?:\(|\b)or\s+\$?\\?-?\d|(?:wait|actually|hmm|no,|on second thought)\b)",
    re.IGNORECASE,
)
_MINUS_BEFORE = re.compile(r"(?:=|\$|\\\(|\\\[|\A)\s*-\s*\Z")
_FACTOR_BEHIND = re.compile(
    r"\s*(?:\^\s*(?:\{[^{}]*\}|\w)|\\pi(?![A-Za-z])|\\sqrt\s*(?:\[[^\]]*\])?\s*(?:\{[^{}]*\}|\d)|!)"
)
# Words that change what the number beside them says.
_NEGATIVE_BEFORE = re.compile(r"\b(?:negative|minus)[\s$*]*\Z", re.IGNORECASE)
_OPERATOR_BEFORE = re.compile(
    r"\b(?:(?:less|more|greater|fewer|larger|smaller) than|at (?:least|most)|twice|thrice|half of"
    r"|(?:square |cube )?root of"
    r"|unlikely(?: to be)?|over|plus|times|between|sqrt)[\s$*]*\Z",
    re.IGNORECASE,
)
_OPERATOR_BEHIND = re.compile(
    r"[\s$*]*\b(?:factorial|choose|over|plus|minus|times|squared|cubed|and a half|halves|or (?:\$|-|\d))",
    re.IGNORECASE,
)
_SCALE_BEHIND = re.compile(r"[\s$*]*\b(?P<scale>hundred|thousand|million|billion|trillion|dozen)\b", re.IGNORECASE)


def in_formula(box: str, before: str, behind: str) -> str | None:
    """A box that is part of a formula, with the minus before it and the factor behind; None where it stands alone.

    Args:
        box: What it holds.
        before: The text up to it.
        behind: The text behind it.
    """
    minus, factor = _MINUS_BEFORE.search(before), _FACTOR_BEHIND.match(behind)
    if not minus and not factor:
        return None
    return f"{'-' if minus else ''}({box}){factor.group() if factor else ''}"


def is_withdrawn(before: str, behind: str) -> bool:
    """Whether a box is denied by what stands before it, or replaced by what stands behind."""
    return bool(_DENIED_BOX.search(before) or _REPLACED_BOX.match(behind))


def is_denied(before: str) -> bool:
    """Whether a sentence says up to here what something is not: "the answer is not"."""
    return bool(_DENIAL.search(before))


def has_second_thought(behind: str) -> bool:
    """Whether another answer is considered behind the first."""
    return bool(_SECOND_THOUGHT.search(behind))


def worded(expression: Expression, sentence: str) -> str:
    """An expression with what words make of it: negative 5, 5 million. Empty where they make something else of it."""
    before, behind = sentence[: expression.start], sentence[expression.end :]
    if _OPERATOR_BEFORE.search(before) or _OPERATOR_BEHIND.match(behind):
        return ""
    scale = _SCALE_BEHIND.match(behind)
    text = f"{expression.text} {scale['scale'].lower()}" if scale else expression.text
    return f"-{text}" if _NEGATIVE_BEFORE.search(before) else text
