"""Rules on the texts of posts: what needs no model to be decided. Pure functions of Markdown; no calls here.

A rule speaks only where it is certain; what it leaves open is asked of the curator. Wordings are looked for in the
prose alone, in which code and math are dots. Each rule gives (reason, detail), or None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesys.curation.stackexchange.markdown import Markdown
from genesys.curation.stackexchange.wording import (
    ENGLISH,
    GOLD,
    NEEDS_IMAGE,
    OTHERS,
    QUESTION_ALONE,
    QUESTION_OBJECTIVE,
    first_of,
)

Drop = tuple[str, str]

NO_WORDS = "asks nothing in words"
MOSTLY_CODE = "mostly code"
NOT_ENGLISH = "not English"
HOLDS_GOLD = "question holds its gold"


@dataclass(frozen=True)
class Limits:
    """Bounds of what makes a task.

    Args:
        html: Characters of a post's HTML, beyond which it is not even read.
        question: Characters of a question's Markdown, title and all, least and most.
        gold: Those of a gold.
        pm_score: The least of a gold: 3 is five votes, or two and the asker's word.
        code: Characters of code in a question at most, and how many times its prose they may be.
    """

    html: int = 200_000
    question: tuple[int, int] = (60, 12_000)
    gold: tuple[int, int] = (80, 20_000)
    pm_score: int = 3
    code: tuple[int, int] = (6_000, 12)


_SOME_CODE = 2_000
_WORD = re.compile(r"[^\W\d_]+")
_ASKED = 4
_FEW_WORDS = 12
_LATIN = 0x24F
_TOKEN = re.compile(r"\w+|[^\w\s]")


_RUN = 5
_FEW_RUNS = 12
_HELD = 0.75


def question_bounds(title: str, question: Markdown, limits: Limits) -> Drop | None:
    """Whether a question is of a size that one can ask, and asks in words."""
    if len(_WORD.findall(f"{title} {question.prose}")) < _ASKED:
        return NO_WORDS, f"fewer than {_ASKED}"
    size = len(title) + len(question.text)
    least, most = limits.question
    if size < least:
        return "question too short", f"{size} characters"
    return ("question too long", f"{size} characters") if size > most else None


def question_alone(title: str, question: Markdown) -> Drop | None:
    """Whether a question needs nothing that does not stand in it."""
    if question.images:
        return NEEDS_IMAGE, question.images[0][:200]
    return first_of(QUESTION_ALONE, f"{title}\n{question.prose}")


def question_objective(title: str, question: Markdown, limits: Limits) -> Drop | None:
    """Whether a question asks neither for taste nor to read a whole program."""
    prose = f"{title}\n{question.prose}"
    if (found := first_of(QUESTION_OBJECTIVE, prose)) is not None:
        return found
    most, times = limits.code
    if question.code > most or (question.code > _SOME_CODE and question.code > times * len(prose)):
        return MOSTLY_CODE, f"{question.code} characters of code, {len(prose)} of prose"
    return None


def english(*texts: str) -> Drop | None:
    """Whether these are English, as far as that is certain; of few words nothing is."""
    if any("¿" in text for text in texts):
        return NOT_ENGLISH, "it asks in Spanish"
    words = [word.lower() for text in texts for word in _WORD.findall(text)]
    if len(words) < _FEW_WORDS:
        return None
    foreign = sum(ord(max(word)) > _LATIN for word in words)
    if foreign > 0.3 * len(words):
        return NOT_ENGLISH, f"{foreign} of {len(words)} words are in another script"
    own, others = (sum(word in known for word in words) for known in (ENGLISH, OTHERS))
    if own < 0.15 * len(words) and others > own:
        return NOT_ENGLISH, f"of {len(words)} words {own} are common English ones, {others} those of other languages"
    return None


def gold_usable(gold: Markdown, limits: Limits) -> Drop | None:
    """Whether an answer can be what responses are compared with."""
    least, most = limits.gold
    if gold.images:
        return "gold needs an image", gold.images[0][:200]
    if len(gold.text) > most:
        return "gold too long", f"{len(gold.text)} characters"
    own = len(gold.prose) - gold.linked + gold.code + gold.math
    if gold.links and own < least:
        return "gold is a link", gold.links[0][:200]
    if len(gold.text) < least:
        return "gold too short", f"{len(gold.text)} characters"
    return first_of(GOLD, gold.prose)


def question_holds(question: Markdown, gold: Markdown) -> Drop | None:
    """Whether most of the gold's words stand in the question already: who asked has put the answer there.

    Code says nothing, since good answers repeat the program of the question with its mistake mended.
    """
    runs = _runs(gold.prose)
    share = len(runs & _runs(question.prose)) / len(runs) if len(runs) >= _FEW_RUNS else 0.0
    return (HOLDS_GOLD, f"{share:.0%} of the gold's runs of {_RUN} words stand in it") if share >= _HELD else None


def _runs(text: str) -> set[tuple[str, ...]]:
    tokens = _TOKEN.findall(text.casefold())
    return set(zip(*(tokens[start:] for start in range(_RUN)), strict=False))
