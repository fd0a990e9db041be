"""A teacher that asks a shared engine, and gets itself another one when that is lost in the middle of a run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from genesys.chat import ChatRequest, Completed, Teacher
from genesys.faults import InfrastructureFault
from genesys.teachers.shared_engine import Attached, SharedEngine

Connect = Callable[[str, str, AsyncExitStack], Teacher]
"""Makes the teacher of an URL and a key; closed with the stack."""

WATCH_S = 0.5
NOTICED_S = 15.0
"""How long it may take from a call that breaks off until the engine's end is known: a dying engine tidies up."""
MOST_LOSSES = 3
"""How many engines may be lost under one call, or one after the other without an answer: it may be the call's doing."""
PAUSE_S = 5.0
"""Between two tries to get another engine."""

logger = logging.getLogger(__name__)


@dataclass
class _Serving:
    """The engine that is asked now."""

    attached: Attached
    teacher: Teacher
    stack: AsyncExitStack
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    calls: set[asyncio.Timeout] = field(default_factory=set)
    answered: int = 0

    def lose(self) -> None:
        """Break off what is in flight, instead of letting each call find out by itself."""
        self.lost.set()
        for call in self.calls:
            call.reschedule(asyncio.get_running_loop().time())

    async def is_lost_soon(self) -> bool:
        """Whether a call that broke off did so since the engine is going down."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICED_S):
                await self.lost.wait()
        return self.lost.is_set()


class EngineTeacher:
    """Calls go to the engine while it lives; when it is lost they wait for the next one, and are made again there.

    Args:
        engine: Which one.
        connect: Makes the teacher that asks it.
        teacher_id: Names weights and quantization in every call's key.
        concurrency: Calls at once.
        patience: Seconds in which another engine has to be found or begin to start, once one was lost.
    """

    def __init__(
        self, engine: SharedEngine, connect: Connect, *, teacher_id: str, concurrency: int, patience: float
    ) -> None:
        """Nothing is started."""
        self.teacher_id, self.concurrency = teacher_id, concurrency
        self._engine, self._connect, self._patience = engine, connect, patience
        self._serving: _Serving | None = None
        self._changing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._lost_in_a_row = 0
        self._given_up = ""

    @property
    def pool(self) -> Any:
        """The endpoints of the engine that is asked now."""
        return getattr(self._serving.teacher, "pool", None) if self._serving else None

    def views(self) -> list[Any]:
        """How the engine that is asked now stands, for those who watch a run; nothing while another one is sought."""
        views = getattr(self._serving.teacher, "views", None) if self._serving else None
        return list(views()) if views is not None else []

    async def open(self) -> None:
        """Attach to the engine, or start it.

        Raises:
            InfrastructureFault: It did not start.
        """
        await self._attach()

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer.

        Raises:
            InfrastructureFault: No answer could be had, of this engine or of those that took its place.
        """
        for _ in range(MOST_LOSSES):
            serving = await self._current()
            try:
                async with asyncio.timeout(None) as call:
                    serving.calls.add(call)
                    try:
                        done = await serving.teacher.complete(request)
                    finally:
                        serving.calls.discard(call)
            except TimeoutError:
                if not call.expired():
                    raise
            except InfrastructureFault as fault:
                if fault.alive or fault.closed or not await serving.is_lost_soon():
                    raise
            else:
                serving.answered += 1
                return done
        raise InfrastructureFault(f"{MOST_LOSSES} engines of {self._engine.model} ended under this call", final=True)

    async def aclose(self) -> None:
        """Give the lease back; the engine itself stays for the next one, for a while."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        await self._detach()

    async def _current(self) -> _Serving:
        if (serving := self._serving) is not None and not serving.lost.is_set():
            return serving
        async with self._changing:
            if self._given_up:
                raise InfrastructureFault(self._given_up, closed=True)
            if self._serving is None or self._serving.lost.is_set():
                try:
                    await self._replace()
                except InfrastructureFault as fault:
                    self._given_up = str(fault)
                    raise InfrastructureFault(self._given_up, closed=True) from None
            assert self._serving is not None  # noqa: S101 - for the type checker
            return self._serving

    async def _replace(self) -> None:
        """Get another engine, and say so.

        Raises:
            InfrastructureFault: None within the patience, or one after the other was lost.
        """
        before = self._serving
        self._lost_in_a_row = 0 if before is None or before.answered else self._lost_in_a_row + 1
        state, why = self._end_of(before)
        if state == "stopped":
            raise InfrastructureFault(f"the engine of {self._engine.model}: {why}")
        if self._lost_in_a_row >= MOST_LOSSES:
            raise InfrastructureFault(f"{MOST_LOSSES} engines in a row ended before they answered anything. {why}")
        logger.warning("the engine of %s was lost, another one is sought. %s", self._engine.model, why)
        await self._detach()
        until = time.monotonic() + self._patience
        while True:
            try:
                return await self._attach()
            except InfrastructureFault as fault:
                if time.monotonic() + PAUSE_S > until:
                    raise
                logger.warning("%s; tried again in %.0f s", fault, PAUSE_S)
            await asyncio.sleep(PAUSE_S)

    @staticmethod
    def _end_of(serving: _Serving | None) -> tuple[str, str]:
        """How an engine ended, and why; nothing where its keeper was killed."""
        record = serving.attached.folder.record() if serving is not None else None
        return (record.state, record.error) if record is not None else ("", "")

    async def _attach(self) -> None:
        attached = await self._engine.attach()
        stack = AsyncExitStack()
        teacher = self._connect(attached.record.url, attached.api_key, stack)
        self._serving = _Serving(attached, teacher, stack)
        self._watching = asyncio.create_task(self._watch(self._serving))

    async def _watch(self, serving: _Serving) -> None:
        while not serving.attached.is_lost:
            await asyncio.sleep(WATCH_S)
        serving.lose()

    async def _detach(self) -> None:
        if (serving := self._serving) is not None:
            self._serving = None
            await serving.stack.aclose()
            serving.attached.close()
