"""One endpoint of a fleet: its clients, its state, a call's place there. Who gets a place stands in ``endpoints``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from genesys.calls.limits import AdaptiveLimit, CircuitBreaker
from genesys.calls.rates import HostRates
from genesys.calls.slots import HostSlots
from genesys.chat import ChatAnswer
from genesys.faults import InfrastructureFault
from genesys.teachers.exchange import ApiKey


@dataclass(frozen=True)
class EndpointView:
    """An endpoint as a person sees it while a run goes on. Holds no key."""

    url: str
    state: Literal["open", "parked", "leaving"]
    """``parked``: it failed, and gets no calls or but one that tries it out; ``leaving``: it finishes what it has."""
    in_flight: int
    limit: int
    """Calls at once that it gets at most just now."""
    answered: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    heard_chars: int
    """Of all answers, also of those that are still being streamed: grows from moment to moment."""
    answered_chars: int
    """Of finished answers alone."""
    chars_in_flight: tuple[int, ...]
    """Of each call in flight, so far."""
    parked_for: float
    """Seconds since its failures in a row began; 0 unless it is parked."""
    last_error: str
    """Empty once it has answered since."""


@dataclass(eq=False)
class Endpoint:
    """One base URL with its clients and its state."""

    url: str
    clients: Sequence[Any]
    """Equal ones, used in turn."""
    limit: AdaptiveLimit
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    slots: HostSlots | None = None
    """Shared with the other processes of this machine that call the same URL, as are the rates."""
    rates: HostRates | None = None
    key: ApiKey = field(default_factory=lambda: ApiKey(None), repr=False)
    model: str = ""
    """The model's name here, if it is another than elsewhere."""
    paced_until: float = float("-inf")
    """Until then its rates let no call in."""
    seconds: float | None = None
    """That a call takes here, a running mean; None before the first."""
    leaving: bool = False
    """It gets no new calls."""
    answered: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    heard_chars: int = 0
    answered_chars: int = 0
    leases: set[Lease] = field(default_factory=set)
    """Calls in flight."""

    def next_client(self) -> Any:
        """The client for the next call."""
        return self.clients[(self.answered + self.failed + self.limit.in_flight) % len(self.clients)]

    def view(self, now: float) -> EndpointView:
        """How it stands."""
        since = self.breaker.failing_since
        parked = self.breaker.parked(now)
        return EndpointView(
            url=self.url,
            state="leaving" if self.leaving else "parked" if parked else "open",
            in_flight=self.limit.in_flight,
            limit=int(self.limit.limit),
            answered=self.answered,
            failed=self.failed,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            heard_chars=self.heard_chars,
            answered_chars=self.answered_chars,
            # A list first: whoever looks may be another thread than the one that makes the calls.
            chars_in_flight=tuple(lease.chars for lease in list(self.leases)),
            parked_for=now - since if parked and since is not None else 0.0,
            last_error=self.breaker.last_error if since is not None else "",
        )

    def allows(self, now: float) -> bool:
        """Whether a call may start here, if there is a place for it."""
        return now >= self.paced_until and self.breaker.allows(now)

    def enter(self, now: float, tokens: float = 0.0) -> Lease | None:
        """Let a call in that will take about so many tokens, if the endpoint can take one."""
        if not self.limit.free or not self.allows(now) or (self.slots is not None and not self.slots.take()):
            return None
        if self.rates is not None and (wait := self.rates.take(tokens)) > 0:
            self.paced_until = now + wait
            if self.slots is not None:
                self.slots.give()
            return None
        self.limit.in_flight += 1
        lease = Lease(self, now, self.breaker.started(), tokens)
        self.leases.add(lease)
        return lease

    def close(self) -> None:
        """Give back what is shared with other processes."""
        if self.slots is not None:
            self.slots.close()
        if self.rates is not None:
            self.rates.close()


@dataclass(eq=False)
class Lease:
    """One call's place at an endpoint, from the moment it is given until the call has ended."""

    endpoint: Endpoint
    started_at: float
    is_probe: bool
    tokens: float = 0.0
    """That it was let in for."""
    chars: int = 0
    """Heard so far."""
    spoken: bool = False
    """The endpoint has begun to answer."""
    heard_at: float = 0.0
    """When anything was last heard of the answer, or since when nothing was."""
    longest_gap: float = 0.0
    """The longest silence so far."""

    def __post_init__(self) -> None:
        """Silence counts from the start."""
        self.heard_at = self.started_at

    def stirred(self, now: float) -> None:
        """A piece of the answer has come."""
        gap = now - self.heard_at
        if gap > self.longest_gap:
            self.longest_gap = gap
        self.heard_at = now

    def spoke(self) -> None:
        """The endpoint begins to answer: it is up, and has taken the call."""
        if not self.spoken:
            self.spoken = True
            self.endpoint.limit.taken(started_at=self.started_at)
        if self.is_probe:
            self.endpoint.breaker.spoke()

    def heard(self, chars: int) -> None:
        """So much more of the answer has come."""
        self.chars += chars
        self.endpoint.heard_chars += chars

    def answered(self, answer: ChatAnswer) -> None:
        """What the answer took."""
        self.endpoint.prompt_tokens += answer.prompt_tokens or 0
        self.endpoint.completion_tokens += answer.completion_tokens or 0
        if self.endpoint.rates is not None and answer.completion_tokens is not None:
            self.endpoint.rates.correct((answer.prompt_tokens or 0) + answer.completion_tokens - self.tokens)
        self.endpoint.answered_chars += self.chars

    def succeeded(self) -> None:
        """The call was answered."""
        self.endpoint.answered += 1
        self.spoke()
        self.endpoint.limit.succeeded(started_at=self.started_at)
        self.endpoint.breaker.succeeded()

    def failed(self, fault: InfrastructureFault) -> None:
        """The call was not answered."""
        endpoint, now = self.endpoint, time.monotonic()
        endpoint.failed += 1
        if endpoint.rates is not None and fault.alive and not self.spoken:
            endpoint.rates.correct(-self.tokens)  # refused, so it took none
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
        self.endpoint.leases.discard(self)
        if self.is_probe:
            self.endpoint.breaker.probe_ended()
        if self.endpoint.slots is not None:
            self.endpoint.slots.give()
