"""What is known of a stage of a lane: finished tables, rows that run, else what is assumed; and its mean per row."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genesys.calls.engine import replay_rows
from genesys.calls.entry import Entry
from genesys.calls.roles import Roles
from genesys.calls.segment import IN_USE, Segment
from genesys.calls.usage import Payee, Usage, usage_of
from genesys.forecast.lengths import Floats, beyond, mean_of
from genesys.forecast.rows import FIGURES, Observed, RowState, observed
from genesys.locks import ByteLocks
from genesys.stages.stage import Stage

_BETWEEN = 1.0
"""How far tasks are apart in what they take, relative to their mean: for finished tables, of which sums are read."""


@dataclass
class PerRow:
    """What a row takes, by who is paid."""

    paid: dict[Payee, Floats]
    """``FIGURES`` of each."""
    records: float
    error: float
    """One standard error of the completion tokens, relative to them."""
    basis: str
    seconds: Floats | None = None
    """How long rows lasted that ended, with ``weights``, for the hours."""
    weights: Floats | None = None
    mean_seconds: float | None = None
    """Of a row of finished tables, its waiting for a slot included."""
    tail: float = 0.0
    """What a row lasts that is longer than all of them."""
    rows: float = 0.0
    """So many it rests on."""


@dataclass
class Evidence:
    """Of rows of one kind: those of a stage, sampled in one way."""

    sealed_rows: int = 0
    sealed_records: int = 0
    sealed: dict[Payee, Usage] = field(default_factory=dict)
    running: list[Observed] = field(default_factory=list)
    mean_seconds: float | None = None
    """Of a row of a finished table."""

    def add_part(self, rows: int, records: int, paid: dict[Payee, Usage]) -> None:
        """A finished table."""
        self.sealed_rows, self.sealed_records = self.sealed_rows + rows, self.sealed_records + records
        for payee, used in paid.items():
            self.sealed.setdefault(payee, Usage()).add(used)

    def per_row(self) -> PerRow | None:
        """The mean over all; None where nothing has ended yet."""
        shares: list[tuple[float, dict[Payee, Floats], float, float]] = []
        seconds = weights = None
        tail, flying = 0.0, 0
        for one in self.running:
            mean = mean_of(one.rows)
            if mean is None:
                continue
            table = mean.values[:-1].reshape(len(one.payees), len(FIGURES))
            errors = mean.error[:-1].reshape(len(one.payees), len(FIGURES))
            paid = dict(zip(one.payees, table, strict=True))
            tokens = max(float(table[:, 3].sum()), 1e-9)
            shares.append((mean.rows, paid, mean.values[-1], float(errors[:, 3].sum()) / tokens))
            if one.single and (seconds is None or one.ended > len(seconds)):
                seconds, weights, tail = one.rows.seconds[: one.ended], mean.weights, beyond(one.rows)
            flying += one.flying
        if self.sealed_rows:
            sums = {p: np.array([getattr(u, name) for name in FIGURES], float) for p, u in self.sealed.items()}
            paid = {payee: one / self.sealed_rows for payee, one in sums.items()}
            error = _BETWEEN / float(np.sqrt(max(1.0, self.sealed_rows / 4)))
            shares.append((float(self.sealed_rows), paid, self.sealed_records / self.sealed_rows, error))
        if not shares:
            return None
        whole = sum(share for share, *_ in shares)
        payees = {payee for _, paid, *_ in shares for payee in paid}
        nothing = np.zeros(len(FIGURES))
        paid = {p: np.sum([n / whole * one.get(p, nothing) for n, one, *_ in shares], axis=0) for p in payees}
        records = sum(n / whole * found for n, _, found, _ in shares)
        error = float(np.sqrt(sum((n / whole * error) ** 2 for n, *_, error in shares)))
        basis = f"measured on {whole - flying:,.0f} rows" + (f", {flying:,} more in flight" if flying else "")
        return PerRow(paid, records, error, basis, seconds, weights, self.mean_seconds, tail, whole)


async def running_rows(stage: Stage[Any], segment: Segment, roles: Roles) -> list[RowState]:
    """The rows of a stage that is not finished, as far as the journal has them."""
    states = []
    async for item, outcome, calls in replay_rows(stage.paying, segment, roles):
        group = stage.work.row_id(item).partition("/")[0]
        chats = [entry for entry in calls.entries if entry.kind == "chat"]
        paid = _paid(chats)
        began = min((entry.made_at - entry.seconds for entry in chats), default=0.0)
        ended = max((entry.made_at for entry in chats), default=0.0)
        if outcome.status != "errored":
            states.append(RowState(group, "ended", began, ended, paid, len(outcome.records)))
        else:
            failed = outcome.detail != "not called yet"
            states.append(RowState(group, "failed" if failed else "open", began))
    return states


def _paid(chats: Sequence[Entry]) -> dict[Payee, Usage]:
    found: dict[Payee, Usage] = {}
    for entry in chats:
        used = usage_of(entry)
        if used is not None:
            found.setdefault(used[0], Usage()).add(used[1])
    return found


def looked_at(states: Sequence[RowState], segment: Segment, *, slots: int, most: float) -> Observed | None:
    """The observations of these rows, as of now while a run is at them, else as of when it stopped."""
    last = max((row.ended for row in states), default=0.0)
    locks = ByteLocks(segment.path.with_suffix(".lock"))
    try:
        now = time.time() if locks.held_elsewhere(IN_USE) else last
    finally:
        locks.close()
    return observed(states, slots=slots, most=most, now=max(now, last))
