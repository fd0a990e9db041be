"""Speeds and the time left, from what was counted at told moments; no clock runs here."""

import heapq
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from genesys.live.meter import Meter, Sample, Traffic, slowest_of
from genesys.live.view import Eta


@dataclass
class Seen:
    """What a person saw at a moment of a run."""

    at: float
    left: int
    eta: Eta
    rows_per_second: float | None
    width: int


def run(durations: Sequence[float], *, width: int = 16, replayed: int = 0, step: float = 1.0) -> Iterator[Seen]:
    """A run of rows that take so long each, looked at every second; the first ``replayed`` come from the journal."""
    meter, took, total = Meter(), deque[float](maxlen=500), len(durations)
    waiting = list(enumerate(durations))[::-1]
    running: list[tuple[float, float, int]] = []  # end, begin, row
    now, rows = 0.0, 0
    from_journal = 0
    while rows < total:
        for _ in range(width if from_journal >= replayed else 50):  # the journal gives fifty rows a second
            if waiting and waiting[-1][0] < replayed:
                waiting.pop()
                rows, from_journal = rows + 1, from_journal + 1
        until = now + step
        while (running and running[0][0] <= until) or (waiting and len(running) < width):
            if waiting and len(running) < width and waiting[-1][0] >= replayed:
                row, seconds = waiting.pop()
                heapq.heappush(running, (now + seconds, now, row))
            elif running and running[0][0] <= until:
                now, began, _ = heapq.heappop(running)
                took.append(now - began)
                rows += 1
            else:
                break
        now = until
        begun = [began for _, began, _ in running]
        sample = Sample(
            at=now,
            rows=rows,
            ended=rows,
            replayed=from_journal,
            running=len(running),
            youngest=now - max(begun, default=now),
            oldest=now - min(begun, default=now),
        )
        meter.add(sample)
        yield Seen(now, total - rows, meter.eta(total, list(took)), meter.rows_per_second, len(running))


def test_before_rows_have_ended_nothing_is_promised_and_it_says_so() -> None:
    seen = list(run([20.0] * 200))
    early = [one.eta for one in seen if one.at < 20]
    assert {eta.seconds for eta in early} == {None}
    assert {eta.why for eta in early} == {"time left not known yet"}


@pytest.mark.parametrize("spread", [0.1, 1.0])
def test_from_a_tenth_on_the_estimate_is_near_the_truth(spread: float) -> None:
    dice = random.Random(1)
    durations = [dice.lognormvariate(3.0, spread) for _ in range(1500)]
    seen = list(run(durations))
    end = seen[-1].at
    for part in (0.1, 0.3, 0.5, 0.8):
        one = seen[int(len(seen) * part)]
        assert one.eta.seconds == pytest.approx(end - one.at, rel=0.25), part
        assert not one.eta.at_least


def test_short_rows_which_end_first_do_not_flatter() -> None:
    # Half of the rows take 5 s and half 100 s: in the first seconds only short ones end.
    seen = list(run([5.0, 100.0] * 400, width=32))
    end = seen[-1].at
    told = next(one for one in seen if one.eta.seconds is not None)
    assert 15 < told.at < 120
    assert told.eta.seconds == pytest.approx(end - told.at, rel=0.5)


def test_rows_of_the_journal_are_not_taken_for_speed() -> None:
    replayed, fresh = 2000, 300
    seen = list(run([10.0] * (replayed + fresh), replayed=replayed))
    reading = [one for one in seen if 2 < one.at < replayed / 50 - 5]
    assert {one.eta.why for one in reading} == {"reading the journal"}
    end = seen[-1].at
    first = next(one for one in seen if one.eta.seconds is not None)
    assert first.eta.seconds == pytest.approx(end - first.at, rel=0.25)
    assert first.rows_per_second == pytest.approx(1.6, rel=0.25)


def test_the_last_rows_are_not_promised() -> None:
    seen = list(run([10.0] * 300 + [400.0], width=16))
    tail = [one for one in seen if one.left and one.left == one.width]
    assert tail
    for one in tail:
        assert one.eta.at_least or one.eta.why == "last rows overdue"
    alone = [one for one in tail if one.left == 1][20:]
    assert alone
    assert {one.eta.seconds for one in alone} == {None}, "a row that takes for ever is not said to end soon"


def test_at_the_end_nothing_is_left() -> None:
    assert list(run([3.0] * 50))[-1].eta == Eta(seconds=0.0)


def test_what_is_tried_again_has_a_speed_of_its_own() -> None:
    meter = Meter()
    for second in range(100):
        meter.add(Sample(at=second, rows=second * 5, ended=second * 5, running=5))
    meter.add(Sample(at=100, rows=450, ended=500, running=5, retrying=True))
    assert meter.rows_per_second is None
    assert meter.eta(500, [1.0] * 500).why == "time left not known yet"


def test_without_a_total_or_an_endpoint_it_says_what_is_missing() -> None:
    meter = Meter()
    for second in range(60):
        meter.add(Sample(at=second, rows=second, ended=second, running=2))
    assert meter.eta(None, [1.0]).why == "number of rows not known"
    assert meter.eta(100, [1.0], nobody_answers=True).why == "no endpoint answers"
    assert meter.eta(100, [1.0]).seconds is not None


def test_speed_follows_when_endpoints_come_or_go() -> None:
    meter, rows = Meter(), 0
    for second in range(4000):
        rows += 8 if second < 2000 else 2
        meter.add(Sample(at=second, rows=rows, ended=rows, running=16))
    assert meter.rows_per_second == pytest.approx(2.0, rel=0.02)
    assert len(meter._marks) < 1000, "memory is bounded"


def traffic(second: float) -> dict[str, Traffic]:
    """Two endpoints, 4 characters to a token; one stops after a minute, when all of its calls fail."""
    up, heard = min(second, 60.0), 400.0 * second
    return {
        "fast": Traffic(int(second), 0, int(heard / 4) - 500, int(heard) - 2000, int(heard)),
        "slow": Traffic(int(up), int(max(0.0, second - 60)), int(10 * up), int(40 * up), int(40 * up)),
    }


def test_tokens_per_second_are_those_of_now_by_endpoint_with_answers_in_flight() -> None:
    meter = Meter()
    for second in range(121):
        meter.add(Sample(at=second, running=4, traffic=traffic(second)))
        if second == 50:
            assert meter.tokens_per_second() == pytest.approx({"fast": 100.0, "slow": 10.0}, rel=0.05)
            assert meter.error_rate == 0.0
    assert meter.tokens_per_second() == pytest.approx({"fast": 100.0, "slow": 0.0}, rel=0.05)
    assert meter.error_rate == pytest.approx(0.5, abs=0.02)


def test_an_endpoint_that_left_takes_nothing_from_the_others() -> None:
    meter = Meter()
    for second in range(30):
        meter.add(Sample(at=second, running=4, traffic=traffic(second)))
    meter.add(Sample(at=30, running=4, traffic={"fast": traffic(30)["fast"]}))
    assert meter.tokens_per_second() == pytest.approx({"fast": 100.0}, rel=0.05)
    assert meter.error_rate == 0.0


def test_the_slowest_of_one_is_an_ordinary_row_and_of_many_a_slow_one() -> None:
    took = [float(number) for number in range(1, 101)]
    assert slowest_of(took, 1) == 51.0
    assert slowest_of(took, 9) == 91.0
    assert slowest_of(took, 10_000) == 100.0
