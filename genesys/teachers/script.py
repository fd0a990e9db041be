"""Answers written by people, by row and prompt, and a way to record what any teacher answers.

A script is what a person edits; a journal is what ``recorded`` reads. ``ScriptedTeacher`` answers from a script, and
``RecordingTeacher`` writes what passes through it into a journal, under the keys that the pipeline will ask for. So a
recorded journal is rebuilt from its script whenever a prompt, and with it the keys, changes.
"""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from genesys.calls.entry import Entry, call_key
from genesys.calls.segment import Segment
from genesys.chat import ChatAnswer, ChatRequest, Completed, Teacher
from genesys.faults import GenesysError, NoRecordedAnswer
from genesys.schemas import describe_validation
from genesys.teachers.written_judge import judgement
from genesys.verifiers.judge.question import SIMILARITY

_TOKEN = re.compile(r"\w+|[^\w\s]")


class Sample(BaseModel):
    """One written response."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    finish_reason: Literal["stop", "length"] = "stop"
    note: str = ""
    """For people: what is right or wrong with it."""
    language: str | None = None
    """Of the task that it answers, in lanes with languages; None answers in each."""
    when: tuple[str, ...] = ()
    """Texts that all occur in what is asked, where several tasks are made of a row."""
    judged: float | None = Field(default=None, ge=0, le=1)
    """The score that the judge gives it, where it is put before one."""
    judged_why: str = ""
    """And its reason; by default the note."""

    @model_validator(mode="after")
    def _reason_of_a_judge(self) -> Self:
        if self.judged is None and self.judged_why:
            raise ValueError("judged_why is the reason of a score, which `judged` gives")
        return self


class Said(BaseModel):
    """One written answer of the curator or a judge, for prompts that are asked several times about a row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    when: tuple[str, ...] = ()
    """Texts that all occur in what is asked, enough to tell it from the row's other questions of this prompt."""
    answer: dict[str, Any] = Field(default_factory=dict)
    """The fields of the JSON object."""
    block: str | None = None
    """The fenced block before it, where the prompt wants one."""

    def answers(self, request: ChatRequest) -> bool:
        """Whether this is what is asked."""
        asked = "\n".join(message.content for message in request.messages)
        return request.name == self.prompt and request.trial == 0 and all(text in asked for text in self.when)

    @property
    def text(self) -> str:
        """As a model would write it."""
        written = [] if self.block is None else [f"````\n{self.block.rstrip()}\n````"]
        return "\n".join([*written, *([json.dumps(self.answer, ensure_ascii=False)] if self.answer else [])])


class Fails(BaseModel):
    """What comes of a program that the curator writes and that is wrong; it is shown that when it is asked again.

    Programs are not run when a journal is recorded: without this, each gold counts as right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str = Field(min_length=8)
    """A text that occurs in this program alone."""
    test: int
    """The first test that it fails with a wrong answer, counted from 0."""
    got: str
    """What it writes there, to the byte; of a function that is called, the value as JSON."""


class ScriptedTask(BaseModel):
    """The written answers to one problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lane: str = ""
    """Whose rows these are: the name of the file, where a folder of them is read; else any lane's."""
    problem: str = Field(min_length=20)
    """Opening words of the problem's text, enough to tell it from all others."""
    curator: dict[str, str] = Field(default_factory=dict)
    """Answer by prompt name."""
    said: tuple[Said, ...] = ()
    """Answers that more than the prompt's name tells apart; the first that fits is given."""
    fails: tuple[Fails, ...] = ()
    sample: tuple[Sample, ...] = ()

    def samples_of(self, request: ChatRequest) -> tuple[Sample, ...]:
        """Those responses that were written to what is asked."""
        asked = "\n".join(message.content for message in request.messages)
        return tuple(sample for sample in self.sample if all(text in asked for text in sample.when))

    def in_language(self, language: str | None) -> ScriptedTask:
        """The answers to the task that was made of the row in this language."""
        return self.model_copy(update={"sample": tuple(s for s in self.sample if s.language in (None, language))})


class Script(BaseModel):
    """All written answers of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: tuple[ScriptedTask, ...]

    @classmethod
    def read(cls, path: Path) -> Script:
        """Read a TOML script, or all that stand in a folder.

        Raises:
            GenesysError: Names file, place and what is wrong.
        """
        if path.is_dir():
            files = sorted(path.glob("*.toml"))
            tasks = (task.model_copy(update={"lane": file.stem}) for file in files for task in cls.read(file).task)
            return cls(task=tuple(tasks))
        try:
            return cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise GenesysError(f"{path}: {error}") from None
        except ValidationError as error:
            raise GenesysError(f"{path}: {describe_validation(error)}") from None

    def by_row(self, statements: Iterable[tuple[str, str]], lane: str = "") -> dict[str, ScriptedTask]:
        """Tasks by row id.

        Args:
            statements: (row id, problem's text) of every row.
            lane: Whose rows these are; answers that were written for another lane are passed over.

        Raises:
            GenesysError: Opening words that fit several rows.
        """
        found: dict[str, ScriptedTask] = {}
        rows = list(statements)
        for task in self.task:
            if lane and task.lane not in ("", lane):
                continue
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
        """``tasks`` by row id, as ``Script.by_row`` gives them; for a judge by the ids of their responses too."""
        self.teacher_id = teacher_id
        self._tasks = tasks

    async def complete(self, request: ChatRequest) -> Completed:
        """The written answer for the request's row.

        Raises:
            NoRecordedAnswer: Nobody wrote one.
        """
        task = self._tasks.get(request.row_id.partition("/")[0])
        finish_reason = "stop"
        samples = task.samples_of(request) if task is not None and request.name == "sample" else ()
        if request.sample_index < len(samples):
            sample = samples[request.sample_index]
            text, finish_reason = sample.text, sample.finish_reason
        elif task is not None and request.name in task.curator and request.trial == 0:
            text = task.curator[request.name]
        elif task is not None and (said := next((one for one in task.said if one.answers(request)), None)):
            text = said.text
        elif request.name == SIMILARITY.name and (judged := judgement(request, task.sample if task else ())):
            text = judged
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
