"""Markdown of a card: what comes from data stands in it as plain text on one line, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from genesys.printable import printable

_LONGEST = 160
_MARKS = re.compile(r"([\\`*_{}\[\]<>|~$#&!@])")
_SCHEME = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


class Markdown(str):
    """Text that is Markdown already, ours or the user's own; anything else is escaped before it stands in a card."""

    __slots__ = ()


def plain(value: Any, longest: int = _LONGEST) -> str:
    """A value as text that Markdown and HTML leave as it is: one line, no markup, no link made of it by itself."""
    text = " ".join(printable(str(value)).split())
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return _SCHEME.sub(r"\1\\\2", _MARKS.sub(r"\\\1", text))


def code(value: Any, longest: int = _LONGEST) -> Markdown:
    """A name or a hash set as code; in a table, too."""
    text = " ".join(printable(str(value)).split()).replace("`", "'").replace("|", "\\|")
    return Markdown(f"`{text[:longest]}`") if text else Markdown("")


def link(text: str, address: str) -> Markdown:
    """A link to a page of ours or of a known source."""
    return Markdown(f"[{plain(text)}]({address})")


def finalized(value: Any) -> str:
    """What a template's expression becomes: numbers with their thousands apart, text as plain text."""
    if isinstance(value, Markdown):
        return str(value)
    if isinstance(value, bool) or value is None:
        return "" if value is None else "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return share(value)
    return plain(value)


def share(value: float) -> str:
    """A share as percent."""
    return f"{value:.1%}"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], most: int = 40) -> Markdown:
    """A table with numbers to the right; of very many rows the first ones, and how many are left out."""
    lines, kinds, left_out = [], [False] * len(header), 0
    for number, row in enumerate(rows):
        if number >= most:
            left_out += 1
            continue
        lines.append("| " + " | ".join(finalized(value) or " " for value in row) + " |")
        kinds = [kind or isinstance(value, int | float) for kind, value in zip(kinds, row, strict=True)]
    if not lines:
        return Markdown("")
    head = "| " + " | ".join(header) + " |"
    rule = "|" + "|".join(" ---: " if kind else " --- " for kind in kinds) + "|"
    more = [f"\n({left_out:,} more)"] if left_out else []
    return Markdown("\n".join([head, rule, *lines, *more]))
