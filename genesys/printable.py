"""Text of others made fit for a terminal: what a response or a record holds may not steer the reader's screen."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls of terminals (C0 without tab and line feed, C1) and of the direction of writing."""


def printable(text: str) -> str:
    r"""The text with each control character written out as ``\u001b``, which JSON takes for the same."""
    return _STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
