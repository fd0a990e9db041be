"""A fleet of endpoints of one model: which of them the next call goes to, and what waits when none is free."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from genesys.calls.limits import AdaptiveLimit, CircuitBreaker
from genesys.calls.slots import HostSlots
from genesys.faults import InfrastructureFault

_OTHERS_PAUSE = 0.03
"""Seconds between two looks whether another process has given a slot back."""


@dataclass
class Endpoint:
    """One base URL with its clients and its state."""

    url: str
    clients: Sequence[Any]
    """Equal ones, used in turn."""
    limit: AdaptiveLimit
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    slots: HostSlots | None = None
    """Shared with the other processes of this machine that call the same URL."""
    answered: int = 0
    failed: int = 0

    def next_client(self) -> Any:
        """The client for the next call."""
        return self.clients[(self.answered + self.failed + self.limit.in_flight) % len(self.clients)]

    def enter(self, now: float) -> Lease | None:
        """Let a call in, if the endpoint can take one."""
        if not self.limit.free or not self.breaker.allows(now) or (self.slots is not None and not self.slots.take()):
            return None
        self.limit.in_flight += 1
        return Lease(self, now, self.breaker.started())


@dataclass
class Lease:
    """One call's place at an endpoint, from the moment it is given until the call has ended."""

    endpoint: Endpoint
    started_at: float
    is_probe: bool

    def succeeded(self) -> None:
        """The call was answered."""
        self.endpoint.answered += 1
        self.endpoint.limit.succeeded()
        self.endpoint.breaker.succeeded()

    def failed(self, fault: InfrastructureFault) -> None:
        """The call was not answered."""
        endpoint, now = self.endpoint, time.monotonic()
        endpoint.failed += 1
        if fault.overload:
            endpoint.limit.overloaded(started_at=self.started_at, now=now)
        if fault.final and not fault.closed:  # it has nothing against other requests
            endpoint.breaker.succeeded()
            return
        endpoint.breaker.failed(
            str(fault),
            started_at=self.started_at,
            now=now,
            answers=fault.alive,
            refuses_all=fault.closed,
            asked_pause=fault.retry_after or 0.0,
        )

    def end(self) -> None:
        """The place is free again."""
        self.endpoint.limit.in_flight -= 1
        if self.is_probe:
            self.endpoint.breaker.probe_ended()
        if self.endpoint.slots is not None:
            self.endpoint.slots.give()


class EndpointPool:
    """Gives each call the least loaded endpoint that is up; the rest wait their turn, first come, first served.

    Args:
        endpoints: At least one.
        patience: Seconds that calls wait while no endpoint answers, before they fail.
    """

    def __init__(self, endpoints: list[Endpoint], *, patience: float = 300.0) -> None:
        """Nothing is contacted yet."""
        self.endpoints = endpoints
        self._patience = patience
        self._waiting: deque[asyncio.Future[Lease]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[Lease]:
        """A place for one call. How the call went is told by how the block ends.

        Raises:
            InfrastructureFault: No endpoint has answered for longer than the patience.
        """
        lease = await self._acquire()
        try:
            yield lease
        except InfrastructureFault as fault:
            lease.failed(fault)
            raise
        else:
            lease.succeeded()
        finally:
            lease.end()
            self._dispatch()

    def spoke(self, lease: Lease) -> None:
        """The endpoint has begun to answer, so it is up; the answer itself may take an hour."""
        if lease.is_probe:
            lease.endpoint.breaker.spoke()
            self._dispatch()

    async def _acquire(self) -> Lease:
        turn: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._dispatch()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                turn.result().end()
            self._dispatch()
            raise

    def _enter(self, now: float) -> Lease | None:
        for endpoint in sorted(self.endpoints, key=lambda e: e.limit.load):
            if (lease := endpoint.enter(now)) is not None:
                return lease
        return None

    def _dispatch(self) -> None:
        """Serve those who wait, in order; then see to it that this runs again when time alone changes something."""
        now = time.monotonic()
        while self._waiting:
            if self._waiting[0].done():  # cancelled
                self._waiting.popleft()
            elif (lease := self._enter(now)) is not None:
                self._waiting.popleft().set_result(lease)
            else:
                break
        if not self._waiting:
            for endpoint in self.endpoints:
                if endpoint.slots is not None:
                    endpoint.slots.settle()
        elif all(self._given_up(endpoint, now) for endpoint in self.endpoints):
            self._fail_all(now)
        else:
            self._wake_in(min((self._pause(endpoint, now) for endpoint in self.endpoints), default=0.0))

    def _given_up(self, endpoint: Endpoint, now: float) -> bool:
        breaker = endpoint.breaker
        if breaker.allows(now) or breaker.failing_since is None or endpoint.limit.in_flight:
            return False
        return breaker.refuses_all or now - breaker.failing_since >= self._patience

    def _fail_all(self, now: float) -> None:
        errors = "; ".join(
            f"since {now - (e.breaker.failing_since or now):.0f} s: {e.breaker.last_error}" for e in self.endpoints
        )
        fault = f"no endpoint answers ({errors})"
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(InfrastructureFault(fault, final=True))

    def _pause(self, endpoint: Endpoint, now: float) -> float:
        """Seconds until time alone may let a call in, or show that waiting is of no use."""
        breaker = endpoint.breaker
        if now < breaker.parked_until:
            patience_ends = (breaker.failing_since or now) + self._patience
            return min([end - now for end in (breaker.parked_until, patience_ends) if end > now])
        if endpoint.limit.free and breaker.allows(now):
            return _OTHERS_PAUSE * random.uniform(0.7, 1.3)  # others have the slots
        return float("inf")  # the end of a call will tell

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds < float("inf"):
            self._timer = asyncio.get_running_loop().call_later(seconds + 0.001, self._dispatch)

    def close(self) -> None:
        """Give back what is shared with other processes."""
        if self._timer is not None:
            self._timer.cancel()
        for endpoint in self.endpoints:
            if endpoint.slots is not None:
                endpoint.slots.close()
