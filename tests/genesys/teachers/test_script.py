"""Written answers: which of several to the same prompt is given."""

import pytest

from genesys.chat import ChatRequest, Message
from genesys.faults import NoRecordedAnswer
from genesys.teachers.script import Said, ScriptedTask, ScriptedTeacher

TASK = ScriptedTask(
    problem="a problem of this test",
    said=(
        Said(prompt="translate", when=("Rust",), block="fn main() {}", answer={"why": "short"}),
        Said(prompt="translate", when=("C++", "second round"), answer={"why": "again"}),
    ),
)


def asked(text: str, trial: int = 0) -> ChatRequest:
    messages = (Message(role="system", content="Translate."), Message(role="user", content=text))
    return ChatRequest(messages=messages, sampling={}, row_id="p/rust", name="translate", trial=trial)


async def answered(request: ChatRequest) -> str:
    return (await ScriptedTeacher("t", {"p": TASK}).complete(request)).answer.content


async def test_the_answer_is_the_first_whose_texts_are_all_in_the_question() -> None:
    assert await answered(asked("into Rust")) == '````\nfn main() {}\n````\n{"why": "short"}'
    assert await answered(asked("into C++, second round")) == '{"why": "again"}'


@pytest.mark.parametrize("request_", [asked("into C++"), asked("into Rust", trial=1)])
async def test_a_question_that_nobody_answered_says_so(request_: ChatRequest) -> None:
    with pytest.raises(NoRecordedAnswer, match="'translate' for the problem 'a problem of this test'"):
        await answered(request_)


async def test_responses_to_several_tasks_of_a_row_are_told_apart_by_what_is_asked() -> None:
    samples = [{"text": f"{when} {n}", "when": [when]} for n in (0, 1) for when in ("left", "right")]
    task = ScriptedTask.model_validate({"problem": "A row of which two tasks are made", "sample": samples})
    teacher = ScriptedTeacher("t", {"row": task})

    async def said(text: str, index: int) -> str:
        messages = (Message(role="user", content=text),)
        request = ChatRequest(messages=messages, sampling={}, row_id="row", name="sample", sample_index=index)
        return (await teacher.complete(request)).answer.content

    assert [await said("to the right?", index) for index in (0, 1)] == ["right 0", "right 1"]
    assert await said("to the left?", 1) == "left 1"
    with pytest.raises(NoRecordedAnswer):
        await said("to the right?", 2)
    with pytest.raises(NoRecordedAnswer):
        await said("up?", 0)
