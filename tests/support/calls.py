"""Small parts that tests of calls are made of: entries, teachers without a network, rows of numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work
from genesys.calls.entry import Entry, call_key
from genesys.chat import ChatAnswer, ChatRequest, Completed, Message
from genesys.outcomes import Outcome, accepted
from tests.support.openai_answers import filler


def entry(number: int, *, chars: int = 200, text: str | None = None, name: str = "sample") -> Entry:
    """A finished call like a teacher's, told apart by its number."""
    payload = {"teacher_id": "t", "messages": [{"role": "user", "content": f"What is {number}?"}]}
    content = filler(str(number), chars) if text is None else text
    answer = ChatAnswer(content=content, finish_reason="stop", completion_tokens=chars // 4)
    return Entry(
        key=call_key("chat", payload),
        kind="chat",
        name=name,
        row_id=f"row-{number}",
        payload=payload,
        result={"answer": answer.model_dump()},
        made_at=float(number),
    )


def text_of(found: Entry | None) -> str:
    """What the teacher said."""
    assert found is not None
    return str(found.result["answer"]["content"])


@dataclass
class FakeTeacher:
    """Answers at once, or as ``reply`` says; remembers what it was asked."""

    reply: Callable[[ChatRequest], Awaitable[str]] | None = None
    teacher_id: str = "fake"
    concurrency: int = 8
    asked: list[ChatRequest] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    async def complete(self, request: ChatRequest) -> Completed:
        self.asked.append(request)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(0)
            text = await self.reply(request) if self.reply else f"re: {request.messages[-1].content}"
        finally:
            self.running -= 1
        return Completed(answer=ChatAnswer(content=text, finish_reason="stop", prompt_tokens=3, completion_tokens=5))

    async def aclose(self) -> None:
        """Nothing is open."""


def question(text: str) -> tuple[Message, ...]:
    """Messages of one user turn."""
    return (Message(role="user", content=text),)


async def sample_once(row: int, calls: Calls) -> Outcome:
    """The row function of most tests: one sampled answer."""
    answer = await calls.sample(question(f"row {row}"), {"temperature": 0.7}, 0)
    return accepted({"row": row, "text": answer.content})


def work_of(rows: int | Iterable[int], function: Callable[[int, Calls], Awaitable[Outcome]] = sample_once) -> Work[Any]:
    """Rows that are numbers."""
    numbers = range(rows) if isinstance(rows, int) else list(rows)
    return Work(rows=lambda: numbers, row_id=str, function=function)


def roles_of(teacher: Any) -> Roles:
    """One teacher in all three roles."""
    return Roles(curator=teacher, teacher=teacher, judge=teacher)
