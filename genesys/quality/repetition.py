"""Whether a text goes round in a loop: the same words over and over until something stops them.

A loop is a piece of text that stands several times without a gap, also where a counter in it goes on. Enumerations
are none: lists of sums, tables and lines of code differ in more than one number, or hold few words. Besides loops, one
sentence may stand everywhere between others. All of it is linear, whatever the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_ALL_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_PROBE = 24
"""Bytes that are looked for further on; what is found at a distance is tried as a loop of this length."""
_SEARCHES = ((200, 2_000), (4_000, 24_000))
"""Each so many bytes it is looked so many bytes ahead: short loops are looked for often, long ones seldom."""
_SHORTEST_LOOP = 320
"""Bytes; two hundred steps of search have to find a place in it."""
_SIGNS = 2_000
"""Bytes of a loop of rules, digits, or cells with hardly a word in them."""
_WORDS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(rb"\d+")
_LOOKED_AT = 200
"""Rounds of a loop of which the numbers are compared."""
_OFTEN, _SHARE, _LONG_SENTENCE = 20, 0.2, 40
"""So often a sentence of so many bytes has to stand somewhere, and make up so much of the text."""


@dataclass(frozen=True)
class Loop:
    """What is said again and again.

    Args:
        times: How often.
        length: Bytes of one round.
        start: Its first byte in the text as UTF-8.
        end: After its last.
    """

    times: int
    length: int
    start: int
    end: int

    def __str__(self) -> str:
        """For people; no words of the text, which may hold what nobody is to read."""
        return f"{self.length} bytes {self.times} times"


Places = Callable[[], list[tuple[int, int]]]


def find_loop(data: bytes, code: Places) -> Loop | None:
    """The first loop of a text.

    Args:
        data: The text as UTF-8.
        code: Gives the places of its code: similar lines are usual there, so that only what is wholly the same counts.
    """
    if len(data) < _SHORTEST_LOOP:
        return None
    alike = data.translate(_ALL_DIGITS_ALIKE)
    for step, ahead in _SEARCHES:
        at = 0
        while at + 2 * _PROBE < len(alike):
            loop = _round_at(alike, at, ahead, step)
            if loop is not None and _counts(data, loop, code):
                return loop
            at = max(at + step, loop.end - _PROBE if loop else 0)
    return None


def repeated_sentence(data: bytes) -> str | None:
    """How often a sentence stands that makes up much of a text; None if there is no such sentence."""
    if len(data) < _OFTEN * _LONG_SENTENCE:
        return None
    sentences = Counter(data.replace(b"\n", b". ").split(b". "))
    for sentence, times in sentences.most_common(3):
        is_long = len(sentence) >= _LONG_SENTENCE and times * len(sentence) >= _SHARE * len(data)
        if times >= _OFTEN and is_long and _words(sentence) >= 6:
            return f"one sentence {times} times"
    return None


def _round_at(alike: bytes, at: int, ahead: int, back: int) -> Loop | None:
    """The loop that the bytes at a place are part of; a candidate has three rounds at least."""
    found = alike.find(alike[at : at + _PROBE], at + 1, at + ahead)
    if found < 0:
        return None
    period = found - at
    if alike[at : at + 2 * period] != alike[found : found + 2 * period] or found + 2 * period > len(alike):
        return None
    end = found + _same(alike, at, found)
    start = at
    while start > 0 and at - start < max(period, back) and alike[start - 1] == alike[start - 1 + period]:
        start -= 1
    return Loop((end - start) // period, period, start, end)


def _same(data: bytes, left: int, right: int) -> int:
    """How many bytes from two places on are the same."""
    size, same = 1_024, 0
    while size:
        one, other = data[left + same : left + same + size], data[right + same : right + same + size]
        if other and one[: len(other)] == other:
            same += len(other)
            size = size * 2 if len(other) == size else size // 2
        else:
            size //= 2
    return same


def _counts(data: bytes, loop: Loop, code: Places) -> bool:
    """Whether it is long enough, and says nothing new each time."""
    one_round = data[loop.start : loop.start + loop.length]
    letters = sum(map(len, _WORDS.findall(one_round.decode("utf-8", "replace"))))
    whole = loop.end - loop.start
    if data[loop.start : loop.end - loop.length] == data[loop.start + loop.length : loop.end]:
        if letters < 3 or letters * 4 < loop.length or len(set(one_round)) < 3:
            return whole >= _SIGNS
        enough = _needed(loop.length)
        return whole >= _SHORTEST_LOOP and loop.times >= enough * (2 if _is_within(loop, code()) else 1)
    return letters >= 40 and loop.times >= 8 and _only_counts(data, loop) and not _is_within(loop, code())


def _is_within(loop: Loop, places: list[tuple[int, int]]) -> bool:
    return any(start <= loop.start < end for start, end in places)


def _needed(length: int) -> int:
    """How often something has to be said: long pieces are not said thrice by chance."""
    return 4 if length >= 300 else 6 if length >= 60 else 10


def _only_counts(data: bytes, loop: Loop) -> bool:
    """Whether in all rounds at most one number changes, and that by the same step."""
    start = loop.start
    while start < loop.end and data[start : start + 1].isdigit():
        start += 1
    rounds = [
        [int(number[:18]) for number in _NUMBER.findall(data, at, at + loop.length)]
        for at in range(start, min(loop.end - loop.length, start + _LOOKED_AT * loop.length), loop.length)
    ]
    if len({len(numbers) for numbers in rounds}) != 1:
        return False
    changing = [column for column in zip(*rounds, strict=True) if len(set(column)) > 1]
    return len(changing) <= 1 and all(
        len({after - before for before, after in zip(column, column[1:], strict=False)}) == 1 for column in changing
    )


def _words(sentence: bytes) -> int:
    return len(_WORDS.findall(sentence.decode("utf-8", "replace")))
