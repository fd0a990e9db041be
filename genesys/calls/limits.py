"""How many calls an endpoint gets at once: additive increase, multiplicative decrease; and when it gets none.

Pure state machines told the time, without a loop or a clock of their own, so that their behaviour can be tested.
"""

from __future__ import annotations


class AdaptiveLimit:
    """A concurrency limit that follows what the endpoint can take (AIMD, as TCP's congestion avoidance does).

    It starts at the maximum that the user allowed: an endpoint that can take it should not wait for a slow start.
    """

    def __init__(self, maximum: int, *, decrease: float = 0.7) -> None:
        """``maximum`` calls at once at most; each overload multiplies the limit by ``decrease``."""
        self.maximum = maximum
        self.limit = float(maximum)
        self.in_flight = 0
        self._decrease = decrease
        self._decreased_at = float("-inf")

    @property
    def free(self) -> bool:
        """Whether one more call may start."""
        return self.in_flight < int(self.limit)

    @property
    def load(self) -> float:
        """Calls in flight per allowed call."""
        return self.in_flight / self.limit

    def succeeded(self) -> None:
        """About one more call at once for each full round of answers."""
        self.limit = min(float(self.maximum), self.limit + 1.0 / self.limit)

    def overloaded(self, *, started_at: float, now: float) -> None:
        """Fewer at once; only once for all calls that were in flight together, since they tell the same news."""
        if started_at > self._decreased_at:
            self.limit = max(1.0, self.limit * self._decrease)
            self._decreased_at = now


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
