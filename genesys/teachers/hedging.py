"""A second attempt for a call that is late when nobody waits any more: the first answer wins, the other is hung up on.

At the end of a run all places but a few stand empty, and what is left may be at an endpoint that hangs, or is far
slower than others. What is decided here costs only empty places; how a call is made stands with the teacher.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from genesys.chat import ChatAnswer
from genesys.faults import InfrastructureFault
from genesys.teachers.endpoints import Endpoint, EndpointPool, Lease

Attempt = Callable[[Lease], Awaitable[ChatAnswer]]
Answered = tuple[ChatAnswer, Endpoint]

_NEWEST = 0.1
"""Weight of the newest call in the running means."""
_GAIN = 1.5
"""The second attempt would have to be so much sooner at its end."""
_PRIOR = 0.5
"""Of a usual answer: so much counts how fast it usually comes beside what was heard of this one."""
_LATE = 3.0
_GAPS = 4.0
"""A call is silent after so many of the longest silences that calls usually have."""


@dataclass(frozen=True)
class Hedging:
    """How far second attempts go."""

    every: float = 0.5
    """Seconds between two looks."""
    silence: float = 3.0
    """Seconds without a word before which no call is silent."""
    share: float = 0.05
    """Of all calls so many are made twice because they are slow, and eight. Silent ones do not count: it is not paid
    for twice what is not being made."""
    beyond: int = 8


@dataclass(eq=False, slots=True)
class _Flight:
    """A call under way."""

    attempt: Attempt
    lease: Lease | None = None
    scope: asyncio.Timeout | None = None
    """Of the first attempt, while it is under way."""
    second: asyncio.Task[Answered | None] | None = None
    won: Answered | None = None
    is_slow: bool = False
    """It was made a second time for that, and not for its silence."""


class _Overtaken(Exception):
    """The second attempt was first."""


class Hedger:
    """Makes calls in a pool's places, some of them twice.

    Args:
        pool: The places.
        hedging: How far to go; None makes every call once.
        stream: Whether answers are heard while they are made.
    """

    def __init__(self, pool: EndpointPool, hedging: Hedging | None, *, stream: bool = True) -> None:
        """Nothing is under way."""
        self.calls = self.hedged = self.won = 0
        """Calls, those made twice, those whose second attempt was first."""
        self._slow = 0
        self._pool, self._hedging, self._stream = pool, hedging, stream
        self._flights: dict[_Flight, None] = {}
        self._seconds: set[asyncio.Task[Answered | None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._chars: float | None = None
        self._gap: float | None = None

    async def call(
        self, attempt: Attempt, *, group: str = "", tokens: float = 0.0, avoid: Endpoint | None = None
    ) -> Answered:
        """An answer, and where it is from.

        Raises:
            InfrastructureFault: The attempt failed, and so did the second if there was one.
        """
        self.calls += 1
        flight = _Flight(attempt)
        try:
            async with self._pool.lease(group, tokens, avoid) as lease:
                if self._hedging is None:
                    answer = await attempt(lease)
                else:
                    flight.lease = lease
                    answer = await self._first(flight, lease)
                self._learn(lease, answer)
                return answer, lease.endpoint
        except _Overtaken:
            if flight.won is None:
                raise AssertionError("overtaken by nobody") from None
            return flight.won
        except InfrastructureFault:
            found = await flight.second if flight.second is not None else None
            if found is None:
                raise
            return found
        finally:
            if flight.second is not None:
                flight.second.cancel()  # once it has ended this does nothing

    async def _first(self, flight: _Flight, lease: Lease) -> ChatAnswer:
        """The first attempt, which ends when the second has an answer."""
        self._flights[flight] = None
        self._look_later()
        try:
            async with asyncio.timeout(None) as flight.scope:
                return await flight.attempt(lease)
        except TimeoutError:
            if flight.won is None:
                raise
            if seconds := self._silent_for(flight, time.monotonic()):
                told = f"{lease.endpoint.url} was silent for {seconds:.0f} s, and another endpoint answered"
                lease.failed(InfrastructureFault(told))
            raise _Overtaken from None
        finally:
            flight.scope = None
            self._flights.pop(flight, None)

    async def _again(self, flight: _Flight, endpoint: Endpoint) -> Answered | None:
        """The second attempt; None if it was no better."""
        lease = self._pool.enter(endpoint, flight.lease.tokens if flight.lease else 0.0)
        if lease is None:
            flight.second = None  # another process was quicker; there will be another look
            self._slow -= flight.is_slow
            return None
        self.hedged += 1
        try:
            with self._pool.used(lease):
                answer = await flight.attempt(lease)
                self._learn(lease, answer)
        except InfrastructureFault:
            return None
        if flight.scope is not None:
            self.won += 1
            flight.won = answer, endpoint
            flight.scope.reschedule(asyncio.get_running_loop().time())
        return answer, endpoint

    def _learn(self, lease: Lease, answer: ChatAnswer) -> None:
        lease.answered(answer)
        if answer.refused is not None:
            return
        endpoint, seconds = lease.endpoint, time.monotonic() - lease.started_at
        chars = len(answer.content) + len(answer.reasoning or "")
        endpoint.seconds = _mean(endpoint.seconds, seconds)
        self._chars = _mean(self._chars, chars)
        self._gap = _mean(self._gap, lease.longest_gap)

    def _look_later(self) -> None:
        if self._timer is None and self._hedging is not None:
            self._timer = asyncio.get_running_loop().call_later(self._hedging.every, self._look)

    def _look(self) -> None:
        """Send late calls out again, as far as there are better endpoints with empty places."""
        self._timer = None
        if self._flights:
            self._look_later()
        if self._hedging is None or len(self._pool.endpoints) < 2 or self._pool.waiting:
            return
        now = time.monotonic()
        free = {e: int(e.limit.limit) - e.limit.in_flight for e in self._pool.endpoints if e.limit.free}
        free = {e: places for e, places in free.items() if e.allows(now) and not e.breaker.parked(now)}
        if not free:
            return
        silent = {flight: self._silent_for(flight, now) for flight in self._flights}
        for hanging in {f.lease.endpoint for f, seconds in silent.items() if seconds and f.lease}:
            free.pop(hanging, None)
        for flight in sorted(self._flights, key=lambda f: -silent[f]):
            if flight.second is not None or flight.lease is None:
                continue
            best = self._better(flight.lease, free, silent[flight], now)
            if best is None:
                continue
            flight.is_slow = not silent[flight]
            if flight.is_slow and self._slow + 1 > self._hedging.beyond + self._hedging.share * self.calls:
                break
            free[best] -= 1
            self._slow += flight.is_slow
            flight.second = asyncio.create_task(self._again(flight, best))
            self._seconds.add(flight.second)
            flight.second.add_done_callback(self._seconds.discard)

    def _silent_for(self, flight: _Flight, now: float) -> float:
        """Seconds that a call has been silent for, 0 for no longer than usual or where nothing is to be heard."""
        if self._hedging is None or flight.lease is None or not self._stream:
            return 0.0
        seconds = now - flight.lease.heard_at
        return seconds if seconds > max(self._hedging.silence, _GAPS * (self._gap or 0.0)) else 0.0

    def _better(self, lease: Lease, free: dict[Endpoint, int], silent: float, now: float) -> Endpoint | None:
        """Where a call would be at its end far sooner than where it is, though it has to begin anew there."""
        others = [e for e, places in free.items() if places > 0 and e is not lease.endpoint]
        if silent:
            return min(others, key=lambda e: math.inf if e.seconds is None else e.seconds, default=None)
        known = [(e.seconds, e) for e in others if e.seconds is not None]
        if not known:
            return None
        seconds, best = min(known, key=lambda found: found[0])
        left = self._seconds_left(lease, now - lease.started_at)
        return best if seconds * self._length(lease) * _GAIN < left else None

    def _length(self, lease: Lease) -> float:
        """How long the answer will be, in usual answers: one, or half as long again as it is already."""
        return max(1.0, 1.5 * lease.chars / self._chars) if self._chars else 1.0

    def _seconds_left(self, lease: Lease, elapsed: float) -> float:
        usual = lease.endpoint.seconds or 0.0
        if lease.chars and self._chars:
            # A little after a long first silence tells little of the speed: weighed with what is usual there.
            done = lease.chars / self._chars
            a_usual_one = (elapsed + _PRIOR * usual) / (done + (_PRIOR if usual else 0.0))
            return (self._length(lease) - done) * a_usual_one
        # Nothing is known of this call; where nothing is to be heard, much longer than usual is late.
        return elapsed if not self._stream and elapsed > _LATE * usual else max(0.0, usual - elapsed)

    async def aclose(self) -> None:
        """Hang up on second attempts, and look no more."""
        if self._timer is not None:
            self._timer.cancel()
        for second in self._seconds:
            second.cancel()
        await asyncio.gather(*self._seconds, return_exceptions=True)


def _mean(known: float | None, new: float) -> float:
    return new if known is None else known + _NEWEST * (new - known)
