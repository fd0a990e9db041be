"""Measures of diversity see a collapse, and do not move with the size of the set."""

from __future__ import annotations

import random

import pytest

from genesys.quality.diversity import Measure, Words, excerpt_of, likenesses, pair_likeness
from genesys.quality.signatures import text_signature


def text(draw: random.Random, words: int = 120, of: int = 2000) -> str:
    """Words as languages have them: a few very often, most of them rarely."""
    return " ".join(f"w{min(of, int(draw.paretovariate(0.7)))}x" for _ in range(words))


def words_of(texts: list[str]) -> Words:
    found, known = Words(), dict[str, str]()
    for number, one in enumerate(texts):
        found.add(*excerpt_of(one, f"{number:08x}", known))
    return found


def named(measures: object) -> dict[tuple[str, int], float]:
    return {(one.measure, one.size): one.value for one in measures}  # type: ignore[attr-defined]


def test_distinct_runs_do_not_fall_just_because_a_set_grows() -> None:
    draw = random.Random(1)
    texts = [text(draw) for _ in range(600)]
    small, large = (named(words_of(texts[:count]).measures()) for count in (200, 600))
    assert small["distinct-3", 20_000] == large["distinct-3", 20_000]
    whole = len({w for one in texts for w in one.split()}) / sum(len(one.split()) for one in texts)
    assert whole < large["distinct-1", 2_000], "what a naive count over everything would have said"


def test_a_collapse_into_one_manner_of_speaking_shows_in_every_measure() -> None:
    draw = random.Random(2)
    free = [text(draw) for _ in range(200)]
    stock = " ".join(text(draw, words=90).split())
    collapsed = [f"{stock} {one[: len(one) // 4]}" for one in free]
    before, after = (named(words_of(texts).measures()) for texts in (free, collapsed))
    assert after["distinct-3", 2_000] < 0.7 * before["distinct-3", 2_000]
    assert after["compressed", 20_000] < 0.7 * before["compressed", 20_000]
    assert after["different openings", 100] == 0.01 < before["different openings", 100]
    assert after["most common phrase", 200] == 1
    alike, unlike = (named(likenesses([text_signature(t)[0] for t in texts])) for texts in (collapsed, free))
    assert alike["likeness of nearest text", 100] > unlike["likeness of nearest text", 100] + 0.3
    assert alike["likeness of two texts", 19_900] > unlike["likeness of two texts", 19_900] + 0.3


def test_a_long_text_is_no_sample_by_itself() -> None:
    draw = random.Random(3)
    assert not [one for one in words_of([text(draw, words=50_000)]).measures() if one.measure == "distinct-1"]
    excerpt, opening = excerpt_of(text(draw, words=50_000), "ab", {})
    assert (len(excerpt), len(opening)) == (200, 8)
    assert excerpt_of("one two", "ab", {}) == (("one", "two"), ("one", "two"))


def test_texts_without_words_are_passed_over() -> None:
    found = words_of(["", "   ", "\n", "$$ !!"])
    assert list(found.measures()) == []
    assert list(likenesses([])) == []
    assert list(likenesses([text_signature("alone")[0]])) == []
    assert list(pair_likeness([])) == []


def test_what_hardly_anybody_says_is_counted_and_not_shown() -> None:
    private = "my own street is number nine in the village"
    told = {
        one.measure: one for one in words_of([private, private, "something else is said over here by me"]).measures()
    }
    assert told["most common opening"].value == pytest.approx(2 / 3)
    assert told["most common opening"].example is None
    shared = {one.measure: one for one in words_of([private] * 3).measures()}
    assert shared["most common opening"].example == "my own street is number nine in the"


def test_likeness_of_two_responses_to_a_problem_is_the_share_of_what_they_have_in_common() -> None:
    one, other = text_signature("a b c d e f g h")[0], text_signature("q r s t u v w x")[0]
    [same] = pair_likeness([(one, one), (other, other)])
    [apart] = pair_likeness([(one, other)])
    assert (same.value, same.size) == (1.0, 2)
    assert apart.value < 0.05
    assert isinstance(same, Measure)
