"""Calls within a verdict: durable each by itself, named by the verdict, counted once, made anew where it is too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genesys.calls.context import Calls, CallStats, NotJournalled, Roles
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.chat import ChatRequest
from genesys.faults import InfrastructureFault, TaskFault
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.runner import VerifierRunner
from tests.support.calls import FakeTeacher, question

RECORD = {"task_type": "asked", "llm_response": "42"}
QUESTIONS = ("first", "second", "third")


class Asks(BaseVerifier):
    """Asks the judge three things, one after the other."""

    version = "1"
    asks = True
    fault: ClassVar[Exception | None] = None

    async def verify(self, result: Any, calls: Calls) -> dict[str, Any]:  # type: ignore[override]
        told = []
        for text in QUESTIONS:
            request = ChatRequest(messages=question(f"{text} of {result['llm_response']}"), sampling={})
            told.append((await calls.chat("judge", request)).content)
        if self.fault is not None:
            raise self.fault
        return {"score": 1.0, "verification_result_info": {"told": told}}


class Foreign:
    """As written for Genesys."""

    version = "1"

    def verify(self, result: Any) -> dict[str, Any]:
        return {"score": 0.5, "verification_result_info": {}}


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    with Journal(tmp_path) as journal:
        yield journal.segment("s")


def calls_of(segment: Segment, judge: FakeTeacher | None, stats: CallStats | None = None, **more: Any) -> Calls:
    runner = VerifierRunner({"asked": Asks, "foreign": Foreign})
    return Calls("row", segment, Roles(judge=judge, verifiers=runner), stats=stats or CallStats(), **more)


async def test_they_stand_before_the_verdict_which_names_them(segment: Segment) -> None:
    judge = FakeTeacher()
    made = calls_of(segment, judge)
    verdict = await made.verify(RECORD)
    assert [entry.kind for entry in made.entries] == ["chat"] * 3 + ["verdict"]
    assert verdict["calls"] == [entry.key for entry in made.entries[:3]]
    found = calls_of(segment, None, replay=True)
    assert await found.verify(RECORD) == verdict
    assert [entry.key for entry in found.entries] == [entry.key for entry in made.entries]
    assert len(judge.asked) == 3


async def test_tokens_are_counted_once_made_or_found(segment: Segment) -> None:
    stats = CallStats()
    await calls_of(segment, FakeTeacher(), stats).verify(RECORD)
    assert (stats.made, stats.replayed, stats.completion_tokens) == (4, 0, 15)
    again = CallStats()
    await calls_of(segment, None, again, replay=True).verify(RECORD)
    assert (again.made, again.replayed, again.completion_tokens) == (0, 4, 15)
    await calls_of(segment, None, again, replay=True, counted_before=True).verify(RECORD)
    assert again.completion_tokens == 15


async def test_what_was_answered_before_it_failed_is_not_asked_again(segment: Segment) -> None:
    async def fails_at_the_third(request: ChatRequest) -> str:
        if "third" in request.messages[0].content:
            raise InfrastructureFault("the judge went away")
        return "ok"

    judge = FakeTeacher(fails_at_the_third)
    with pytest.raises(InfrastructureFault, match="went away"):
        await calls_of(segment, judge).verify(RECORD)
    assert len(judge.asked) == 3
    await segment.flush()
    with pytest.raises(NotJournalled, match="went away"):
        await calls_of(segment, None, replay=True).verify(RECORD)
    healthy = FakeTeacher()
    await calls_of(segment, healthy).verify(RECORD)
    assert [request.messages[0].content for request in healthy.asked] == ["third of 42"]


async def test_a_verdict_had_anew_has_its_calls_made_anew(segment: Segment) -> None:
    judge = FakeTeacher()
    for trial in (0, 1, 2, 1):
        await calls_of(segment, judge).verify(RECORD, trial)
    assert len(judge.asked) == 9
    calls = calls_of(segment, judge)
    first, second = await calls.verify(RECORD), await calls.verify(RECORD, 1)
    assert set(first["calls"]).isdisjoint(second["calls"])


async def test_a_fault_of_the_task_is_a_verdict_with_its_calls(
    segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Asks, "fault", TaskFault("no gold"))
    judge = FakeTeacher()
    for _ in range(2):
        calls = calls_of(segment, judge)
        with pytest.raises(TaskFault, match="no gold"):
            await calls.verify(RECORD)
        assert len(calls.entries) == 4
    assert len(judge.asked) == 3


async def test_two_rows_may_ask_the_same_within_their_verdicts(segment: Segment) -> None:
    judge, calls = FakeTeacher(), None
    calls = calls_of(segment, judge)
    await calls.verify(RECORD | {"response_id": "a"})
    await calls.verify(RECORD | {"response_id": "b"})
    assert len(judge.asked) == 3, "the same question has one answer"


async def test_a_verifier_that_asks_nobody_gets_the_record_alone(segment: Segment) -> None:
    calls = calls_of(segment, None)
    verdict = await calls.verify(RECORD | {"task_type": "foreign"})
    assert verdict == {"score": 0.5, "verification_result_info": {}}
    assert len(calls.entries) == 1


async def test_without_calls_a_verifier_that_asks_says_so() -> None:
    async with VerifierRunner({"asked": Asks}) as runner:
        with pytest.raises(InfrastructureFault, match=r"Calls\.verify"):
            await runner.verify(RECORD)
