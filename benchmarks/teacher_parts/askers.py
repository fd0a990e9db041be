"""Who asks, for comparison: our whole way of a call with its journal, and a loop over the bare ``openai`` client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, run_rows
from genesys.calls.journal import Journal
from genesys.chat import Message
from genesys.outcomes import Outcome, accepted
from genesys.teachers.openai_teacher import OpenAITeacher


class Question(NamedTuple):
    """One call."""

    text: str
    sampling: dict[str, Any]


@dataclass
class Spent:
    """What calls took."""

    calls: int
    tokens: int
    seconds: float
    processor_seconds: float

    @property
    def ms_a_call(self) -> float:
        """Processor time."""
        return self.processor_seconds / self.calls * 1e3


class Asker:
    """A client that stays open from one lot of questions to the next; ``async with`` closes it."""

    async def __aenter__(self) -> Asker:
        """Nothing is open yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""

    async def ask(self, questions: Sequence[Question]) -> int:
        """Ask them all; gives the tokens of the answers."""
        raise NotImplementedError

    async def timed(self, questions: Sequence[Question]) -> Spent:
        """The same, and what it took."""
        processor, began = time.process_time(), time.perf_counter()
        tokens = await self.ask(questions)
        return Spent(len(questions), tokens, time.perf_counter() - began, time.process_time() - processor)


class Ours(Asker):
    """Rows run into a journal, as a stage runs them."""

    def __init__(self, url: str, folder: Path, *, concurrency: int, stream: bool, **teacher: Any) -> None:
        """``teacher``: further arguments of the teacher."""
        self._teacher = OpenAITeacher(
            teacher.pop("model", "m"), [url], concurrency=concurrency, stream=stream, **teacher
        )
        self._journal = Journal(folder)

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        self._journal.close()
        await self._teacher.aclose()

    async def ask(self, questions: Sequence[Question]) -> int:
        """Ask them all; gives the tokens of the answers."""

        async def sample(row: Question, calls: Calls) -> Outcome:
            answer = await calls.sample((Message(role="user", content=row.text),), row.sampling, 0)
            return accepted({"text": answer.content})

        work: Work[Question] = Work(lambda: questions, lambda row: row.text, sample)
        progress = await run_rows(work, self._journal.segment("s"), Roles(teacher=self._teacher))
        assert progress.counts.accepted == len(questions), progress.counts
        return progress.stats.completion_tokens


class Bare(Asker):
    """The client alone: as many calls at once, and nothing kept."""

    def __init__(self, url: str, *, concurrency: int, stream: bool, aiohttp: bool = False) -> None:
        """``aiohttp``: with that transport of the client's, which ours has too, and not with its default one."""
        import openai

        self._slots, self._stream = asyncio.Semaphore(concurrency), stream
        http = openai.DefaultAioHttpClient(timeout=None) if aiohttp else None
        self._client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=3, http_client=http)

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self._client.close()

    async def ask(self, questions: Sequence[Question]) -> int:
        """Ask them all; gives the tokens of the answers."""
        call = self._streamed if self._stream else self._whole
        return sum(await asyncio.gather(*map(call, questions)))

    async def _whole(self, question: Question) -> int:
        async with self._slots:
            done = await self._create(question)
        assert done.choices[0].message.content
        return int(done.usage.completion_tokens)

    async def _streamed(self, question: Question) -> int:
        tokens, told = 0, []
        async with self._slots:
            pieces = await self._create(question, stream=True, stream_options={"include_usage": True})
            async for piece in pieces:
                told += [choice.delta.content or "" for choice in piece.choices]
                tokens = piece.usage.completion_tokens if piece.usage else tokens
        assert "".join(told)
        return tokens

    async def _create(self, question: Question, **more: Any) -> Any:
        message: Any = {"role": "user", "content": question.text}
        create = partial(self._client.chat.completions.create, model="m", messages=[message])
        return await create(**question.sampling, **more)
