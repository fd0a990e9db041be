"""Caps: how many stay, which ones, and that it is always the same ones."""

from collections import Counter
from typing import Any

import polars as pl

from genesys.release.filters.base import Traces
from genesys.release.filters.caps import filter_
from genesys.settings.release import CapSettings
from tests.genesys.release.filters.traces_of import ends, traces


def left(settings: CapSettings, seen: Traces) -> list[dict[str, Any]]:
    gone = ends(filter_(settings), seen)
    return [row for row in seen.rows.iter_rows(named=True) if row["row"] not in gone]


def test_without_a_cap_all_stay() -> None:
    assert ends(filter_(CapSettings()), traces([{}] * 50)) == {}


def test_of_a_problem_no_more_stay_than_its_cap() -> None:
    rows = [{"problem_id": f"p{number % 3}"} for number in range(20)] + [{"problem_id": "q"}]
    kept = Counter(row["problem_id"] for row in left(CapSettings(per_problem=4), traces(rows)))
    assert kept == {"p0": 4, "p1": 4, "p2": 4, "q": 1}
    assert set(ends(filter_(CapSettings(per_problem=4)), traces(rows)).values()) == {
        ("over the cap of its problem", "4")
    }


def test_every_teacher_has_a_turn_before_one_has_two() -> None:
    rows = [{"teacher_id": "t"}] * 30 + [{"teacher_id": "u"}] * 2 + [{"teacher_id": "v"}]
    kept = Counter(row["teacher_id"] for row in left(CapSettings(per_problem=7), traces(rows)))
    assert kept == {"t": 4, "u": 2, "v": 1}


def test_of_a_source_no_more_stay_than_its_own_cap_or_that_of_all() -> None:
    problems = [{"problem_id": name, "source": name} for name in ("a", "b", "c")]
    seen = traces([{"problem_id": "abc"[number % 3]} for number in range(30)], problems)
    kept = Counter(row["problem_id"] for row in left(CapSettings(per_source=5, sources={"b": 8}), seen))
    assert kept == {"a": 5, "b": 8, "c": 5}
    kept = Counter(row["problem_id"] for row in left(CapSettings(sources={"b": 8}), seen))
    assert kept == {"a": 10, "b": 8, "c": 10}
    assert ("over the cap of its source", "b: 8") in ends(filter_(CapSettings(sources={"b": 8})), seen).values()


def test_what_the_cap_of_a_problem_drops_leaves_its_place_to_others() -> None:
    rows = [{"problem_id": "a"}] * 20 + [{"problem_id": "b"}] * 2
    kept = Counter(row["problem_id"] for row in left(CapSettings(per_problem=2, per_source=4), traces(rows)))
    assert kept == {"a": 2, "b": 2}


def test_the_same_ones_stay_in_whatever_order_they_come_and_whoever_else_is_there() -> None:
    ids = [f"{number:024x}" for number in range(40)]
    settings = CapSettings(per_problem=10)
    kept = {row["response_id"] for row in left(settings, traces([{"response_id": ident} for ident in ids]))}
    turned = {row["response_id"] for row in left(settings, traces([{"response_id": ident} for ident in ids[::-1]]))}
    assert kept == turned
    others = [{"response_id": f"x{ident}", "problem_id": "q"} for ident in ids]
    with_others = left(settings, traces([*others, *({"response_id": ident} for ident in ids)]))
    assert kept == {row["response_id"] for row in with_others if row["problem_id"] == "p"}
    assert kept != set(ids[:10]), "the first by their ids are no draw"


def test_a_source_that_is_unknown_has_no_cap_of_its_own() -> None:
    seen = traces([{"problem_id": "a"}] * 3, [{"problem_id": "a", "source": None}])
    assert len(left(CapSettings(sources={"s": 1}), seen)) == 3
    assert isinstance(seen.rows, pl.DataFrame)
