"""Adaptive sampling: a task that has enough is asked no more, what was decided stands, and no verdict is made twice."""

import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from genesys.chat import ChatAnswer, ChatRequest
from genesys.choices import MOST_SAMPLES, StopRule
from genesys.faults import InfrastructureFault
from genesys.stages.adaptive import further
from genesys.stages.draws import Draw
from tests.genesys.lineage.conftest import look, release
from tests.support.tiny_lane import TinyTeacher, TinyVerifier, World, answers

TWO, ALIKE = StopRule(accepted=2), StopRule(alike=2)
SHARD = "sums-00000"


@dataclass
class Marked:
    """A teacher whose answers are right or wrong as a mark says, by question and in the order of the samples."""

    marks: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: ChatRequest) -> ChatAnswer:
        if request.name == "is_sum":
            return answers(request)
        right = answers(request.model_copy(update={"sample_index": 9})).content
        question = request.messages[-1].content.removeprefix("What is ").removesuffix("?")
        mark = self.marks.get(question, "+")[request.sample_index : request.sample_index + 1] or "+"
        if mark == "0":
            return ChatAnswer(content="", finish_reason="refused", refused="content filter")
        if mark == "!":
            raise InfrastructureFault("the endpoint is down")
        return ChatAnswer(content=right if mark == "+" else "no", finish_reason="stop", completion_tokens=4)


class CountingVerifier(TinyVerifier):
    """Counts what it is asked; says nothing while it is down."""

    asked: Counter[str] = Counter()
    is_down = False

    def verify(self, result: Any) -> dict[str, Any]:
        if self.is_down:
            raise InfrastructureFault("the sandbox is down")
        self.asked[result["response_id"]] += 1
        return super().verify(result)


@pytest.fixture
def verifier() -> type[CountingVerifier]:
    return type("Counting", (CountingVerifier,), {"asked": Counter()})


def world_of(folder: Path, verifier: type[Any], rule: StopRule, marks: dict[str, str], most: int = 8) -> World:
    world = World.at(
        folder,
        registry={"tiny_sum": verifier},
        teacher=TinyTeacher(answer=Marked(marks)),
        draw=Draw("tiny", "tiny", 1, stop=rule),
        samples=most,
    )
    world.update()
    return world


def drawn(world: World) -> dict[str, int]:
    """Responses of each task, by its question."""
    prompts = {row["problem_id"]: row["prompt"] for row in world.rows("tasks")}
    found = Counter(prompts[row["problem_id"]] for row in world.rows("generations"))
    return {prompt.removeprefix("What is ").removesuffix("?"): count for prompt, count in found.items()}


def samples_asked(world: World) -> int:
    return sum(request.name == "sample" for request in world.teacher.asked)


@pytest.mark.parametrize(
    ("rule", "accepted", "answered", "expected"),
    [
        (TWO, 0, 0, 2),
        (TWO, 1, 2, 1),
        (TWO, 2, 3, 0),
        (TWO, 0, 8, 4),  # half as many as there are
        (TWO, 0, 15, 1),  # no more than there may be
        (TWO, 0, 16, 0),
        (ALIKE, 0, 0, 2),
        (ALIKE, 2, 2, 0),  # all accepted
        (ALIKE, 0, 2, 2),
        (ALIKE, 0, 4, 0),  # all rejected, twice as many
        (ALIKE, 1, 2, 14),  # neither: all there may be
        (StopRule(accepted=3, alike=2), 2, 2, 0),
        (StopRule(accepted=3, alike=2), 1, 2, 2),
        (StopRule(accepted=1, alike=4), 0, 0, 1),
    ],
)
def test_a_rule_asks_for_no_more_than_it_can_need(rule: StopRule, accepted: int, answered: int, expected: int) -> None:
    assert further(rule, 16, accepted=accepted, answered=answered) == expected


def test_a_hopeless_task_of_500_samples_is_asked_in_a_few_waves() -> None:
    answered = waves = 0
    while wave := further(StopRule(accepted=1), MOST_SAMPLES, accepted=0, answered=answered):
        answered, waves = answered + wave, waves + 1
    assert answered == MOST_SAMPLES
    assert waves < 20


def test_tasks_stop_each_at_its_own_number(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"1+2": "++", "20+22": "-+-+", "5+5": "-" * 8})
    world.run()
    assert drawn(world) == {"1+2": 2, "20+22": 4, "5+5": 8}
    assert len(world.rows("verifications")) == 14
    indexes = [row["sample_index"] for row in world.rows("generations")]
    assert indexes == [*range(2), *range(4), *range(8)]


def test_the_easy_and_the_hopeless_stop_and_the_others_get_all(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, ALIKE, {"1+2": "++", "20+22": "----", "5+5": "-+"})
    world.run()
    assert drawn(world) == {"1+2": 2, "20+22": 4, "5+5": 8}


def test_the_verifications_find_the_verdicts_that_sampling_asked_for(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"5+5": "-+-+"})
    world.run("tasks", "generations")
    assert set(verifier.asked.values()) == {1}
    asked = verifier.asked.total()
    world.run("verifications")
    assert verifier.asked.total() == asked == len(world.rows("verifications"))


def test_a_verifier_that_changes_later_leaves_the_responses_as_they_are(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"5+5": "-+-+"})
    world.run()
    before, asked = world.rows("generations"), samples_asked(world)
    stricter = type("Stricter", (verifier,), {"version": "8", "verify": lambda *_: {"score": 0.0}})
    changed = replace(world, registry={"tiny_sum": stricter})
    changed.run()
    assert world.rows("generations") == before
    assert samples_asked(world) == asked
    assert not any(row["accepted"] for row in world.rows("verifications"))


def test_a_larger_number_adds_to_the_tasks_that_had_not_enough(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"20+22": "-" * 6, "5+5": "-" * 8}, most=4)
    world.run()
    before, asked = {row["response_id"] for row in world.rows("generations")}, samples_asked(world)
    assert drawn(world) == {"1+2": 2, "20+22": 4, "5+5": 4}
    replace(world, samples=10).run()
    assert drawn(world) == {"1+2": 2, "20+22": 9, "5+5": 10}
    assert before < {row["response_id"] for row in world.rows("generations")}
    assert samples_asked(world) - asked == 11
    assert len(world.lake.need("sums/generations", SHARD).parts) == 1
    assert set(verifier.asked.values()) == {1}
    replace(world, samples=3).run()
    assert len(world.rows("generations")) == 21


def test_without_the_journal_what_stands_is_not_asked_again(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"5+5": "-" * 8}, most=4)
    world.run()
    before, asked, verified = world.rows("generations"), samples_asked(world), verifier.asked.total()
    shutil.rmtree(world.journal_root)
    replace(world, samples=6).run("generations")
    after = world.rows("generations")
    assert [row for row in after if row["sample_index"] < 4] == before
    assert samples_asked(world) - asked == 2
    assert verifier.asked.total() - verified == 2


def test_a_verifier_that_is_down_is_no_verdict(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"5+5": "-+-+"})
    world.run("tasks")
    verifier.is_down = True
    world.run("generations")
    counts = world.lake.need("sums/generations", SHARD).counts
    assert (counts.errored, counts.records) == ({"infrastructure": 3}, 0)
    asked = samples_asked(world)
    verifier.is_down = False
    world.run("generations")
    assert drawn(world) == {"1+2": 2, "20+22": 2, "5+5": 4}
    assert samples_asked(world) - asked == 2


def test_one_sample_that_fails_loses_none_of_the_others(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, ALIKE, {"5+5": "-+!+++++"})
    world.run("tasks", "generations")
    assert drawn(world) == {"1+2": 2, "20+22": 2}
    asked = samples_asked(world)
    mended = replace(world, teacher=TinyTeacher(answer=Marked({"5+5": "-+-+++++"})))
    mended.run("generations")
    assert drawn(world)["5+5"] == 8
    assert samples_asked(mended) == 1
    assert asked == 2 + 2 + 9  # the failed one twice: rows that failed are tried again at the end


def test_a_refused_sample_counts_and_makes_no_response(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"1+2": "0+0+", "5+5": "0" * 8})
    world.run()
    assert drawn(world) == {"1+2": 2, "20+22": 2}
    first = [row for row in world.rows("generations")][:2]
    assert [(row["sample_index"], row["accepted_so_far"]) for row in first] == [(1, 1), (3, 2)]
    counts = world.lake.need("sums/generations", SHARD).counts
    assert counts.rejected == {"task fault": 1}


def test_both_rules_may_stand_side_by_side_without_a_response_twice(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {})
    world.run()
    replace(world, draw=Draw("tiny", "tiny", 1), samples=4).run()
    replace(world, draw=Draw("tiny", "tiny", 1, stop=ALIKE)).run()
    ids = [row["response_id"] for row in world.rows("generations")]
    assert len(world.lake.need("sums/generations", SHARD).parts) == 3
    assert len(ids) == len(set(ids))


def test_an_adaptive_response_can_be_audited_and_derived_again(tmp_path: Path, verifier: type[Any]) -> None:
    world = world_of(tmp_path, verifier, TWO, {"5+5": "-+-+"})
    world.run()
    release(world)
    for row in world.rows("generations"):
        audit = look(world, row["response_id"], replay=True)
        assert audit.agrees, audit.findings
