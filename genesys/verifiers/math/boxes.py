r"""Finds ``\boxed{...}`` in a text, braces balanced; what a box holds is read elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesys.verifiers.math.text import canonical

# A lone "boxed{" is what a lost backslash leaves; the whole is one token, so that a text is read once.
_TOKEN = re.compile(
    r"(?:\\{1,4}(?:boxed|fbox|framebox)(?![A-Za-z])|(?<![A-Za-z\\])boxed(?=\{))\s*"
    r"(?P<rest>\{|-?\d[\d.,/]*|[A-Za-z](?![A-Za-z])|\\(?:[dt]?frac|sqrt|text\w*|math\w+|pi|infty)(?![A-Za-z]))?"
    r"|\\.|[{}]",
    re.DOTALL,
)
_COMMAND_LENGTH = 6  # of the frame and backslashes before "box"
_GROUPS = re.compile(r"(?:\{[^{}]{0,200}\}){1,2}|\d\d")
_MAX_CONTENT = 5000
_MAX_OPEN = 3  # of boxes that are never closed, since only the last can be an answer
_LINE_END = re.compile(r"\n|\$|\\[\])]|\Z")
_CONNECTIVE = re.compile(r"[,;]|(?<![A-Za-z])(?:and|or)(?![A-Za-z])")
_WORD = re.compile(r"(?<!\\)[A-Za-z]+")
_LINKING_VERB = re.compile(
    r"=|\b(?:is|are|so|then|thus|hence|therefore|gives?|equals?|means|not|but|equivalently|namely)\b|[.?!]\s",
    re.IGNORECASE,
)
# The "y =" of "x = ... and y = ...", also "x_2 =", "AB =", "f(2) =".
_NAME_OF_NEXT = re.compile(r"(?:\\[A-Za-z]{1,12}\s?)?[A-Za-z]{1,3}(?:_\{?\w{1,3}\}?)?'?(?:\([^()]{1,12}\))?\s?=\s?\Z")
_MAX_GAP = 40
_MAX_GAP_WORDS = 5


@dataclass(frozen=True, slots=True)
class Box:
    """One box: where it stands, what it holds, and whether its brace was closed."""

    start: int
    end: int
    content: str
    closed: bool


@dataclass(frozen=True, slots=True)
class BoxedAnswer:
    """The answer in the last box or boxes.

    Attributes:
        text: The content, several joined by commas; empty where the box holds nothing that can be read.
        start: Where the first of these boxes begins.
        end: Where the last of them ends.
        single: Whether it is one box, which a unit may follow.
    """

    text: str
    start: int
    end: int
    single: bool


def find_boxes(text: str) -> list[Box]:
    """All boxes that do not stand inside another closed one, in order; the text is read once, whatever it holds."""
    mention = text.find("box")
    if mention < 0:
        return []
    found: list[Box] = []
    open_braces: list[re.Match[str] | None] = []  # a box's opening, or None for a brace that opens none
    for token in _TOKEN.finditer(text, max(0, mention - _COMMAND_LENGTH)):
        if token["rest"] == "{":
            open_braces.append(token)
        elif token["rest"]:
            found.append(_bare_box(text, token))
        elif token.group() == "{":
            open_braces.append(None)
        elif token.group() == "}" and open_braces:
            opening = open_braces.pop()
            if opening is not None and token.start() - opening.end() <= _MAX_CONTENT:
                box = Box(opening.start(), token.end(), text[opening.end() : token.start()], True)
                while found and found[-1].start > box.start:
                    found.pop()  # a box within this one
                found.append(box)
    unclosed = [opening for opening in open_braces if opening is not None]
    found += [_open_box(text, opening) for opening in unclosed[-_MAX_OPEN:]]
    return sorted(found, key=lambda box: box.start)


def _bare_box(text: str, token: re.Match[str]) -> Box:
    r"""A box without braces holds one word, number or command: ``\boxed 5``, ``\boxed\frac{1}{2}``."""
    content, end = token["rest"], token.end()
    if content.startswith("\\"):
        groups = _GROUPS.match(text, end)
        content += groups.group() if groups else ""
        end = groups.end() if groups else end
    return Box(token.start(), end, content.rstrip(".,/"), True)


def _open_box(text: str, opening: re.Match[str]) -> Box:
    """A box that is never closed ends with its line or formula."""
    line_end = _LINE_END.search(text, opening.end(), opening.end() + _MAX_CONTENT)
    end = line_end.start() if line_end else min(len(text), opening.end() + _MAX_CONTENT)
    return Box(opening.start(), end, text[opening.end() : end], False)


def boxed_answer(text: str, *, cut_off: bool) -> BoxedAnswer | None:
    """The last box, or the last boxes where several are joined into one answer.

    A box left open at the very end is read only where it cannot be the beginning of a longer answer: not when the text
    was cut off, and not when it ends in the middle of a number or word.

    Args:
        text: The response after its thinking.
        cut_off: Whether the model was stopped at its token limit.

    Returns:
        The answer, empty where it cannot be read; ``None`` where there is no box at all.
    """
    boxes = find_boxes(text)
    if not boxes:
        return None
    while boxes and not boxes[-1].content.strip():
        boxes.pop()
    if not boxes or _is_half(boxes[-1], text, cut_off):
        return BoxedAnswer("", 0, 0, True)  # the answer on its way is lost; what stands before is not the answer
    run = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        if not box.closed or not box.content.strip() or not _joined(text[box.end : run[-1].start]):
            break
        run.append(box)
    run.reverse()
    last = boxes[-1]
    if len(run) == 1 or len({canonical(box.content) for box in run}) == 1:  # one answer given twice
        return BoxedAnswer(last.content.strip(), last.start, last.end, last.closed)
    return BoxedAnswer(", ".join(box.content.strip() for box in run), run[0].start, last.end, False)


def _is_half(box: Box, text: str, cut_off: bool) -> bool:
    """Whether the text ends within this box and more may have been meant to follow."""
    ends_text = not box.closed and not text[box.end :].strip()
    return ends_text and (cut_off or box.content.strip()[-1] not in ")]}")


def _joined(gap: str) -> bool:
    """Whether two boxes make one list, by what stands between them.

    That is a comma or "and", with at most the name of what was counted; or blanks alone, within one line.
    """
    gap = _NAME_OF_NEXT.sub("", gap) if len(gap) <= 2 * _MAX_GAP else gap
    if len(gap) > _MAX_GAP or _LINKING_VERB.search(gap):
        return False
    if _CONNECTIVE.search(gap):
        return len(_WORD.findall(gap)) <= _MAX_GAP_WORDS
    return "\n" not in gap and not re.sub(r"[\s$]|\\[()\[\] ,]|\\q?quad", "", gap)
