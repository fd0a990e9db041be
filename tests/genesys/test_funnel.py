"""Funnels: rows left after each step, whatever lane or age of the table, and sums that do not hold."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.curation.steps import Curation
from genesys.funnel import (
    Level,
    curation_funnel,
    funnel_line,
    funnel_problems,
    ledger_funnel,
    steps_of,
)
from genesys.lanes import LANES
from genesys.ledger import withdrawn_asset
from genesys.outcomes import Counts
from tests.support.tiny_lane import World, stepped_lane, sums_lane

STEPS = ("short enough", "a sum", "solved")


def counts(rows: int = 10, kept: int = 4, errored: int = 1, **dropped: int) -> Counts:
    named = Counter({name.replace("_", " "): number for name, number in dropped.items()})
    return Counts(rows, kept, Counter({"no": named.total()}), Counter({"out": errored}), kept, named)


def test_each_step_has_what_is_left_after_it() -> None:
    levels = curation_funnel(counts(short_enough=3, solved=2), STEPS)
    assert levels == (
        Level("rows in", 10),
        Level("short enough", 7, 3),
        Level("a sum", 7, 0),
        Level("solved", 5, 2),
        Level("kept", 4, 1),
    )
    assert funnel_problems(levels) == []
    assert funnel_line(levels) == '10 rows, dropped 3 at "short enough", 2 at "solved", 1 errored; 4 kept'


def test_a_lane_without_named_steps_has_one() -> None:
    plain = Counts(5, 3, Counter({"no": 2}), Counter(), 3)
    assert steps_of(sums_lane()) == ("curated",)
    assert curation_funnel(plain, ("curated",)) == (Level("rows in", 5), Level("curated", 3, 2), Level("kept", 3, 0))


def test_a_table_that_does_not_tell_its_steps_has_no_funnel() -> None:
    old = Counts(5, 3, Counter({"no": 2}), Counter(), 3)
    assert curation_funnel(old, STEPS) == ()
    assert funnel_problems(()) == []


def test_a_step_that_the_lane_no_longer_has_and_a_drop_at_none_are_shown_all_the_same() -> None:
    found = counts(rows=10, kept=4, errored=0, an_older_step=1, solved=2)
    found.rejected["task fault"] = 3
    levels = curation_funnel(found, STEPS)
    assert [level.name for level in levels][4:6] == ["an older step", "outside of the steps"]
    assert funnel_problems(levels) == []
    assert levels[-1] == Level("kept", 4, 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": 11}, "11 rows went in, but 5 dropped by steps + 1 errored + 4 kept = 10 came out"),
        ({"accepted": 3}, "10 rows went in, but 5 dropped by steps + 1 errored + 3 kept = 9 came out"),
        ({"dropped": Counter({"solved": 6})}, "1 more rows were dropped by steps than rejected"),
    ],
)
def test_sums_that_do_not_hold_are_told(changes: dict[str, Any], says: str) -> None:
    broken = replace(counts(short_enough=3, solved=2), **changes)
    assert says in funnel_problems(curation_funnel(broken, STEPS))


def test_a_ledger_is_a_funnel_by_reasons() -> None:
    read = Counts(
        10, 4, Counter({"broken row": 3, "duplicate": 1, "overlaps a benchmark": 1, "other": 1}), Counter(), 0
    )
    levels = ledger_funnel(read)
    assert [(level.name, level.left) for level in levels] == [
        ("rows in", 10),
        ("sound", 7),
        ("no duplicate", 6),
        ("no benchmark overlap", 5),
        ("not: other", 4),
        ("in shards", 4),
    ]
    assert funnel_problems(levels) == []


def test_a_part_keeps_its_steps_from_the_row_to_the_manifest(tmp_path: Path) -> None:
    world = World.at(tmp_path, lane=stepped_lane())
    world.update(shard_size=2)
    world.run("tasks")
    manifests = [world.lake.need("sums/tasks", shard) for shard in world.shards()]
    total = Counts()
    for manifest in manifests:
        total.merge(manifest.counts)
    levels = curation_funnel(total, steps_of(world.lane))
    assert [(level.name, level.left, level.lost) for level in levels] == [
        ("rows in", 4, 0),
        ("small numbers", 3, 1),
        ("a sum", 2, 1),
        ("kept", 2, 0),
    ]
    part = manifests[0].parts["curated"]
    assert part.outcomes is not None
    steps = [row["step"] for row in world.lake.file_rows("sums/tasks", world.shards()[0], part.outcomes)]
    assert steps == [None, "small numbers"]
    reading = world.lake.need(withdrawn_asset(world.lane)).counts
    assert [level.left for level in ledger_funnel(reading)] == [4, 4, 4, 4, 4]


@pytest.mark.parametrize("lane", LANES.values(), ids=LANES)
def test_rules_come_first_and_each_step_has_a_name_of_its_own(lane: Any) -> None:
    names = steps_of(lane)
    assert len(set(names)) == len(names)
    if isinstance(lane.curate, Curation):
        assert lane.curate.steps[0].by == "rules"
