"""Where a response's thinking ends and its answer begins; shared by all verifiers, no reading of answers here."""

from __future__ import annotations

_OPEN = "<think>"
_CLOSE = "</think>"


def after_thinking(response: str | None) -> str:
    """What a response says after its thinking.

    Chat templates often put the opening tag into the prompt, so a closing tag alone ends a thinking too. A thinking
    that was opened and never closed was cut off: nothing after it is an answer.

    Args:
        response: The model's whole text, with or without thinking; ``None`` counts as empty.

    Returns:
        The text after the last ``</think>``; the empty text where a thinking is still open.
    """
    answer = (response or "").rpartition(_CLOSE)[2]
    return "" if _OPEN in answer else answer
