"""Cutting a text at separators that stand outside all brackets; what the pieces mean is read elsewhere."""

from __future__ import annotations

import functools
import re

_BRACKET = r"\\begin\{[a-z]+\*?\}|\\end\{[a-z]+\*?\}|\\langle|\\rangle|\\[{}]|\\[A-Za-z]+|\\.|[()\[\]{}]"
_OPENING = frozenset(("(", "[", "{", r"\{", r"\langle"))
_CLOSING = frozenset((")", "]", "}", r"\}", r"\rangle"))


@functools.cache
def _pattern(separator: str) -> re.Pattern[str]:
    return re.compile(f"(?P<separator>{separator})|{_BRACKET}", re.DOTALL)


def cut(text: str, separator: str) -> list[str] | None:
    """The pieces between separators outside brackets, stripped, empty ones too; None where brackets do not close.

    Args:
        text: Clean LaTeX.
        separator: A regular expression without groups.
    """
    pieces: list[str] = []
    depth = start = 0
    for match in _pattern(separator).finditer(text):
        sign = match.group()
        if match["separator"] is not None and depth == 0:
            pieces.append(text[start : match.start()].strip())
            start = match.end()
        elif sign in _OPENING or sign.startswith(r"\begin"):
            depth += 1
        elif sign in _CLOSING or sign.startswith(r"\end"):
            depth -= 1
            if depth < 0:
                return None
    if depth:
        return None
    pieces.append(text[start:].strip())
    return pieces


def inside(text: str, opening: str, closing: str) -> str | None:
    """What stands between an opening at the very start and its closing at the very end; None where they are no pair."""
    if not text.startswith(opening) or not text.endswith(closing) or len(text) < len(opening) + len(closing):
        return None
    inner = text[len(opening) : len(text) - len(closing)]
    return inner if cut(inner, "(?!)") is not None else None
