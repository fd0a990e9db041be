"""What a rewritten statement must not be: empty, about Python still, with other numbers, or with a solution in it.

Rules alone decide here. They are cheap and see what a careless curator does most: it leaves something out, or helps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from genesys.curation.common.leaks import leaked
from genesys.outcomes import Outcome, rejected

EMPTY = "rewritten statement is empty"
STILL_PYTHON = "rewritten statement speaks of Python"
OTHER_NUMBERS = "rewritten statement has other numbers"
LEAKS = "rewritten statement holds the solution"

_PYTHON = re.compile(r"\bPython\b|^\s*def \w+\(.*\).*:\s*$|^\s*>>> ", re.MULTILINE)  # a python is a snake
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ABOUT_PYTHON = re.compile(r"\bpython\s*\d*(?:\.\d+)*", re.IGNORECASE)
_HEAD = re.compile(
    r"\s*(?:def |class |function |(?:pub )?fn |#include|use |using |import |from |\}|[\w:<>, ]+ \w+\([^;]*\{$)"
)
"""Lines that a statement may show: the head of the function, and what every program has."""
_RETURN = re.compile(r"^\s*return\b|;\s*$")
_SHORTEST_LINE = 16
"""Characters of a line of a program, without white space, below which it may stand in a statement by chance."""


def wrong_with(before: str, after: str, programs: Sequence[str], head: str = "") -> Outcome | None:
    """Why a rewritten statement cannot be used, or None.

    Args:
        before: The statement for Python.
        after: As it was rewritten.
        programs: Golds, in whatever language.
        head: Of the function, which everybody is shown.
    """
    if not after.strip():
        return rejected(EMPTY)
    if (match := _PYTHON.search(after)) is not None:
        return rejected(STILL_PYTHON, match[0].strip())
    lost = Counter(_numbers(before)) - Counter(_numbers(after))
    if lost:
        return rejected(OTHER_NUMBERS, f"{', '.join(sorted(lost)[:5])}: there before, and not after")
    for program in programs:
        if (found := _line(before, after, program) or leaked(after, program, f"{before}\n{head}")) is not None:
            return rejected(LEAKS, found)
    return None


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(_ABOUT_PYTHON.sub(" ", text))


def _line(before: str, after: str, program: str) -> str | None:
    """A line of a program that the statement holds now and did not hold before, whatever white space is in it.

    One line may be the whole idea, and is too short for a comparison of words in a row.
    """
    bare_before, bare_after = _bare(before), _bare(after)
    for line in program.splitlines():
        bare = _bare(_RETURN.sub("", line))
        is_said = len(bare) >= _SHORTEST_LINE and not _HEAD.match(line)
        if is_said and bare in bare_after and bare not in bare_before:
            return f"holds the line {line.strip()!r}"
    return None


def _bare(text: str) -> str:
    return "".join(text.split())
