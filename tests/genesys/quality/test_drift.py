"""What warns of drift: what moved by more than is allowed and by more than chance explains, and nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest

from genesys.quality.diversity import LEVELS
from genesys.quality.drift import Drift, distance, drifts
from genesys.settings.release import DiversitySettings

LIMITS = DiversitySettings()


def row(measure: str, value: float, size: int = 1000, **fields: Any) -> dict[str, Any]:
    own = {"of": "answer", "scope": "all", "group": "", "worth": None, "quantiles": [], "example": None}
    return own | {"measure": measure, "value": value, "size": size} | fields


def lengths(values: list[float]) -> dict[str, Any]:
    ordered = sorted(values)
    marks = [ordered[round(level * (len(ordered) - 1))] for level in LEVELS]
    return row("characters", marks[10], len(values), quantiles=marks)


def one(now: dict[str, Any], before: dict[str, Any]) -> Drift:
    [found] = drifts([now], [before], LIMITS)
    return found


def rate(value: float, worth: float) -> dict[str, Any]:
    return row("pass rate", value, int(worth), worth=worth, of="")


@pytest.mark.parametrize(
    ("now", "before", "question", "warns"),
    [
        (row("distinct-3", 0.7, 20_000), row("distinct-3", 0.8, 20_000), "diversity", True),
        (row("distinct-3", 0.75, 20_000), row("distinct-3", 0.8, 20_000), "diversity", False),
        (row("distinct-3", 0.9, 20_000), row("distinct-3", 0.5, 20_000), "diversity", False),
        (row("compressed", 0.2, 20_000), row("compressed", 0.4, 20_000), "diversity", True),
        (row("distinct-3", 0.5, 2_000), row("distinct-3", 0.8, 2_000), "diversity", False),
        (row("different openings", 0.7, 100), row("different openings", 0.8, 100), "diversity", False),
        (row("different openings", 0.2), row("different openings", 0.9), "diversity", True),
        (row("most common opening", 0.4), row("most common opening", 0.1), "diversity", True),
        (row("most common phrase", 0.1), row("most common phrase", 0.9), "diversity", False),
        (row("likeness of two texts", 0.2), row("likeness of two texts", 0.1), "self_similarity", True),
        (row("likeness of nearest text", 0.1), row("likeness of nearest text", 0.4), "self_similarity", False),
        (row("most common opening", 0.4, 9), row("most common opening", 0.1, 9), "diversity", False),
        (row("likeness of two texts", 0.5, 45), row("likeness of two texts", 0.1, 45), "self_similarity", False),
        (rate(0.6, 2000), rate(0.5, 2000), "pass_rates", True),
        (rate(0.4, 2000), rate(0.5, 2000), "pass_rates", True),
        (rate(0.6, 20), rate(0.5, 20), "pass_rates", False),
        (rate(0.52, 10**6), rate(0.5, 10**6), "pass_rates", False),
    ],
)
def test_a_measure_warns_where_it_moved_too_far_the_wrong_way(
    now: dict[str, Any], before: dict[str, Any], question: str, warns: bool
) -> None:
    found = one(now, before)
    assert (found.question, found.warns) == (question, warns)


def test_lengths_that_grow_by_half_warn_and_those_of_another_draw_do_not() -> None:
    draw = random.Random(5)
    before = [draw.lognormvariate(7, 0.5) for _ in range(2000)]
    again = [draw.lognormvariate(7, 0.5) for _ in range(2000)]
    assert one(lengths([1.5 * value for value in again]), lengths(before)).warns
    assert not one(lengths(again), lengths(before)).warns
    few = [draw.lognormvariate(7, 0.5) for _ in range(12)]
    assert not one(lengths(few), lengths(before)).warns, "twelve traces say nothing of lengths"


def test_the_distance_of_distributions_knows_steps_and_ends() -> None:
    nothing, something = [0.0] * 21, [0.0] * 11 + [100.0] * 10
    assert distance(nothing, nothing) == 0
    assert distance(something, something) == 0
    assert distance(nothing, something) == pytest.approx(0.5)
    assert distance([1.0] * 21, [2.0] * 21) == 1
    assert distance([], []) == 0


def test_only_equal_sizes_are_compared_and_of_those_the_largest() -> None:
    now = [row("distinct-3", 0.9, 2_000), row("distinct-3", 0.6, 20_000), row("distinct-3", 0.3, 200_000)]
    before = [row("distinct-3", 0.9, 2_000), row("distinct-3", 0.62, 20_000)]
    [found] = drifts(now, before, LIMITS)
    assert (found.before, found.now, found.warns) == (0.62, 0.6, False)
    assert drifts(now[2:], before, LIMITS) == []


def test_groups_are_held_against_themselves_and_new_ones_against_nothing() -> None:
    now = [
        row("distinct-3", 0.2, 20_000, scope="lane", group="math"),
        row("distinct-3", 0.2, scope="lane", group="new"),
    ]
    before = [
        row("distinct-3", 0.9, 20_000, scope="lane", group="math"),
        row("distinct-3", 0.2, scope="lane", group="gone"),
    ]
    [found] = drifts(now, before, LIMITS)
    assert found.warns
    assert str(found) == "distinct-3 of answer (lane math): 0.9 before, 0.2 now"


def test_what_warns_comes_first() -> None:
    names = ("compressed", "distinct-1", "distinct-2")
    now = [row(name, value, 20_000) for name, value in zip(names, (0.4, 0.1, 0.05), strict=True)]
    before = [row(name, value, 20_000) for name, value in zip(names, (0.4, 0.5, 0.5), strict=True)]
    assert [drift.measure for drift in drifts(now, before, LIMITS)] == ["distinct-2", "distinct-1", "compressed"]
