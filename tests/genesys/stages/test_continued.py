"""Responses that the token limit cut, continued; responses that begin with a prefill; several temperatures."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest
from genesys.choices import Sampling
from genesys.stages.draws import Draw
from tests.genesys.lineage.conftest import change_journal, found, look, release
from tests.support.tiny_lane import TinyTeacher, World, answers

SHARD = "sums-00000"
WORDS = ["I ", "add ", "and ", "find "]


def slow(request: ChatRequest) -> ChatAnswer:
    """Says a word of four at each call, and then the answer; at once where the sample is odd."""
    if request.name == "is_sum":
        return answers(request)
    said = request.messages[-1].content if request.continues else ""
    question = tuple(message for message in request.messages if message.role == "user")
    right = answers(request.model_copy(update={"sample_index": 9, "messages": question})).content.split()[-1]
    left = [word for word in WORDS if word not in said]
    if not left or request.sample_index % 2:
        return ChatAnswer(content=right, finish_reason="stop", prompt_tokens=9, completion_tokens=1, model="slow")
    return ChatAnswer(content=left[0], finish_reason="length", prompt_tokens=9, completion_tokens=1, model="slow")


def world_of(folder: Path, samples: int = 2, **draw: object) -> World:
    world = World.at(
        folder, teacher=TinyTeacher(answer=slow), draw=replace(Draw("tiny", "tiny", 1), **draw), samples=samples
    )
    world.update()
    world.run()
    return world


def forge_answer(world: World, key: str, content: str) -> None:
    with Journal(world.journal_root, readonly=True) as journal:
        entry = journal.segment(f"sums/{SHARD}").get(key)
    assert entry is not None
    answer = entry.result["answer"] | {"content": content}
    forged: Entry = entry.model_copy(update={"result": {"answer": answer}})
    change_journal(world, "update calls set blob = ? where key = ?", forged.to_bytes(), key)


def said(world: World) -> list[tuple[str, str]]:
    return [(row["messages"][-1]["content"], row["finish_reason"]) for row in world.rows("generations")[:2]]


def samples_asked(world: World) -> int:
    return sum(request.name == "sample" for request in world.teacher.asked)


def test_a_cut_response_is_continued_as_often_as_allowed(tmp_path: Path) -> None:
    assert said(world_of(tmp_path / "0"))[0] == ("I ", "length")
    assert said(world_of(tmp_path / "2", continue_cut=2))[0] == ("I add and ", "length")
    world = world_of(tmp_path / "4", continue_cut=4)
    assert said(world) == [("I add and find 3", "stop"), ("3", "stop")]
    row = world.rows("generations")[0]
    assert (row["prompt_tokens"], row["completion_tokens"], len(row["cut_call_keys"])) == (9, 5, 4)
    assert row["messages"][0]["role"] == "user"
    assert len(row["messages"]) == 2


def test_continuing_later_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    asked, before = samples_asked(world), world.rows("generations")
    further = replace(world, draw=replace(world.draw, continue_cut=4))
    further.run()
    assert said(world)[0] == ("I add and find 3", "stop")
    assert samples_asked(world) - asked == 3 * 4
    after = world.rows("generations")
    assert [row for row in after if row["sample_index"]] == [row for row in before if row["sample_index"]]
    assert len(world.lake.need("sums/generations", SHARD).parts) == 1
    assert all(row["accepted"] for row in world.rows("verifications"))


def test_without_the_journal_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    asked = samples_asked(world)
    shutil.rmtree(world.journal_root)
    replace(world, draw=replace(world.draw, continue_cut=4)).run("generations")
    assert samples_asked(world) - asked == 3 * 4


def test_who_wants_less_continuing_later_changes_nothing(tmp_path: Path) -> None:
    world = world_of(tmp_path, continue_cut=4)
    before = world.rows("generations")
    replace(world, draw=replace(world.draw, continue_cut=0)).run()
    assert world.rows("generations") == before


def test_a_continuation_that_does_not_fit_leaves_the_response_cut(tmp_path: Path) -> None:
    def full(request: ChatRequest) -> ChatAnswer:
        if request.continues:
            return ChatAnswer(content="", finish_reason="refused", refused="context window")
        return slow(request)

    world = World.at(
        tmp_path, teacher=TinyTeacher(answer=full), draw=Draw("tiny", "tiny", 1, continue_cut=4), samples=1
    )
    world.update()
    world.run()
    assert said(world)[0] == ("I ", "length")
    assert world.rows("generations")[0]["cut_call_keys"] == []


def test_a_continued_response_can_be_audited_piece_by_piece(tmp_path: Path) -> None:
    world = world_of(tmp_path, continue_cut=4, prefill="Well, ")
    release(world)
    for row in world.rows("generations"):
        audit = look(world, row["response_id"], replay=True)
        assert audit.agrees, found(audit)
    row = world.rows("generations")[0]
    assert row["messages"][-1]["content"] == "Well, I add and find 3"
    middle = row["cut_call_keys"][1]
    forge_answer(world, middle, "subtract ")
    assert ("generation", "answer in the journal") in found(look(world, row["response_id"]))


def test_a_prefill_is_another_campaign_than_none(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    replace(world, draw=replace(world.draw, prefill="Well, ")).run()
    assert len(world.lake.need("sums/generations", SHARD).parts) == 2
    ids = [row["response_id"] for row in world.rows("generations")]
    assert len(ids) == len(set(ids))


def test_temperatures_are_taken_in_turn(tmp_path: Path) -> None:
    world = world_of(tmp_path, samples=4, sampling=Sampling(temperature=(0.2, 0.6, 1.0)))
    sampled = [request for request in world.teacher.asked if request.name == "sample"][:4]
    by_index = {request.sample_index: request.sampling["temperature"] for request in sampled}
    assert by_index == {0: 0.2, 1: 0.6, 2: 1.0, 3: 0.2}
    release(world)
    assert look(world).agrees


@pytest.mark.parametrize(("own", "asked"), [(None, ["user"]), ("Think hard.", ["system", "user"]), ("", ["user"])])
def test_the_plan_may_say_another_system_prompt(tmp_path: Path, own: str | None, asked: list[str]) -> None:
    world = world_of(tmp_path, system_prompt=own)
    request = next(request for request in world.teacher.asked if request.name == "sample")
    assert [message.role for message in request.messages] == asked
    release(world)
    assert look(world, replay=True).agrees
