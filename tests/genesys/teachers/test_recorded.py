"""A journal opened for reading as a teacher."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.calls.entry import Entry, call_key
from genesys.calls.journal import Journal
from genesys.chat import ChatRequest
from genesys.faults import GenesysError, NoRecordedAnswer
from genesys.teachers import recorded
from genesys.teachers.recorded import RecordedTeacher
from tests.support.calls import question


def ask(number: int, **more: object) -> ChatRequest:
    return ChatRequest.model_validate({"messages": question(f"row {number}"), "sampling": {"temperature": 0.7}} | more)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Six segments of five answers."""
    with Journal(tmp_path / "recorded") as journal:
        for number in range(30):
            payload = ask(number).payload("fake")
            record = Entry(
                key=call_key("chat", payload),
                kind="chat",
                name="sample",
                row_id=str(number),
                payload=payload,
                result={"answer": {"content": f"answer {number}", "finish_reason": "stop"}},
            )
            journal.segment(f"math/math-{number // 5:05d}").put_now(record)
    return tmp_path / "recorded"


async def test_it_finds_an_answer_in_whatever_segment(recording: Path) -> None:
    teacher = RecordedTeacher(recording, "fake")
    for number in (29, 0, 14, 14, 7):
        assert (await teacher.complete(ask(number))).answer.content == f"answer {number}"
    await teacher.aclose()


async def test_it_keeps_few_segments_open(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "_OPEN", 2)
    teacher = RecordedTeacher(recording, "fake")
    for number in [*range(30), *range(29, -1, -1)]:
        assert (await teacher.complete(ask(number))).answer.content == f"answer {number}"
        assert len(teacher._segments) <= 2
    await teacher.aclose()


@pytest.mark.parametrize("more", [{"sample_index": 1}, {"trial": 1}, {"sampling": {"temperature": 0.8}}])
async def test_another_request_was_not_recorded(recording: Path, more: dict[str, object]) -> None:
    teacher = RecordedTeacher(recording, "fake")
    with pytest.raises(NoRecordedAnswer, match=r"fake has no recorded answer .* set up a teacher.*toml") as told:
        await teacher.complete(ask(1, **more))
    assert told.value.final
    await teacher.aclose()


async def test_nor_for_another_teacher(recording: Path) -> None:
    teacher = RecordedTeacher(recording, "another")
    with pytest.raises(NoRecordedAnswer):
        await teacher.complete(ask(1))
    await teacher.aclose()


def test_without_a_recording_it_says_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match="no journal of recorded answers at .*missing"):
        RecordedTeacher(tmp_path / "missing", "fake")
