"""What is found of public test sets among tasks: all that was planted, and nothing in what only looks like it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from genesys.overlap import OverlapIndex, Text
from genesys.quality.benchmarks import Benchmarks
from genesys.quality.near_index import NearIndex
from genesys.settings.benchmarks import NEAR
from tests.support import planted, shared_data

Change = Callable[[str, random.Random], str]
DUCKS = (
    "A farmer's 16 ducks lay one egg each per day. She eats three for breakfast every morning and bakes muffins for "
    "her friends every day with four. How much does she make at the market if she sells the rest for 2 dollars each?"
)


def opened(*texts: str) -> Benchmarks:
    rows = [Text("tests", str(place), text) for place, text in enumerate(texts)]
    return Benchmarks(OverlapIndex(rows), {}, near=NearIndex(rows, NEAR))


def embedded(text: str, rnd: random.Random) -> str:
    others = planted.problems(rnd.randrange(1000), 2)
    return f"{others[0]}\n\n{text}\n\nAfter that, look at this one as well. {others[1]}"


def half(text: str, rnd: random.Random) -> str:
    words = text.split(" ")
    return " ".join(words[: len(words) // 2] if rnd.random() < 0.5 else words[len(words) // 2 :])


PLANTED: dict[str, Change] = {
    **{name: planted.EDITS[name] for name in ("case", "punctuation", "white space", "notation", "sentence added")},
    "whole": lambda text, _: text,
    "embedded": embedded,
    "half": half,
    "synonyms": planted.synonyms,
    "words replaced": planted.replaced,
    "names and things": planted.renamed,
}


def missed(texts: list[str], change: Change, least: int) -> list[str]:
    rnd = random.Random(7)
    found = opened(*texts)
    edited = [change(text, rnd) for text in texts if len(text.split()) >= least]
    assert edited
    return [text for text in edited if found.find(text) is None]


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_overlap_is_found(name: str) -> None:
    assert missed(planted.problems(21, 200), PLANTED[name], 32 if name == "half" else 0) == []


@shared_data.needs_shared_data
@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_overlap_with_real_sets_is_found(name: str) -> None:
    texts = [row["question"] for row in shared_data.read("sources/gsm8k_test.jsonl")][:150]
    assert missed(texts, PLANTED[name], 32 if name == "half" else 0) == []


def test_nothing_is_found_in_a_clean_set() -> None:
    rnd = random.Random(8)
    texts = planted.problems(22, 300)
    found = opened(*texts)
    clean = planted.problems(23, 300) + [planted.all_numbers(text, rnd) for text in texts]
    assert [str(found.find(text)) for text in clean if text not in texts and found.find(text)] == []


@shared_data.needs_shared_data
def test_nothing_is_found_in_the_other_half_of_real_sets() -> None:
    rnd = random.Random(9)
    texts = [row["question"] for row in shared_data.read("sources/gsm8k_test.jsonl")]
    found = opened(*texts[:333])
    clean = texts[333:] + [planted.all_numbers(text, rnd) for text in texts[:333]]
    assert [str(found.find(text)) for text in clean if text not in texts[:333] and found.find(text)] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Solve this.\n{DUCKS}", "tests 1, 100% of it: a farmer s 16 ducks lay one egg"),
        (
            DUCKS.replace("farmer", "peasant").replace("lay", "give").replace("eats", "takes").replace("makes", "does")
            .replace("friends", "guests").replace("market", "fair").replace("muffins", "cakes"),
            "tests 1, edited, likeness 0.",
        ),
    ],
    ids=["words in a row", "edited"],
)  # fmt: skip
def test_what_was_found_is_shown(text: str, shown: str) -> None:
    assert str(opened("Another one altogether.", DUCKS).find(text)).startswith(shown)


def test_with_one_other_number_it_is_another_problem() -> None:
    found = opened(DUCKS)
    assert found.find(DUCKS.replace("16", "18")) is None
    assert found.find(DUCKS.replace("three", "five")) is None
    assert found.find(f"{DUCKS} {DUCKS.replace('16', '18')}") is not None, "both are there"


def test_without_statements_words_in_a_row_decide_alone() -> None:
    index = OverlapIndex([Text("tests", "0", DUCKS)])
    assert Benchmarks(index, {}).find(DUCKS.replace("16", "18")) is not None
