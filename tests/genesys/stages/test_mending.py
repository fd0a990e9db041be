"""Golds that people mended: the task is another one, its responses stay, and their verdicts are made anew."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.curation.steps import Curation
from genesys.faults import InfrastructureFault, TaskFault
from genesys.ledger import problem_id
from genesys.outcomes import accepted, rejected
from genesys.overrides import Decision, Overrides
from genesys.stages.mending import MENDED, mended_task, mends_of, with_mends
from genesys.stages.stage import Stage
from tests.support.tiny_lane import ROWS, World

IDS = {row["question"]: problem_id("tiny/sums", str(row["id"])) for row in ROWS}


def mend(ident: str, truth: str, **more: Any) -> Decision:
    changed = {"gold_standard_solution": truth, "verification_info": {"ground_truth": truth}} | more
    return Decision(id=ident, action="mend", why="It said 3", by="Ada", at="2026-01-02", **changed)


def made(tmp_path: Path, shard_size: int = 100) -> World:
    world = World.at(tmp_path)
    world.update(shard_size)
    world.run()
    return world


def verdicts(world: World) -> dict[tuple[str, int], bool]:
    """By prompt and sample."""
    asked = {row["response_id"]: row for shard in world.shards() for row in world.rows("generations", shard)}
    return {
        (asked[row["response_id"]]["messages"][0]["content"], asked[row["response_id"]]["sample_index"]): row[
            "accepted"
        ]
        for shard in world.shards()
        for row in world.rows("verifications", shard)
    }


def test_a_mended_gold_overturns_verdicts_and_asks_no_teacher_again(tmp_path: Path) -> None:
    world = made(tmp_path)
    before, said, asked = verdicts(world), world.rows("generations"), len(world.teacher.asked)
    assert before["What is 1+2?", 0]
    assert not before["What is 1+2?", 1]
    world.overrides = Overrides.of([mend(IDS["1+2"], "4")])
    world.run()
    after = verdicts(world)
    assert len(world.teacher.asked) == asked
    assert [row["response_id"] for row in world.rows("generations")] == [row["response_id"] for row in said]
    assert not after["What is 1+2?", 0]
    assert after["What is 1+2?", 1]
    assert {key: value for key, value in after.items() if key[0] != "What is 1+2?"} == {
        key: value for key, value in before.items() if key[0] != "What is 1+2?"
    }


def test_the_mended_task_says_so_and_others_stay_as_they_are(tmp_path: Path) -> None:
    world = made(tmp_path)
    before = {row["problem_id"]: row for row in world.rows("tasks")}
    world.overrides = Overrides.of([mend(IDS["1+2"], "4")])
    world.run()
    after = {row["problem_id"]: row for row in world.rows("tasks")}
    task, was = after.pop(IDS["1+2"]), before.pop(IDS["1+2"])
    assert after == before
    assert json.loads(task["verification_info"]) == {"ground_truth": "4"}
    assert json.loads(task["metadata"]) == {"kind": "sum", MENDED: {"why": "It said 3", "at": "2026-01-02"}}
    assert task["prompt"] == was["prompt"]
    assert task["task_hash"] != was["task_hash"]
    assert task["record_hash"] != was["record_hash"]


def stale(world: World) -> list[str]:
    """Shards whose tasks would be made anew."""
    stages: list[Stage[Any]] = [world._stages("tasks", shard, None)[0] for shard in world.shards()]  # type: ignore[arg-type]
    return [stage.partition for stage in stages if stage.finished(world.lake) is None]


def test_only_the_shard_of_the_task_is_stale_and_only_while_the_decision_stands(tmp_path: Path) -> None:
    world = made(tmp_path, shard_size=1)
    assert stale(world) == []
    world.overrides = Overrides.of([mend(IDS["20+22"], "43"), mend("elsewhere", "1")])
    assert len(world.shards()) == 4
    (touched,) = stale(world)
    world.run()
    assert stale(world) == []
    world.overrides = Overrides()
    assert stale(world) == [touched]
    world.run()
    assert [row["gold_standard_solution"] for row in world.rows("tasks", touched)] == ["42"]


def test_a_mend_of_a_task_that_a_row_became_is_found_by_the_row(tmp_path: Path) -> None:
    world = made(tmp_path)
    found = mends_of(world.lake, world.lane, world.shards()[0], Overrides.of([mend("step-2", "4", row_id=IDS["1+2"])]))
    assert list(found) == ["step-2"]


class Judged:
    """Calls whose verifier gives a score, or fails."""

    def __init__(self, score: float | None | Exception) -> None:
        self.score = score
        self.seen: list[dict[str, Any]] = []

    async def verify(self, record: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(record)
        if isinstance(self.score, Exception):
            raise self.score
        return {"score": self.score, "verification_result_info": {}}


TASK = {"task_type": "verifiable_math", "prompt": "1+2", "verification_info": {"ground_truth": "3"}, "metadata": {}}


def put(calls: Judged, *decisions: Decision, outcome: Any = None) -> Any:
    mends = Overrides.of(decisions).which("mend")
    return asyncio.run(with_mends(outcome or accepted(TASK), "row", mends, calls))  # type: ignore[arg-type]


def test_the_mended_gold_is_put_to_its_verifier() -> None:
    calls = Judged(1.0)
    (task,) = put(calls, mend("row", "4")).records
    assert task["verification_info"] == {"ground_truth": "4"}
    assert [(record["llm_response"], record["verification_info"]) for record in calls.seen] == [
        ("\\boxed{4}", {"ground_truth": "4"})
    ]


def test_a_task_whose_mended_gold_fails_is_dropped_and_others_of_its_row_stay() -> None:
    assert put(Judged(0.0), mend("row", "4")).reason == "mended gold fails"
    other = {**TASK, "problem_id": "step-2"}
    kept = put(Judged(0.0), mend("row", "4"), outcome=accepted(TASK, other))
    assert (kept.status, kept.records) == ("accepted", (other,))


@pytest.mark.parametrize("fault", [TaskFault("no such gold"), InfrastructureFault("the sandbox is down")])
def test_a_gold_that_could_not_be_tried_is_no_verdict_of_ours(fault: Exception) -> None:
    with pytest.raises(type(fault)):
        put(Judged(fault), mend("row", "4"))


def test_a_gold_that_is_the_same_is_not_tried_again() -> None:
    calls = Judged(0.0)
    same = Decision(
        id="row", action="mend", why="?", by="Ada", at="2026-01-02", verification_info={"ground_truth": "3"}
    )
    assert put(calls, same).status == "accepted"
    assert calls.seen == []


def test_a_row_that_is_dropped_stays_so() -> None:
    assert put(Judged(1.0), mend("row", "4"), outcome=rejected("no sum")) == rejected("no sum")


def test_what_a_mend_does_not_name_stays() -> None:
    task = {"verification_info": {"language": "python", "test_cases": []}, "gold_standard_solution": "x"}
    mended = mended_task(task, mend("row", "y", verification_info={"test_cases": [1]}))
    assert mended["verification_info"] == {"language": "python", "test_cases": [1]}
    assert mended["gold_standard_solution"] == "y"
    assert task == {"verification_info": {"language": "python", "test_cases": []}, "gold_standard_solution": "x"}


def test_a_lane_of_steps_mends_too(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    curate = Curation(begin=lambda row: row, steps=(), tasks=lambda row: [TASK | {"task_type": "tiny_sum"}])
    world.lane = replace(world.lane, curate=curate)
    world.update()
    world.overrides = Overrides.of([mend(IDS["1+2"], "4")])
    world.run("tasks")
    golds = {row["problem_id"]: row["gold_standard_solution"] for row in world.rows("tasks")}
    assert golds[IDS["1+2"]] == "4"
    assert set(golds.values()) == {"4", None}
