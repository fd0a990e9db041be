"""What a comparison comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """That two answers are equal or not, and the rule that says so."""

    equal: bool
    rule: str
