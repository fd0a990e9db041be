"""Where the final answer stands in a response or in a worked solution; what it means is compared elsewhere.

In this order: the last box, else an explicit final-answer phrase, else the last expression or number of the final
sentence. All patterns look at a bounded stretch of text, so that no response takes long to read.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal

from genesys.verifiers.math.boxes import boxed_answer, find_boxes
from genesys.verifiers.math.expressions import (
    MASK,
    Expression,
    find_expressions,
    is_formula,
    mask_formulas,
    suffix_behind,
    without_rounded,
)
from genesys.verifiers.math.habits import unescaped
from genesys.verifiers.math.units import split_unit
from genesys.verifiers.math.wording import has_second_thought, in_formula, is_denied, is_withdrawn, worded
from genesys.verifiers.thinking import after_thinking

# Chat templates end a turn with a token like <|im_end|>; what a model babbles behind it is no answer.
_TURN_END = re.compile(r"<\|\w{2,40}\|>|</s>|<(?:end_of_turn|eos|eot_id)>|\[/?INST\]")
# The word for an answer in the languages of mathematical data sets, with its verb.
_ELSEWHERE = (
    r"答案(?:是|为|為)?\s*[:：]?|故[选選]\s*[:：]?|\bréponse(?: finale)?\s*(?:est|:)|\brespuesta(?: final)?\s*(?:es|:)|"
    r"\bAntwort\s*(?:ist|lautet|:)|\bresposta(?: final)?\s*(?:é|:)|\brisposta(?: finale)?\s*(?:è|:)|\bОтвет\s*[:.]"
)
_PHRASE = re.compile(
    r"(?:\b(?:final |correct |right |the )?(?:answers?|choice|option)\b(?:\s*\([^()\n]{0,40}\))?"
    r"(?:\s+(?:to|for|of|in|we|that)\s[^.\n:]{0,80}?)?\s*[*_]*\s*"
    r"(?:is|are|equals|(?:would|will|should|must) be|comes? (?:out )?to(?: be)?|turns out to be|:|=)(?!\s+not\b)"
    r"|\bfinal (?:result|value)[*_]*\s*(?:is|:|=)|^[ \t#*_]*(?:final )?answers?[*_: \t]*\n|\bfinal answers?[*_]*\s*\n"
    r"|\bans\.?\s*[:=]|\b(?:answer|option|choice)\s(?=\([A-J]\)[\s.*$]{0,9}\Z)"
    rf"|^\s*####|<answer>|{_ELSEWHERE})"
    r"[\s:*_]*(?:that |simply |just |then |therefore |thus |indeed |option |choice |approximately |about )*",
    re.IGNORECASE | re.MULTILINE,
)
# One of these stands in every phrase, after at most so many signs.
_MENTIONS = (
    "answer", "choice", "option", "final", "ans", "####", "correct", "right", "true", "best", "答案", "故", "réponse",
    "respuesta", "antwort", "resposta", "risposta", "ответ",
)  # fmt: skip
_PHRASE_LEAD = 40
# The letter may come first: "(B) is correct", "option C is the right one".
_CHOSEN = re.compile(
    r"(?<![A-Za-z\\])\(?(?P<letter>[A-J])[).:]?[*$}]*\s+(?:is|must be)\s+(?:therefore |thus |indeed )?"
    r"(?:the\s+)?(?:(?i:correct|right|true|best)\b|(?i:answer)\b)"
)
_OTHER_CHOICE_BEFORE = re.compile(r"(?:\b(?:nor|neither|not|or|and)|,)[\s(]*\Z", re.IGNORECASE)
_OTHER_CHOICES = re.compile(r"(?:[\s*$.)]*(?:,|or\b|and\b)\s*\(?[A-J]\)?(?![A-Za-z]))+")
# A letter that stands for an option, not the "A" of a sentence or of an equation.
_LETTER = re.compile(
    r"[\s\"'*_$(]*(?:\\(?:text|textbf|mathrm|mathbf)\{\s*)?\(?([A-J])(?:\)|(?=\s*(?:[.,:;*_\"'$}]|\Z))|(?=\s+(?:because|since|as|which)\b))",
)
# A dot after an abbreviation ends no sentence.
_SENTENCE_END = re.compile(
    r"[.!?](?<!\bsq\.)(?<!\bcu\.)(?<!\bNo\.)(?<!\bvs\.)(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bapprox\.)"
    r"[\"')\]*]*(?=\s|\Z)|[。！？\n]"
)
_COURTESY = re.compile(
    r"\W{0,9}(?:i hope|hope (?:this|that)|let me know|please|thank|feel free|good luck|note\b|is there anything|"
    r"q\.?e\.?d|done\b|(?:this|which) (?:completes|concludes|finishes)|hence proved)",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(r"[\s,(]+(?:where|since|because)\b")
_BULLET = re.compile(r"\A\s*[-*•]\s+")
_MONEY_BEFORE = re.compile(r"(?:\\\$|[€£¥₹])\s*\Z")
_QUANTITY = re.compile(r"\d|\\(?:pi|sqrt)")
_FULL_WIDTH = str.maketrans("｛｝＼＄", r"{}\$")
_TAIL = 4000
_MAX_ANSWER = 600  # outside a box; what is longer is a derivation, not its result
_MAX_WORDS = 8
_SHORT_GOLD = 200
_LONG_GOLD = 10_000
_REACH = 80
_MAX_LIST = 30
_MAX_PARTS = 8
# "$T = \boxed{\pi}$, and the interval is $[0, 1]$": the same sentence goes on to another result.
_OTHER_PART = re.compile(r"\s*\$?\s*,?\s*and (?:the|its) [^.$\n]{1,120}\b(?:is|are) \$(?P<part>[^$]{1,200})\$")
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
    text = mended(after_thinking(response)).strip()
    turn_end = _TURN_END.search(text, 1)
    return read_answer(text[: turn_end.start()] if turn_end else text, cut_off=cut_off)


def mended(text: str) -> str:
    r"""A text with LaTeX commands that a wrong escape broke (backspace + ``oxed``) and full-width braces restored."""
    text = unescaped(text)
    return text.translate(_FULL_WIDTH) if "｛" in text or "＼" in text else text


def read_answer(text: str, *, cut_off: bool = False) -> Extracted | None:
    """The final answer of a text without thinking; see ``extract_answer``."""
    boxed = _boxed(text, cut_off=cut_off)
    if boxed is not None:
        return Extracted(boxed, "boxed") if boxed else None
    tail = text[-_TAIL:]
    announced = _announced(tail, cut_off=cut_off)
    if announced:
        return Extracted(announced, "phrase")
    if cut_off:
        return None  # what was cut off has no final sentence: its last number is just where it happened to stop
    last = _last(tail)
    return Extracted(last, "last") if last and len(last) <= _MAX_ANSWER else None


def gold_answer(gold: str) -> str:
    """The short answer of a gold, which may be that answer itself or a whole worked solution.

    Returns:
        The answer; empty where the gold says nothing.
    """
    gold = mended(gold).strip()
    boxed = _boxed(gold, cut_off=False)
    if boxed is not None:
        return boxed
    if not _is_solution(gold):
        return gold
    answer = read_answer(gold)
    if answer:
        return answer.text
    # A gold is trusted to hold an answer: comments may follow the sentence that does.
    return _last(gold[-_TAIL:], any_sentence=True) or gold


def gold_answers(gold: str) -> tuple[str, ...]:
    """The answers that a gold allows: its final one, and all its parts as a list where each part has a box.

    A solution in parts boxes a result in each; a response may box the last part's result, or all in one box. What the
    sentence of the last box goes on to say ("and the interval is ...") is the result of another part.
    """
    answer = gold_answer(gold)
    boxes = find_boxes(mended(gold))
    parts = list(dict.fromkeys(box.content.strip() for box in boxes if box.closed and box.content.strip()))
    found = [answer]
    if 1 < len(parts) <= _MAX_PARTS and _is_solution(mended(gold)):
        found.append(", ".join(parts))
    if boxes and (rest := _OTHER_PART.match(mended(gold), boxes[-1].end)):
        found.append(rest["part"].strip())
    return tuple(dict.fromkeys(found))


def _is_solution(gold: str) -> bool:
    """Whether a gold without a box is a worked solution: several sentences or a marked answer, not one statement."""
    if len(gold) > _LONG_GOLD or _PHRASE.search(gold):
        return True
    masked = mask_formulas(gold)
    sentences = [part for part in _SENTENCE_END.split(masked) if _PROSE_WORD.search(part)]
    return len(sentences) > 1 or (len(gold) > _SHORT_GOLD and len(_PROSE_WORD.findall(masked)) > _MAX_WORDS)


def _boxed(text: str, *, cut_off: bool) -> str | None:
    """The boxed answer with the sign, factor, unit or currency that stands next to its box.

    Empty where the box is denied by what stands before it, or taken back by what stands behind.
    """
    boxed = boxed_answer(text, cut_off=cut_off)
    if boxed is None:
        return None
    answer = boxed.text
    before, behind = text[max(0, boxed.start - _REACH) : boxed.start], text[boxed.end : boxed.end + _REACH]
    if is_withdrawn(before, behind):
        return ""
    if boxed.single and (whole := in_formula(answer, before, behind)) is not None:
        return whole
    if not boxed.single or not _QUANTITY.search(answer) or answer.endswith("%") or "\\text" in answer:
        return answer
    money = _MONEY_BEFORE.search(text, max(0, boxed.start - 3), boxed.start)
    if money:
        return money.group() + answer
    suffix, _ = suffix_behind(text[boxed.end : boxed.end + _REACH])
    return answer + suffix if suffix and not split_unit(answer)[1] else answer


def _announced(tail: str, *, cut_off: bool) -> str:
    """What the last final-answer phrase of a text announces; empty where there is none."""
    begin = _first_mention(tail)
    if begin is None:
        return ""
    phrase, chosen = (deque(pattern.finditer(tail, begin), maxlen=1) for pattern in (_PHRASE, _CHOSEN))
    if chosen and (not phrase or chosen[0].end() >= phrase[0].end()):
        is_one_of_several = _OTHER_CHOICE_BEFORE.search(tail[: chosen[0].start()])
        return "" if is_one_of_several else str(chosen[0]["letter"])
    if not phrase:
        return ""
    after = tail[phrase[0].end() :].partition("</answer>")[0]
    if "\n" in phrase[0].group():
        listed = _listed(after.strip().splitlines())
        if listed:
            return listed
    said = "" if cut_off and not _SENTENCE_END.search(mask_formulas(after)) else _said(after)
    if has_second_thought(after[:_TAIL]):
        return ""
    return said if len(said) <= _MAX_ANSWER else ""


def _first_mention(text: str) -> int | None:
    """Where a phrase might begin; plain searches cost a hundredth of what the patterns do."""
    lower = text.lower()
    places = [place for word in _MENTIONS if (place := lower.find(word)) >= 0]
    return max(0, min(places) - _PHRASE_LEAD) if places else None


def _said(after: str) -> str:
    """The answer that a final-answer phrase announces: the expression right behind it, else its sentence's last."""
    after = after.strip()
    sentence = _first_sentence(after)
    letter = _LETTER.match(sentence)
    if letter:
        others = _OTHER_CHOICES.match(sentence, letter.end())
        return "" if others and "or" in others.group() else letter.group(1) + (others.group() if others else "")
    expressions = find_expressions(sentence)
    if expressions:
        first = expressions[0]
        follows_at_once = not sentence[: first.start].strip(" \"'*_:=($€£")
        return worded(first if follows_at_once else _final(expressions, sentence), sentence)
    words = sentence.strip(" \"'*_.,;:!")
    return words if len(words.split()) <= _MAX_WORDS else ""


def _first_sentence(text: str) -> str:
    end = _SENTENCE_END.search(mask_formulas(text[:_TAIL]))
    return text[: end.start()] if end else text[:_TAIL]


def _last(text: str, *, any_sentence: bool = False) -> str:
    """The last expression of the final sentence; a text that is nothing but one formula or word is that answer.

    Args:
        text: The end of a response or gold.
        any_sentence: Whether sentences without mathematics may follow it.
    """
    text = text.strip()
    if is_formula(text):
        return text
    _, colon, rest = text.rpartition(":\n")
    listed = _listed(rest.strip().splitlines()) if colon else ""
    if listed:
        return listed
    masked = mask_formulas(text)
    cuts = [0, *(end.end() for end in _SENTENCE_END.finditer(masked)), len(text)]
    for start, end in reversed(list(zip(cuts, cuts[1:], strict=False))):
        sentence = text[start:end]
        if not sentence.strip() or _COURTESY.match(sentence):
            continue  # "I hope this helps." ends a message, not a solution
        expressions = find_expressions(sentence)
        if expressions:
            final = worded(_final(expressions, sentence), sentence)
            return "" if is_denied(sentence[: expressions[-1].start]) else final
        words = sentence.strip(" \"'*_.,;:!\n")
        if not any_sentence:
            return words if len(words.split()) == 1 and MASK not in words else ""
    return ""


def _listed(lines: list[str]) -> str:
    """The values of a bulleted list, which make one answer; empty where the lines are no such list."""
    items = []
    for line in lines[:_MAX_LIST]:
        bullet = _BULLET.match(line)
        found = find_expressions(line[bullet.end() :]) if bullet else []
        if not found:
            break  # what follows the list is prose
        items.append(_final(found, line[bullet.end() :] if bullet else line).text)
    rest = [line for line in lines[len(items) :] if line.strip() and not _COURTESY.match(line)]
    return ", ".join(items) if not rest else ""


def _final(expressions: list[Expression], sentence: str) -> Expression:
    """The last expression that is no condition, reason or rounding of the one before it."""
    clause = _SUBORDINATE.search(mask_formulas(sentence), expressions[0].end)
    main = [expression for expression in expressions if not clause or expression.end <= clause.start()]
    return without_rounded(main or expressions, sentence)[-1]
