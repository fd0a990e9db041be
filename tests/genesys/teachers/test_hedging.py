"""At the end of a run nobody waits for an endpoint that hangs or crawls while others stand idle."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from genesys.chat import ChatRequest, Completed
from genesys.faults import InfrastructureFault
from genesys.teachers.hedging import Hedging
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.genesys.teachers.conftest import Teach
from tests.support.calls import question
from tests.support.openai_server import OpenAIServer

_fresh = itertools.count()
SOON = Hedging(every=0.05, silence=0.3)
PATIENT = {"timeout": 60.0, "idle_timeout": 60.0, "concurrency": 8, "hedging": SOON}


def ask() -> ChatRequest:
    return ChatRequest(messages=question(f"Hedged {next(_fresh)}"), sampling={})


async def answers(teacher: OpenAITeacher, count: int) -> list[Completed]:
    return await asyncio.gather(*(teacher.complete(ask()) for _ in range(count)))


@pytest.fixture
def other() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


async def test_one_that_hangs_at_the_end_holds_up_nothing(
    teach: Teach, server: OpenAIServer, other: OpenAIServer
) -> None:
    """Stopped as by SIGSTOP: connections stay, and nothing comes."""
    for each in (server, other):
        each.control(latency_min=0.05, latency_max=0.1)
    teacher = teach(server.base_url, other.base_url, **PATIENT)
    await answers(teacher, 40)
    began = time.monotonic()
    os.kill(other.pid, signal.SIGSTOP)
    try:
        done = await answers(teacher, 16)
    finally:
        os.kill(other.pid, signal.SIGCONT)
    assert time.monotonic() - began < 10
    assert {each.endpoint for each in done} == {server.base_url}
    assert 1 <= teacher.hedger.won == teacher.hedger.hedged <= 8
    hanging = next(view for view in teacher.views() if view.url == other.base_url)
    assert hanging.in_flight == 0
    assert 1 <= hanging.failed <= teacher.hedger.won, "to be silent is a fault"


@pytest.mark.parametrize("stream", [True, False])
async def test_what_is_left_at_a_slow_one_is_made_again_at_a_quick_one_and_hung_up_on(
    teach: Teach, server: OpenAIServer, other: OpenAIServer, stream: bool
) -> None:
    server.control(latency_min=0.05, latency_max=0.05)
    other.control(latency_min=0.4, latency_max=0.4, stream_chunks=200)
    slow_ones = Hedging(every=0.05, silence=3.0, beyond=100)
    teacher = teach(server.base_url, other.base_url, **(PATIENT | {"hedging": slow_ones}), stream=stream)
    await answers(teacher, 16)
    other.control(latency_min=20.0, latency_max=20.0)
    before, began = len(other.log()), time.monotonic()
    done = await answers(teacher, 12)
    assert time.monotonic() - began < 10
    assert Counter(each.endpoint for each in done) == {server.base_url: 12}
    await asyncio.sleep(0.2)
    assert {seen.end for seen in other.log()[before:]} == {"client_gone"}
    view = next(view for view in teacher.views() if view.url == other.base_url)
    assert (view.in_flight, view.failed, view.state) == (0, 0, "open"), "to be slow is no fault"


async def test_equal_ones_are_not_asked_twice(teach: Teach, server: OpenAIServer, other: OpenAIServer) -> None:
    for each in (server, other):
        each.control(latency_min=0.1, latency_max=0.3)
    teacher = teach(server.base_url, other.base_url, **(PATIENT | {"hedging": Hedging(every=0.05, silence=30.0)}))
    for _ in range(4):
        await answers(teacher, 14)
    assert teacher.hedger.hedged <= 3


async def test_no_more_than_a_share_is_made_twice(teach: Teach, server: OpenAIServer, other: OpenAIServer) -> None:
    server.control(latency_min=0.02, latency_max=0.02)
    other.control(latency_min=0.6, latency_max=0.6, stream_chunks=60)
    few = Hedging(every=0.02, silence=30.0, share=0.02, beyond=1)
    teacher = teach(server.base_url, other.base_url, **(PATIENT | {"hedging": few}))
    for _ in range(2):
        await answers(teacher, 16)
    assert teacher.hedger.hedged == 1


async def test_without_hedging_and_with_nobody_else_every_call_is_made_once(
    teach: Teach, server: OpenAIServer, other: OpenAIServer
) -> None:
    server.control(latency_min=0.02, latency_max=0.02)
    other.control(latency_min=0.6, latency_max=0.6)
    plain = teach(server.base_url, other.base_url, **(PATIENT | {"hedging": None}))
    alone = teach(other.base_url, **PATIENT)
    for teacher in (plain, alone):
        await answers(teacher, 16)
        await answers(teacher, 4)
        assert teacher.hedger.hedged == 0


async def test_a_first_attempt_that_fails_waits_for_the_second(
    teach: Teach, server: OpenAIServer, other: OpenAIServer
) -> None:
    server.control(latency_min=0.4, latency_max=0.4)
    other.control(latency_min=0.4, latency_max=0.4)
    teacher = teach(server.base_url, other.base_url, **(PATIENT | {"attempts": 1, "idle_timeout": 0.8}))
    await answers(teacher, 4)
    for each in (server, other):
        each.control(faults={"hang": 1.0}, max_faulty_attempts=1)
    call = asyncio.create_task(teacher.complete(ask()))
    while not teacher.hedger.hedged:
        await asyncio.sleep(0.01)
    with pytest.raises(InfrastructureFault, match="silent"):
        await call
    assert all(view.in_flight == 0 for view in teacher.views())


async def test_cancelled_with_two_attempts_under_way_no_place_is_lost(
    teach: Teach, server: OpenAIServer, other: OpenAIServer
) -> None:
    teacher = teach(server.base_url, other.base_url, **PATIENT)
    await answers(teacher, 4)
    for each in (server, other):
        each.control(faults={"hang_mid_body": 1.0})
    calls = [asyncio.create_task(teacher.complete(ask())) for _ in range(4)]
    while teacher.hedger.hedged < 2:
        await asyncio.sleep(0.01)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await asyncio.sleep(0.05)
    assert [view.in_flight for view in teacher.views()] == [0, 0]
    slots = [endpoint.slots for endpoint in teacher.pool.endpoints]
    assert all(each is None or each.held == 0 for each in slots)
