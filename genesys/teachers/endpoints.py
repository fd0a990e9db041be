"""A fleet of endpoints of one model: which of them the next call goes to, and what waits when none is free.

Which of the waiting calls a place goes to stands in ``affinity``, a second attempt for one that is late in ``hedging``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from genesys.faults import InfrastructureFault
from genesys.teachers.affinity import PASSED_OVER_AT_MOST, SLACK, Homes, chosen
from genesys.teachers.endpoint import Endpoint as Endpoint
from genesys.teachers.endpoint import EndpointView as EndpointView
from genesys.teachers.endpoint import Lease as Lease

_OTHERS_PAUSE = 0.03
"""Seconds between two looks whether another process has given a slot back."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A call without a place."""

    turn: asyncio.Future[Lease]
    group: str
    tokens: float
    avoid: Endpoint | None
    """Where it has just failed: it goes elsewhere if it can."""
    passed_over: int = 0


class EndpointPool:
    """Gives each call the least loaded endpoint that is up; the rest wait their turn.

    Those who wait are served first come, first served, but for calls of a group, which a free place goes to sooner or a
    little later so that they come to where their group is (``affinity``).

    Args:
        endpoints: They may come and go later, too.
        patience: Seconds that calls wait while no endpoint answers, or there is none, before they fail.
        affinity: Whether groups are looked at.
        on_gone: Told of each endpoint that was removed, once its last call has ended.
    """

    def __init__(
        self,
        endpoints: list[Endpoint],
        *,
        patience: float = 300.0,
        affinity: bool = True,
        on_gone: Callable[[Endpoint], None] | None = None,
    ) -> None:
        """Nothing is contacted yet."""
        self.endpoints = endpoints
        self.leaving: list[Endpoint] = []
        self.why_empty = ""
        """What to say of it when there is no endpoint."""
        self.homes = Homes()
        self._patience, self._affinity, self._on_gone = patience, affinity, on_gone
        self._waiting: deque[_Waiting] = deque()
        self._empty_since = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._full = False
        """No endpoint had a place when this was last looked at; whatever changes that looks again."""

    @property
    def waiting(self) -> int:
        """Calls without a place."""
        return sum(not waiter.turn.done() for waiter in self._waiting)

    def views(self) -> list[EndpointView]:
        """How each endpoint stands."""
        now = time.monotonic()
        return [endpoint.view(now) for endpoint in (*self.endpoints, *self.leaving)]

    def add(self, endpoint: Endpoint) -> None:
        """A new one: it takes calls from now on."""
        self.endpoints.append(endpoint)
        self._dispatch()

    def remove(self, endpoint: Endpoint) -> None:
        """It gets no new calls, and is gone when those that it has have ended."""
        self.endpoints.remove(endpoint)
        endpoint.leaving = True
        self.leaving.append(endpoint)
        self.homes.left(endpoint)
        if not self.endpoints:
            self._empty_since = time.monotonic()
        self._let_go(endpoint)
        self._dispatch()

    def _let_go(self, endpoint: Endpoint) -> None:
        if endpoint.leaving and not endpoint.limit.in_flight and endpoint in self.leaving:
            self.leaving.remove(endpoint)
            endpoint.close()
            if self._on_gone is not None:
                self._on_gone(endpoint)

    @contextlib.asynccontextmanager
    async def lease(self, group: str = "", tokens: float = 0.0, avoid: Endpoint | None = None) -> AsyncIterator[Lease]:
        """A place for one call. How the call went is told by how the block ends.

        Args:
            group: Calls of one begin with the same text.
            tokens: About how many it will take.
            avoid: Where it is not to go while another endpoint is up.

        Raises:
            InfrastructureFault: No endpoint has answered for longer than the patience.
        """
        lease = await self._acquire(_Waiting(asyncio.get_running_loop().create_future(), group, tokens, avoid))
        with self.used(lease):
            yield lease

    def enter(self, endpoint: Endpoint, tokens: float) -> Lease | None:
        """A place at this very endpoint, if it has one now; to be ``used``."""
        return endpoint.enter(time.monotonic(), tokens) if endpoint in self.endpoints else None

    @contextlib.contextmanager
    def used(self, lease: Lease) -> Iterator[None]:
        """Use a place; how the call went is told by how the block ends."""
        try:
            yield
        except InfrastructureFault as fault:
            lease.failed(fault)
            raise
        else:
            lease.succeeded()
        finally:
            self._end(lease)

    def spoke(self, lease: Lease) -> None:
        """The endpoint has begun to answer, so it is up; the answer itself may take an hour."""
        lease.spoke()
        if self._waiting:
            self._dispatch()

    def _end(self, lease: Lease) -> None:
        lease.end()
        self._let_go(lease.endpoint)
        self._dispatch()

    async def _acquire(self, waiter: _Waiting) -> Lease:
        known_to_be_full = self._full and bool(self._waiting)
        self._waiting.append(waiter)
        if not known_to_be_full:
            self._dispatch()
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self._end(waiter.turn.result())
            self._dispatch()
            raise

    def _dispatch(self) -> None:
        """Serve those who wait; then see to it that this runs again when time alone changes something."""
        now = time.monotonic()
        unable: set[Endpoint] = set()
        self._full = False
        while self._waiting:
            if self._waiting[0].turn.done():  # cancelled
                self._waiting.popleft()
                continue
            able = [e for e in self.endpoints if e.limit.free and e not in unable and e.allows(now)]
            if not able:
                self._full = bool(self.endpoints) and not unable
                break
            self._serve_one(able, unable, now)
        if not self._waiting:
            for endpoint in self.endpoints:
                if endpoint.slots is not None:
                    endpoint.slots.settle()
        elif not self.endpoints:
            self._wait_for_any(now)
        elif all(self._given_up(endpoint, now) for endpoint in self.endpoints):
            self._fail_all(now)
        else:
            self._wake_in(min(self._pause(endpoint, now) for endpoint in self.endpoints))

    def _serve_one(self, able: list[Endpoint], unable: set[Endpoint], now: float) -> None:
        """Give the place at the least loaded endpoint to one of those who wait; who can give none becomes unable."""
        emptiest = min(able, key=_load) if len(able) > 1 else able[0]
        position = self._position(emptiest, now)
        if position is None:
            unable.add(emptiest)
            return
        waiter = self._waiting[position]
        endpoint = self._home(waiter, able, emptiest)
        lease = endpoint.enter(now, waiter.tokens)
        if lease is None:
            unable.add(endpoint)
            return
        if position:
            self._waiting[0].passed_over += 1
        del self._waiting[position]
        self.homes.gone_to(waiter.group, endpoint)
        waiter.turn.set_result(lease)

    def _position(self, endpoint: Endpoint, now: float) -> int | None:
        """Who of those who wait gets a place at this endpoint."""
        first = self._waiting[0]
        if first.avoid is None and (not first.group or not self._affinity):
            return 0

        def group_of(waiter: _Waiting) -> str | None:
            if waiter.turn.done() or (waiter.avoid is endpoint and self.another_is_up(endpoint, now)):
                return None
            return waiter.group if self._affinity else ""

        return chosen(
            map(group_of, self._waiting),
            endpoint,
            self.homes,
            is_open=lambda home: home.allows(now),
            passed_over=first.passed_over,
            at_most=max(PASSED_OVER_AT_MOST, 8 * len(self.endpoints)),
        )

    def _home(self, waiter: _Waiting, able: list[Endpoint], emptiest: Endpoint) -> Endpoint:
        """While several endpoints have places: the one where the call's group is, if it is not much fuller."""
        if not waiter.group or not self._affinity or len(able) == 1:
            return emptiest
        most = emptiest.limit.load + SLACK
        homes = self.homes.of(waiter.group)
        at = [e for e in able if e in homes and e.limit.load < most and e is not waiter.avoid]
        return min(at, key=_load) if at else emptiest

    def another_is_up(self, endpoint: Endpoint | None, now: float) -> bool:
        """Whether there is another endpoint that takes calls."""
        return any(other is not endpoint and other.breaker.allows(now) for other in self.endpoints)

    def _given_up(self, endpoint: Endpoint, now: float) -> bool:
        breaker = endpoint.breaker
        if breaker.allows(now) or breaker.failing_since is None or endpoint.limit.in_flight:
            return False
        return breaker.refuses_all or now - breaker.failing_since >= self._patience

    def _wait_for_any(self, now: float) -> None:
        """There is no endpoint; one may join."""
        left = self._empty_since + self._patience - now
        if left > 0:
            self._wake_in(left)
        else:
            self._fail("no endpoint" + (f": {self.why_empty}" if self.why_empty else ""))

    def _fail_all(self, now: float) -> None:
        errors = "; ".join(
            f"since {now - (e.breaker.failing_since or now):.0f} s: {e.breaker.last_error}" for e in self.endpoints
        )
        self._fail(f"no endpoint answers ({errors})")

    def _fail(self, why: str) -> None:
        while self._waiting:
            turn = self._waiting.popleft().turn
            if not turn.done():
                turn.set_exception(InfrastructureFault(why, final=True))

    def _pause(self, endpoint: Endpoint, now: float) -> float:
        """Seconds until time alone may let a call in, or show that waiting is of no use."""
        breaker = endpoint.breaker
        if now < breaker.parked_until:
            patience_ends = (breaker.failing_since or now) + self._patience
            return min([end - now for end in (breaker.parked_until, patience_ends) if end > now])
        if endpoint.limit.free and breaker.allows(now):
            if endpoint.paced_until > now:
                return endpoint.paced_until - now
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
        for endpoint in (*self.endpoints, *self.leaving):
            endpoint.close()


def _load(endpoint: Endpoint) -> float:
    return endpoint.limit.load
