"""A teacher that answers by batches: it gathers what rows ask, and hands answers out when their batch has come back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from genesys.calls.entry import call_key
from genesys.calls.usage import BATCH
from genesys.chat import ChatRequest, Completed
from genesys.faults import InfrastructureFault
from genesys.settings.batches import BatchSettings
from genesys.settings.roles import GoesOnBy
from genesys.teachers.batches.book import Book
from genesys.teachers.batches.following import Follower
from genesys.teachers.batches.lines import Place, Trouble, read_at
from genesys.teachers.batches.provider import Provider
from genesys.teachers.batches.sending import Call, Sender
from genesys.teachers.exchange import ApiKey

logger = logging.getLogger(__name__)

_AT_ONCE, _BREATH_S = 64, 0.005
"""Answers handed out together, and the pause after them: in it they reach the journal, so that few are in memory."""
_LAST_WORDS_S = 15.0
"""For the provider to say that it has started a batch, when the run is stopped."""


@dataclass(eq=False)
class _Following:
    """A batch that is waited for."""

    waiting: dict[str, Call] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class BatchTeacher:
    """A model behind an endpoint with OpenAI's Batch API.

    Args:
        model: The model's name at the endpoint.
        base_url: The endpoint.
        state: The state's folder; what is under way is kept below it.
        settings: Of batches.
        teacher_id: In every call's key; by default the model's name.
        api_key: Sent as bearer token; never logged or kept.
        key_env: Where it comes from, for ``genesys batches``.
        goes_on_by: How the endpoint is told to go on from the beginning of an answer; see ``RoleSettings``.
        attempts: Batches that a call may be in before it fails.
        patience: Seconds for which a file or a batch is tried to be sent.
        timeout: Seconds that a file may take.
        settle: Seconds after which a batch that the provider does not list was never started.
    """

    guards_calls = True

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        state: Path,
        settings: BatchSettings,
        teacher_id: str | None = None,
        api_key: str | None = None,
        key_env: str = "",
        goes_on_by: GoesOnBy = "continue_final_message",
        attempts: int = 8,
        patience: float = 300.0,
        timeout: float = 3600.0,
        settle: float = 30.0,
    ) -> None:
        """No connection is made yet.

        Raises:
            GenesysError: The URL may hold a secret, or the key can be none.
            InfrastructureFault: The record of batches cannot be kept.
        """
        self.model, self.teacher_id = model, teacher_id or model
        self.concurrency = -(-settings.rows // 2)  # rows are twice as many
        self._settings, self._state, self._attempts = settings, state, attempts
        self._key = ApiKey(api_key)
        self.provider = Provider(base_url, self._key, timeout=timeout, attempts=attempts, patience=patience)
        self.book = Book.at(state, base_url, key_env)
        self._sender = Sender(self.book, self.provider, settings, self.teacher_id, model, goes_on_by)
        self._follower = Follower(self.book, self.provider, settings, settle)
        self._calls: dict[str, Call] = {}
        self._gathering: dict[str, Call] = {}
        self._gathered_at = 0.0
        self._came, self._full, self._ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._following: dict[int, _Following] = {}
        self._pump: asyncio.Task[None] | None = None
        self._hold_until, self._hold = 0.0, settings.poll
        self._closed: InfrastructureFault | None = None
        self._failed: dict[str, str] = {}
        """Calls that are not asked again in this run, and why."""
        self._used: set[int] = set()
        """Answers that were given: who asks again had no use for them."""
        self._unsaid: list[str] = []
        """Those of them that the book does not know of."""

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer, when the batch that the request is in has come back.

        Raises:
            InfrastructureFault: It came back without the answer too often, or did not come back.
        """
        key = call_key("chat", request.payload(self.teacher_id), request.trial)
        if self._closed is not None or key in self._failed:
            raise InfrastructureFault(self._failed.get(key) or str(self._closed), final=True)
        began = time.monotonic()
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = Call(key, request, asyncio.get_running_loop().create_future())
            self._add(call)
        call.askers += 1
        try:
            async with asyncio.timeout(self._settings.wait * 3600):
                name, place = await asyncio.shield(call.future)
        except TimeoutError:
            told = f"no answer within {self._settings.wait:g} hours (`wait` of the batch settings): {call.where}"
            raise InfrastructureFault(told, final=True) from None
        finally:
            call.askers -= 1
            if not call.askers:
                self._drop(call)
        where = f"{self.provider.url} (batch)"
        with self.book.answers(name).open("rb") as lines:
            answer = read_at(lines, place, where, self._key)
        self._used.add(_short(key))
        self._unsaid.append(key)
        return Completed(
            answer=answer, seconds=time.monotonic() - began, attempts=call.attempts + 1, endpoint=where, tier=BATCH
        )

    # Gathering ---------------------------------------------------------------------------------------------------

    def _add(self, call: Call) -> None:
        self._gathering[call.key] = call
        self._gathered_at = time.monotonic()
        self._came.set()
        if len(self._gathering) >= self._settings.requests:
            self._full.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())

    def _drop(self, call: Call) -> None:
        """Nobody asks any more."""
        if self._calls.get(call.key) is call:
            del self._calls[call.key]
        self._gathering.pop(call.key, None)
        call.future.cancel()

    async def _run(self) -> None:
        """Send what comes, batch after batch, as long as the teacher lives."""
        with contextlib.suppress(InfrastructureFault):
            for name in await asyncio.to_thread(self.book.prune, time.time()):
                self.book.answers(name).unlink(missing_ok=True)
        while True:
            await self._came.wait()
            await self._until_gathered()
            calls = list(self._gathering.values())
            self._gathering.clear()
            self._came.clear()
            self._full.clear()
            try:
                await self._say_used()
                await self._dispatch(calls)
            except Exception as error:
                if isinstance(error, InfrastructureFault) and error.closed:
                    self._closed = error
                for call in calls:
                    if not call.future.done() and not self._is_followed(call):
                        call.future.set_exception(error)

    async def _until_gathered(self) -> None:
        """Wait until nothing new has come for a moment, or a batch is full, or it takes too long."""
        latest = time.monotonic() + self._settings.gather
        while not self._full.is_set():
            pause = min(self._gathered_at + self._settings.quiet, latest) - time.monotonic()
            if pause <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._full.wait()

    async def _dispatch(self, calls: list[Call]) -> None:
        """Join the batches that have these requests already, and send the others."""
        looked = False
        while fresh := await self._join(calls):
            if not looked:
                looked = True
                await self._sender.adopt([call.key for call in fresh])
                calls = fresh
                continue
            await self._until_there_is_room()
            fresh = [call for call in fresh if not call.future.done()]
            batch, sent = await self._sender.send(fresh, self._unusable(fresh)) if fresh else (None, [])
            if batch is not None:
                self._follow(batch.number, sent)
                taken = {call.key for call in sent}
                fresh = [call for call in fresh if call.key not in taken]
            calls = fresh

    async def _join(self, calls: list[Call]) -> list[Call]:
        """Those of the calls that are in no batch; the others wait for theirs, or have their answer."""
        found = await asyncio.to_thread(self.book.find, [call.key for call in calls]) if calls else {}
        fresh, ready = [], []
        for call in calls:
            claim = found.get(call.key)
            if claim is None or (claim.fetched and (claim.place is None or _short(call.key) in self._used)):
                fresh.append(call)
            elif claim.place is not None:
                ready.append((claim.batch, call, claim.place))
            else:
                self._follow(claim.batch, [call])
        await self._hand_out(ready)
        return fresh

    async def _until_there_is_room(self) -> None:
        """After the provider said that too much is waiting there: until some of it has ended, or a while."""
        self._ended.clear()
        while (pause := self._hold_until - time.monotonic()) > 0 and not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ended.wait()

    def _unusable(self, calls: Iterable[Call]) -> frozenset[str]:
        return frozenset(call.key for call in calls if _short(call.key) in self._used)

    async def _say_used(self) -> None:
        keys, self._unsaid = self._unsaid, []
        if keys:
            await asyncio.to_thread(self.book.used, keys)

    # Following ---------------------------------------------------------------------------------------------------

    def _is_followed(self, call: Call) -> bool:
        return any(call.key in following.waiting for following in self._following.values())

    def _follow(self, number: int, calls: Iterable[Call]) -> None:
        following = self._following.setdefault(number, _Following())
        for call in calls:
            following.waiting[call.key] = call
            call.where = f"its batch at {self.provider.url} has not come back"
        if following.task is None:
            following.task = asyncio.create_task(self._wait_for(number, following))

    async def _wait_for(self, number: int, following: _Following) -> None:
        try:
            asked_again = await self._follower.follow(number)
            self._following.pop(number)
            await self._settle(number, following.waiting, asked_again=asked_again)
        except Exception as error:
            self._following.pop(number, None)
            for call in following.waiting.values():
                self._fail(call, error)

    async def _settle(self, number: int, waiting: dict[str, Call], *, asked_again: bool) -> None:
        """Give each call of a batch that has ended its answer, or another batch, or its failure."""
        found = await asyncio.to_thread(self.book.find, list(waiting))
        ready, put_off = [], 0
        for key, call in waiting.items():
            claim = found.get(key)
            if call.future.done():
                continue
            if claim is not None and claim.place is not None:
                ready.append((claim.batch, call, claim.place))
            elif claim is None or claim.trouble is None or claim.batch != number:
                self._again(call, "its batch was never started")  # or somebody else has sent it anew
            elif claim.trouble.then == "later":
                put_off += 1
                call.where = claim.trouble.text
                self._add(call)
            elif claim.trouble.then == "again" or asked_again:
                self._again(call, claim.trouble.text)
            else:
                self._fail(call, _fault(claim.trouble))
        if put_off:
            self._make_room(put_off)
        elif ready:
            self._sender.went_well()
            self._hold = self._settings.poll
        self._ended.set()
        await self._hand_out(ready)

    def _make_room(self, requests: int) -> None:
        self._sender.too_much(requests)
        self._hold_until = time.monotonic() + self._hold
        logger.warning(
            "%s takes no more just now: the next batch has %s requests at most, and waits for %.0f s or until another "
            "has ended (the limit of enqueued tokens; `requests` of the batch settings keeps below it)",
            self.provider.url, f"{self._sender.limit:,}", self._hold,
        )  # fmt: skip
        self._hold = min(self._hold * 2, self._settings.longest_poll)

    def _again(self, call: Call, why: str) -> None:
        call.attempts += 1
        call.where = why
        if call.attempts >= self._attempts:
            self._fail(call, InfrastructureFault(f"{call.attempts} batches came back without an answer: {why}"))
        else:
            self._add(call)

    def _fail(self, call: Call, error: Exception) -> None:
        if isinstance(error, InfrastructureFault) and error.final:
            self._failed[call.key] = str(error)
        if not call.future.done():
            call.future.set_exception(error)
            call.future.exception()  # nobody may be waiting

    async def _hand_out(self, ready: list[tuple[int, Call, Place]]) -> None:
        names: dict[int, str] = {}
        for count, (number, call, place) in enumerate(ready, 1):
            if number not in names:
                batch = await asyncio.to_thread(self.book.batch, number)
                names[number] = batch.name if batch else ""
            if not call.future.done():
                call.future.set_result((names[number], place))
            if count % _AT_ONCE == 0:
                await asyncio.sleep(_BREATH_S)

    # The end -----------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Let go. Batches that are under way stay so at the provider; what they are is said."""
        if self._sender.creating.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_S):
                    while self._sender.creating.is_set():
                        await asyncio.sleep(0.02)
        tasks = [self._pump, *(following.task for following in self._following.values())]
        running = [task for task in tasks if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        left = [batch for batch in self.book.batches() if batch.number in self._following and batch.state == "sent"]
        for batch in left:
            logger.warning(
                "%s requests are left with %s as batch %s. The same command uses their answers. To cancel: "
                "genesys batches --state %s --cancel %s",
                f"{batch.total:,}", self.provider.url, batch.id, shlex.quote(str(self._state)), batch.id,
            )  # fmt: skip
        await self._say_used()
        await self.provider.aclose()
        self.book.close()


def _short(key: str) -> int:
    return int(key[:15], 16)


def _fault(trouble: Trouble) -> InfrastructureFault:
    return InfrastructureFault(trouble.text, alive=True, final=trouble.then == "never")
