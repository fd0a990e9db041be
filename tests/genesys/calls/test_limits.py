"""The state machines of an endpoint: how many calls at once, and when none."""

from __future__ import annotations

import pytest

from genesys.calls.limits import AdaptiveLimit, CircuitBreaker


class TestAdaptiveLimit:
    def test_it_starts_at_what_was_allowed(self) -> None:
        limit = AdaptiveLimit(3)
        for _ in range(3):
            assert limit.free
            limit.in_flight += 1
        assert not limit.free

    def test_calls_in_flight_together_tell_the_same_news(self) -> None:
        limit = AdaptiveLimit(64)
        for _ in range(64):
            limit.overloaded(started_at=0.0, now=1.0)
        assert limit.limit == 64 * 0.7
        limit.overloaded(started_at=1.5, now=2.0)
        assert round(limit.limit, 6) == round(64 * 0.7**2, 6)

    def test_one_call_is_always_allowed(self) -> None:
        limit = AdaptiveLimit(4)
        for second in range(100):
            limit.overloaded(started_at=second + 0.5, now=second + 1.0)
        assert limit.free
        limit.in_flight = 1
        assert not limit.free

    def test_it_grows_by_about_one_a_round_up_to_the_maximum(self) -> None:
        limit = AdaptiveLimit(20)
        limit.overloaded(started_at=0.5, now=1.0)
        assert limit.limit == 14
        for _ in range(14):
            limit.succeeded()
        assert 14.9 < limit.limit < 15.1
        for _ in range(1000):
            limit.succeeded()
        assert limit.limit == 20

    def test_after_an_overload_it_comes_quickly_back_to_the_threshold_and_then_carefully(self) -> None:
        """A call that is taken lets two in, so that a round doubles the limit."""
        limit = AdaptiveLimit(100)
        limit.overloaded(started_at=0.5, now=1.0)
        limit.taken(started_at=1.5)
        for second in range(2, 20):
            limit.overloaded(started_at=second - 0.5, now=float(second))
        assert (limit.limit, limit.threshold) == (1.0, 70.0)
        rounds = 0
        while limit.limit < limit.threshold:
            rounds += 1
            for _ in range(int(limit.limit)):
                limit.taken(started_at=30.0)
        assert rounds == 7, "2, 4, 8, 16, 32, 64, 70"
        limit.taken(started_at=30.0)
        assert limit.limit == 70.0
        for _ in range(70):
            limit.succeeded(started_at=30.0)
        assert 70.9 < limit.limit < 71.1

    def test_overloads_with_nothing_taken_in_between_lower_no_threshold(self) -> None:
        limit = AdaptiveLimit(64)
        limit.overloaded(started_at=0.5, now=1.0)
        assert limit.threshold == 64 * 0.7
        for second in range(2, 62):
            limit.overloaded(started_at=second - 0.5, now=float(second))
        assert (limit.limit, limit.threshold) == (1.0, 64.0)

    def test_one_with_calls_taken_in_between_does(self) -> None:
        limit = AdaptiveLimit(64)
        for second in range(1, 4):
            limit.taken(started_at=second - 0.5)
            limit.overloaded(started_at=second - 0.5, now=float(second))
        assert limit.limit == limit.threshold == pytest.approx(64 * 0.7**3)

    def test_calls_from_before_an_overload_do_not_raise_it(self) -> None:
        """Answers that were under way when the endpoint began to refuse say nothing of what it takes now."""
        limit = AdaptiveLimit(64)
        for second in range(1, 30):
            limit.overloaded(started_at=second - 0.5, now=float(second))
            for _ in range(64):
                limit.taken(started_at=0.1)
                limit.succeeded(started_at=0.1)
        assert (limit.limit, limit.threshold) == (1.0, 64.0)

    def test_it_settles_at_what_the_endpoint_can_take(self) -> None:
        """A server that takes 10 at once and refuses the rest, simulated round by round."""
        limit, capacity, seen = AdaptiveLimit(64), 10, []
        for second in range(300):
            sent = int(limit.limit)
            for number in range(sent):
                if number < capacity:
                    limit.taken()
                    limit.succeeded()
                else:
                    limit.overloaded(started_at=second + 0.1, now=second + 0.2)
            seen.append(sent)
        settled = seen[50:]
        assert max(settled) <= capacity + 1
        assert sum(settled) / len(settled) > capacity * 0.8


def failing(
    breaker: CircuitBreaker, times: int, *, at: float = 0.0, answers: bool = False, closed: bool = False
) -> None:
    for _ in range(times):
        breaker.failed("down", started_at=at, now=at, answers=answers, refuses_all=closed)


class TestCircuitBreaker:
    def test_a_few_failures_are_nothing(self) -> None:
        breaker = CircuitBreaker(threshold=5)
        for _ in range(10):
            failing(breaker, 4)
            breaker.succeeded()
        assert breaker.allows(0.0)

    def test_failures_in_a_row_park_it_for_a_pause(self) -> None:
        breaker = CircuitBreaker(threshold=5, first_pause=1.0)
        failing(breaker, 5, at=10.0)
        assert not breaker.allows(10.9)
        assert breaker.allows(11.0)
        assert (breaker.failing_since, breaker.last_error) == (10.0, "down")

    def test_calls_in_flight_when_it_was_parked_do_not_lengthen_the_pause(self) -> None:
        breaker = CircuitBreaker(threshold=5, first_pause=1.0)
        failing(breaker, 5, at=10.0)
        for _ in range(60):
            breaker.failed("down", started_at=9.0, now=10.5)
        assert breaker.allows(11.0)

    def test_one_at_a_time_tries_out_an_endpoint_that_did_not_answer(self) -> None:
        breaker = CircuitBreaker(threshold=5, first_pause=1.0, longest_pause=6.0)
        failing(breaker, 5, at=0.0)
        now, pauses = 0.0, []
        for _ in range(5):
            pauses.append(breaker.parked_until - now)
            now = breaker.parked_until
            assert breaker.started()
            assert not breaker.allows(now), "a second probe beside the first"
            breaker.failed("down", started_at=now, now=now)
            breaker.probe_ended()
        assert pauses == [1.0, 2.0, 4.0, 6.0, 6.0]
        assert breaker.failing_since == 0.0

    def test_a_probe_that_is_cancelled_leaves_room_for_the_next(self) -> None:
        breaker = CircuitBreaker(threshold=1, first_pause=1.0)
        failing(breaker, 1)
        assert breaker.started()
        breaker.probe_ended()
        assert breaker.allows(1.0)

    def test_success_opens_it_and_forgets_the_pauses(self) -> None:
        breaker = CircuitBreaker(threshold=2, first_pause=1.0)
        failing(breaker, 2, at=0.0)
        failing(breaker, 1, at=1.0)
        breaker.succeeded()
        assert breaker.allows(1.0)
        assert not breaker.started()
        assert breaker.failing_since is None
        failing(breaker, 2, at=5.0)
        assert breaker.parked_until == 6.0

    def test_one_that_answers_with_errors_is_open_to_all_after_the_pause(self) -> None:
        """The errors may be those of a few bad requests, which must not hold up the others."""
        breaker = CircuitBreaker(threshold=5, first_pause=1.0)
        failing(breaker, 5, answers=True)
        assert not breaker.allows(0.5)
        assert not breaker.started()
        assert breaker.allows(1.0)
        for _ in range(20):
            failing(breaker, 1, at=breaker.parked_until, answers=True)
        assert breaker.parked_until <= 1 + 20 * 10

    def test_one_that_refuses_everything_is_known_as_such(self) -> None:
        breaker = CircuitBreaker(threshold=2)
        failing(breaker, 2, answers=True, closed=True)
        assert breaker.refuses_all
        assert breaker.started()
        breaker.succeeded()
        assert not breaker.refuses_all

    def test_a_pause_that_was_asked_for_is_kept(self) -> None:
        breaker = CircuitBreaker(threshold=1, first_pause=1.0)
        breaker.failed("429", started_at=0.0, now=0.0, answers=True, asked_pause=20.0)
        assert not breaker.allows(19.9)
        assert breaker.allows(20.0)
