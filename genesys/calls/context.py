"""``Calls``: what a row function may do. Each method is durable: answered from the journal if it was made before.

A row function is a plain ``async def f(row, calls)``. It is run again from its start after a crash and must be a
function of its row and of its answers alone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from genesys.calls.entry import Entry, Failure, call_key
from genesys.calls.execution import Executed, execute
from genesys.calls.roles import Roles as Roles
from genesys.calls.roles import Verifiers as Verifiers
from genesys.calls.segment import Segment
from genesys.calls.usage import UNKEPT, Payee, Usage, usage_of
from genesys.calls.verdicts import Subject, verdict_payload
from genesys.chat import ChatAnswer, ChatRequest, Completed, Message
from genesys.faults import CapReached, InfrastructureFault, RepeatedCall, ResponseFault, TaskFault
from genesys.job import Job
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
    paid: dict[Payee, Usage] = field(default_factory=dict)
    """What the calls used that the rows themselves paid for: of those that several rows or stages share, one did."""
    verdicts: int = 0
    passed: int = 0
    """Verdicts on responses that were reached, and those of them that accept."""

    def add(self, entry: Entry, *, made: bool, paid: bool = True) -> None:
        """Count one call; ``paid`` says whether it is the row's own."""
        self.made += made
        self.replayed += not made
        if paid and (used := usage_of(entry)) is not None:
            self.paid.setdefault(used[0], Usage()).add(used[1])
        if entry.kind == "chat":
            answer = entry.result["answer"]
            self.prompt_tokens += answer.get("prompt_tokens") or 0
            self.completion_tokens += answer.get("completion_tokens") or 0


def answer_of(entry: Entry) -> ChatAnswer:
    """What a chat call was answered."""
    return ChatAnswer.model_validate(entry.result["answer"])


class NotJournalled(InfrastructureFault):
    """A replay came to a call that has no answer yet."""

    def __init__(self, message: str) -> None:
        """The message of the failure that the journal keeps, if there is one."""
        super().__init__(message)
        if message.startswith(CapReached.BEGINS):
            self.reason = CapReached.reason


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
    stage: str = ""
    """The table that the calls are made for, which pays for those that are made now."""
    asked: bool = False
    """Whether a call was to be made now, however that went: the journal did not have it."""
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

    def of_row(self, row_id: str) -> Calls:
        """Calls of another row within this one's: they are known under its name, and are no calls of this one."""
        return replace(self, row_id=row_id, entries=[], _used=set())

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
            try:
                check(completed.answer)
            except InfrastructureFault:
                self._note_unkept(request.name, payload, completed)
                raise
            return completed

        guarded = getattr(teacher, "guards_calls", False)
        payload = request.payload(teacher.teacher_id)
        return await self.durable("chat", request.name, payload, make, trial=request.trial, guarded=guarded)

    def _note_unkept(self, name: str, payload: dict[str, Any], completed: Completed) -> None:
        """An answer that is not used was paid for all the same."""
        key = call_key(UNKEPT, payload | {"at": time.time_ns()})
        common = {"key": key, "kind": UNKEPT, "name": name, "row_id": self.row_id, "payload": payload}
        self.segment.note_unkept(_entry_of(completed, common | {"stage": self.stage, "made_at": time.time()}))

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
            stage=self.stage,
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

    async def execute(self, job: Job, trial: int = 0) -> Executed:
        """What comes of a program in the sandbox; another trial is other processes with other seeds of hashes.

        Raises:
            TaskFault: The files of a run have no room in the sandbox.
            InfrastructureFault: There is no sandbox, or it broke; never an outcome.
        """
        return await execute(self, job, trial)

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
                self.stats.add(entry, made=False, paid=self._pays(entry))
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
        guarded: bool = False,
    ) -> Entry:
        """The finished call for this payload: from the journal, else made now and journalled before it is used.

        ``keep_payload=False`` leaves out of the journal what stands in a table anyway; the key covers it all the same.
        ``guarded``: whoever makes it sees to it himself that no two processes do.

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
                made = self.asked = True
                return await self._make_entry(key, kind, name, payload if keep_payload else {}, make, trial)

            entry = await self.segment.once(key, make_entry, guarded=guarded)
        self.entries.append(entry)
        if made or not self.counted_before:
            self.stats.add(entry, made=made, paid=self._pays(entry))
        return entry

    def _pays(self, entry: Entry) -> bool:
        """Whether a call counts as this row's: another row, or another stage, may have been the first to make it."""
        return entry.row_id == self.row_id and entry.stage in ("", self.stage)

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
        common |= {"stage": self.stage, "made_at": time.time()}
        if isinstance(result, Completed):
            return _entry_of(result, common)
        return Entry(**common, result=result, seconds=time.monotonic() - started_at)


def _entry_of(completed: Completed, common: dict[str, Any]) -> Entry:
    return Entry(
        **common,
        result={"answer": completed.answer.model_dump()},
        seconds=completed.seconds,
        attempts=completed.attempts,
        endpoint=completed.endpoint,
        tier=completed.tier,
        engine_seconds=completed.engine_seconds,
    )
