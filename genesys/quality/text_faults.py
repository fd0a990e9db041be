"""What is wrong with the form of a response, whatever it says; and what in it nobody may publish.

Each fault is its kind, a short constant by which faults are counted, and after ``: `` what a person needs to know
beyond it, never words of the text. Loops stand in ``repetition``, scripts in ``scripts``, Markdown in ``markup``. It is
all told of one text alone, quickly: two million of them are read.
"""

from __future__ import annotations

import re
from typing import get_args

from genesys.curation.common.people import scan
from genesys.quality.markup import Code, broken_table, code_of, open_formula, without_code
from genesys.quality.repetition import find_loop, repeated_sentence
from genesys.quality.scripts import foreign_scripts
from genesys.settings.release import FaultKind, FormatSettings
from genesys.verifiers.thinking import after_thinking

VERSION = "1"
"""Raised when the same text may have other faults."""
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
"""In the order in which faults are told: what comes first is why a response goes."""

_BROKEN_OFF = {"length": "at the token limit", "content_filter": "by a content filter", "abort": "by its endpoint"}
_NAMES = (
    *("im_start", "im_end", "im_sep", "endoftext", "startoftext", "eot_id", "eom_id", "start_header_id"),
    *("end_header_id", "begin_of_text", "end_of_text", "begin_of_sentence", "end_of_sentence", "start_of_turn"),
    *("end_of_turn", "START_OF_TURN_TOKEN", "END_OF_TURN_TOKEN", "assistant", "user", "system", "end", "eos", "bos"),
    *("pad", "python_tag", "fim_prefix", "fim_middle", "fim_suffix", "endofprompt", "channel", "return"),
)
_TOKENS = re.compile(
    rf"<\|(?:{'|'.join(_NAMES)})\|>|<｜[^\s｜]{{2,40}}｜>|<(?:start|end)_of_turn>|<<SYS>>|<</SYS>>|\[/?INST\]|\[gMASK\]"
)
_TOKENS_LAST = re.compile(rf"(?:{_TOKENS.pattern}|</s>|<eos>|<pad>|<unk>)\s{{0,20}}$")
"""At the very end a mark is no mark that is shown, also within code; elsewhere ``</s>`` is HTML."""
_MARK_CHARS = 80


def parted(text: str) -> tuple[str, str]:
    """A response as thinking, with its marks, and answer; either may be empty. Together they are the text."""
    answer = after_thinking(text)
    return text[: len(text) - len(answer)], answer


def faults_of(
    prompt: str,
    thinking: str | None,
    answer: str,
    finish_reason: str | None,
    settings: FormatSettings,
    *,
    tokens: int | None = None,
) -> list[str]:
    """What is wrong with a response, in the order of ``KINDS``, each ``kind`` or ``kind: detail``.

    Args:
        prompt: What was asked.
        thinking: With its marks, or as the endpoint gave it apart; see ``parted``.
        answer: What comes after it.
        finish_reason: Why it ended, where that is known.
        settings: What is asked of it.
        tokens: Of the whole response, where that is known.
    """
    thought = thinking or ""
    said = _without_last_mark(answer)
    code = code_of(said)
    prose = without_code(said, code)
    cut = _cut_off(answer, prose, code, finish_reason)
    told: dict[FaultKind, str | None] = {
        "cut off": cut,
        "empty answer": None if answer.strip() else "",
        "thinking never ends": "" if _never_ends(thought, answer, finish_reason) else None,
        "no thinking": "" if settings.thinking and not _has_thought(thought) else None,
        "goes round in a loop": _loop(thought, said, code),
        "marks of a chat template": _template_marks(prompt, thought, prose, answer),
        "mixed scripts": _mixed(prompt, thought, prose),
        "broken Markdown": _broken_markdown(prose, code) if cut is None else None,  # else of course it is
        "too short": _too_short(answer, settings),
        "too long": _too_long(tokens, settings),
    }
    return [f"{kind}: {told[kind]}" if told[kind] else kind for kind in KINDS if told[kind] is not None]


def findings_of(prompt: str, text: str) -> list[str]:
    """Kinds of secrets (``secret: ...``) and of personal data (``personal: ...``) that a response brings.

    What stands in the prompt is none of the response: a task about addresses has some, and its own curation has let
    them pass.
    """
    asked: str | None = None
    kinds = set()
    for finding in scan(text):
        asked = prompt.casefold() if asked is None else asked
        if text[finding.start : finding.end].casefold() not in asked:
            kinds.add(f"{'secret' if finding.secret else 'personal'}: {finding.kind}")
    return sorted(kinds)


def _cut_off(answer: str, prose: str, code: Code, finish_reason: str | None) -> str | None:
    if finish_reason in _BROKEN_OFF:
        return _BROKEN_OFF[finish_reason]
    if finish_reason or not answer.strip():
        return None
    if code.is_open:
        return "in a code block"
    formula = open_formula(prose)
    return "in a formula" if formula is not None and formula.endswith("is not closed") else None


def _never_ends(thinking: str, answer: str, finish_reason: str | None) -> bool:
    if answer.strip() or not thinking.strip():
        return False
    return finish_reason == "length" or not after_thinking(f"{thinking}.")


def _has_thought(thinking: str) -> bool:
    """Marks with nothing between them are no thinking."""
    return any(char.isalnum() for char in _MARKS.sub("", thinking))


_MARKS = re.compile(r"<\s{0,3}/?\s{0,3}\w{1,12}\s{0,3}>|\[/?THINK\]|◁/?think▷", re.IGNORECASE)


def _loop(thinking: str, answer: str, code: Code) -> str | None:
    for name, text, blocks in (("thinking", thinking, None), ("answer", answer, code)):
        data = text.encode("utf-8", "surrogatepass")
        if (sentence := repeated_sentence(data)) is not None:
            return f"{sentence} in its {name}"

        def places(text: str = text, blocks: Code | None = blocks) -> list[tuple[int, int]]:
            return _in_bytes(text, code_of(text) if blocks is None else blocks)

        if (loop := find_loop(data, places)) is not None:
            return f"{loop} in its {name}"
    return None


def _in_bytes(text: str, code: Code) -> list[tuple[int, int]]:
    if text.isascii():
        return list(code.places)
    found, at, size = [], 0, 0
    for start, end in code.places:
        size += len(text[at:start].encode("utf-8", "surrogatepass"))
        length = len(text[start:end].encode("utf-8", "surrogatepass"))
        found.append((size, size + length))
        at, size = end, size + length
    return found


def _template_marks(prompt: str, thinking: str, prose: str, answer: str) -> str | None:
    """Those that a prompt holds are what it is about, and those within code are shown."""
    for text in (prose, thinking):
        found = ("<" in text or "[" in text) and _TOKENS.search(text)
        if found and text is thinking:
            text = without_code(thinking, code_of(thinking))
        marks = (mark[0] for mark in _TOKENS.finditer(text)) if found else ()
        if (left := next((mark for mark in marks if mark not in prompt), None)) is not None:
            return left
    last = _TOKENS_LAST.search(answer[-_MARK_CHARS:])
    return last[0].strip() if last and last[0].strip() not in prompt else None


def _without_last_mark(answer: str) -> str:
    """It would stand on the line that ends a code block."""
    last = _TOKENS_LAST.search(answer, max(len(answer) - _MARK_CHARS, 0))
    return answer[: last.start()] if last else answer


def _mixed(prompt: str, thinking: str, prose: str) -> str | None:
    for name, text in (("answer", prose), ("thinking", thinking)):
        if not text.isascii():
            plain = text if name == "answer" else without_code(text, code_of(text))
            if scripts := list(foreign_scripts(prompt, plain)):
                return f"{', '.join(scripts)} in its {name}"
    return None


def _broken_markdown(prose: str, code: Code) -> str | None:
    if code.is_open:
        return "a code block is not closed"
    return open_formula(prose) or ("a table's rows differ in their cells" if broken_table(prose) else None)


def _too_short(answer: str, settings: FormatSettings) -> str | None:
    return f"{said:,} characters" if 0 < (said := len(answer.strip())) < settings.least_chars else None


def _too_long(tokens: int | None, settings: FormatSettings) -> str | None:
    most = settings.most_tokens
    return None if most is None or tokens is None or tokens <= most else f"{tokens:,} tokens"
