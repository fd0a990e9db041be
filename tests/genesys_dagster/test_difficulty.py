"""Solve rate against predicted difficulty: of every lane whose tasks say the number, and of no other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from genesys.calls.context import Calls
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from genesys_dagster.difficulty import predicted_metadata, rank_correlation, solved_by_difficulty
from tests.support.tiny_lane import World, sums_lane


def through(folder: Path, key: str) -> World:
    """Sums, whose answer is their difficulty; of four samples to each two are right."""
    inner = sums_lane()

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        outcome = await inner.curate(row, calls)
        told = [{**task, "metadata": {key: float(task["gold_standard_solution"])}} for task in outcome.records]
        return replace(outcome, records=tuple(told))

    world = World.at(folder, lane=replace(inner, curate=curate), samples=2)
    world.update()
    world.run()
    return world


def test_each_task_is_a_point(tmp_path: Path) -> None:
    world = through(tmp_path, "predicted_difficulty")
    manifest = world.lake.need("sums/verifications", world.shards()[0])
    points = solved_by_difficulty(world.lake, manifest)
    assert sorted(points) == [(3.0, 0.5), (10.0, 0.5), (42.0, 0.5)]
    shown = predicted_metadata(world.lake, manifest)
    assert shown["solve_rate_by_difficulty"].value.startswith("![solve rate by predicted difficulty](data:image/png")
    assert "difficulty_rank_correlation" not in shown, "all were solved equally often"


def test_a_lane_that_says_no_such_number_shows_nothing(tmp_path: Path) -> None:
    world = through(tmp_path, "another_number")
    assert predicted_metadata(world.lake, world.lake.need("sums/verifications", world.shards()[0])) == {}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1.0, 1.0), (2.0, 0.5), (3.0, 0.0)], -1.0),
        ([(1.0, 0.0), (2.0, 0.5), (3.0, 1.0)], 1.0),
        ([(1.0, 1.0), (1.0, 0.5), (2.0, 0.5), (2.0, 0.0)], -0.7071),
        ([(1.0, 1.0), (2.0, 0.5)], None),
        ([(1.0, 0.5), (2.0, 0.5), (3.0, 0.5)], None),
    ],
)
def test_the_agreement_of_both_orders(points: list[tuple[float, float]], expected: float | None) -> None:
    found = rank_correlation(points)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-4))
    assert json.dumps(found)
