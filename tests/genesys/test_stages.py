"""Campaigns: more samples are a part of their own, fewer change nothing, and changed tasks make all of them anew."""

from dataclasses import replace
from pathlib import Path

import pytest

from genesys.calls.context import Calls
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from tests.support.tiny_lane import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path, samples=2)
    world.update()
    world.run()
    return world


def parts(world: World, table: str) -> dict[int, tuple[str, int]]:
    """Content and rows by the last sample of each campaign."""
    found = world.lake.need(f"sums/{table}", "sums-00000").parts
    return {int(name.rpartition("-")[2]): (part.data.sha256, part.data.rows) for name, part in found.items()}


def indexes(world: World) -> list[int]:
    return sorted(row["sample_index"] for row in world.rows("generations"))


def test_more_samples_rewrite_nothing_and_ask_for_the_new_ones_only(world: World) -> None:
    before = {table: parts(world, table) for table in ("generations", "verifications")}
    asked = len(world.teacher.asked)
    replace(world, samples=5).run()
    for table, stood in before.items():
        now = parts(world, table)
        assert now[2] == stood[2]
        assert now[5][1] == 9
    assert indexes(world) == sorted([0, 1, 2, 3, 4] * 3)
    assert len(world.teacher.asked) - asked == 9


def test_fewer_samples_than_there_are_change_nothing(world: World) -> None:
    replace(world, samples=5).run()
    before = parts(world, "generations")
    for samples in (1, 2, 3, 5):
        replace(world, samples=samples).run()
        assert parts(world, "generations") == before


def test_changed_tasks_make_every_campaign_anew_from_the_same_calls(world: World) -> None:
    more = replace(world, samples=5)
    more.run()
    asked = len(world.teacher.asked)

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        outcome = await world.lane.curate(row, calls)
        return replace(outcome, records=tuple(record | {"gold_standard_solution": "?"} for record in outcome.records))

    replace(more, lane=replace(world.lane, curate=curate, version="2")).run()
    assert indexes(world) == sorted([0, 1, 2, 3, 4] * 3)
    current = {row["problem_id"]: row["task_hash"] for row in world.rows("tasks")}
    for table in ("generations", "verifications"):
        assert len(world.rows(table)) == 15
        assert all(row["task_hash"] == current[row["problem_id"]] for row in world.rows(table))
    assert len(world.teacher.asked) == asked


def test_other_sampling_is_a_campaign_beside_the_first(world: World) -> None:
    before = parts(world, "generations")
    replace(world, teacher=replace(world.teacher, teacher_id="another")).run("generations")
    names = world.lake.need("sums/generations", "sums-00000").parts
    assert len(names) == 2
    assert len({name.rpartition("-")[0] for name in names}) == 2
    assert before[2] in [(part.data.sha256, part.data.rows) for part in names.values()]
