"""A teacher whose calls are paid for: each is within the budget, and knows its share of an engine's hours."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from genesys.calls.entry import Entry
from genesys.calls.usage import CHAT, Usage, usage_of
from genesys.chat import ChatRequest, Completed, Teacher
from genesys.costs.budget import Amount, Budget
from genesys.settings import BudgetSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.stores import open_journal

BYTES_PER_TOKEN = 3
"""Of a prompt that is not sent yet: fewer than there are, so that it is not taken for shorter than it is."""
UNLIMITED = 16_384
"""Completion tokens that an answer without a limit is thought to take at most."""


class EngineClock:
    """Shares the time in which an engine is busy among the calls that it answers side by side.

    Each moment counts in equal parts for all that are in flight, so that the shares add up to the time itself.
    """

    def __init__(self) -> None:
        """Nothing is in flight."""
        self._in_flight, self._share, self._at = 0, 0.0, 0.0

    def began(self, now: float) -> float:
        """A call begins; what is returned is told at its end."""
        self._pass(now)
        self._in_flight += 1
        return self._share

    def ended(self, began: float, now: float) -> float:
        """A call's share in seconds."""
        self._pass(now)
        self._in_flight -= 1
        return self._share - began

    def _pass(self, now: float) -> None:
        if self._in_flight:
            self._share += (now - self._at) / self._in_flight
        self._at = now


class Paid:
    """A teacher as before, but for what its calls cost.

    Args:
        teacher: Who answers.
        role: Its prices.
        clock: Shared by all who ask the same engine.
        budget: The cap, if there is one.
    """

    def __init__(self, teacher: Teacher, role: RoleSettings, clock: EngineClock, budget: Budget | None) -> None:
        """Nothing is asked yet."""
        self.teacher_id, self.concurrency = teacher.teacher_id, teacher.concurrency
        self._teacher, self._role, self._clock, self._budget = teacher, role, clock, budget

    def __getattr__(self, name: str) -> Any:
        """Whatever else a teacher of its kind has, as its endpoints for a display."""
        return getattr(self._teacher, name)

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer, if the budget allows it.

        Raises:
            CapReached: It does not.
            InfrastructureFault: No answer could be had.
        """
        if self._budget is None:
            return await self._complete(request)
        async with self._budget.claim(self._most(request)) as claim:
            completed = await self._complete(request)
            claim.spent = self._spent(request, completed)
            return completed

    async def _complete(self, request: ChatRequest) -> Completed:
        if not self._role.price_per_hour:
            return await self._teacher.complete(request)
        began, share = self._clock.began(time.monotonic()), 0.0
        try:
            completed = await self._teacher.complete(request)
        finally:
            share = self._clock.ended(began, time.monotonic())
        return completed.model_copy(update={"engine_seconds": share})

    def _most(self, request: ChatRequest) -> Amount:
        """What a call may cost at most, as far as that can be known before; an engine's hours cannot."""
        prompt = sum(math.ceil(len(message.content.encode()) / BYTES_PER_TOKEN) + 8 for message in request.messages)
        limit = request.sampling.get("max_completion_tokens") or request.sampling.get("max_tokens")
        completion = int(limit or self._role.expected_completion_tokens or UNLIMITED)
        return Amount(self._role.cost(prompt, completion), prompt + completion)

    def _spent(self, request: ChatRequest, completed: Completed) -> Amount:
        """As the journal's account will count it."""
        entry = Entry.model_construct(
            key="",
            kind=CHAT,
            name=request.name,
            row_id=request.row_id,
            payload={"messages": [message.model_dump() for message in request.messages]},
            result={"answer": completed.answer.model_dump()},
            engine_seconds=completed.engine_seconds,
        )
        used = (usage_of(entry) or (None, Usage()))[1]
        return Amount(self._role.cost_of(used, completed.tier), used.tokens)

    async def aclose(self) -> None:
        """Close the teacher."""
        await self._teacher.aclose()


_clocks: dict[str, EngineClock] = {}
_budgets: dict[tuple[Path, asyncio.AbstractEventLoop, BudgetSettings], tuple[Budget, int]] = {}
"""One a journal and event loop (and cap), with the number of those who use it."""


def paid_for(settings: Settings, role: RoleSettings, teacher: Teacher, stack: AsyncExitStack) -> Teacher:
    """The teacher, with all that its calls are to keep to; what that needs is closed with the stack."""
    if not role.is_paid or not (settings.budget.is_set or role.price_per_hour):
        return teacher
    budget = _budget(settings, stack) if settings.budget.is_set else None
    return Paid(teacher, role, _clocks.setdefault(role.teacher_id, EngineClock()), budget)


def _budget(settings: Settings, stack: AsyncExitStack) -> Budget:
    folder = open_journal(settings, readonly=True).folder
    key = (folder, asyncio.get_running_loop(), settings.budget)
    budget, users = _budgets.get(key) or (Budget(settings.budget, folder, settings.prices), 0)
    _budgets[key] = (budget, users + 1)

    def leave() -> None:
        known, left = _budgets.pop(key)
        if left > 1:
            _budgets[key] = (known, left - 1)
        else:
            known.close()

    stack.callback(leave)
    return budget
