"""Rows of a stage that runs, or was stopped, as observations: how long each was at work, and what it took.

Told from the journal alone, in whatever process: calls that stand there say when they began and ended; of a row that
has not ended, the order in which rows begin says when it began. Rows that infrastructure failed are not in flight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from genesys.calls.usage import Payee, Usage
from genesys.forecast.lengths import Floats, Rows

_PAUSE = 60.0
"""Seconds in which nothing is at work: the run was stopped, and began again after them."""
FIGURES = ("calls", "prompt_tokens", "cached_tokens", "completion_tokens", "engine_seconds")


@dataclass
class RowState:
    """A row, in the order in which rows begin."""

    group: str
    """Its task."""
    state: Literal["ended", "open", "failed"]
    began: float = 0.0
    """Unix time of its first call, as far as there is one."""
    ended: float = 0.0
    paid: dict[Payee, Usage] = field(default_factory=dict)
    records: int = 1
    """What it gave the stage's table."""


@dataclass(frozen=True)
class Observed:
    """What ``lengths.mean_of`` takes, and whose columns they are."""

    rows: Rows
    payees: tuple[Payee, ...]
    """``FIGURES`` of each, and at last the records."""
    ended: int
    flying: int
    single: bool
    """Whether each row is one call."""


def observed(states: Sequence[RowState], *, slots: int, most: float, now: float) -> Observed | None:
    """The observations among these rows; None where no row has ended.

    Args:
        states: All rows of the stage, in their order.
        slots: Calls at once.
        most: Completion tokens of one call at most.
        now: Unix time; of a run that was stopped, when that was.
    """
    done = [row for row in states if row.state == "ended" and row.ended]
    if not done:
        return None
    single = all(sum(used.calls for used in row.paid.values()) == 1 for row in done)
    began, ages, groups = _times(states, slots if single else 0, now)
    payees = tuple(sorted({payee for row in done for payee in row.paid}))
    values = np.array([_values(row, payees) for row in done])
    grows = np.array([name in ("completion_tokens", "engine_seconds") for _ in payees for name in FIGURES] + [False])
    limits = [most if name == "completion_tokens" and single else np.inf for _ in payees for name in FIGURES]
    seconds = np.array([max(row.ended - start, 1e-3) for row, start in zip(done, began, strict=True)] + ages)
    names = {name: number for number, name in enumerate(dict.fromkeys([row.group for row in done] + groups))}
    numbers = np.array([names[name] for name in [row.group for row in done] + groups], dtype=np.int64)
    rows = Rows(seconds, values, numbers, grows, np.array([*limits, np.inf]))
    return Observed(rows, payees, len(done), len(ages), single)


def _values(row: RowState, payees: Sequence[Payee]) -> list[float]:
    found = [getattr(row.paid.get(payee, _NOTHING), name) for payee in payees for name in FIGURES]
    return [*map(float, found), float(row.records)]


_NOTHING = Usage()


def _times(states: Sequence[RowState], slots: int, now: float) -> tuple[list[float], list[float], list[str]]:
    """When each row that ended began to be worked at; and those in flight: for how long, and whose.

    With ``slots``, a row is one call, and waits for a slot: the row that is so many behind another begins when that
    many have ended.
    """
    ended = sorted((row.began, row.ended) for row in states if row.state == "ended" and row.ended)
    resumed = _resumed(ended)
    ends = sorted(end for _, end in ended if end > resumed)
    began, ages, groups = [], [], []
    latest, place = resumed, 0
    last = max(number for number, row in enumerate(states) if row.state == "ended" and row.ended)
    for number, row in enumerate(states):
        if row.state == "ended":
            if not row.ended:
                continue  # it took no call
            free = _free(ends, place, slots)
            inside = row.ended > resumed
            began.append(min(max(row.began, free), row.ended) if inside and slots else row.began)
            latest, place = max(latest, row.began if inside else latest), place + inside
        elif row.state == "open":
            free = _free(ends, place, slots)
            start = max(latest, row.began, free) if number < last else max(resumed, row.began, free)
            place += 1
            if (slots or number < last or row.began) and start < now:
                ages.append(now - start)
                groups.append(row.group)
            elif slots and start >= now:
                break
    return began, ages, groups


def _free(ends: Sequence[float], place: int, slots: int) -> float:
    """When a slot is free for the row at this place; never, if too few have ended."""
    if place < slots or not slots:
        return 0.0 if slots == 0 else float("-inf")
    return ends[place - slots] if place - slots < len(ends) else float("inf")


def _resumed(ended: Sequence[tuple[float, float]]) -> float:
    """When the run that is going on began: after the last time in which nothing was at work."""
    start = reached = ended[0][0]
    for began, end in ended:
        if began > reached + _PAUSE:
            start = began
        reached = max(reached, end)
    return start


def makespan(seconds: Floats, weights: Floats, tail: float, rows: int, slots: int, *, seed: int = 0) -> float:
    """How long so many rows take, so many at once, the last ones alone: drawn from those that were measured."""
    import heapq

    rng = np.random.default_rng(seed)
    left = max(0.0, 1.0 - float(weights.sum()))
    parts = np.append(weights, left)
    drawn = rng.choice(np.append(seconds, tail), size=rows, p=parts / parts.sum())
    free = [0.0] * min(slots, max(1, rows))
    for one in drawn:
        heapq.heappushpop(free, free[0] + float(one))
    return max(free)
