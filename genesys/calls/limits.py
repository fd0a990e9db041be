"""How many calls an endpoint gets at once: additive increase, multiplicative decrease, slow start; and when none.

Pure state machines told the time, without a loop or a clock of their own, so that their behaviour can be tested.
"""

from __future__ import annotations


class AdaptiveLimit:
    """A concurrency limit that follows what the endpoint can take (AIMD with a slow start, after TCP's in RFC 5681).

    It starts at the maximum that the user allowed: an endpoint that can take it should not wait for a slow start. An
    overload multiplies it by ``decrease``, and what is left is the threshold up to which it comes back quickly: each
    call that is taken lets two more in, so that it doubles in the time to a first byte. Above the threshold it grows by
    about one a round of answers. Overloads without a call taken in between mean that the number of calls was not
    what was wrong (an endpoint that refuses everything for a minute): then it comes back quickly to where it was before
    the first of them.
    """

    def __init__(self, maximum: int, *, decrease: float = 0.7) -> None:
        """``maximum`` calls at once at most; each overload multiplies the limit by ``decrease``."""
        self.maximum = maximum
        self.limit = float(maximum)
        self.threshold = float(maximum)
        """Up to here the limit grows with each call that is taken."""
        self.in_flight = 0
        self._decrease = decrease
        self._decreased_at = float("-inf")
        self._before = float(maximum)
        """The limit at the first of the overloads in a row."""
        self._taken_since = True

    @property
    def free(self) -> bool:
        """Whether one more call may start."""
        return self.in_flight < int(self.limit)

    @property
    def load(self) -> float:
        """Calls in flight per allowed call."""
        return self.in_flight / self.limit

    def taken(self, *, started_at: float = float("inf")) -> None:
        """The endpoint has begun to answer a call; one from before the last overload says nothing of the time since."""
        if started_at <= self._decreased_at:
            return
        self._taken_since = True
        if self.limit < self.threshold:
            self.limit = min(self.threshold, self.limit + 1.0)

    def succeeded(self, *, started_at: float = float("inf")) -> None:
        """About one more call at once for each full round of answers; below the threshold ``taken`` has seen to it."""
        if started_at > self._decreased_at and self.limit >= self.threshold:
            self.limit = min(float(self.maximum), self.limit + 1.0 / self.limit)

    def overloaded(self, *, started_at: float, now: float) -> None:
        """Fewer at once; only once for all calls that were in flight together, since they tell the same news."""
        if started_at <= self._decreased_at:
            return
        if self._taken_since:
            self._before = self.limit
            self.threshold = max(1.0, self.limit * self._decrease)
        else:
            self.threshold = self._before
        self.limit = max(1.0, self.limit * self._decrease)
        self._decreased_at, self._taken_since = now, False


class CircuitBreaker:
    """Parks an endpoint after failures in a row, for a pause that doubles each time.

    An endpoint that did not even answer, or that refuses everything, is then tried with one call at a time; one that
    answers with errors is open again after the pause, since the errors may be those of a few bad requests.
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        first_pause: float = 1.0,
        longest_pause: float = 60.0,
        longest_pause_if_it_answers: float = 10.0,
    ) -> None:
        """Parks after ``threshold`` failures in a row; pauses in seconds."""
        self._threshold, self._first_pause = threshold, first_pause
        self._longest = {False: longest_pause, True: min(longest_pause, longest_pause_if_it_answers)}
        self._parked_at = float("-inf")
        self._probing = False
        self.last_error = ""
        self._reset()

    def _reset(self) -> None:
        self._failures, self._pause = 0, self._first_pause
        self.parked_until = float("-inf")
        """When a call may be tried again; in the past for an endpoint that is fine."""
        self.failing_since: float | None = None
        """When the failures in a row began."""
        self.refuses_all = False
        """It said that trying again is useless (a refused key, an unknown model)."""
        self._needs_probe = False

    def allows(self, now: float) -> bool:
        """Whether a call may start."""
        return now >= self.parked_until and not (self._needs_probe and self._probing)

    def parked(self, now: float) -> bool:
        """Whether it gets no call, or but one that tries it out."""
        return now < self.parked_until or self._needs_probe

    def started(self) -> bool:
        """A call starts; tells whether it is the one that tries out a parked endpoint."""
        self._probing = self._needs_probe
        return self._probing

    def probe_ended(self) -> None:
        """That call has ended, in whatever way."""
        self._probing = False

    def spoke(self) -> None:
        """The endpoint begins to answer: it is up, though what it says may yet be an error."""
        self.parked_until = float("-inf")
        self._needs_probe = self.refuses_all = False

    def succeeded(self) -> None:
        """Any answer opens the endpoint again."""
        self._reset()

    def failed(
        self,
        error: str,
        *,
        started_at: float,
        now: float,
        answers: bool = False,
        refuses_all: bool = False,
        asked_pause: float = 0.0,
    ) -> None:
        """Count a failure.

        Args:
            error: For people.
            started_at: Time at which the call started; one from before the last parking tells the same news as that.
            now: Time.
            answers: The endpoint did answer, if only with an error.
            refuses_all: It will refuse every call.
            asked_pause: Seconds for which it asked to be left alone.
        """
        if started_at < self._parked_at:
            return
        self._failures += 1
        self.last_error = error
        self.failing_since = now if self.failing_since is None else self.failing_since
        if self._failures < self._threshold:
            return
        self._failures = self._threshold - 1  # the next failure parks it again
        self._parked_at = now
        self._needs_probe = refuses_all or not answers
        self.parked_until = now + max(min(self._pause, self._longest[not self._needs_probe]), asked_pause)
        self._pause *= 2
        self.refuses_all = refuses_all
