"""How hard a task is thought to be before anybody has tried it: from depth, input and function.

    predicted = depth + log2(1 + input characters / 16) + log2(1 + tokens of the function / 64)

Each round of evolution counts as much as an input that is twice as long, or a function that is twice as long: whoever
works an output out by hand does each step for each character. It begins near 1 and seldom passes 12. What it is worth
is seen in the plot beside a partition's verdicts, of solve rate against this number; it stands for no teacher.
"""

from __future__ import annotations

import math

EASY, HARD = 4.0, 7.0
"""Below the one a task is called easy, from the other on hard."""


def predicted(depth: int, input_chars: int, tokens: int) -> float:
    """The number above, to two places."""
    return round(depth + math.log2(1 + input_chars / 16) + math.log2(1 + tokens / 64), 2)


def level(value: float) -> str:
    """The number in a word."""
    return "easy" if value < EASY else "medium" if value < HARD else "hard"
