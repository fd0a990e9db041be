"""One server process and what talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.journal import Journal
from genesys.calls.limits import CircuitBreaker
from genesys.calls.segment import Segment
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.openai_behaviour import Behaviour
from tests.support.openai_server import OpenAIServer

Teach = Callable[..., OpenAITeacher]


@pytest.fixture(scope="module")
def process() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def server(process: OpenAIServer) -> OpenAIServer:
    """One process for all tests of a module, with the behaviour of a fresh one."""
    process.control(**Behaviour().model_dump())
    return process


@pytest.fixture
async def teach(server: OpenAIServer) -> AsyncIterator[Teach]:
    """Make teachers with times short enough for a test; they are closed at its end."""
    made: list[OpenAITeacher] = []

    def make(*urls: str, **more: Any) -> OpenAITeacher:
        times = {"timeout": 2.0, "idle_timeout": 0.5, "patience": 20.0, "longest_pause": 0.3, "concurrency": 16}
        teacher = OpenAITeacher("m", urls or [server.base_url], **(times | more))
        for endpoint in teacher.pool.endpoints:
            endpoint.breaker = CircuitBreaker(first_pause=0.1, longest_pause=0.4)
        made.append(teacher)
        return teacher

    yield make
    for teacher in made:
        await teacher.aclose()


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    with Journal(tmp_path / "journal") as journal:
        yield journal.segment("s")
