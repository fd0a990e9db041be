"""Rows that people withdrew: the ledger says so, keeps saying so, and nothing is done for them any more."""

from dataclasses import replace
from pathlib import Path

from genesys.choices import StopRule
from genesys.ledger import problem_id
from genesys.ledger_marks import gone_versions, mark_withdrawn, withdrawn_versions
from tests.support.tiny_lane import ROWS, TinyTeacher, World, sums_lane, write_rows

IDS = {row["question"]: problem_id("tiny/sums", str(row["id"])) for row in ROWS}


def world_at(folder: Path) -> World:
    world = World.at(folder)
    world.update()
    return world


def status(world: World) -> dict[str, str]:
    """By question, of all versions of rows."""
    rows = {(row["problem_id"], row["row_hash"]): row for row in world.lake.rows("sums/ledger")}
    gone = world.lake.rows("sums/withdrawn")
    return {rows[row["problem_id"], row["row_hash"]]["upstream_row"]: row["status"] for row in gone}


def test_a_row_is_marked_and_the_mark_taken_back(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    assert mark_withdrawn(world.lake, world.lane, [IDS["1+2"], "of another lane"]) == 1
    assert list(status(world).values()) == ["withdrawn"]
    assert {ident for ident, _ in withdrawn_versions(world.lake, world.lane)} == {IDS["1+2"]}
    before = world.lake.need("sums/withdrawn")
    assert mark_withdrawn(world.lake, world.lane, [IDS["1+2"]]) == 0
    assert world.lake.need("sums/withdrawn") == before, "nothing is written where nothing changes"
    assert mark_withdrawn(world.lake, world.lane, []) == 1
    assert status(world) == {}


def test_a_lane_without_a_ledger_has_nothing_to_mark(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    assert mark_withdrawn(world.lake, sums_lane(), [IDS["1+2"]]) == 0
    assert gone_versions(world.lake, sums_lane()) == frozenset()


def test_the_next_reading_keeps_the_mark_also_of_a_new_version(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    mark_withdrawn(world.lake, world.lane, [IDS["1+2"]])
    world.update()
    assert list(status(world).values()) == ["withdrawn"]
    write_rows(world.source_file, [{"id": 1, "question": "1+2", "answer": "three"}, *ROWS[1:]])
    world.update()
    assert list(status(world).values()) == ["withdrawn", "withdrawn"]
    mark_withdrawn(world.lake, world.lane, [])
    world.update()
    assert list(status(world).values()) == ["superseded"]


def test_a_row_that_is_gone_anyway_keeps_its_own_reason(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    write_rows(world.source_file, ROWS[1:])
    world.update()
    assert mark_withdrawn(world.lake, world.lane, [IDS["1+2"]]) == 0
    assert list(status(world).values()) == ["removed"]


def questions(teacher: TinyTeacher) -> set[str]:
    return {request.messages[-1].content for request in teacher.asked if request.name != "is_sum"}


def test_nobody_is_asked_about_a_withdrawn_row_any_more(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    world.run()
    said = world.rows("generations")
    mark_withdrawn(world.lake, world.lane, [IDS["1+2"]])
    assert world._stages("generations", world.shards()[0], None)[0].finished(world.lake) is not None  # type: ignore[arg-type]
    world.teacher = TinyTeacher("another")
    world.run("generations", "verifications")
    assert questions(world.teacher) == {"What is 20+22?", "What is 5+5?"}
    kept = [row for row in world.rows("generations") if row["teacher_id"] == "tiny"]
    assert kept == said, "what was said before stays in its table"


def test_nor_where_verdicts_decide_how_often(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    world.draw = replace(world.draw, stop=StopRule(accepted=1))
    world.run("tasks")
    mark_withdrawn(world.lake, world.lane, [IDS["1+2"]])
    world.run("generations")
    assert questions(world.teacher) == {"What is 20+22?", "What is 5+5?"}


def test_a_row_that_was_withdrawn_before_its_curation_is_shown_to_nobody(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    mark_withdrawn(world.lake, world.lane, [IDS["1+2"]])
    world.run()
    assert not any("1+2" in request.messages[-1].content for request in world.teacher.asked)
    assert {row["problem_id"] for row in world.rows("tasks")} == {IDS["20+22"], IDS["5+5"]}


def test_tasks_of_superseded_rows_are_not_sampled_by_a_new_teacher(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    world.run()
    write_rows(world.source_file, [{"id": 1, "question": "1+3", "answer": "4"}, *ROWS[1:]])
    world.update()
    world.teacher = TinyTeacher("another")
    world.run()
    assert questions(world.teacher) == {"What is 1+3?", "What is 20+22?", "What is 5+5?"}


def test_no_duplicate_takes_the_place_of_a_withdrawn_row(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    mark_withdrawn(world.lake, world.lane, [IDS["1+2"]])
    write_rows(world.source_file, [*ROWS, {"id": 9, "question": "1+2", "answer": "3"}])
    world.update()
    assert [row["upstream_key"] for row in world.lake.rows("sums/ledger")] == ["1", "2", "3", "4"]
