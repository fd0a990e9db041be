"""A row that becomes several tasks: each has responses and verdicts of its own, and all go when the row goes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.journal import Journal
from genesys.hashing import digest
from genesys.lane import Lane, LedgerRow
from genesys.lineage.audit import audit
from genesys.outcomes import Counts, Outcome
from genesys.release.filtered import make_filtered
from genesys.release.sft import make_sft
from tests.support.tiny_lane import ROWS, World, sums_lane, write_rows

Row = dict[str, Any]
SHARD = "sums-00000"


def evolving(harder: Row | None = None, *, flipped: bool = False, own_ids: bool = True) -> Lane:
    """The lane of sums, whose every row becomes a second, harder sum; ``harder`` says more of that one."""
    inner = sums_lane()

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        outcome = await inner.curate(row, calls)
        records = list(outcome.records)
        for task in outcome.records:
            left, right = row.upstream["question"].split("+")
            total = str(int(left) + int(right) + 100)
            own = {"problem_id": digest([row.problem_id, 1], 24), "parent_ids": [row.problem_id]} if own_ids else {}
            info = {"verification_info": {"ground_truth": total}, "gold_standard_solution": total}
            records.append({**task, **info, **own, **(harder or {}), "round": 1})
            records[-1]["prompt"] = f"What is {int(left) + 100}+{right}?"
        return replace(outcome, records=tuple(records[::-1] if flipped else records))

    return replace(inner, curate=curate)


def through(folder: Path, lane: Lane) -> World:
    world = World.at(folder, lane=lane, samples=2)
    world.update()
    world.run()
    return world


def counts(world: World, table: str) -> Counts:
    return world.lake.need(f"sums/{table}", SHARD).counts


def test_every_task_has_its_responses_and_each_of_them_an_end(tmp_path: Path) -> None:
    world = through(tmp_path, evolving())
    assert len(world.rows("tasks")) == 6
    of_rows = {row["row_id"] for row in outcomes(world, "tasks") if row["status"] == "accepted"}
    assert {row["row_id"] for row in world.rows("tasks")} == of_rows
    assert len({row["problem_id"] for row in world.rows("tasks")} - of_rows) == 3
    ends = counts(world, "verifications")
    assert len(world.rows("generations")) == ends.rows == ends.records == 12
    assert ends.balanced
    assert {row["accepted"] for row in world.rows("verifications")} == {True, False}


def outcomes(world: World, table: str) -> list[Row]:
    (part,) = world.lake.need(f"sums/{table}", SHARD).parts.values()
    assert part.outcomes is not None
    return list(world.lake.file_rows(f"sums/{table}", SHARD, part.outcomes))


def test_a_removed_row_takes_all_its_tasks_out_of_the_release(tmp_path: Path) -> None:
    world = through(tmp_path, evolving())
    assert make_filtered(world.lake, [world.lane]).counts["accepted"] == 6
    gone = {row["problem_id"] for row in world.rows("tasks") if row["prompt"] in ("What is 1+2?", "What is 101+2?")}
    assert len(gone) == 2
    write_rows(world.source_file, ROWS[1:])
    world.update()
    part = make_filtered(world.lake, [world.lane])
    assert (part.counts["accepted"], part.counts["rejected"]["removed source row"]) == (4, 4)
    assert gone.isdisjoint(row["problem_id"] for row in world.lake.rows("dataset/filtered"))


def test_the_audit_of_an_evolved_task_goes_to_its_source_row(tmp_path: Path) -> None:
    world = through(tmp_path, evolving())
    make_filtered(world.lake, [world.lane])
    make_sft(world.lake, [world.lane])
    (task,) = (row for row in world.rows("tasks") if row["prompt"] == "What is 120+22?")
    response = next(row for row in world.rows("generations") if row["problem_id"] == task["problem_id"])

    def look() -> Any:
        with Journal(world.journal_root, readonly=True) as journal:
            options: Row = {"sources": [world.source], "registry": world.registry, "replay": True}
            return audit(world.lake, journal, [world.lane], response["response_id"], **options)

    found = look()
    assert found.findings == ()
    assert found.link("source row").facts["row"] == 2
    assert found.link("release").facts["released"] is True
    write_rows(world.source_file, [ROWS[0]])
    world.update()
    assert ("release", "source row") in [(finding.step, finding.what) for finding in look().findings]


def test_two_tasks_of_one_id_are_a_mistake_of_the_lane(tmp_path: Path) -> None:
    world = World.at(tmp_path, lane=evolving(own_ids=False))
    world.update()
    world.run("tasks")
    assert world.rows("tasks") == []
    (part,) = world.lake.need("sums/tasks", SHARD).parts.values()
    assert part.unfinished
    assert part.counts["errored"] == {"mistake in a row function": 3}
    ident = world.rows("ledger", "_")[0]["problem_id"]
    detail = next(row["detail"] for row in outcomes(world, "tasks") if row["row_id"] == ident)
    assert detail == f"there is another record of the problem_id {ident}: give each one of its own"


def test_so_they_are_in_two_rows_of_a_shard(tmp_path: Path) -> None:
    world = World.at(tmp_path, lane=evolving({"problem_id": "the same"}))
    world.update()
    world.run("tasks")
    assert [row["round"] for row in world.rows("tasks")] == [0, 1]
    assert counts(world, "tasks").errored == {"mistake in a row function": 2}


def test_a_lane_does_not_say_which_row_a_task_is_of(tmp_path: Path) -> None:
    world = World.at(tmp_path, lane=evolving({"row_id": "mine", "row_hash": "mine", "record_hash": "mine"}))
    world.update()
    world.run("tasks")
    assert "mine" not in {row[name] for row in world.rows("tasks") for name in ("row_id", "row_hash", "record_hash")}


def test_a_response_to_what_is_no_task_any_more_ends_as_that(tmp_path: Path) -> None:
    world = through(tmp_path, evolving())
    without = replace(world, lane=sums_lane())
    without.run("tasks", "verifications")
    ends = counts(world, "verifications")
    assert (ends.rows, ends.rejected["stale task"]) == (12, 6)
    assert ends.balanced
    assert len(world.rows("verifications")) == 6
    without.run("generations", "verifications")
    assert counts(world, "verifications").rows == 6
    assert "stale task" not in counts(world, "verifications").rejected


def test_responses_find_their_tasks_in_whatever_order_these_stand_now(tmp_path: Path) -> None:
    world = through(tmp_path, evolving())
    before = world.rows("verifications")
    ids = [row["problem_id"] for row in world.rows("tasks")]
    replace(world, lane=evolving(flipped=True)).run("tasks", "verifications")
    assert [row["problem_id"] for row in world.rows("tasks")] != ids
    assert world.rows("verifications") == before
