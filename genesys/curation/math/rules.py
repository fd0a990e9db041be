"""Rules on the text of NuminaMath rows: what needs no model to be decided. Pure functions; no calls here.

A rule speaks only where it is certain. It names a drop, or says that a row is plainly fine; the rest is left to
prompts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from genesys.curation.math.problem import MathProblem

NO_ANSWER = frozenset({"", "notfound", "not found", "none", "null", "nan"})
"""What upstream writes where it has no answer."""

_PROOF = re.compile(r"^\W*(?:\d+[.)]\s*)?(?:prove|show|demonstrate|verify)\b(?!\s+me\b)", re.IGNORECASE)
_ASKS = re.compile(r"\?|\b(?:find|determine|compute|calculate|evaluate|how many|what is|solve for)\b", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]]*\]\(|\\includegraphics|<img\b", re.IGNORECASE)
_FIGURE = re.compile(r"\b(?:figure|diagram|picture|graph|table|chart|drawing)\b|\[asy\]", re.IGNORECASE)
_OPTION = re.compile(r"(?:^|[\s{$])\(?\\?(?:text(?:bf|rm|sc)?|mathrm|mathbf|bf|rm)?\s*\{?\s*\(?([A-E])\s*[).:]\s*\}?")
_LETTER = re.compile(r"[\s$({\\]*(?:text|textbf|mathrm|mathbf)?[\s{(]*([A-Ea-e])[\s)}$.]*")
_PARTS = re.compile(r"(?:^|\s)(?:\(?(?:a|i|1)[).])\s.+?(?:\s)\(?(?:b|ii|2)[).]\s", re.DOTALL)
_WORDS = re.compile(
    r"\b(?:prove|show that|justify|explain|describe|discuss|give an example|make up|construct|draw|sketch|why|"
    r"which of|write an?|design|compare|opinion)\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[-+\d\s.,/^*()%=]|\\(?:d?frac|sqrt|pi|cdot|times|left|right|%|,|;|!|circ)|[{}]")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")


@dataclass(frozen=True)
class Drop:
    """A rule's decision against a row."""

    reason: str
    detail: str | None = None


def reason_to_drop(row: MathProblem) -> Drop | None:
    """Why a row certainly makes no task, if it certainly does not."""
    if row.flaws:
        return Drop(*row.flaws[0])
    if _lower(row.question_type) == "proof" or row.answer.lower() == "proof":
        return Drop("proof")
    if _PROOF.match(row.problem) and not _ASKS.search(row.problem) and last_box(row.solution) is None:
        return Drop("proof", "the statement asks to prove and asks nothing else")
    if _IMAGE.search(row.problem):
        return Drop("needs a figure", "the statement shows an image")
    if not row.solution.strip() and stated_answer(row) is None:
        return Drop("no final answer", "neither answer nor solution")
    return _contradiction(row)


def _contradiction(row: MathProblem) -> Drop | None:
    """Answer column against the solution's own box, where both are plain numbers and so certainly comparable."""
    boxed = last_box(row.solution)
    stated = row.answer.lower()
    if boxed is None or stated in NO_ANSWER or is_letter(stated):
        return None
    numbers = [_number(stated), _number(boxed)]
    if None not in numbers and numbers[0] != numbers[1]:
        return Drop("answer contradicts solution", f"the answer is {stated}, the solution ends in {boxed}")
    return None


def _number(text: str) -> float | None:
    try:
        return float(bare(text).replace(",", ""))
    except ValueError:
        return None


def is_multiple_choice(row: MathProblem) -> bool:
    """By upstream's word, or by options in the text."""
    return _lower(row.question_type) == "mcq" or lists_options(row.problem)


def lists_options(problem: str) -> bool:
    """Whether a text lists at least options A, B and C, in this order."""
    found = [match.group(1) for match in _OPTION.finditer(problem)]
    wanted = iter(found)
    return all(letter in wanted for letter in "ABC")


def without_options(problem: str) -> str:
    """A problem up to its first option; the whole of one that lists none."""
    if not lists_options(problem):
        return problem
    first = next(match for match in _OPTION.finditer(problem) if match.group(1) == "A")
    return problem[: first.start()]


def is_letter(answer: str | None) -> bool:
    """Whether an answer is nothing but an option's letter."""
    return answer is not None and _LETTER.fullmatch(answer) is not None


def stated_answer(row: MathProblem) -> str | None:
    """The answer, else the last box of the solution, without dollar signs; None where there is neither."""
    if row.answer.lower() not in NO_ANSWER:
        return bare(row.answer)
    boxed = last_box(row.solution)
    return bare(boxed) or None if boxed is not None else None


def bare(answer: str) -> str:
    """An answer without the dollar signs, box and full stop around it."""
    text = answer.strip().rstrip(".").strip()
    if (boxed := last_box(text)) is not None and text.startswith("\\boxed"):
        text = boxed
    for mark in ("$$", "$"):
        if (
            text.startswith(mark)
            and text.endswith(mark)
            and len(text) > 2 * len(mark)
            and mark not in text[len(mark) : -len(mark)]
        ):
            text = text[len(mark) : -len(mark)]
    return text.strip()


def last_box(text: str) -> str | None:
    r"""What stands in the last \boxed{} whose braces balance."""
    for match in reversed(list(_BOX.finditer(text))):
        depth = 1
        for position in range(match.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[position], 0) if text[position - 1] != "\\" else 0
            if depth == 0:
                return text[match.end() : position].strip()
    return None


def plainly_checkable(problem: str, answer: str) -> bool:
    """One plain question with a plain numeric answer: no model needs to be asked whether it can be checked.

    Anything that smells of parts, figures, proofs or words is left to the curator.
    """
    if _WORDS.search(problem) or _FIGURE.search(problem) or _PARTS.search(problem):
        return False
    if problem.count("?") > 1 or not _ASKS.search(problem):
        return False
    return len(answer) <= 60 and not _PLAIN.sub("", answer)


def _lower(value: Any) -> str:
    return str(value or "").strip().lower()
