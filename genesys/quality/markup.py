"""Markdown and formulas of an answer: where its code stands, and what was opened and never closed.

No whole reader of Markdown: it would take longer than everything else that is told of a text, and what matters here
shows in a few marks.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t>*+-]{0,40}(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)$", re.MULTILINE)
_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)[^`\n]{1,400}\1(?!`)")
_MATH = re.compile(r"(?<!\\)(?:\\\\)*(\\[\[\]()])")
_DISPLAYED = re.compile(r"^[ \t>*+-]{0,20}\$\$|\$\$[ \t]{0,20}$", re.MULTILINE)
_SIDE_BY_SIDE = re.compile(r"[\w,;})]\$\$[\w\\{(]")
"""The end of one formula and the beginning of the next: ``$x,$$y$``."""
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([A-Za-z]{1,20}\*?)\}")
_DELIMITERS = re.compile(r"^[ \t]{0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$", re.MULTILINE)
_CLOSES = {r"\)": r"\(", r"\]": r"\["}
_FARTHEST = 20_000
"""Characters after ``\\boxed{`` in which it has to close."""


@dataclass(frozen=True)
class Code:
    """Where a text has its code blocks.

    Args:
        places: Beginning and end of each, in order.
        is_open: Whether the last one never ends.
    """

    places: tuple[tuple[int, int], ...] = ()
    is_open: bool = False


def code_of(text: str) -> Code:
    """The code blocks of a text. Only a mark as long as the first one, with nothing behind it, ends a block."""
    if "```" not in text and "~~~" not in text:
        return Code()
    places: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for fence in _FENCE.finditer(text):
        mark, rest = fence["mark"], fence["rest"]
        if opened is None:
            if "`" not in rest:  # else code within a line
                opened = mark, fence.start()
        elif mark[0] == opened[0][0] and len(mark) >= len(opened[0]) and not rest.strip():
            places.append((opened[1], fence.end()))
            opened = None
    if opened is not None:
        places.append((opened[1], len(text)))
    return Code(tuple(places), opened is not None)


def without_code(text: str, code: Code) -> str:
    """What stands outside of code blocks, and of code within lines."""
    parts, at = [], 0
    for start, end in code.places:
        parts.append(text[at:start])
        at = end
    prose = "\n".join([*parts, text[at:]]) if parts else text
    return _INLINE.sub(" ", prose) if "`" in prose else prose


def open_formula(prose: str) -> str | None:
    r"""What was opened and not closed, or the other way round: ``$$``, ``\[``, ``\(``, ``\boxed{``, an environment."""
    if "$$" in prose or "\\" in prose:
        return _open_mark(prose) or _open_environment(prose) or _open_box(prose)
    return None


def _open_mark(prose: str) -> str | None:
    opened = ""
    for mark in _MATH.findall(prose) if "\\" in prose else ():
        if mark in _CLOSES:
            if opened != _CLOSES[mark]:
                return f"{mark} without {_CLOSES[mark]}"
            opened = ""
        elif opened:
            return f"{opened} is not closed"
        else:
            opened = mark
    if opened:
        return f"{opened} is not closed"
    if prose.count("$$") % 2 and _DISPLAYED.search(prose) and not _SIDE_BY_SIDE.search(prose):
        return "$$ is not closed"
    return None


def _open_environment(prose: str) -> str | None:
    if r"\begin{" not in prose and r"\end{" not in prose:
        return None
    balance: Counter[str] = Counter()
    for which, name in _ENVIRONMENT.findall(prose):
        balance[name] += 1 if which == "begin" else -1
    wrong = next((name for name, left in balance.items() if left), None)
    return None if wrong is None else rf"\begin{{{wrong}}} and \end{{{wrong}}} are not as many"


def _open_box(prose: str) -> str | None:
    start = prose.rfind(r"\boxed{")
    if start < 0:
        return None
    depth = 0
    for brace in re.finditer(r"(?<!\\)[{}]", prose[start : start + _FARTHEST]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return None
    return r"\boxed{ is not closed" if len(prose) - start <= _FARTHEST else None


def broken_table(prose: str) -> bool:
    """Whether a row of dashes under a heading has another number of cells, so that it shows as text."""
    if "|" not in prose or "-" not in prose:
        return False
    for row in _DELIMITERS.finditer(prose):
        if "|" not in row[0] or row.start() == 0:
            continue
        head = prose[prose.rfind("\n", 0, row.start() - 1) + 1 : row.start() - 1]
        if "|" in head and _cells(head) != _cells(row[0]):
            return True
    return False


def _cells(row: str) -> int:
    inner = row.strip().replace(r"\|", "")
    return inner.removeprefix("|").removesuffix("|").count("|") + 1
