"""What counts as an overlap with a benchmark, and what does not."""

from __future__ import annotations

import random

import pytest

from genesys.overlap import Overlap, OverlapIndex, Text, words_of
from tests.support import shared_data

DUCKS = (
    "A farmer's 16 ducks lay one egg each per day. She eats three for breakfast every morning and bakes muffins for "
    "her friends every day with four. How much does she make at the market if she sells the rest for 2 dollars each?"
)
ROOTS = r"Let $a$ and $b$ be the roots of $x^2-\dfrac{1}{2}x+10{,}000=0$. What is $\left(a+b\right)^{2}$?"


def index(*texts: str, **options: float) -> OverlapIndex:
    return OverlapIndex((Text("tests", str(number), text) for number, text in enumerate(texts)), **options)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"$\dfrac{1}{2}$ of $10{,}000$ apples", "frac 1 2 of 10000 apples"),
        (r"\frac{1}{2} of 10,000 Apples!", "frac 1 2 of 10000 apples"),
        (r"\left( \text{the sum } \mathbb{R} \right)", "the sum r"),
        ("def first_item(xs: list) -> int:", "def first item xs list int"),
        ("2x+3y=10.5", "2 x 3 y 10 5"),
        ("1,2,3 and 12,34", "1 2 3 and 12 34"),
        ("**Straße** ｆｕｌｌ", "strasse full"),
        ("求和公式 of n", "求 和 公 式 of n"),
        ("", ""),
        ("?!…", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert " ".join(words_of(text)) == words


@pytest.mark.parametrize(
    "text",
    [
        DUCKS,
        DUCKS.upper(),
        DUCKS.replace(" ", "\n").replace("'", "’"),
        f"Solve this one. {DUCKS} Put your answer in a box.",
        DUCKS.replace("muffins", "cakes"),
        " ".join(DUCKS.split()[:30]),
    ],
    ids=["same", "case", "white space", "within another", "one word changed", "three quarters"],
)
def test_what_overlaps(text: str) -> None:
    found = index("Another one altogether.", DUCKS).find(text)
    assert found is not None
    assert (found.benchmark, found.row) == ("tests", "1")
    assert 0.5 <= found.share <= 1
    assert " ".join(words_of(text)).count(found.words) == 1, "the words as they stand in the text"
    assert len(found.words.split()) >= 13


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "A farmer's 12 hens lay two eggs each a week.",
        DUCKS.replace("16", "20").replace("three", "five").replace("four", "six").replace("every", "each"),
        " ".join(DUCKS.split()[:14]),
        " ".join(reversed(DUCKS.split())),
    ],
    ids=["empty", "no word", "another", "other numbers and words", "a third", "backwards"],
)
def test_what_does_not(text: str) -> None:
    assert index(DUCKS, ROOTS).find(text) is None


def test_a_phrase_that_many_problems_end_with_is_no_overlap() -> None:
    phrase = "can be written as m over n where m and n are relatively prime positive integers. Find m plus n."
    known = index(f"{DUCKS} It {phrase}", f"{ROOTS} {DUCKS} {phrase}")
    assert known.find(f"A number of which more is to be said here {phrase}") is None
    assert index(f"{DUCKS} It {phrase}", share=0.0).find(f"A number {phrase}") is not None, "unless that is asked for"


def test_notation_does_not_hide_a_problem() -> None:
    plain = r"Let a and b be the roots of x^2 - \frac{1}{2} x + 10,000 = 0. What is (a + b)^2?"
    assert index(ROOTS).find(plain) == Overlap("tests", "0", " ".join(words_of(ROOTS)), 1.0)


def test_short_texts_are_to_be_there_whole() -> None:
    short, very_short = "What is the sum of the first ten odd primes?", "Find 2+2."
    known = index(short, very_short)
    assert known.find(f"Think hard. {short} Thank you.") == Overlap(
        "tests", "0", "what is the sum of the first ten odd primes", 1.0
    )
    assert known.find("What is the sum of the first ten odd numbers?") is None
    found = known.find("find $2+2$")
    assert found is not None
    assert (found.row, found.words) == ("1", "find 2 2")
    assert known.find("Find 2+2 and 3+3.") is None, "three words are no sign of a benchmark within another text"


def test_of_several_the_one_that_is_there_most_and_of_equals_the_first() -> None:
    half = " ".join(DUCKS.split()[:25])
    known = OverlapIndex([Text("a", "x", DUCKS), Text("b", "y", half), Text("c", "z", half)])
    found = known.find(half)
    assert found is not None
    assert (found.benchmark, found.row, found.share) == ("b", "y", 1.0)
    assert str(found).startswith("b y, 100% of it: a farmer s 16 ducks lay")
    assert index().find(DUCKS) is None
    assert index("", "?").find(DUCKS) is None


def test_other_numbers_of_words() -> None:
    text = " ".join(DUCKS.split()[:9])
    assert index(DUCKS, run=5, share=0.1).find(text) is not None
    assert index(DUCKS, run=13, share=0.1).find(text) is None


def test_a_text_of_a_hundred_thousand_words_is_searched_in_time() -> None:
    dice = random.Random(0)
    long = " ".join(dice.choices(["alpha", "beta", "gamma", "delta"], k=100_000))
    found = index(DUCKS, " ".join(["alpha"] * 500), long).find(f"{long} {DUCKS}")
    assert found is not None
    assert found.share == 1.0


def test_it_takes_sixteen_bytes_a_word() -> None:
    dice = random.Random(0)
    known = index(*(" ".join(str(dice.random()) for _ in range(100)) for _ in range(50)))
    assert len(known) == 50
    assert known.nbytes <= 16 * 50 * 200


@shared_data.needs_shared_data
def test_real_test_sets_against_each_other() -> None:
    """miniF2F takes problems from MATH; of the others two ask the same of two dice."""
    sets = {
        "math500": [row["problem"] for row in shared_data.read("sources/math500.jsonl")],
        "olympiadbench": [row["question"] for row in shared_data.read("sources/olympiadbench.jsonl")],
        "gsm8k": [row["question"] for row in shared_data.read("sources/gsm8k_test.jsonl")],
        "minif2f": [
            row["informal_prefix"].removeprefix("/--").partition("Show that")[0]
            for row in shared_data.read("sources/minif2f.jsonl")
        ],
    }
    known = {name: index(*texts) for name, texts in sets.items()}
    found = {
        (one, other): sum(known[other].find(text) is not None for text in sets[one])
        for one in sets
        for other in sets
        if one != other
    }
    assert found.pop(("minif2f", "math500")) >= 15
    assert found.pop(("math500", "minif2f")) >= 15
    dice = {("math500", "olympiadbench"): 1, ("olympiadbench", "math500"): 1}
    assert {pair: count for pair, count in found.items() if count} == dice
    for name, texts in sets.items():
        assert all(known[name].find(f"Here is a task. {text}") is not None for text in texts if len(words_of(text)) > 8)
