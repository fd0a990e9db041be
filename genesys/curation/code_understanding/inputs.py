"""Inputs of functions: random strings of several alphabets and pieces of a news text, with lengths by design."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

INPUTS = 12
"""Inputs that a function is tried on; ``truth`` says which become tasks."""
LENGTHS = ((5, 15), (16, 40), (41, 100), (101, 300))
"""Characters of an input: four ranges, and below the weight of each."""
LENGTH_WEIGHTS = (3, 4, 2, 1)
NEWS_SHARE = 0.5
"""Of the inputs of a row that has a news text."""
MOST_NEWS_CHARS = 20_000
"""Of a news text that pieces are cut from."""
PROBES = ("", "  ", "Žluťoučký kůň; 漢字 🙂 (x)\n\tüberall", "0")
"""What each function has to take without failing, besides: no task is made of these."""

_SYLLABLES = "ba ce do fi gu ha ki lo mu ne or pa qui re sa ti um va we xo ya zen ing est al th er"
_SIGNS = ".,;:!?'-+*/=_#@%&"
_ENDS = (".", ",", "!", "?", ";")
_FOREIGN = "äöüßéèñçøåžšłğαβγδλπωжшяиюдк漢字語中文日🙂🚀☕"


@dataclass(frozen=True)
class Input:
    """One input: its text, and from what it was made."""

    text: str
    kind: str


def inputs(rng: random.Random, news: str) -> tuple[Input, ...]:
    """The inputs of a row in a language, all different.

    Args:
        rng: Of the row.
        news: A text to cut pieces from; empty for none.
    """
    found: dict[str, Input] = {}
    flat = readable(news)
    while len(found) < INPUTS:
        low, high = rng.choices(LENGTHS, LENGTH_WEIGHTS)[0]
        piece = _piece(rng, flat, low, high) if flat and rng.random() < NEWS_SHARE else None
        one = Input(piece, "news") if piece else _random(rng, rng.randint(low, high))
        found.setdefault(one.text, one)
    return tuple(found.values())


def readable(news: str) -> str:
    """A news text on one line, its beginning, without what no screen shows."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in news[:MOST_NEWS_CHARS]).split())


def _piece(rng: random.Random, text: str, low: int, high: int) -> str | None:
    """Whole words of a text, from ``low`` to ``high`` characters; None where the place drawn has none."""
    starts = [0, *(place + 1 for place, sign in enumerate(text) if sign == " ")]
    start = rng.choice(starts)
    end = text.rfind(" ", start + low, start + high + 1)
    if end < 0 and low <= len(text) - start <= high:
        end = len(text)
    return text[start:end] if end - start >= low else None


def _random(rng: random.Random, length: int) -> Input:
    kind = rng.choice(tuple(_ALPHABETS))
    made = _ALPHABETS[kind](rng, length)[:length]
    # What stands at the ends is to be seen: white space there is lost on whoever reads.
    made = "".join(("x" if sign.isspace() and place in (0, len(made) - 1) else sign for place, sign in enumerate(made)))
    return Input(made, kind)


def _letters(rng: random.Random, length: int) -> str:
    """Few different letters, so that they repeat."""
    few = rng.sample("abcdefghijklmnopqrstuvwxyz", rng.randint(3, 12))
    return "".join(sign.upper() if rng.random() < 0.25 else sign for sign in rng.choices(few, k=length))


def _words(rng: random.Random, length: int) -> str:
    said: list[str] = []
    while sum(map(len, said)) + len(said) <= length:
        word = "".join(rng.choices(_SYLLABLES.split(), k=rng.randint(1, 4)))
        word = word.capitalize() if rng.random() < 0.3 else word
        said.append(word + (rng.choice(_ENDS) if rng.random() < 0.2 else ""))
    return " ".join(said)


def _digits(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("0123456789 -.", (8,) * 10 + (5, 2, 2), k=length))


def _mixed(rng: random.Random, length: int) -> str:
    alphabet = "abcdeiorstXYZ0123456789 " + "".join(rng.sample(_SIGNS, 5))
    return "".join(rng.choices(alphabet, k=length))


def _brackets(rng: random.Random, length: int) -> str:
    """Brackets that mostly fit, with something in them."""
    made: list[str] = []
    opened: list[str] = []
    while len(made) < length:
        draw = rng.random()
        if draw < 0.2 and len(opened) < 5:
            kind = rng.choice(("()", "[]", "{}"))
            made.append(kind[0])
            opened.append(kind[1])
        elif draw < 0.4 and opened:
            made.append(opened.pop() if rng.random() < 0.9 else rng.choice(")]}"))
        else:
            made.append(rng.choice("abcxyz123 +-"))
    return "".join(made)


def _foreign(rng: random.Random, length: int) -> str:
    """Letters of several scripts between plain words."""
    return "".join(rng.choice(_FOREIGN) if rng.random() < 0.3 else rng.choice("abeimnorstu ABE") for _ in range(length))


_ALPHABETS: dict[str, Callable[[random.Random, int], str]] = {
    "letters": _letters,
    "words": _words,
    "digits": _digits,
    "mixed": _mixed,
    "brackets": _brackets,
    "unicode": _foreign,
}
