"""A verdict is named by all that its verifier may read, and nothing is read or hashed twice to find it again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys import hashing
from genesys.calls.context import Calls
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from genesys.release.filtered import make_filtered
from genesys.release.lookups import Lookup
from genesys.release.sft import make_sft
from genesys.stages import records
from genesys.stages.records import HeldTask, response_record, subject_of
from genesys.stages.tasks import FREE_FIELDS, TASK_FIELDS, task_rows, with_identity
from genesys.tables.columns import TASKS
from genesys.tables.lake import Lake
from genesys.tables.part_writer import PartWriter
from tests.genesys.lineage.conftest import look
from tests.support.tiny_lane import World, sums_lane

Row = dict[str, Any]
SHARD = "sums-00000"
FAT = 300_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Its tasks weigh ``FAT`` each."""
    lane = sums_lane()

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        outcome = await lane.curate(row, calls)
        heavy = {"metadata": {"tests": str(row.upstream["id"]) * FAT}}
        return replace(outcome, records=tuple(record | heavy for record in outcome.records))

    world = World.at(tmp_path, lane=replace(lane, curate=curate))
    world.update()
    return world


def first(world: World) -> tuple[Row, Row]:
    generation = world.rows("generations")[0]
    (task,) = (row for row in world.rows("tasks") if row["problem_id"] == generation["problem_id"])
    return task, generation


def test_whatever_a_verifier_may_read_is_in_the_digest(world: World) -> None:
    world.run("tasks", "generations")
    task, generation = first(world)
    found = subject_of(HeldTask(task), generation)
    record = found.read()
    fields = {*TASK_FIELDS, *FREE_FIELDS}
    of_generation = record.keys() - fields - {"llm_response"}
    assert of_generation | fields | {"llm_response"} == record.keys()
    last = generation["messages"][-1]
    others = [(task | {name: f"{task[name]} "}, generation) for name in fields]
    others += [(task, generation | {name: f"{generation[name]} "}) for name in of_generation]
    others += [
        (task, generation | {"messages": [*generation["messages"][:-1], last | {name: "other"}]})
        for name in ("content", "reasoning")
    ]
    digests = {found.digest}
    for one, other in others:
        made_anew = with_identity({name: value for name, value in one.items() if name != "record_hash"})
        digests.add(subject_of(HeldTask(made_anew), other).digest)
    assert len(digests) == 1 + len(others)


def test_the_stored_digest_is_that_of_the_row(world: World) -> None:
    world.run("tasks")
    for row in world.rows("tasks"):
        assert with_identity(row | {"record_hash": None}) == row


def test_a_verifier_that_changes_its_record_changes_no_other(world: World) -> None:
    world.run("tasks", "generations")
    task, generation = first(world)
    held = HeldTask(task)
    whole = response_record(held, generation)
    response_record(held, generation)["verification_info"].clear()
    assert response_record(held, generation) == whole


def test_tests_are_hashed_with_their_task_and_parsed_once_for_its_responses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []
    parsed: list[int] = []
    canonical_json, parse_info = hashing.canonical_json, records.parse_info

    def measured(value: Any) -> bytes:
        found = canonical_json(value)
        hashed.append(len(found))
        return found

    def counted(value: Any) -> Any:
        parsed.append(len(value))
        return parse_info(value)

    monkeypatch.setattr(hashing, "canonical_json", measured)
    monkeypatch.setattr(records, "parse_info", counted)
    world.run("tasks", "generations")
    assert max(hashed) > FAT
    hashed.clear()
    world.run("verifications")
    assert len(world.rows("verifications")) == 12
    assert sum(length > FAT for length in parsed) == 3
    world.run("verifications")
    assert sum(length > FAT for length in parsed) == 3, "what is journalled is not read again"
    assert make_filtered(world.lake, [world.lane]).counts["accepted"] == 3
    make_sft(world.lake, [world.lane])
    assert max(hashed) < FAT / 10
    assert look(world).agrees


def test_sampling_choosing_and_joining_leave_the_tests_of_tasks_unread(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("tasks")
    read: list[Sequence[str] | None] = []
    file_rows = Lake.file_rows

    def noted(lake: Lake, asset: str, partition: str, file: Any, columns: Sequence[str] | None = None) -> Any:
        if asset == "sums/tasks":
            read.append(columns)
        return file_rows(lake, asset, partition, file, columns)

    def check(times: int) -> None:
        assert len(read) == times
        for columns in read:
            assert columns is not None
            assert {"verification_info", "metadata"}.isdisjoint(columns)

    monkeypatch.setattr(Lake, "file_rows", noted)
    world.run("generations")
    check(2)
    world.run("verifications")
    read.clear()
    make_filtered(world.lake, [world.lane])
    check(1)
    assert "prompt" in (read[0] or ()), "prompts are measured"
    joined = list[set[str]]()

    class Noted(Lookup):
        def __init__(self, lake: Lake, file: Any, key: str, columns: Mapping[str, str], schema: Any) -> None:
            super().__init__(lake, file, key, columns, schema)
            joined.append(set(columns))

    monkeypatch.setattr("genesys.release.joined.Lookup", Noted)
    make_sft(world.lake, [world.lane])
    assert any("task_hash" in columns for columns in joined)
    assert {"verification_info", "metadata", "prompt"}.isdisjoint(set[str]().union(*joined)), "and not joined again"


def test_of_fat_rows_few_are_held_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesys.tables.lake.BATCH", FAT)
    monkeypatch.setattr(PartWriter, "GROUP_CHARS", 2 * FAT)
    world.run("tasks")
    batches: list[int] = []

    from genesys.tables.lake import pq

    class Read(pq.ParquetFile):  # type: ignore[misc]
        def iter_batches(self, **options: Any) -> Any:
            for batch in super().iter_batches(**options):
                batches.append(batch.num_rows)
                yield batch

    monkeypatch.setattr(pq, "ParquetFile", Read)
    whole = list(world.lake.rows("sums/tasks", SHARD))
    assert batches == [1, 1, 1]
    assert [row["prompt"] for row in whole] == [
        row["prompt"] for row in world.lake.rows("sums/tasks", SHARD, ["prompt"])
    ]
    assert batches[3:] == [3]
    ((_, part),) = world.lake.need("sums/tasks", SHARD).parts.items()
    assert world.lake.footer("sums/tasks", SHARD, part.data).num_row_groups == 2, "two of them fill a row group"


def test_tables_made_before_tasks_kept_their_identity_are_read_with_it(world: World) -> None:
    world.run()
    ((campaign, part),) = world.lake.need("sums/tasks", SHARD).parts.items()
    columns = ("problem_id", "row_id", "record_hash")
    brief, whole = (list(task_rows(world.lake, world.lane, SHARD, names)) for names in (columns, None))
    old = TASKS.remove(TASKS.get_field_index("record_hash"))
    old = old.remove(old.get_field_index("row_id"))
    rows = [{name: row[name] for name in old.names} for row in whole]
    file = world.lake.write("sums/tasks", SHARD, old, rows)
    world.lake.publish("sums/tasks", SHARD, {campaign: part.model_copy(update={"data": file})})
    assert list(task_rows(world.lake, world.lane, SHARD)) == whole
    found = task_rows(world.lake, world.lane, SHARD, columns)
    assert [{name: row[name] for name in columns} for row in found] == brief
    world.run("generations", "verifications")
    assert make_filtered(world.lake, [world.lane]).counts["accepted"] == 3
    make_sft(world.lake, [world.lane])
    assert look(world).agrees
