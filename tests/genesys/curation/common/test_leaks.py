"""Leaks: answers, golds and seeds that a text gives away, and texts that only share words with them."""

import time
from dataclasses import dataclass
from typing import Any

import pytest

from genesys.curation.common.leaks import leaked, unleaked
from genesys.outcomes import Outcome

GOLD = """\
def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
"""
BEFORE = "def median(values):\n    ordered = sorted(values)\n    return ordered[len(ordered) // 2]\n"
WORKED = (
    "Let x be the number of goats. Then there are 30 - x hens, and the legs are 4x + 2(30 - x) = 84. "
    "Subtracting 60 from both sides gives 2x = 24, hence there are twelve goats and eighteen hens on the farm."
)
FARM = "A farm has goats and hens, 30 animals with 84 legs in all. How many goats are there?"


@pytest.mark.parametrize(
    ("text", "hidden", "known"),
    [
        ("How much is twice 21? The answer is 42.", "42", ""),
        ("Of 42 eggs none broke. How many are left? Answer: 42", "42", "Of 42 eggs none broke. How many are left?"),
        ("Show that the sum is 5050.", "5050", "What is the sum of 1 to 100?"),
        ("What is twice two, that is $4$, if it is 4?", "4", "What is twice two?"),
        (r"Find $x$. The result is $\frac{3}{4}$.", r"\frac{3}{4}", "Find x."),
        ("Is it so? Yes: the answer is yes.", "yes", "Is it so?"),
        ("Name the capital of France, which is PARIS of course.", "Paris", "Name the capital of France"),
        ("Give (2, 5) as a tuple.", "(2,5)", "Where do the lines meet?"),
        ("Simplify to x ^ 2 - 1.", "x^2 - 1", "Multiply (x-1)(x+1)."),
        # The middle of the gold in words of its own.
        (
            "If len(ordered) % 2, return ordered[middle]; else return (ordered[middle - 1] + ordered[middle]) / 2.",
            GOLD,
            BEFORE,
        ),
        (GOLD, GOLD, ""),
        (f"Solve it. {WORKED} How many?", WORKED, FARM),
        (FARM + " Hint: the legs are 4x + 2(30 - x) = 84. Subtracting 60 from both sides gives 2x = 24.", WORKED, FARM),
    ],
)
def test_what_is_given_away_is_told(text: str, hidden: str, known: str) -> None:
    assert leaked(text, hidden, known) is not None


@pytest.mark.parametrize(
    ("text", "hidden", "known"),
    [
        ("Of 42 eggs none broke. How many are left?", "42", "There are 42 eggs. None breaks. How many are left?"),
        ("Give it to 2 decimal places.", "2", "What is the root of 4?"),
        ("What is 142 + 1.42 - 42.5, or 42,000?", "42", ""),
        ("Is there such a number? Say yes or no.", "yes", "Is there one?"),
        ("Where do the lines y = 2x + 1 and y = 5 meet?", "(2,5)", ""),
        ("A farm has 30 animals, goats and hens, with 84 legs in all. How many of them are goats?", WORKED, FARM),
        (
            "The median of an even number of values is wrong: it should be the mean of the two in the middle.",
            GOLD,
            BEFORE,
        ),
        ("`median` sorts the values first: ordered = sorted(values). Keep that.", GOLD, BEFORE),
        (BEFORE, GOLD, BEFORE),
        ("", GOLD, ""),
        ("anything", "", ""),
        ("anything ...", "...", ""),
        ("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1", ""),
    ],
)
def test_what_is_known_or_common_is_no_leak(text: str, hidden: str, known: str) -> None:
    assert leaked(text, hidden, known) is None


def test_a_quotation_is_told_by_its_length_also_in_a_long_gold() -> None:
    words = [f"word{number}" for number in range(2000)]
    gold = " ".join(words)
    assert leaked("It begins so: " + " ".join(words[500:515]), gold) is None
    told = leaked("It begins so: " + " ".join(words[500:516]), gold)
    assert told == f"repeats 16 words in a row: {' '.join(words[500:516])[:120]!r}"


@pytest.mark.parametrize("piece", ["a ", "42 ", "((", "word1 word2 word3 word4 word5 ", "the answer is "])
def test_hostile_texts_take_time_in_proportion(piece: str) -> None:
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.process_time()
        leaked(text, text, text[: size // 2])
        leaked(text, "((((((((42", text)
        return time.process_time() - started

    few = max(min(seconds(20_000) for _ in range(3)), 0.002)
    assert seconds(200_000) < 40 * few


@dataclass(frozen=True)
class Draft:
    text: str | None
    hidden: str | None
    known: str = ""


def test_the_step_drops_what_leaks_and_passes_over_what_was_not_written() -> None:
    step = unleaked(lambda draft: draft.text, lambda draft: draft.hidden, lambda draft: draft.known)
    nothing: Any = None
    assert step.run(Draft("it is 42", "42"), nothing) == Outcome(
        "rejected", "gives its answer away", "holds the answer '42'"
    )
    for fine in (Draft("it is 42", "42", "42?"), Draft(None, "42"), Draft("it is 42", None)):
        assert step.run(fine, nothing) is fine
