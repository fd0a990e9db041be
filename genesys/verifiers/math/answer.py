"""Where the final answer stands in a response or in a worked solution; what it means is compared elsewhere.

In this order: the last box, else an explicit final-answer phrase, else the last expression or number of the final
sentence. All patterns look at a bounded stretch of text, so that no response takes long to read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from genesys.verifiers.math.boxes import boxed_answer
from genesys.verifiers.math.expressions import MASK, find_expressions, is_formula, mask_formulas
from genesys.verifiers.thinking import after_thinking

# Chat templates end a turn with a token like <|im_end|>; what a model babbles behind it is no answer.
_TURN_END = re.compile(r"<\|\w{2,40}\|>")
_PHRASE = re.compile(
    r"(?:\b(?:final |correct |right |the )?(?:answers?|choice|option)\b(?:\s*\([^()\n]{0,40}\))?"
    r"(?:\s+to\s[^.\n:]{0,80}?)?\s*\**\s*(?:is|are|equals|would be|will be|:|=)(?!\s+not\b)"
    r"|\bfinal answers?\**\s*\n|^\s*####)"
    r"[\s:*]*(?:that |simply |just |therefore |option |choice |approximately |about )*",
    re.IGNORECASE | re.MULTILINE,
)
# A letter that stands for an option, not the "A" of a sentence or of an equation.
_LETTER = re.compile(
    r"[\s\"'*$(]*([A-J])(?:\)|(?=\s*(?:[.,:;*\"'$]|\Z))|(?=\s+(?:because|since|as|which)\b))",
)
_SENTENCE_END = re.compile(r"[.!?][\"')\]*]*(?=\s|\Z)|\n")
_COURTESY = re.compile(
    r"\s*(?:i hope|hope (?:this|that)|let me know|please|thank|feel free|good luck|note\b|is there anything)",
    re.IGNORECASE,
)
_TAIL = 4000
_MAX_ANSWER = 600  # outside a box; what is longer is a derivation, not its result
_MAX_WORDS = 8
_SHORT_GOLD = 200
_PROSE_WORD = re.compile(r"(?<![A-Za-z\\{])[A-Za-z]{2,}(?![A-Za-z}])")


@dataclass(frozen=True, slots=True)
class Extracted:
    """A final answer as it stands in the text, and how it was found."""

    text: str
    source: Literal["boxed", "phrase", "last"]


def extract_answer(response: str | None, *, cut_off: bool = False) -> Extracted | None:
    """The final answer of a response.

    Args:
        response: The model's whole text.
        cut_off: Whether it was stopped at its token limit, so that the end of the text may be half an answer.

    Returns:
        The answer, or ``None`` where there is none: empty text, a thinking that never ended, an empty or half box, no
        phrase or number.
    """
    text = after_thinking(response).strip()
    turn_end = _TURN_END.search(text, 1)
    return read_answer(text[: turn_end.start()] if turn_end else text, cut_off=cut_off)


def read_answer(text: str, *, cut_off: bool = False) -> Extracted | None:
    """The final answer of a text without thinking; see ``extract_answer``."""
    boxed = boxed_answer(text, cut_off=cut_off)
    if boxed is not None:
        return Extracted(boxed, "boxed") if boxed else None
    tail = text[-_TAIL:]
    phrases = list(_PHRASE.finditer(tail))
    if phrases:
        after = tail[phrases[-1].end() :]
        said = "" if cut_off and not _SENTENCE_END.search(mask_formulas(after)) else _said(after)
        if said and len(said) <= _MAX_ANSWER:
            return Extracted(said, "phrase")
    if cut_off:
        return None  # what was cut off has no final sentence: its last number is just where it happened to stop
    last = _last(tail)
    return Extracted(last, "last") if last and len(last) <= _MAX_ANSWER else None


def gold_answer(gold: str) -> str:
    """The short answer of a gold, which may be that answer itself or a whole worked solution.

    Returns:
        The answer; empty where the gold says nothing.
    """
    gold = gold.strip()
    boxed = boxed_answer(gold, cut_off=False)
    if boxed is not None:
        return boxed
    if not _is_solution(gold):
        return gold
    answer = read_answer(gold)
    return answer.text if answer else gold


def _is_solution(gold: str) -> bool:
    """Whether a gold without a box is a worked solution: several sentences or a marked answer, not one statement."""
    if _PHRASE.search(gold):
        return True
    masked = mask_formulas(gold)
    sentences = [part for part in _SENTENCE_END.split(masked) if _PROSE_WORD.search(part)]
    return len(sentences) > 1 or (len(gold) > _SHORT_GOLD and len(_PROSE_WORD.findall(masked)) > _MAX_WORDS)


def _said(after: str) -> str:
    """The answer that a final-answer phrase announces: the expression right behind it, else its sentence's last."""
    after = after.strip()
    sentence = _first_sentence(after)
    letter = _LETTER.match(sentence)
    if letter:
        return letter.group(1)
    expressions = find_expressions(sentence)
    if expressions:
        first = expressions[0]
        follows_at_once = not sentence[: first.start].strip(" \"'*:=($€£")
        return first.text if follows_at_once else expressions[-1].text
    words = sentence.strip(" \"'*.,;:!")
    return words if len(words.split()) <= _MAX_WORDS else ""


def _first_sentence(text: str) -> str:
    end = _SENTENCE_END.search(mask_formulas(text[:_TAIL]))
    return text[: end.start()] if end else text[:_TAIL]


def _last(text: str) -> str:
    """The last expression of the final sentence; a text that is nothing but one formula or word is that answer."""
    text = text.strip()
    if is_formula(text):
        return text
    masked = mask_formulas(text)
    cuts = [0, *(end.end() for end in _SENTENCE_END.finditer(masked)), len(text)]
    for start, end in reversed(list(zip(cuts, cuts[1:], strict=False))):
        sentence = text[start:end]
        if not sentence.strip() or _COURTESY.match(sentence):
            continue  # "I hope this helps." ends a message, not a solution
        expressions = find_expressions(sentence)
        if expressions:
            return expressions[-1].text
        words = sentence.strip(" \"'*.,;:!\n")
        return words if len(words.split()) == 1 and MASK not in words else ""
    return ""
