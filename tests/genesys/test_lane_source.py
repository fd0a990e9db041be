"""Tasks of a lane as rows of another: what they hold, when they are another version, and what is not among them."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.lane_source import TASK_COLUMNS, open_all, open_lane
from genesys.ledger import LedgerUpdate, update_ledger
from genesys.sources import Opened, Source, SourceRow
from genesys.sources.opening import open_source
from genesys.stages.tasks import TASKS_CAMPAIGN
from genesys.tables.lake import Part
from tests.support.spoken_lane import OF_SUMS, spoken_lane
from tests.support.tiny_lane import ROWS, World, write_rows

LANE = spoken_lane()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The sums lane with its tasks in two shards."""
    world = World.at(tmp_path)
    world.update(shard_size=2)
    world.run("tasks")
    return world


def rows(opened: Opened) -> list[SourceRow]:
    found = list(opened.rows())
    assert all(isinstance(row, SourceRow) for row in found)
    return [row for row in found if isinstance(row, SourceRow)]


def read(world: World, **changes: Any) -> LedgerUpdate:
    return update_ledger(world.lake, LANE, [open_lane(OF_SUMS.model_copy(update=changes), world.lake)], shard_size=9)


def test_a_row_is_a_task_with_its_mappings(world: World) -> None:
    found = rows(open_lane(OF_SUMS, world.lake))
    assert [(row.file, row.row) for row in found] == [
        ("sums/tasks/sums-00000", 1),
        ("sums/tasks/sums-00000", 2),
        ("sums/tasks/sums-00001", 1),
    ]
    first, task = found[0].data, world.rows("tasks")[0]
    assert tuple(first) == TASK_COLUMNS
    assert first["verification_info"] == {"ground_truth": "3"}
    assert {name for name in first if first[name] != task[name]} == {"verification_info", "metadata"}
    assert [row.data["problem_id"] for row in rows(open_lane(Source(path="lane:sums", max_rows=2), world.lake))] == [
        row.data["problem_id"] for row in found[:2]
    ]


def test_licence_attribution_and_address_come_from_the_task(tmp_path: Path) -> None:
    world = World.at(tmp_path, [row | {"url": f"https://example.org/{row['id']}"} for row in ROWS])
    source = world.source.model_copy(update={"attribution": "those who added"})
    update_ledger(world.lake, world.lane, [open_source(source)], shard_size=9)
    world.run("tasks")
    read(world, license="none of ours", attribution="nobody")
    ledger = list(world.lake.rows("spoken/ledger"))
    assert {(row["license"], row["attribution"]) for row in ledger} == {("cc0-1.0", "those who added")}
    assert [row["source_url"] for row in ledger] == [
        f"https://example.org/{row['id']}" for row in ROWS if "+" in str(row)
    ]


def test_before_there_is_a_task_the_ledger_is_empty_and_that_is_no_error(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    assert (read(world).new_shards, read(world).counts.rows) == ([], 0)
    world.update()
    assert read(world).new_shards == []
    world.run("tasks")
    assert read(world).new_shards == ["spoken-00000"]
    assert (read(world).new_shards, read(world).counts.accepted) == ([], 3)


def test_what_was_opened_stays_what_it_was_whatever_comes_meanwhile(world: World) -> None:
    opened = open_lane(OF_SUMS, world.lake)
    before = [row.data for row in rows(opened)]
    write_rows(world.source_file, [*ROWS[1:], {"id": 9, "question": "4+4", "answer": "8"}])
    world.update(shard_size=2)
    world.run("tasks")
    assert [row.data for row in rows(opened)] == before
    now = open_lane(OF_SUMS, world.lake)
    assert now.revision != opened.revision
    questions = [row.data["prompt"] for row in rows(now)]
    assert questions == ["What is 20+22?", "What is 5+5?", "What is 4+4?"], "without the row that went"


def test_a_row_that_went_is_another_revision_also_before_any_task_is_made_again(world: World) -> None:
    before = open_lane(OF_SUMS, world.lake).revision
    assert open_lane(OF_SUMS, world.lake).revision == before
    write_rows(world.source_file, ROWS[1:])
    world.update(shard_size=2)
    assert open_lane(OF_SUMS, world.lake).revision != before
    read(world)
    assert [row["upstream_key"] for row in world.lake.rows("spoken/ledger")] == [
        row["problem_id"] for shard in world.shards() for row in world.rows("tasks", shard)
    ][1:]


def test_tables_of_before_tasks_kept_their_rows_are_read(world: World) -> None:
    """Their tasks had the id of their row, and no hash of what a verifier reads."""
    found = rows(open_lane(OF_SUMS, world.lake))
    for shard in world.shards():
        _without(world, shard, ("row_id", "record_hash"))
    assert [row.data for row in rows(open_lane(OF_SUMS, world.lake))] == [row.data for row in found]


def _without(world: World, shard: str, columns: tuple[str, ...]) -> None:
    manifest = world.lake.need("sums/tasks", shard)
    part: Part = manifest.parts[TASKS_CAMPAIGN]
    table = world.lake.file_frame("sums/tasks", shard, part.data).drop(columns).to_arrow()
    file = world.lake.write("sums/tasks", shard, table.schema, table.to_pylist())
    world.lake.publish("sums/tasks", shard, {TASKS_CAMPAIGN: part.model_copy(update={"data": file})})


def test_it_is_opened_with_all_other_sources_and_by_itself_it_is_refused(world: World, tmp_path: Path) -> None:
    own = Source(path=str(write_rows(tmp_path / "own.jsonl", [{"id": 1}])))
    opened = open_all([own, OF_SUMS], world.lake)
    assert [len(rows(one)) for one in opened] == [1, 3]
    with pytest.raises(GenesysError, match="gone.jsonl.*there is no such file"):
        open_all([OF_SUMS, Source(path="gone.jsonl")], world.lake)
    with pytest.raises(GenesysError, match="lane:sums: tasks of a lane are read as a source of another lane alone"):
        open_source(OF_SUMS)


def test_upstream_rows_hold_what_the_task_held(world: World) -> None:
    read(world)
    [first, *_] = world.lake.rows("spoken/ledger")
    upstream = json.loads(first["upstream_row"])
    assert upstream["family_id"] == upstream["problem_id"] == first["upstream_key"]
    assert dataclasses.replace(LANE).identify(upstream).statement == "What is 1+2?"
