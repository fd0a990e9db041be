"""Three endpoints with speeds 1:2:4, of which one dies halfway and the quickest answers 429 for a while.

What such a fleet could do at best (``ideal``) is a sum: each endpoint answers ``slots / mean seconds of a call`` a
second while it is up and does not refuse, from the first moment of that time to the last; the ideal time is when these
sum up to all calls. It is below what any schedule can reach: calls are taken to be divisible, so nothing is lost when
an endpoint dies, at the end of the run, or until somebody has noticed that an endpoint is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from genesys.chat import ChatRequest, Message
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.openai_server import OpenAIServer


@dataclass(frozen=True)
class Plan:
    """When what happens; times in seconds."""

    slots: int
    """Calls at once at each endpoint."""
    quickest: float
    """Mean seconds of a call at the quickest; twice and four times that at the others."""
    refuses: tuple[float, float]
    """From when to when the quickest answers 429."""
    dies: float
    """When the second goes for good."""
    retry_after: float
    calls: int
    group: int = 4
    """Calls that begin with the same text."""


def ideal(plan: Plan) -> float:
    """Seconds that the calls would take at best; see the module."""
    rate = plan.slots / plan.quickest
    changes = sorted({0.0, *plan.refuses, plan.dies, float("inf")})
    left = float(plan.calls)
    for begin, end in zip(changes, changes[1:], strict=False):
        refusing, dead = plan.refuses[0] <= begin < plan.refuses[1], begin >= plan.dies
        now = rate * (0.25 + (0 if dead else 0.5) + (0 if refusing else 1))
        if now * (end - begin) >= left:
            return begin + left / now
        left -= now * (end - begin)
    raise AssertionError("the last stretch has no end")


@contextlib.contextmanager
def three_endpoints(plan: Plan, *, chars: int = 400, pieces: int = 8) -> Iterator[list[OpenAIServer]]:
    """The quickest first. Calls take half to three halves of their mean."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                OpenAIServer(
                    latency_min=mean / 2,
                    latency_max=mean * 1.5,
                    retry_after=plan.retry_after,
                    answer_chars=chars,
                    stream_chunks=pieces,
                )
            )
            for mean in (plan.quickest, 2 * plan.quickest, 4 * plan.quickest)
        ]


async def run(plan: Plan, servers: list[OpenAIServer], teacher: OpenAITeacher) -> float:
    """Make all calls, as many rows side by side as a stage would; gives the seconds that it took.

    Raises:
        InfrastructureFault: A call was lost.
    """
    rows = iter(range(plan.calls))

    async def worker() -> None:
        for row in rows:
            prompt, sample = divmod(row, plan.group)
            messages = (Message(role="user", content=f"Problem {prompt}"),)
            sampling = {"temperature": 0.5, "seed": sample}
            await teacher.complete(ChatRequest(messages=messages, sampling=sampling, group=f"p{prompt}"))

    async def events() -> None:
        quickest, second, _ = servers
        timed = [
            (plan.refuses[0], quickest, {"capacity": 0}),
            (plan.refuses[1], quickest, {"capacity": None}),
            (plan.dies, second, {"dead": True}),
        ]
        for at, server, patch in sorted(timed, key=lambda event: event[0]):
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await asyncio.to_thread(server.control, **patch)

    began = time.monotonic()
    happening = asyncio.create_task(events())
    try:
        await asyncio.gather(*(worker() for _ in range(2 * teacher.concurrency)))
        seconds = time.monotonic() - began
    finally:
        happening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await happening
    return seconds
