"""Which two responses make a pair: of like length, no response twice, whatever the order they came in."""

import polars as pl
import pytest

from genesys.release import pairs as module
from genesys.release.pairs import SIDE, pairs
from genesys.settings.release import PreferenceSettings


def side(*rows: tuple[str, str, int], asked: str = "", digest: str | None = None) -> pl.DataFrame:
    """Responses by id, problem and length."""
    full = [(ident, problem, asked, digest or ident, chars) for ident, problem, chars in rows]
    return pl.DataFrame(full, SIDE, orient="row")


def made(chosen: pl.DataFrame, rejected: pl.DataFrame, **settings: float) -> set[tuple[str, str]]:
    found = pairs(chosen, rejected, PreferenceSettings(**{"per_problem": 1, "difference": 0.5, **settings}))
    assert found["pair_id"].is_sorted()
    assert found["pair_id"].n_unique() == found.height
    return set(found.select("chosen", "rejected").iter_rows())


def test_of_a_problem_the_pair_with_the_least_difference_of_lengths_is_taken() -> None:
    chosen, rejected = side(("a", "p", 100), ("b", "p", 200)), side(("x", "p", 130), ("y", "p", 195))
    assert made(chosen, rejected) == {("b", "y")}
    assert made(chosen, rejected, per_problem=2) == {("b", "y"), ("a", "x")}


def test_no_response_stands_in_two_pairs() -> None:
    chosen, rejected = side(*((c, "p", 100) for c in "abc")), side(("x", "p", 100), ("y", "p", 101))
    assert made(chosen, rejected, per_problem=9) == {("a", "x"), ("b", "y")}


def test_lengths_that_are_too_different_make_no_pair() -> None:
    chosen = side(("a", "p", 100))
    assert made(chosen, side(("x", "p", 125)), difference=0.2) == {("a", "x")}
    assert made(chosen, side(("x", "p", 126)), difference=0.2) == set()
    assert made(side(("a", "p", 0)), side(("x", "p", 0)), difference=0.0) == {("a", "x")}


def test_the_same_text_is_never_on_both_sides() -> None:
    assert made(side(("a", "p", 5), digest="same"), side(("x", "p", 5), digest="same")) == set()


def test_responses_to_other_prompts_or_problems_make_no_pair() -> None:
    assert made(side(("a", "p", 5)), side(("x", "q", 5))) == set()
    assert made(side(("a", "p", 5), asked="be brief"), side(("x", "p", 5))) == set()


@pytest.mark.parametrize("compared", [1, 10, 2_000_000])
def test_the_order_and_how_many_are_compared_together_change_nothing(
    monkeypatch: pytest.MonkeyPatch, compared: int
) -> None:
    chosen = side(*((f"c{n:02}", f"p{n % 5}", 100 + n * 13 % 50) for n in range(40)))
    rejected = side(*((f"r{n:02}", f"p{n % 5}", 100 + n * 17 % 60) for n in range(30)))
    expected = made(chosen, rejected, per_problem=3)
    monkeypatch.setattr(module, "COMPARED", compared)
    assert made(chosen.reverse(), rejected.sample(30, shuffle=True, seed=1), per_problem=3) == expected
    assert len(expected) == 15


def test_nothing_to_pair_is_no_pairs() -> None:
    assert made(side(), side()) == set()
