"""Synthetic prompts and responses of a stated distribution. What is planted among them stands in ``lanes``.

Words are drawn from 20,000 by Zipf's law, lengths are log-normal. An edit replaces one word in twenty-five, removes and
inserts one in a hundred, and moves a sentence; the numbers stay.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

SENTENCE = 12
"""Words."""
WORDS = 20_000
PROMPT, PROMPT_SPREAD = 55, 0.5
"""Median number of words, and sigma of its logarithm."""
SPREAD = 0.7
"""The same of responses, whose median is an option."""
BYTES_A_WORD = 6.6

Words = list[str]


@lru_cache(1)
def _vocabulary() -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words: dict[str, None] = {}
    while len(words) < WORDS:
        words["".join(rng.choice(letters, rng.integers(2, 10)))] = None
    weights = 1 / (np.arange(WORDS) + 10.0)
    return np.array(list(words), dtype=object), np.cumsum(weights / weights.sum())


def drawn(rng: np.random.Generator, count: int) -> Words:
    """So many words."""
    words, below = _vocabulary()
    return list(words[np.searchsorted(below, rng.random(count), side="right").clip(max=WORDS - 1)])


def length(rng: np.random.Generator, median: float, spread: float, most: int = 20_000) -> int:
    """A number of words."""
    return int(np.clip(rng.lognormal(np.log(median), spread), 8, most))


def prompt_words(seed: int, number: int) -> Words:
    """The words of a problem, three numbers among them."""
    rng = np.random.default_rng([seed, 1, number])
    words = drawn(rng, length(rng, PROMPT, PROMPT_SPREAD, 400))
    for place in np.linspace(1, len(words) - 2, 3).astype(int):
        words[place] = str(rng.integers(12, 99_999))
    return words


def other_number(words: Words) -> Words:
    """The same problem with one number changed: another problem."""
    place = max(at for at, word in enumerate(words) if word.isdigit())
    return [*words[:place], str(int(words[place]) + 1), *words[place + 1 :]]


def edited(rng: np.random.Generator, words: Words) -> Words:
    """The same said a little differently; numbers stay as they are."""
    dice = rng.random(len(words))
    fresh = iter(drawn(rng, len(words)))
    made: Words = []
    for word, die in zip(words, dice, strict=True):
        if word.isdigit() or die >= 0.06:
            made.append(word)
        elif die < 0.04:
            made.append(next(fresh))
        elif die < 0.05:
            made += [word, next(fresh)]
    start = int(rng.integers(0, max(1, len(made) - SENTENCE)))
    moved, rest = made[start : start + SENTENCE], made[:start] + made[start + SENTENCE :]
    place = int(rng.integers(0, len(rest) + 1))
    return rest[:place] + moved + rest[place:]


def response_words(rng: np.random.Generator, median: float) -> Words:
    """The words of a response, with numbers."""
    words = drawn(rng, length(rng, median, SPREAD))
    for place in range(5, len(words), 29):
        words[place] = str(rng.integers(0, 9_999))
    return words


def sentences(words: Words) -> str:
    """Words as prose."""
    parts = [" ".join(words[start : start + SENTENCE]) for start in range(0, len(words), SENTENCE)]
    return ". ".join(parts) + "."
