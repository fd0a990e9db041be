"""Pass rates and their intervals, which people read as how sure a figure is."""

from __future__ import annotations

import random

import polars as pl
import pytest

from genesys.quality.rates import Rate, rates_by


def problems(*rows: tuple[str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["lane", "responses", "accepted"], orient="row")


def test_responses_to_one_problem_are_worth_less_than_those_to_many() -> None:
    alike = problems(*[("math", 10, 10), ("math", 10, 0)] * 10)
    mixed = problems(*[("math", 10, 5)] * 20)
    [of_alike], [of_mixed] = (rates_by(frame, ["lane"]).rows(named=True) for frame in (alike, mixed))
    assert (of_alike["value"], of_mixed["value"]) == (0.5, 0.5)
    assert 15 < of_alike["worth"] < 25, "twenty problems that are solved always or never are twenty coins"
    assert of_mixed["worth"] == 200


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = random.Random(7), 0
    for _ in range(300):
        rows = []
        for _ in range(60):
            easy = draw.choice((0.1, 0.9))  # the true rate is one half, and problems differ widely
            rows.append(("math", 4, sum(draw.random() < easy for _ in range(4))))
        [row] = rates_by(problems(*rows), []).rows(named=True)
        low, high = Rate(row["value"], row["worth"]).interval
        held += low <= 0.5 <= high
    assert held >= 270


@pytest.mark.parametrize("accepted", [0, 4])
def test_a_rate_at_an_end_has_an_interval_all_the_same(accepted: int) -> None:
    [row] = rates_by(problems(("math", 4, accepted)), ["lane"]).rows(named=True)
    low, high = Rate(row["value"], row["worth"]).interval
    assert 0 <= low < high <= 1
    assert high - low > 0.5, "one problem says next to nothing"


def test_a_group_without_a_judged_response_has_no_rate() -> None:
    assert rates_by(problems(("math", 0, 0)), ["lane"]).height == 0
    assert rates_by(problems(), []).height == 0


def test_groups_come_in_order_whatever_the_order_of_rows() -> None:
    rows = [("swe", 4, 1), ("coding", 4, 2), ("math", 4, 3), ("coding", 4, 4)]
    found = rates_by(problems(*rows), ["lane"])
    assert found["lane"].to_list() == ["coding", "math", "swe"]
    assert found.equals(rates_by(problems(*reversed(rows)), ["lane"]))


def test_a_difference_of_two_rates_is_sure_only_with_enough_behind_it() -> None:
    low, high = Rate(0.6, 10).less(Rate(0.4, 10))
    assert low < 0 < high
    low, high = Rate(0.6, 1000).less(Rate(0.4, 1000))
    assert 0 < low < 0.2 < high
    low, high = Rate(0.0, 100).less(Rate(0.0, 100))
    assert low <= 0 <= high
