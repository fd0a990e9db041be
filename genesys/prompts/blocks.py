"""The fenced block in what a model wrote: programs and long texts, which come to harm inside JSON strings."""

from __future__ import annotations

import re

_OPENING = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<label>[^\s`]*)[^\n`]*\n", re.MULTILINE)
_CLOSINGS = {mark: re.compile(rf"^[ \t]*(?P<fence>{mark}{{3,}})[ \t]*$", re.MULTILINE) for mark in "`~"}


def last_block(text: str) -> tuple[str, str] | None:
    """The last fenced block that is not labelled as JSON, and the text without it; None where there is none.

    A fence that is not closed is none: an answer that was cut off is to be asked for again.
    """
    found: tuple[re.Match[str], re.Match[str]] | None = None
    place = 0
    while (opening := _OPENING.search(text, place)) is not None:
        end = _CLOSINGS[opening["fence"][0]].search(text, opening.end())
        while end is not None and len(end["fence"]) < len(opening["fence"]):
            end = _CLOSINGS[opening["fence"][0]].search(text, end.end())
        if end is None:
            break
        if opening["label"].lower() != "json":
            found = opening, end
        place = end.end()
    if found is None:
        return None
    opening, closing = found
    return text[opening.end() : closing.start()], text[: opening.start()] + text[closing.end() :]
