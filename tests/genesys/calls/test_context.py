"""What a row function may do: typed questions, samples, verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from genesys.calls.context import READING_TRIALS, Calls, Roles
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.calls.verdicts import VERDICT_TRIALS, Subject, is_verdict_key
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.faults import GenesysError, InfrastructureFault, RepeatedCall, ResponseFault, TaskFault
from genesys.prompts import Prompt
from genesys.verifiers.runner import VerifierRunner
from tests.support.calls import FakeTeacher, question, roles_of


class Judgement(BaseModel):
    checkable: bool


@pytest.fixture
def ask_me() -> Prompt[Judgement]:
    prompt = Prompt(name="ask_me", answer=Judgement)
    prompt.__dict__["render"] = lambda **variables: question(f"Is it? {variables}")
    return prompt


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    with Journal(tmp_path / "journal") as journal:
        yield journal.segment("s")


def calls_with(segment: Segment, teacher: FakeTeacher | None = None, **more: Any) -> Calls:
    return Calls("row", segment, roles_of(teacher or FakeTeacher()), **more)


class Answers:
    """A model that says one thing after the other."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    async def __call__(self, request: ChatRequest) -> str:
        return self.texts.pop(0)


class TestAsk:
    async def test_a_typed_answer(self, segment: Segment, ask_me: Prompt[Judgement]) -> None:
        teacher = FakeTeacher(reply=Answers('<think>{"checkable": true}</think> {"checkable": false}'))
        assert (await calls_with(segment, teacher).ask(ask_me, x=1)).checkable is False
        assert (await calls_with(segment, teacher).ask(ask_me, x=1)).checkable is False
        assert len(teacher.asked) == 1

    async def test_an_unreadable_one_is_asked_for_again_otherwise(
        self, segment: Segment, ask_me: Prompt[Judgement]
    ) -> None:
        """The same greedy request would bring the same answer, and its journalled form would be replayed for ever."""
        teacher = FakeTeacher(reply=Answers("er", '{"checkable": "maybe"}', '{"checkable": true}'))
        calls = calls_with(segment, teacher)
        assert (await calls.ask(ask_me, x=1)).checkable is True
        assert [request.trial for request in teacher.asked] == [0, 1, 2]
        assert teacher.asked[0].sampling["temperature"] == 0
        assert teacher.asked[1].sampling != teacher.asked[2].sampling
        assert min(request.sampling["temperature"] for request in teacher.asked[1:]) > 0
        # A replay goes the same way.
        replay = calls_with(segment, FakeTeacher(), replay=True)
        assert (await replay.ask(ask_me, x=1)).checkable is True
        assert [entry.key for entry in replay.entries] == [entry.key for entry in calls.entries]

    async def test_one_that_stays_unreadable_is_the_responses_fault(
        self, segment: Segment, ask_me: Prompt[Judgement]
    ) -> None:
        teacher = FakeTeacher(reply=Answers(*["er"] * 10))
        for _ in range(2):
            with pytest.raises(ResponseFault, match=f"{READING_TRIALS} trials"):
                await calls_with(segment, teacher).ask(ask_me, x=1)
        assert len(teacher.asked) == READING_TRIALS

    async def test_a_role_that_nobody_plays(self, segment: Segment, ask_me: Prompt[Judgement]) -> None:
        with pytest.raises(InfrastructureFault, match=r"no curator.*\[curator\] in genesys\.toml"):
            await Calls("row", segment, Roles()).ask(ask_me, x=1)

    @pytest.mark.parametrize("role", ["judge", "judge-2"])
    def test_whoever_is_not_set_up_is_named_and_not_waited_for(self, role: str) -> None:
        with pytest.raises(InfrastructureFault, match=rf"no {role}.*\[{role}\] in genesys\.toml") as raised:
            Roles().chat(role)
        assert raised.value.final


class TestSample:
    async def test_each_sample_is_a_call_of_its_own(self, segment: Segment) -> None:
        teacher, calls = FakeTeacher(), calls_with(segment)
        calls.roles = roles_of(teacher)
        for index in range(3):
            await calls.sample(question("Why?"), {"temperature": 1}, index)
        assert len(teacher.asked) == len({entry.key for entry in calls.entries}) == 3
        with pytest.raises(RepeatedCall, match="row row: chat sample was called twice"):
            await calls.sample(question("Why?"), {"temperature": 1}, 2)

    async def test_what_was_asked_stands_beside_the_answer(self, segment: Segment) -> None:
        calls = calls_with(segment)
        await calls.sample(question("Why?"), {"temperature": 0.7}, 0)
        found = segment.get(calls.entries[0].key)
        assert found is not None
        assert found.payload["messages"][0]["content"] == "Why?"
        assert found.payload["sampling"] == {"temperature": 0.7}

    async def test_two_rows_that_ask_the_same_share_the_answer(self, segment: Segment) -> None:
        teacher = FakeTeacher()
        one, other = calls_with(segment, teacher), calls_with(segment, teacher)
        assert await one.sample(question("Why?"), {}, 0) == await other.sample(question("Why?"), {}, 0)
        assert len(teacher.asked) == 1
        assert (one.stats.made, one.stats.replayed, other.stats.made, other.stats.replayed) == (1, 0, 0, 1)

    async def test_a_refused_request_is_the_tasks_fault_now_and_in_a_replay(self, segment: Segment) -> None:
        class Refusing(FakeTeacher):
            async def complete(self, request: ChatRequest) -> Completed:
                self.asked.append(request)
                return Completed(answer=ChatAnswer(content="", finish_reason="refused", refused="too long"))

        teacher = Refusing()
        for replay in (False, False, True):
            with pytest.raises(TaskFault, match="too long"):
                await calls_with(segment, teacher, replay=replay).sample(question("Why?"), {}, 0)
        assert len(teacher.asked) == 1


class Scores:
    """A verifier that counts how often it was run."""

    runs = 0
    version = "1"
    raises: Exception | None = None

    def verify(self, result: Any) -> dict[str, Any]:
        type(self).runs += 1
        if self.raises is not None:
            raise self.raises
        return {"score": 1.0, "verification_result_info": {"rule": "x"}}


class TestVerify:
    RECORD = {"task_type": "test", "llm_response": "42"}

    @pytest.fixture
    def verifier(self) -> type[Scores]:
        return type("Scores", (Scores,), {})

    def calls(self, segment: Segment, verifier: type[Scores]) -> Calls:
        return Calls("row", segment, Roles(verifiers=VerifierRunner({"test": verifier})))

    async def test_a_verdict_is_a_call(self, segment: Segment, verifier: type[Scores]) -> None:
        for _ in range(2):
            calls = self.calls(segment, verifier)
            assert (await calls.verify(self.RECORD))["score"] == 1.0
        assert verifier.runs == 1
        assert calls.entries[0].payload == {}, "the record stands in a table already"

    async def test_another_version_record_or_trial_is_another_one(
        self, segment: Segment, verifier: type[Scores]
    ) -> None:
        await self.calls(segment, verifier).verify(self.RECORD)
        await self.calls(segment, verifier).verify(self.RECORD, trial=1)
        await self.calls(segment, verifier).verify(self.RECORD | {"llm_response": "43"})
        verifier.version = "2"
        await self.calls(segment, verifier).verify(self.RECORD)
        assert verifier.runs == 4

    async def test_its_key_is_known_from_the_verifier_and_the_record(
        self, segment: Segment, verifier: type[Scores]
    ) -> None:
        """So a table's verdict is known to be of this very record. Another key, and every verdict is reached anew."""
        calls = self.calls(segment, verifier)
        for trial in range(VERDICT_TRIALS):
            await calls.verify(self.RECORD, trial)
        found = [entry.key for entry in calls.entries]
        subject = Subject.of(self.RECORD).digest
        assert all(is_verdict_key(key, "Scores", "1", subject) for key in found)
        assert not is_verdict_key(found[0], "Scores", "2", subject)
        assert not is_verdict_key(found[0], "Scores", "1", Subject.of(self.RECORD | {"llm_response": "43"}).digest)
        assert calls.entries[0].key == "914f23ebe94c3bcd6eba1867be993cbe46844025456b093c7ad92f0f5d809e67", (
            "every verdict in the world would be reached anew"
        )

    @pytest.mark.parametrize("fault", [TaskFault("no gold"), ResponseFault("no box")])
    async def test_a_fault_of_task_or_response_is_a_verdict_too(
        self, segment: Segment, verifier: type[Scores], fault: GenesysError
    ) -> None:
        verifier.raises = fault
        for _ in range(2):
            with pytest.raises(type(fault), match=str(fault)):
                await self.calls(segment, verifier).verify(self.RECORD)
        assert verifier.runs == 1

    async def test_trouble_of_the_verifier_is_none(self, segment: Segment, verifier: type[Scores]) -> None:
        verifier.raises = RuntimeError("crashed")
        for _ in range(2):
            with pytest.raises(InfrastructureFault):
                await self.calls(segment, verifier).verify(self.RECORD)
        assert verifier.runs == 2
        verifier.raises = None
        assert (await self.calls(segment, verifier).verify(self.RECORD))["score"] == 1.0
