"""What a person sees of a fleet while a run goes on."""

from __future__ import annotations

import asyncio

import pytest

from genesys.chat import ChatRequest
from genesys.faults import InfrastructureFault
from tests.genesys.teachers.conftest import Teach
from tests.support.calls import question
from tests.support.openai_server import OpenAIServer

SECRET = "sk-very-secret-0123456789"


def ask(text: str) -> ChatRequest:
    return ChatRequest(messages=question(text), sampling={})


@pytest.mark.parametrize("stream", [True, False])
async def test_answers_tokens_and_characters_are_counted(teach: Teach, server: OpenAIServer, stream: bool) -> None:
    server.control(reasoning="reasoning_content")
    teacher = teach(stream=stream)
    done = [(await teacher.complete(ask(f"Question {n}"))).answer for n in range(3)]
    (view,) = teacher.views()
    assert (view.url, view.state, view.in_flight, view.limit) == (server.base_url, "open", 0, 16)
    assert (view.answered, view.failed, view.parked_for, view.last_error) == (3, 0, 0.0, "")
    assert view.prompt_tokens == sum(answer.prompt_tokens or 0 for answer in done) > 0
    assert view.completion_tokens == sum(answer.completion_tokens or 0 for answer in done) > 0
    assert view.heard_chars == sum(len(answer.content) + len(answer.reasoning or "") for answer in done) > 0
    assert (view.answered_chars, view.chars_in_flight) == (view.heard_chars, ())


async def test_an_answer_is_seen_while_it_is_made_and_so_are_those_that_wait(
    teach: Teach, server: OpenAIServer
) -> None:
    server.control(latency_min=2.0, latency_max=2.0, stream_chunks=100)
    teacher = teach(concurrency=1)
    calls = [asyncio.create_task(teacher.complete(ask(f"Long {n}"))) for n in range(3)]
    while not teacher.views()[0].heard_chars:
        await asyncio.sleep(0.01)
    view = teacher.views()[0]
    assert (view.in_flight, view.answered, teacher.pool.waiting) == (1, 0, 2)
    assert (view.chars_in_flight, view.answered_chars) == ((view.heard_chars,), 0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert (teacher.views()[0].in_flight, teacher.pool.waiting) == (0, 0)


async def test_one_that_fails_says_why_without_its_key(teach: Teach, server: OpenAIServer) -> None:
    server.control(api_key="another")
    teacher = teach(api_key=SECRET)
    await asyncio.gather(*(teacher.complete(ask("?")) for _ in range(6)), return_exceptions=True)
    (view,) = teacher.views()
    assert (view.state, view.failed) == ("parked", 6)
    assert view.parked_for > 0
    assert "incorrect API key" in view.last_error
    assert SECRET not in repr(view)
    server.control(api_key=None)
    with pytest.raises(InfrastructureFault):
        await teacher.complete(ask("?"))
    await asyncio.sleep(0.12)
    await teacher.complete(ask("?"))
    assert (teacher.views()[0].state, teacher.views()[0].last_error) == ("open", "")
