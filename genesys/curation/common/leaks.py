"""Does a text that a model wrote give away what it must not: its answer, its gold, the seed it was made from?

By overlap alone, without a model: a long text is given away by words in a row, a short answer by standing there. Only
what is new counts: what stood in the material that the reader is meant to see (``known``) was never hidden. The steps
of all lanes whose prompts rewrite or evolve are made here.

Limits, set on the cases of ``tests/genesys/curation/common/test_leaks.py``: a paraphrase in other words is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from genesys.calls.context import Calls
from genesys.curation.steps import Step
from genesys.outcomes import Outcome, rejected

Draft = TypeVar("Draft")

LEAKS = "gives its answer away"
SHORT = 8
"""Words; what has fewer is a short answer, and looked for as a whole."""
LONGEST_ANSWER = 64
"""Signs of a short answer that are compared: a formula may have few words and many of them."""
RUN = 5
"""Words in a row that are compared; fewer are common to texts that have nothing to do with each other."""
LONGEST_RUN = 16
"""New words in a row that both texts have, from which on it is no chance."""
SHARE = 0.3
"""The share of the hidden text's new runs that the text has, from which on it is told."""
FEWEST_RUNS = 4
"""Runs that must be there for a share to mean something."""
FEWEST_DIFFERENT = 4
"""Different words of a run of ``RUN`` that counts: ``0, 0, 0, 0, 0`` is no quotation."""

_WORD = re.compile(r"[^\W_]+(?:\.\d+)?|_")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[^\w\s]|_")
_NUMBER = re.compile(r"[\d.]+")
_GIVEN = re.compile(
    r"(?:answer|result|solution|output|outcome|value|returns?|returned|prints?|printed|equals?|is|are|be|get|gives?|"
    r"obtain|yields?|namely|boxed|=|:)[\s:=$({\\`'\"]{0,4}$",
    re.IGNORECASE,
)
"""What stands before an answer that is given, where the answer alone could be any digit or word."""
_SAID = re.compile(
    r"(?:answer|result|solution|output)s?(?: to [^.\n]{1,40})?(?: (?:is|are|be|will be|should be|must be|equals)|[:=])"
    r"[\s:=$({\\`'\"]{0,6}$",
    re.IGNORECASE,
)
"""What stands before an answer that is said to be the answer, so that it is one even where it stood before."""
_PLAIN_WORDS = frozenset({"yes", "no", "true", "false", "none", "zero", "one", "two", "three", "four", "five", "ten"})


def leaked(text: str, hidden: str, known: str = "") -> str | None:
    """What a text gives away of another, or None.

    Args:
        text: Written by a model, for the one who is to answer.
        hidden: What the one who answers must not be told: the answer, the gold, the program.
        known: What may be told, since the reader is meant to have it: the problem that was rewritten, the file before.

    Returns:
        For people: what was found.
    """
    words = _words(hidden)
    if len(words) < SHORT:
        return _short(text, hidden, known)
    return _long(_words(text), words, _words(known))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _short(text: str, hidden: str, known: str) -> str | None:
    """A short answer that stands in the text as a whole, and not in what is known, or is said to be the answer."""
    tokens = _TOKEN.findall(hidden.casefold())[:LONGEST_ANSWER]
    if not any(token.isalnum() for token in tokens):
        return None
    # White space may stand or not stand between tokens: "1,000" and "1, 000", "x^2" and "x ^ 2".
    inner = r"\s{0,3}".join(map(re.escape, tokens))
    before = r"(?<![\w.])" if tokens[0][0].isalnum() else ""
    after = r"(?!\w|\.\d|,\d{3})" if tokens[-1][-1].isalnum() else ""
    whole = re.compile(before + inner + after, re.IGNORECASE)
    places = [match.start() for match in whole.finditer(text)]
    if not places:
        return None
    if any(_SAID.search(text, max(place - 80, 0), place) for place in places) and not any(
        _SAID.search(known, max(match.start() - 80, 0), match.start()) for match in whole.finditer(known)
    ):
        return f"says that the answer is {hidden.strip()[:80]!r}"
    if whole.search(known):
        return None
    if _is_weak(tokens) and not any(_GIVEN.search(text, max(place - 24, 0), place) for place in places):
        return None
    return f"holds the answer {hidden.strip()[:80]!r}"


def _is_weak(tokens: list[str]) -> bool:
    """Whether a text may well hold it without meaning the answer: "to 2 decimal places", "two integers n and k"."""
    bare = [token for token in tokens if token.isalnum() or _NUMBER.fullmatch(token)]
    return len(bare) == 1 and (len(bare[0]) == 1 or bare[0] in _PLAIN_WORDS)


def _long(text: list[str], hidden: list[str], known: list[str]) -> str | None:
    """Runs of words that both have and that are new: one long one, or a good part of the hidden text's."""
    secret = _runs(hidden) - _runs(known)
    found: set[tuple[str, ...]] = set()
    length = longest = end = 0
    for place in range(len(text) - RUN + 1):
        run = tuple(text[place : place + RUN])
        length = length + 1 if run in secret else 0
        if length:
            found.add(run)
        if length > longest:
            longest, end = length, place + RUN
    if longest and (words := longest + RUN - 1) >= LONGEST_RUN:
        return f"repeats {words} words in a row: {' '.join(text[end - words : end])[:120]!r}"
    if len(found) >= FEWEST_RUNS and len(found) >= SHARE * len(secret):
        return f"repeats {len(found)} of {len(secret)} runs of {RUN} words"
    return None


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    every = zip(*(words[start:] for start in range(RUN)), strict=False)
    return {run for run in every if len(set(run)) >= FEWEST_DIFFERENT}


def unleaked(
    text_of: Callable[[Draft], str | None],
    hidden_of: Callable[[Draft], str | None],
    known_of: Callable[[Draft], str] | None = None,
    *,
    name: str = "gives no answer away",
    reason: str = LEAKS,
) -> Step[Draft]:
    """A step that drops drafts whose text gives away what is hidden.

    Args:
        text_of: Draft -> what the model wrote; None or empty where it wrote nothing.
        hidden_of: Draft -> what must not be in it.
        known_of: Draft -> what may be.
        name: Of the step.
        reason: Of the drop.
    """

    def run(draft: Draft, calls: Calls) -> Draft | Outcome:
        text, hidden = text_of(draft), hidden_of(draft)
        if text and hidden and (what := leaked(text, hidden, known_of(draft) if known_of else "")) is not None:
            return rejected(reason, what)
        return draft

    return Step(name, run)
