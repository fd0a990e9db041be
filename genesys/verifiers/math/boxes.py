r"""Finds ``\boxed{...}`` in a text, braces balanced; what a box holds is read elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesys.verifiers.math.text import canonical

_OPENING = re.compile(r"\\(?:boxed|fbox)\s*(\{|[0-9A-Za-z.]+)")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_MAX_CONTENT = 5000
_LINE_END = re.compile(r"\n|\$|\\[\])]|\Z")
_CONNECTIVE = re.compile(r"[,;]|(?<![A-Za-z])(?:and|or)(?![A-Za-z])")
_WORD = re.compile(r"(?<!\\)[A-Za-z]+")
_LINKING_VERB = re.compile(
    r"=|\b(?:is|are|so|then|thus|hence|therefore|gives?|equals?|means|not|but)\b|[.?!]\s", re.IGNORECASE
)
_NAME_OF_NEXT = re.compile(r"[A-Za-z](?:_\{?\w\}?)?\s*=\s*\Z")  # the "y =" of "x = ... and y = ..."
_MAX_GAP = 40
_MAX_GAP_WORDS = 5


@dataclass(frozen=True, slots=True)
class Box:
    """One box: where it stands, what it holds, and whether its brace was closed."""

    start: int
    end: int
    content: str
    closed: bool


def find_boxes(text: str) -> list[Box]:
    """All boxes that do not stand inside another one, in order."""
    boxes: list[Box] = []
    position = 0
    while match := _OPENING.search(text, position):
        if match.group(1) != "{":
            box = Box(match.start(), match.end(), match.group(1), True)
        else:
            box = _braced_box(text, match)
        boxes.append(box)
        position = max(box.end, match.end())
    return boxes


def _braced_box(text: str, opening: re.Match[str]) -> Box:
    """The box up to its closing brace; one that is never closed ends with its line or formula."""
    depth = 1
    for brace in _BRACE.finditer(text, opening.end(), opening.end() + _MAX_CONTENT):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return Box(opening.start(), brace.end(), text[opening.end() : brace.start()], True)
    line_end = _LINE_END.search(text, opening.end())
    end = line_end.start() if line_end else len(text)
    return Box(opening.start(), end, text[opening.end() : end], False)


def boxed_answer(text: str, *, cut_off: bool) -> str | None:
    """The last box, or the last boxes where several are joined into one answer.

    A box left open at the very end is read only where it cannot be the beginning of a longer answer: not when the text
    was cut off, and not when it ends in the middle of a number or word.

    Args:
        text: The response after its thinking.
        cut_off: Whether the model was stopped at its token limit.

    Returns:
        The content, several joined by commas; empty where the box holds nothing that can be read; ``None`` where there
        is no box at all.
    """
    boxes = find_boxes(text)
    if not boxes:
        return None
    while boxes and not boxes[-1].content.strip():
        boxes.pop()
    if not boxes or _is_half(boxes[-1], text, cut_off):
        return ""  # the answer that was on its way is lost, and what stands before it is not the answer
    run = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        if not box.closed or not box.content.strip() or not _joined(text[box.end : run[0].start]):
            break
        run.insert(0, box)
    contents = dict.fromkeys(canonical(box.content) for box in run)
    if len(contents) == 1:  # one answer given twice
        return boxes[-1].content.strip()
    return ", ".join(box.content.strip() for box in run)


def _is_half(box: Box, text: str, cut_off: bool) -> bool:
    """Whether the text ends within this box and more may have been meant to follow."""
    ends_text = not box.closed and not text[box.end :].strip()
    return ends_text and (cut_off or box.content.strip()[-1] not in ")]}")


def _joined(gap: str) -> bool:
    """Whether two boxes make one list, by what stands between them.

    That is a comma or "and", with at most the name of what was counted; or blanks alone, within one line.
    """
    gap = _NAME_OF_NEXT.sub("", gap)
    if len(gap) > _MAX_GAP or _LINKING_VERB.search(gap):
        return False
    if _CONNECTIVE.search(gap):
        return len(_WORD.findall(gap)) <= _MAX_GAP_WORDS
    return "\n" not in gap and not re.sub(r"[\s$]|\\[()\[\] ,]|\\q?quad", "", gap)
