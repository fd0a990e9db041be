"""Text of others made into data for a judge: between marks that it cannot contain, and with nothing to steer by.

What is asked about the data stands with ``question``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from genesys.hashing import digest

_MARK_DIGITS = 24
_CONTROL = re.compile(
    r"<(?=\s*[|｜])"  # <|im_start|>, <|eot_id|>, DeepSeek's <｜User｜>
    r"|<(?=\s*+(?:/\s*+)?(?:s|bos|eos|pad|unk|think|thinking|thought|reasoning|start_of_turn|end_of_turn|system|assistant"
    r"|user|human)\s*+>)"
    r"|\[(?=\s*+(?:/\s*+)?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\s*+\])"
    r"|<(?=<\s*+(?:/\s*+)?SYS\s*+>>)",
    re.IGNORECASE,
)
"""Where a token begins that a chat template could take for the end of the user's turn.

Repetitions give nothing back: a response of blanks may not hold up the loop that all rows live in.
"""
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]"  # one chooses the form of a sign, a row of them is a text
)
"""Characters that a person does not see and a model reads; not the joiners, which scripts and emoji need."""
_BLANKS = frozenset("\u2800\u3164\u115f\u1160\uffa0")
"""Letters and signs without ink."""
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """The text with nothing in it that acts: hidden characters written out, template tokens split by a space.

    Nothing is left out, and what a person reads stays as it was.
    """
    text = text.encode("utf-8", "replace").decode()  # an unpaired surrogate has no form on the wire
    text = _HIDDEN.sub(lambda found: f"\\u{{{ord(found.group()):x}}}", text.replace("\r\n", "\n"))
    text = _CONTROLS.sub(lambda found: f"\\u{{{ord(found.group()):x}}}", text.replace("\r", "\n"))
    return _CONTROL.sub(lambda found: found.group() + " ", text)


def is_blank(text: str) -> bool:
    """Whether there is nothing to read: white space, and characters that nobody sees."""
    return not any(unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANKS for letter in text)


@dataclass(frozen=True)
class Quoted:
    """A text between its marks."""

    text: str
    """As it stands between them."""
    block: str
    """With them, ready to be sent."""
    left_out: int = 0
    """Characters of its middle that were too many."""


def mark_of(row_id: str, response: str, others: tuple[str, ...]) -> str:
    """Digits that mark where data begins and ends, the same for the same record.

    Whoever wrote the response would have had to know a hash of all of it while writing; that it does not occur in any
    of the texts is made sure of nevertheless.
    """
    trial, sound = 0, response.encode("utf-8", "replace").decode()
    while True:
        mark = digest(["judge mark", row_id, sound, trial], _MARK_DIGITS)
        if not any(mark in text for text in (sound, *others)):
            return mark
        trial += 1


def quote(name: str, text: str, mark: str, max_chars: int) -> Quoted:
    """A text as data.

    Args:
        name: What it is, for the judge.
        text: As somebody wrote it.
        mark: As ``mark_of`` gives it.
        max_chars: A longer one loses its middle: an answer's beginning and end say most.
    """
    sound = plain(text.strip())
    left_out = max(0, len(sound) - max_chars)
    if left_out:
        head, tail = sound[: max_chars // 2], sound[-(max_chars - max_chars // 2) :]
        sound = f"{head}\n<<{mark} {left_out} characters were left out here for their number>>\n{tail}"
    return Quoted(sound, f"<<{mark} {name} begins>>\n{sound}\n<<{mark} {name} ends>>", left_out)
