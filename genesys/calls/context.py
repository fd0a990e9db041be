"""``Calls``: what a row function may do. Each method is durable: answered from the journal if it was made before.

A row function is a plain ``async def f(row, calls)``. It is run again from its start after a crash and must be a
function of its row and of its answers alone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from genesys.calls.entry import Entry, Failure, call_key
from genesys.calls.errors import InfrastructureFault, RepeatedCall, ResponseFault, TaskFault
from genesys.calls.segment import Segment
from genesys.prompts import Prompt
from genesys.teachers.base import ChatAnswer, ChatRequest, Completed, Message, Teacher

Answer = TypeVar("Answer", bound=BaseModel)

READING_TRIALS = 3
"""How often a model is asked in all when its answers cannot be read."""
READING_TEMPERATURE = 0.7
"""Temperature from the second time on: a greedy model would say the same again."""
VERDICT_TRIALS = 3
"""How often the same verdict is reached at most: one that is to be had anew on purpose is another trial."""


class Verifiers(Protocol):
    """What verifies records (``genesys.verifiers.runner``)."""

    def identity(self, task_type: str) -> tuple[str, str]:
        """Name and version of a task type's verifier."""
        ...

    async def verify(self, record: Any) -> dict[str, Any]:
        """The verdict on a record."""
        ...


@dataclass
class Roles:
    """Who answers: three roles, each an endpoint of its own choice, and the verifiers.

    ``structured`` names roles whose endpoint takes a JSON schema for the answer.
    """

    curator: Teacher | None = None
    teacher: Teacher | None = None
    judge: Teacher | None = None
    verifiers: Verifiers | None = None
    structured: frozenset[str] = frozenset()

    def chat(self, role: str) -> Teacher:
        """The teacher that plays a role.

        Raises:
            InfrastructureFault: Nobody was set up for it.
        """
        teacher: Teacher | None = getattr(self, role)
        if teacher is None:
            raise InfrastructureFault(f"no {role} is set up: give [{role}] in genesys.toml", final=True)
        return teacher


@dataclass
class CallStats:
    """What calls cost a run, and what the journal saved it."""

    made: int = 0
    replayed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Tokens of all answers used, made now or before."""

    def add(self, entry: Entry, *, made: bool) -> None:
        """Count one call."""
        self.made += made
        self.replayed += not made
        if entry.kind == "chat":
            answer = entry.result["answer"]
            self.prompt_tokens += answer.get("prompt_tokens") or 0
            self.completion_tokens += answer.get("completion_tokens") or 0


def verdict_payload(verifier: str, version: str, record: dict[str, Any]) -> dict[str, Any]:
    """What a verdict's key is a hash of: which verifier said it, and on what."""
    return {"verifier": verifier, "version": version, "record": record}


def verdict_keys(verifier: str, version: str, record: dict[str, Any]) -> frozenset[str]:
    """Keys that a verdict of this verifier on this very record can have, one for each trial."""
    payload = verdict_payload(verifier, version, record)
    return frozenset(call_key("verdict", payload, trial) for trial in range(VERDICT_TRIALS))


class NotJournalled(InfrastructureFault):
    """A replay came to a call that has no answer yet."""


@dataclass
class Calls:
    """The durable calls of one row.

    Args:
        row_id: The row, for people and for seeds.
        segment: Where finished calls stand.
        roles: Who makes the calls that are not there yet.
        replay: Never make a call: one that is missing raises ``NotJournalled``.
        stats: Shared by all rows of a run.
    """

    row_id: str
    segment: Segment
    roles: Roles
    replay: bool = False
    stats: CallStats = field(default_factory=CallStats)
    counted_before: bool = False
    """The row was run before in this run: what it used then is in ``stats`` already."""
    entries: list[Entry] = field(default_factory=list)
    """Calls that this row has used, in the order they finished."""
    _used: set[str] = field(default_factory=set)

    async def ask(self, prompt: Prompt[Answer], /, **variables: Any) -> Answer:
        """A typed answer of the curator or judge.

        An answer that cannot be read is asked for again as a new trial, else it would be replayed for ever.

        Raises:
            TaskFault: The endpoint refuses this very request.
            ResponseFault: No readable answer in ``READING_TRIALS`` trials.
            InfrastructureFault: No answer could be had.
        """
        messages = prompt.render(**variables)
        sampling = prompt.sampling(prompt.role in self.roles.structured)
        trouble = ""
        for trial in range(READING_TRIALS):
            request = ChatRequest(
                messages=messages,
                sampling=sampling | ({"temperature": READING_TEMPERATURE, "seed": trial} if trial else {}),
                row_id=self.row_id,
                name=prompt.name,
                trial=trial,
            )
            try:
                return prompt.read((await self.chat(prompt.role, request)).content)
            except ValueError as error:
                trouble = str(error)
        raise ResponseFault(f"no readable answer in {READING_TRIALS} trials; the last: {trouble}")

    async def sample(self, messages: tuple[Message, ...], sampling: dict[str, Any], sample_index: int) -> ChatAnswer:
        """One sampled answer of the teacher; each sample of a prompt has an index of its own.

        Raises:
            TaskFault: The endpoint refuses this very request.
            InfrastructureFault: No answer could be had.
        """
        request = ChatRequest(
            messages=messages, sampling=sampling, sample_index=sample_index, row_id=self.row_id, name="sample"
        )
        return await self.chat("teacher", request)

    async def chat(self, role: str, request: ChatRequest) -> ChatAnswer:
        """One chat call of any role; the two above are what row functions use."""
        teacher = self.roles.chat(role)

        async def make() -> Completed:
            return await teacher.complete(request)

        entry = await self.durable("chat", request.name, request.payload(teacher.teacher_id), make, trial=request.trial)
        answer = ChatAnswer.model_validate(entry.result["answer"])
        if answer.refused is not None:
            raise TaskFault(f"the {role}'s endpoint refuses this request: {answer.refused}")
        return answer

    async def verify(self, record: dict[str, Any], trial: int = 0) -> dict[str, Any]:
        """A whole verdict on a record: ``{score, verification_result_info}``, keyed by verifier, version and record.

        Raises:
            TaskFault, ResponseFault: As the verifier says.
            InfrastructureFault: No verdict could be reached; never a score.
        """
        runner = self.roles.verifiers
        if runner is None:
            raise InfrastructureFault("no verifiers are set up", final=True)
        name, version = runner.identity(record["task_type"])
        payload = verdict_payload(name, version, record)

        async def make() -> dict[str, Any]:
            try:
                return await runner.verify(record)
            except (TaskFault, ResponseFault) as fault:
                # A verdict as well, and so journalled: a replay must come to the same end.
                return {"fault": type(fault).__name__, "message": str(fault)}

        entry = await self.durable("verdict", name, payload, make, trial=trial, keep_payload=False)
        if "fault" in entry.result:
            raise (TaskFault if entry.result["fault"] == "TaskFault" else ResponseFault)(entry.result["message"])
        return entry.result

    async def durable(
        self,
        kind: str,
        name: str,
        payload: dict[str, Any],
        make: Callable[[], Awaitable[Completed | dict[str, Any]]],
        *,
        trial: int = 0,
        keep_payload: bool = True,
    ) -> Entry:
        """The finished call for this payload: from the journal, else made now and journalled before it is used.

        ``keep_payload=False`` leaves out of the journal what stands in a table anyway; the key covers it all the same.

        Raises:
            RepeatedCall: This row has made the same call before; give it a sample index or a trial.
            NotJournalled: In a replay, when the call is not there.
        """
        key = call_key(kind, payload, trial)
        if key in self._used:
            raise RepeatedCall(f"row {self.row_id}: {kind} {name} was called twice with the same input")
        self._used.add(key)
        entry, made = self.segment.get(key), False
        if entry is None:
            if self.replay:
                failure = self.segment.failure(key)
                raise NotJournalled(failure.error if failure else "not called yet")

            async def make_entry() -> Entry:
                nonlocal made
                made = True
                return await self._make_entry(key, kind, name, payload if keep_payload else {}, make, trial)

            entry = await self.segment.once(key, make_entry)
        self.entries.append(entry)
        if made or not self.counted_before:
            self.stats.add(entry, made=made)
        return entry

    async def _make_entry(
        self,
        key: str,
        kind: str,
        name: str,
        payload: dict[str, Any],
        make: Callable[[], Awaitable[Completed | dict[str, Any]]],
        trial: int,
    ) -> Entry:
        started_at = time.monotonic()
        try:
            result = await make()
        except InfrastructureFault as fault:
            self.segment.note_failure(
                Failure(
                    key=key,
                    kind=kind,
                    name=name,
                    row_id=self.row_id,
                    error=str(fault),
                    attempts=1,
                    failed_at=time.time(),
                )
            )
            raise
        common = {"key": key, "kind": kind, "name": name, "row_id": self.row_id, "payload": payload, "trial": trial}
        common["made_at"] = time.time()
        if isinstance(result, Completed):
            return Entry(
                **common,
                result={"answer": result.answer.model_dump()},
                seconds=result.seconds,
                attempts=result.attempts,
                endpoint=result.endpoint,
            )
        return Entry(**common, result=result, seconds=time.monotonic() - started_at)
