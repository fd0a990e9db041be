"""Campaigns: more samples are a part of their own, fewer change nothing, and changed tasks make all of them anew."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from genesys.calls.context import Calls
from genesys.faults import TaskFault
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome, rejected
from tests.support.tiny_lane import InlinePrompt, World, answers, sums_lane


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
