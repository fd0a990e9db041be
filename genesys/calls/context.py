"""``Calls``: what a row function may do. Each method is durable: answered from the journal if it was made before.

A row function is a plain ``async def f(row, calls)``. It is run again from its start after a crash and must be a
function of its row and of its answers alone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from genesys.calls.entry import Entry, Failure, call_key
from genesys.calls.roles import Roles as Roles
from genesys.calls.roles import Verifiers as Verifiers
from genesys.calls.segment import Segment
from genesys.calls.verdicts import Subject, verdict_payload
from genesys.chat import ChatAnswer, ChatRequest, Completed, Message
from genesys.faults import InfrastructureFault, RepeatedCall, ResponseFault, TaskFault
from genesys.prompts import Prompt

Answer = TypeVar("Answer", bound=BaseModel)

READING_TRIALS = 3
"""How often a model is asked in all when its answers cannot be read."""
READING_TEMPERATURE = 0.7
"""Temperature from the second time on: a greedy model would say the same again."""
TRIALS_WITHIN = 1000
"""Trials that calls within one verdict may have; those within its next trial count on from there."""


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


def answer_of(entry: Entry) -> ChatAnswer:
    """What a chat call was answered."""
    return ChatAnswer.model_validate(entry.result["answer"])


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
    trial_base: int = 0
    """Added to the trial of each call: a verdict that is had anew has the calls within it made anew."""
    subject: Subject | None = None
    """What the verdict is on that these calls are made within: a verifier hands it on to have another verdict on it."""
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
        answer = answer_of(await self.chat_call(role, request))
        if answer.refused is not None:
            raise TaskFault(f"the {role}'s endpoint refuses this request: {answer.refused}")
        return answer

    async def chat_call(
        self, role: str, request: ChatRequest, *, check: Callable[[ChatAnswer], None] = lambda answer: None
    ) -> Entry:
        """The finished call itself, for those who keep its key; its answer may be a refusal.

        An answer that ``check`` raises an InfrastructureFault for is not kept: the next run asks again.
        """
        teacher = self.roles.chat(role)
        if self.trial_base:
            request = request.model_copy(update={"trial": request.trial + self.trial_base})

        async def make() -> Completed:
            completed = await teacher.complete(request)
            check(completed.answer)
            return completed

        return await self.durable("chat", request.name, request.payload(teacher.teacher_id), make, trial=request.trial)

    async def verify(self, record: dict[str, Any] | Subject, trial: int = 0, *, kind: str = "") -> dict[str, Any]:
        """A whole verdict on a record: ``{score, verification_result_info}``, keyed by verifier, version and record.

        Calls that the verifier makes within it (``BaseVerifier.asks``) are durable each by itself; the verdict in the
        journal names them under ``calls``, and they stand before it in ``entries``.

        Args:
            record: What is verified; a plain record is hashed whole, a subject brings its digest along.
            trial: Not 0 if the same verdict is to be had anew on purpose, with all calls within it.
            kind: Whose verifier is taken; by default that of the record's task type.

        Raises:
            TaskFault, ResponseFault: As the verifier says.
            InfrastructureFault: No verdict could be reached; never a score.
        """
        runner = self.roles.verifiers
        if runner is None:
            raise InfrastructureFault("no verifiers are set up", final=True)
        subject = record if isinstance(record, Subject) else Subject.of(record)
        name, version = runner.identity(kind or subject.task_type)
        payload = verdict_payload(name, version, subject.digest)
        trial += self.trial_base
        within = Calls(
            self.row_id,
            self.segment,
            self.roles,
            stats=self.stats,
            counted_before=self.counted_before,
            trial_base=trial * TRIALS_WITHIN,
            subject=subject,
        )

        async def make() -> dict[str, Any]:
            try:
                verdict = await runner.verify(subject.read(), within, kind=kind)
            except (TaskFault, ResponseFault) as fault:
                # A verdict as well, and so journalled: a replay must come to the same end.
                verdict = {"fault": type(fault).__name__, "message": str(fault)}
            return verdict | {"calls": [entry.key for entry in within.entries]} if within.entries else verdict

        entry = await self.durable("verdict", name, payload, make, trial=trial, keep_payload=False)
        self._take_in(entry, within.entries)
        if "fault" in entry.result:
            raise (TaskFault if entry.result["fault"] == "TaskFault" else ResponseFault)(entry.result["message"])
        return entry.result

    async def verify_response(self, response: Subject) -> dict[str, Any]:
        """The verdict on a teacher's response: where the settings say so, rules first and then a judge."""
        runner = self.roles.verifiers
        return await self.verify(response, kind=runner.response_kind(response.task_type) if runner else "")

    def _take_in(self, verdict: Entry, made: list[Entry]) -> None:
        """Put the calls within a verdict before it: those just made, else those that the journal has."""
        if not made:
            found = (self.segment.get(key) for key in verdict.result.get("calls", ()))
            made = [entry for entry in found if entry is not None]
            for entry in made if not self.counted_before else ():
                self.stats.add(entry, made=False)
        position = next(at for at, entry in enumerate(self.entries) if entry is verdict)
        self.entries[position:position] = made

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
