"""The mean of what rows take, told while many of them are still in flight.

Of rows that began together the short ones end first, so that the mean over those that have ended is too low, early in a
run by half. A row in flight says that it takes longer than it has so far: it is a censored observation. Each row that
has ended is weighted by the Kaplan-Meier estimate of how many it stands for; what is longer than all that have ended is
extrapolated. How sure that is comes from drawing the tasks anew (bootstrap): samples of a task are alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DRAWS = 200
_LONG = 0.25
"""The longest part of those that ended tells how much comes in a second."""
_TAIL_DOUBT = 0.4
"""How far the part that is longer than all that ended may be off, of itself."""
_STEPS, _PARTS = 60, 200


@dataclass(frozen=True)
class Rows:
    """Rows of one kind that have begun, as far as they are.

    Args:
        seconds: How long each has been at work: those that ended, and then those in flight.
        values: What each of those that ended took, a column for each figure.
        groups: The task of each, ended ones first.
        grows: Which columns grow with time (tokens answered), and do not just belong to a row (tokens asked).
        most: The most that a column may be for one row; infinite where there is no limit.
    """

    seconds: Floats
    values: Floats
    groups: Ints
    grows: NDArray[np.bool_]
    most: Floats

    @property
    def ended(self) -> int:
        """How many have ended."""
        return len(self.values)


@dataclass(frozen=True)
class Mean:
    """A mean for each column, and how far it may be off."""

    values: Floats
    error: Floats
    """One standard error."""
    rows: float
    """So many rows it rests on."""
    groups: int
    weights: Floats
    """Of the rows that ended, for whoever draws from them; what is missing to 1 is longer than all of them."""


def mean_of(rows: Rows, *, seed: int = 0) -> Mean | None:
    """The mean of all rows, those in flight included; None where none has ended."""
    if not rows.ended:
        return None
    names, groups = np.unique(rows.groups, return_inverse=True)
    order = np.argsort(rows.seconds[: rows.ended], kind="stable")
    mass, tail = _masses(rows, order, np.ones((1, len(rows.seconds))))
    values = _means(rows, mass, tail)[0]
    if len(names) == 1:
        error = values.copy()
    else:
        drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_DRAWS)
        counts = drawn[:, groups].astype(float)
        counts = counts[counts[:, : rows.ended].sum(axis=1) > 0]
        error = _means(rows, *_masses(rows, order, counts)).std(axis=0, ddof=1) if len(counts) > 1 else values.copy()
    doubt = _TAIL_DOUBT * np.maximum(values - mass[0] @ rows.values, 0.0)
    return Mean(values, np.hypot(error, doubt), float(len(rows.seconds)), len(names), mass[0])


def _masses(rows: Rows, order: Ints, counts: Floats) -> tuple[Floats, Floats]:
    """Kaplan-Meier: what part of all rows each ended one stands for, and the part that is longer than all of them.

    ``counts`` says how often each row was drawn, a line for each draw.
    """
    ended = rows.seconds[: rows.ended][order]
    times = np.sort(rows.seconds)
    by_time = np.argsort(rows.seconds, kind="stable")
    at_risk = np.cumsum(counts[:, by_time][:, ::-1], axis=1)[:, ::-1]
    first = np.searchsorted(times, ended, side="left")
    risk = at_risk[:, first]
    events = counts[:, : rows.ended][:, order]
    # Rows that ended at the very same time are one step, taken one after the other.
    start = np.searchsorted(ended, ended, side="left")
    before = np.cumsum(events, axis=1) - events
    risk = risk - (before - before[:, start])
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(risk > 0, events / risk, 0.0).clip(0.0, 1.0)
    survival = np.cumprod(1.0 - hazard, axis=1)
    earlier = np.concatenate([np.ones((len(counts), 1)), survival[:, :-1]], axis=1)
    mass = np.empty_like(hazard)
    mass[:, order] = earlier * hazard
    return np.asarray(mass), np.asarray(survival[:, -1])


def _means(rows: Rows, mass: Floats, tail: Floats) -> Floats:
    """Weighted means, the part that is longer than all that ended taken as its continuation."""
    seen = mass @ rows.values
    if not (tail > 1e-9).any():
        return seen
    return np.asarray(seen + tail[:, None] * _longest(rows)[None, :])


def beyond(rows: Rows) -> float:
    """How long a row lasts that lasts longer than all that ended."""
    ended = rows.seconds[: rows.ended]
    lasting = _beyond(rows.seconds, rows.ended, float(ended.max()))
    speed = rows.values.sum(axis=0) / max(float(ended.sum()), 1e-9)
    limited = rows.grows & np.isfinite(rows.most) & (speed > 0)
    longest = float((rows.most[limited] / speed[limited]).min()) if limited.any() else math.inf
    return float(np.minimum(lasting, max(longest, float(ended.max()))).mean())


def _longest(rows: Rows) -> Floats:
    """What a row takes that lasts longer than all that ended.

    Lengths of responses are about log-normal: how their tail goes on is told by the one that fits all rows
    best, those in flight included; how much a row takes in that time, by the longest that ended.
    """
    ended = rows.seconds[: rows.ended]
    chosen = ended >= np.quantile(ended, 1 - _LONG)
    usual = rows.values[chosen].mean(axis=0)
    speed = rows.values[chosen].sum(axis=0) / max(float(ended[chosen].sum()), 1e-9)
    lasting = _beyond(rows.seconds, rows.ended, float(ended.max()))
    with np.errstate(invalid="ignore"):
        grown = np.minimum(speed[None, :] * lasting[:, None], rows.most[None, :]).mean(axis=0)
    return np.asarray(np.where(rows.grows, np.maximum(grown, usual), usual))


def _beyond(seconds: Floats, ended: int, last: float) -> Floats:
    """Evenly chosen durations of those rows that last longer than ``last``."""
    logs = np.log(np.maximum(seconds, 1e-6))
    known, least = logs[:ended], logs[ended:]
    middle, spread = float(known.mean()), float(max(known.std(), 0.1))
    for _ in range(_STEPS):  # expectation-maximization for a normal distribution with censored values
        above = _mills((least - middle) / spread)
        expected = middle + spread * above
        squares = spread**2 * (1 + (least - middle) / spread * above) + middle**2 + 2 * middle * spread * above
        total = len(logs)
        middle = float((known.sum() + expected.sum()) / total)
        spread = math.sqrt(max(0.01, float((known**2).sum() + squares.sum()) / total - middle**2))
    normal = NormalDist(middle, spread)
    reached = min(normal.cdf(math.log(last)), 1 - 1e-6)
    parts = (np.arange(_PARTS) + 0.5) / _PARTS
    return np.exp([normal.inv_cdf(reached + (1 - reached) * part) for part in parts])


def _mills(values: Floats) -> Floats:
    """Density over survival of the normal distribution."""
    density = np.exp(-0.5 * values**2) / math.sqrt(2 * math.pi)
    survival = np.array([0.5 * math.erfc(value / math.sqrt(2)) for value in values])
    return np.asarray(np.where(survival > 1e-12, density / np.maximum(survival, 1e-12), values))
