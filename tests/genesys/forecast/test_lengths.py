"""After a hundredth of a run its mean is known, though the long answers are still in flight."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from genesys.calls.usage import Payee, Usage
from genesys.forecast.lengths import Rows, mean_of
from genesys.forecast.rows import Observed, RowState, makespan, observed

PAYEE = Payee("generations", "sample", "t", "")
MOST = 16_384
COLUMN = 3
"""Of the completion tokens."""


class Run:
    """A simulated run: tasks of heavy-tailed difficulty, calls that pull from a queue, a stop after a part of them."""

    def __init__(self, seed: int, *, tasks: int, slots: int, samples: int = 4, spread: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        rows = tasks * samples
        of_tasks = rng.normal(0, 0.6 * spread, tasks).repeat(samples)
        self.tokens = np.minimum(np.exp(7.5 + of_tasks + rng.normal(0, 0.8 * spread, rows)), MOST).round()
        self.seconds = self.tokens / rng.uniform(40, 60, rows) + 0.5
        self.slots, self.samples = slots, samples
        free = [0.0] * slots
        starts = [heapq.heappushpop(free, free[0] + one) for one in self.seconds]
        self.starts = np.array(starts)
        self.ends = self.starts + self.seconds
        # Rows are worked at twice as many at once as there are slots, and wait: their calls last so much longer.
        self.waited = np.concatenate([np.zeros(min(2 * slots, rows)), np.sort(self.ends)[: max(0, rows - 2 * slots)]])

    def after(self, part: float) -> tuple[list[RowState], float]:
        """What the journal tells after a part of the calls, and when that was."""
        now = float(np.sort(self.ends)[max(0, int(len(self.tokens) * part) - 1)])
        states = []
        begun = int((self.starts <= now).nonzero()[0].max()) + 3 * self.slots
        for number, tokens in enumerate(self.tokens[:begun]):
            group = str(number // self.samples)
            if self.ends[number] <= now:
                paid = {PAYEE: Usage(calls=1, prompt_tokens=100, completion_tokens=int(tokens))}
                began, ended = 1e9 + min(self.waited[number], self.starts[number]), 1e9 + self.ends[number]
                states.append(RowState(group, "ended", float(began), float(ended), paid))
            else:
                states.append(RowState(group, "open"))
        return states, 1e9 + now

    def seen(self, part: float) -> Observed:
        states, now = self.after(part)
        found = observed(states, slots=self.slots, most=MOST, now=now)
        assert found is not None
        return found


def off(run: Run, part: float) -> tuple[float, float, float]:
    """The forecast of all tokens, the naive one, and the standard error, all relative to what it came to."""
    found = run.seen(part)
    mean = mean_of(found.rows)
    assert mean is not None
    true = run.tokens.mean()
    naive = found.rows.values[:, COLUMN].mean()
    return mean.values[COLUMN] / true, naive / true, mean.error[COLUMN] / true


@pytest.mark.parametrize(("tasks", "slots"), [(10_000, 64), (5000, 64), (8000, 256)])
def test_a_hundredth_of_a_run_tells_all_of_it_within_a_fifth(tasks: int, slots: int) -> None:
    found = np.array([off(Run(seed, tasks=tasks, slots=slots), 0.01) for seed in range(60)])
    assert (np.abs(found[:, 0] - 1) < 0.2).mean() >= 0.95
    assert abs(found[:, 0].mean() - 1) < 0.05, "it is not too low as a rule"
    assert found[:, 1].mean() < 0.85, "which the mean of those that ended is"
    assert (np.abs(found[:, 0] - 1) < 1.645 * found[:, 2]).mean() >= 0.75, "and nine of ten intervals hold it, about"


def test_where_a_hundredth_is_too_little_the_interval_says_so() -> None:
    """Of 2,000 calls it is 20, and 64 are in flight: a fifth is more than can be known."""
    found = np.array([off(Run(seed, tasks=500, slots=64), 0.01) for seed in range(60)])
    assert (np.abs(found[:, 0] - 1) < 0.2).mean() < 0.9
    assert (np.abs(found[:, 0] - 1) < 1.645 * found[:, 2]).mean() >= 0.85


def test_when_all_have_ended_the_mean_is_theirs() -> None:
    run = Run(1, tasks=200, slots=16)
    mean = mean_of(run.seen(1.0).rows)
    assert mean is not None
    assert mean.values[COLUMN] == pytest.approx(run.tokens.mean())
    assert mean.values[COLUMN - 2] == pytest.approx(100.0)


def test_rows_of_one_task_count_as_alike() -> None:
    """A hundred samples of one task say little of other tasks."""
    rows = 400
    values = np.repeat(np.arange(4.0), 100)[:, None]
    few = Rows(np.ones(rows), values, np.repeat(np.arange(4), 100), np.array([True]), np.array([np.inf]))
    many = Rows(np.ones(rows), values, np.arange(rows), np.array([True]), np.array([np.inf]))
    assert mean_of(few).error[0] > 5 * mean_of(many).error[0]  # type: ignore[union-attr]


def test_hours_count_the_last_answers_of_a_shard_too() -> None:
    run = Run(3, tasks=4000, slots=64)
    found = run.seen(0.05)
    mean = mean_of(found.rows)
    assert mean is not None
    seconds = found.rows.seconds[: found.ended]
    told = makespan(seconds, mean.weights, float(seconds.max()), 4 * 512, 64)
    shard = np.array([run.seconds[start : start + 2048] for start in range(0, 14_000, 2048)])
    true = np.mean([_makespan(list(one)) for one in shard])
    assert told == pytest.approx(true, rel=0.2)


def _makespan(seconds: list[float]) -> float:
    free = [0.0] * 64
    for one in seconds:
        heapq.heappushpop(free, free[0] + one)
    return max(free)


def test_a_pause_counts_as_no_time_at_work() -> None:
    """A run that was stopped for a day: who was in flight is asked again, and is not a day old."""
    run = Run(5, tasks=2000, slots=32)
    states, now = run.after(0.2)
    later = [state.ended and state.ended > now - 60 for state in states]
    for state, is_later in zip(states, later, strict=True):
        if state.state == "ended" and is_later:
            state.began, state.ended = max(state.began, now - 60) + 86_400, state.ended + 86_400
    found = observed(states, slots=32, most=MOST, now=now + 86_400)
    assert found is not None
    assert found.rows.seconds.max() < 3600
    assert found.flying <= 32
