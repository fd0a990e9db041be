"""Answers written by people, by row and prompt, and a way to record what any teacher answers.

A script is what a person edits; a journal is what ``recorded`` reads. ``ScriptedTeacher`` answers from a script, and
``RecordingTeacher`` writes what passes through it into a journal, under the keys that the pipeline will ask for. So a
recorded journal is rebuilt from its script whenever a prompt, and with it the keys, changes.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genesys.calls.entry import Entry, call_key
from genesys.calls.segment import Segment
from genesys.chat import ChatAnswer, ChatRequest, Completed, Teacher
from genesys.faults import GenesysError, NoRecordedAnswer
from genesys.schemas import describe_validation

_TOKEN = re.compile(r"\w+|[^\w\s]")


class Sample(BaseModel):
    """One written response."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    finish_reason: Literal["stop", "length"] = "stop"
    note: str = ""
    """For people: what is right or wrong with it."""


class ScriptedTask(BaseModel):
    """The written answers to one problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    problem: str = Field(min_length=20)
    """Opening words of the problem's text, enough to tell it from all others."""
    curator: dict[str, str] = Field(default_factory=dict)
    """Answer by prompt name."""
    sample: tuple[Sample, ...] = ()


class Script(BaseModel):
    """All written answers of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: tuple[ScriptedTask, ...]

    @classmethod
    def read(cls, path: Path) -> Script:
        """Read a TOML script.

        Raises:
            GenesysError: Names file, place and what is wrong.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise GenesysError(f"{path}: {error}") from None
        except ValidationError as error:
            raise GenesysError(f"{path}: {describe_validation(error)}") from None

    def by_row(self, statements: Iterable[tuple[str, str]]) -> dict[str, ScriptedTask]:
        """Tasks by row id.

        Args:
            statements: (row id, problem's text) of every row.

        Raises:
            GenesysError: Opening words that fit several rows.
        """
        found: dict[str, ScriptedTask] = {}
        rows = list(statements)
        for task in self.task:
            fitting = [row_id for row_id, statement in rows if statement.startswith(task.problem)]
            if len(fitting) > 1:
                raise GenesysError(
                    f"the opening words {task.problem!r} fit {len(fitting)} problems: write more of them"
                )
            found.update(dict.fromkeys(fitting, task))
        return found


class ScriptedTeacher:
    """Answers from a script; tokens are words and punctuation marks, since no tokenizer made them."""

    concurrency = 64

    def __init__(self, teacher_id: str, tasks: dict[str, ScriptedTask]) -> None:
        """``tasks`` by row id, as ``Script.by_row`` gives them."""
        self.teacher_id = teacher_id
        self._tasks = tasks

    async def complete(self, request: ChatRequest) -> Completed:
        """The written answer for the request's row.

        Raises:
            NoRecordedAnswer: Nobody wrote one.
        """
        task = self._tasks.get(request.row_id.partition("/")[0])
        finish_reason = "stop"
        if task is not None and request.name == "sample" and request.sample_index < len(task.sample):
            sample = task.sample[request.sample_index]
            text, finish_reason = sample.text, sample.finish_reason
        elif task is not None and request.name in task.curator and request.trial == 0:
            text = task.curator[request.name]
        else:
            opening = task.problem if task else request.messages[-1].content[:60]
            raise NoRecordedAnswer(f"no answer was written to {request.name!r} for the problem {opening!r}...")
        answer = ChatAnswer(
            content=text.strip(),
            finish_reason=finish_reason,
            prompt_tokens=sum(len(_TOKEN.findall(message.content)) for message in request.messages),
            completion_tokens=len(_TOKEN.findall(text)),
            model=self.teacher_id,
        )
        return Completed(answer=answer, endpoint="script")

    async def aclose(self) -> None:
        """Nothing is open."""


class RecordingTeacher:
    """Another teacher, with a recording made of every answer."""

    def __init__(self, inner: Teacher, segment: Segment) -> None:
        """Answers of ``inner`` go into ``segment``."""
        self._inner, self._segment = inner, segment
        self.teacher_id, self.concurrency = inner.teacher_id, inner.concurrency

    async def complete(self, request: ChatRequest) -> Completed:
        """The other teacher's answer, recorded before it is given."""
        completed = await self._inner.complete(request)
        payload = request.payload(self.teacher_id)
        await self._segment.put(
            Entry(
                key=call_key("chat", payload, request.trial),
                kind="chat",
                name=request.name,
                row_id=request.row_id,
                payload=payload,
                trial=request.trial,
                result={"answer": completed.answer.model_dump()},
                endpoint=completed.endpoint,
                made_at=time.time(),
            )
        )
        return completed

    async def aclose(self) -> None:
        """Close the other teacher."""
        await self._inner.aclose()
