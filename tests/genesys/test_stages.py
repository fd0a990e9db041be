"""Campaigns: more samples are a part of their own, fewer change nothing, and changed tasks make all of them anew."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.faults import TaskFault
from genesys.lane import LedgerRow
from genesys.ledger import update_ledger
from genesys.outcomes import Outcome, rejected
from genesys.sources.opening import open_source
from genesys.stages.draws import Draw
from genesys.stages.generations import generations_stage
from genesys.stages.stage import seal_stage
from tests.support.tiny_lane import ROWS, InlinePrompt, World, answers, sums_lane


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


def test_a_campaign_has_the_name_that_earlier_versions_gave_it(world: World) -> None:
    """Under another one all of it would be sampled again, and stand in the release beside what stands there now."""
    assert list(world.lake.need("sums/generations", "sums-00000").parts) == ["6abc9af891cd-0002"]


def test_rows_have_the_ids_that_earlier_versions_gave_them(world: World) -> None:
    """By others nothing that stands would be found again: not the row upstream, nor its calls, nor its verdicts."""
    row, task, response = (world.rows(*table)[0] for table in (("ledger", "_"), ("tasks",), ("generations",)))
    assert row["problem_id"] == "68868784e7403c0be58d9da1"
    assert row["row_hash"] == "b44d134b5b5fd34a83c8ae8b149f0cad"
    assert row["statement_hash"] == "3d9e00d8b9270bb299bec190"
    assert task["task_hash"] == "06cbf1c3224bed9e11ec5e13"
    assert task["record_hash"] == "1203cf602af6b5adf300bf80feb0190d"
    assert response["response_id"] == "e575bc79d051825821f7a586"


def test_a_task_says_where_its_row_is_from_and_a_row_that_became_none_says_why(tmp_path: Path) -> None:
    world = World.at(tmp_path, rows=[ROWS[0] | {"url": "https://x/1", "license": "mit"}, ROWS[2]])
    source = open_source(world.source.model_copy(update={"attribution": "us"}))
    update_ledger(world.lake, world.lane, [source], shard_size=9)
    world.run("tasks")
    (task,) = world.rows("tasks")
    assert task["source"] == task["hf_dataset_name"] == "tiny/sums"
    assert (task["revision"], task["source_url"]) == (source.revision, "https://x/1")
    assert (task["license"], task["attribution"]) == ("mit", "us")
    assert world.lake.need("sums/tasks", "sums-00000").counts.rejected == {"not a sum": 1}


def test_a_part_says_which_run_made_it_and_of_how_many_tokens_and_its_file_where_it_belongs(world: World) -> None:
    stage = generations_stage(world.lake, world.lane, "sums-00000", Draw("tiny", "tiny", 2))
    with Journal(world.journal_root) as journal:
        part = asyncio.run(seal_stage(stage, world.lake, journal, Roles(teacher=world.teacher), run_id="run-7"))
    assert world.lake.part("sums/generations", "sums-00000", stage.campaign) == part
    assert part.run_id == "run-7"
    assert part.figures == {"prompt_tokens": 6 * 10, "completion_tokens": 6 * 4}
    footer = world.lake.footer("sums/generations", "sums-00000", part.data).metadata
    assert footer[b"genesys.asset"] == b"sums/generations"
    assert (footer[b"genesys.partition"], footer[b"genesys.campaign"]) == (b"sums-00000", stage.campaign.encode())


# One odd answer must not keep a shard's other rows from their table ----------------------------------------------


class Why(BaseModel):
    is_sum: bool
    why: str


def test_half_a_character_in_a_curators_answer(tmp_path: Path) -> None:
    prompt = InlinePrompt("is_sum", Why)
    sums = sums_lane()

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        decision = await calls.ask(prompt, question=row.upstream["question"])
        if not decision.is_sum:
            return rejected("not a sum", decision.why)
        raise TaskFault(f"seen {decision.why} and \ud835")

    world = World.at(tmp_path, lane=replace(sums, curate=curate, prompts=(prompt,)))
    text = r'{"is_sum": %s, "why": "\ud835"}'
    world.teacher.answer = lambda request: answers(request).model_copy(
        update={"content": text % ("false" if "Why?" in request.messages[-1].content else "true")}
    )
    world.update()
    world.run("tasks")
    (part,) = world.lake.need("sums/tasks", "sums-00000").parts.values()
    ends = list(world.lake.file_rows("sums/tasks", "sums-00000", part.outcomes))  # type: ignore[arg-type]
    assert [row["detail"] for row in ends] == ["seen \ufffd and \ufffd"] * 2 + ["\ufffd", "seen \ufffd and \ufffd"]


@pytest.mark.parametrize(
    ("given", "shown"), [("half \ud835", "half \ufffd"), (42, "42"), ([1, "b"], '[1, "b"]'), (None, None)]
)
def test_what_verifiers_give_as_an_answer(tmp_path: Path, given: Any, shown: str | None) -> None:
    class Odd:
        version = "1"

        def verify(self, _: Any) -> dict[str, Any]:
            return {"score": 1.0, "verification_result_info": {"extracted_answer": given}}

    world = World.at(tmp_path, registry={"tiny_sum": Odd}, samples=1)
    world.update()
    world.run()
    assert [row["extracted_answer"] for row in world.rows("verifications")] == [shown] * 3
