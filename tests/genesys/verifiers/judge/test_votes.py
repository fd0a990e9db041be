"""What votes come to: sides, quorum, tolerance and ties, whatever the order of the votes."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys.verifiers.judge.votes import Opinion, Rules, Vote, decide, is_unanimous, opinions_of, spoken_for

RULES = Rules(threshold=0.8, quorum=1, tolerance=0.25, aggregate="median")


def rules(**changes: Any) -> Rules:
    return Rules(**{**vars(RULES), **changes})


def votes(judge: str, *scores: float | None) -> list[Vote]:
    return [
        Vote(
            judge,
            judge,
            "gold-first",
            number,
            score,
            why=f"{judge} {score}",
            missing="" if score is not None else "infrastructure",
        )
        for number, score in enumerate(scores)
    ]


def opinions(*cast: tuple[float, ...]) -> list[Opinion]:
    return opinions_of([vote for n, scores in enumerate(cast) for vote in votes(f"judge-{n}", *scores)], RULES)


@pytest.mark.parametrize(
    ("scores", "opinion"),
    [((0.9,), 0.9), ((0.9, 1.0), 0.95), ((0.9, 0.1), None), ((0.9, 0.85, 0.1), 0.875), ((0.9, 0.2, 0.4), 0.3)],
)
def test_a_judges_opinion_is_that_of_its_greater_part(scores: tuple[float, ...], opinion: float | None) -> None:
    (found,) = opinions(scores)
    assert found.score == (None if opinion is None else pytest.approx(opinion))


def test_a_judge_one_of_whose_votes_is_missing_has_no_opinion() -> None:
    assert opinions_of(votes("judge", 0.9, None), RULES) == []


@pytest.mark.parametrize(
    ("cast", "quorum", "score", "settled"),
    [
        ([(1.0, 0.9)], 1, 0.95, True),
        ([(0.9, 0.7)], 1, None, False),  # one judge on both sides
        ([(0.6, 0.1)], 1, 0.35, False),  # one side, but far apart
        ([(0.9, 0.9), (0.1, 0.1)], 2, None, False),
        ([(0.9, 0.9), (0.8, 1.0)], 2, 0.9, True),
        ([(0.9,), (0.85,), (0.0,)], 2, 0.875, True),
        ([(0.9,), (0.85,), (0.0,)], 3, None, False),
        ([(0.9,), (0.1,), (0.0,), (1.0,)], 2, None, False),
        ([], 1, None, False),
    ],
)
def test_a_side_wins_with_the_quorum(
    cast: list[tuple[float, ...]], quorum: int, score: float | None, settled: bool
) -> None:
    for order in itertools.permutations(cast):
        found = decide(opinions(*order), rules(quorum=quorum))
        assert (found.score, found.is_settled) == (None if score is None else pytest.approx(score), settled)


def test_a_tie_is_the_tie_breakers() -> None:
    torn = opinions((0.9, 0.9), (0.2, 0.2))
    for score in (1.0, 0.1):
        (breaker,) = opinions_of(votes("tie-breaker", score, score), RULES)
        found = decide(torn, rules(quorum=2), tie_breaker=breaker)
        assert found.score is not None
        assert (found.score >= 0.8) == (score >= 0.8)
    (undecided,) = opinions_of(votes("tie-breaker", 0.9, 0.1), RULES)
    assert decide(torn, rules(quorum=2), tie_breaker=undecided).score is None
    assert decide(torn, rules(quorum=2)).score is None


def test_the_tie_breaker_decides_against_one_judge_too() -> None:
    (breaker,) = opinions_of(votes("tie-breaker", 0.9), RULES)
    assert decide(opinions((0.6, 0.1)), RULES, tie_breaker=breaker).score == pytest.approx(0.9)


scores = st.lists(st.floats(0, 1), min_size=1, max_size=4).map(tuple)


@given(st.lists(scores, max_size=4), st.integers(1, 4), st.sampled_from(["median", "mean"]))
def test_a_score_lies_on_the_side_that_won(cast: list[tuple[float, ...]], quorum: int, aggregate: Any) -> None:
    counted = rules(quorum=quorum, aggregate=aggregate)
    found = decide(opinions_of([v for n, s in enumerate(cast) for v in votes(f"j{n}", *s)], counted), counted)
    accepting, rejecting = found.sides
    if found.score is None:
        assert max(found.sides) < quorum or accepting == rejecting
    else:
        assert 0 <= found.score <= 1
        assert counted.accepts(found.score) == (accepting > rejecting)
        assert max(found.sides) >= quorum


def test_rounding_turns_no_side() -> None:
    just_below = 0.8 - 1e-9
    assert decide(opinions((just_below,)), RULES).score == just_below
    for aggregate in ("mean", "median"):
        found = decide(opinions((0.8,), (0.8,), (0.8,)), rules(aggregate=aggregate, quorum=2))
        assert found.score == 0.8


def test_unanimity_and_who_speaks() -> None:
    cast = [*votes("judge", 0.9, 1.0), *votes("judge-2", 0.85, None)]
    assert is_unanimous(cast, RULES)
    assert not is_unanimous([*cast, *votes("judge-3", 0.7)], RULES)
    assert not is_unanimous(votes("judge", 0.1, 0.5), RULES)
    assert not is_unanimous(votes("judge", 0.75, 0.85), RULES), "near to one another, yet on two sides"
    assert spoken_for(cast, 0.86) == "judge-2 0.85"
