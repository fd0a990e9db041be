"""Where a response's thinking ends and its answer begins; shared by all verifiers, no reading of answers here."""

from __future__ import annotations

import re

# <think> is what most models write; the others are in use too, or are what a model writes that was not taught to.
_NAME = r"(?:think(?:ing)?|thoughts?|reasoning|reflection)"
_OPEN = re.compile(rf"<\s{{0,3}}{_NAME}\s{{0,3}}>|\[THINK\]|◁think▷", re.IGNORECASE)
_CLOSE = re.compile(rf"<\s{{0,3}}/\s{{0,3}}{_NAME}\s{{0,3}}>|\[/THINK\]|◁/think▷", re.IGNORECASE)


def after_thinking(response: str | None) -> str:
    """What a response says after its thinking.

    Chat templates often put the opening tag into the prompt, so a closing tag alone ends a thinking too. A thinking
    that was opened and never closed was cut off: nothing after it is an answer.

    Args:
        response: The model's whole text, with or without thinking; ``None`` counts as empty.

    Returns:
        The text after the last closing tag; the empty text where a thinking is still open.
    """
    text = response or ""
    end = 0
    for close in _CLOSE.finditer(text):
        end = close.end()
    return "" if _OPEN.search(text, end) else text[end:]
