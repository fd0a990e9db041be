"""What runs row functions: many rows side by side, no barrier, bounded memory, faults turned into ends.

Two phases. ``run_rows`` drives rows into the journal and keeps nothing of them but counts; ``replay_rows`` then reads
them again in row order, from the journal alone, so that a table can be sealed with one row in memory at a time.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from genesys.calls.context import Calls, CallStats, Roles
from genesys.calls.segment import Segment
from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.outcomes import Counts, Outcome, errored, faulted
from genesys.well_formed import well_formed

_HANDFUL = 64
"""Of rows that are begun together."""

Item = TypeVar("Item")
Value = TypeVar("Value")
_HIRE_EVERY = 1.0
"""Seconds between two looks whether more rows may be in flight."""
RowFunction = Callable[[Item, Calls], Awaitable[Outcome]]


@dataclass(frozen=True)
class Work(Generic[Item]):
    """What is to be done: rows, which can be read again and again, an id for each, and the function of a row."""

    rows: Callable[[], Iterable[Item]]
    row_id: Callable[[Item], str]
    function: RowFunction[Item]
    stage: str = ""
    """The table that it makes: who pays for its calls."""
    total: int | None = None
    """How many rows there are, where that is known without reading them; for people alone."""


@dataclass
class Progress:
    """How far a run is; what a progress display reads."""

    counts: Counts = field(default_factory=Counts)
    stats: CallStats = field(default_factory=CallStats)
    running: int = 0
    retrying: bool = False
    ended: int = 0
    """How often a row has ended: one that is tried again ends again."""
    replayed: int = 0
    """Of these, rows that the journal answered wholly."""
    began: dict[int, float] = field(default_factory=dict)
    """When each running row began, by the monotonic clock."""
    took: deque[float] = field(default_factory=lambda: deque(maxlen=500))
    """Seconds that the last rows took which were not answered by the journal."""

    def begins(self, position: int) -> None:
        """A row begins to run."""
        self.running += 1
        self.began[position] = time.monotonic()

    def lets_go(self, position: int) -> float:
        """A row runs no more, however that came; gives the seconds that it ran."""
        self.running -= 1
        return time.monotonic() - self.began.pop(position)

    def ends(self, outcome: Outcome, calls: Calls, seconds: float) -> None:
        """A row has come to its end."""
        self.counts.add(outcome)
        self.ended += 1
        if calls.entries and not calls.asked:
            self.replayed += 1
        else:
            self.took.append(seconds)


def row_window(roles: Roles) -> int:
    """Rows side by side: enough to keep every slot of the busiest role filled, and few enough to bound memory."""
    busiest = max((t.concurrency for t in (roles.curator, roles.teacher, roles.judge) if t is not None), default=0)
    return max(32, 2 * busiest)


async def run_rows(
    work: Work[Item],
    segment: Segment,
    roles: Roles,
    *,
    progress: Progress | None = None,
    window: int | None = None,
    again: int = 1,
) -> Progress:
    """Run every row into the journal.

    A row that infrastructure failed is tried again, up to ``again`` times, after all others have ended.

    Args:
        work: The rows.
        segment: Where their calls stand.
        roles: Who makes the calls.
        progress: Updated as rows end.
        window: Rows in flight at once; by default from the roles' concurrency, and it grows with that.
        again: Further passes over what failed.

    Raises:
        InfrastructureFault: A fatal one (disk full); what was journalled before stands.
    """
    progress = progress or Progress()
    failed: list[int] = []
    await _pass(work, segment, roles, progress, window, None, failed)
    for _ in range(again):
        if not failed:
            break
        progress.retrying = True
        progress.counts.rows -= len(failed)
        progress.counts.errored.clear()
        chosen, failed = frozenset(failed), []
        await _pass(work, segment, roles, progress, window, chosen, failed)
    if failed:
        await segment.flush()  # a replay tells why they failed
    return progress


async def _pass(
    work: Work[Item],
    segment: Segment,
    roles: Roles,
    progress: Progress,
    window: int | None,
    chosen: frozenset[int] | None,
    failed: list[int],
) -> None:
    """One pass over all rows, or over those whose positions were chosen. Workers pull; nobody waits for a batch."""
    source: Iterator[tuple[int, Item]] = iter(
        (position, row) for position, row in enumerate(work.rows()) if chosen is None or position in chosen
    )

    workers = 0
    timer: asyncio.Handle | None = None

    async def worker() -> None:
        nonlocal workers
        try:
            for position, row in source:
                progress.begins(position)
                row_id, again = work.row_id(row), chosen is not None
                calls = Calls(row_id, segment, roles, stats=progress.stats, counted_before=again, stage=work.stage)
                try:
                    outcome = await end_of(work, row, calls)
                finally:
                    seconds = progress.lets_go(position)
                progress.ends(outcome, calls, seconds)
                if outcome.status == "errored":
                    failed.append(position)
                # A row answered wholly from the journal never waits; without this the others would starve.
                await asyncio.sleep(0)
        finally:
            workers = -1  # no row is left, or the run stops

    def hire() -> None:
        """As many workers as the window has room for: endpoints may have joined since.

        A handful at a time, and the rows begin in between: the window may be tens of thousands, as for a batch, and
        the rows fewer.
        """
        nonlocal workers, timer
        if workers < 0:
            return
        wanted = window or row_window(roles)
        for _ in range(min(_HANDFUL, wanted - workers)):
            workers += 1
            group.create_task(worker())
        if workers < wanted:
            timer = asyncio.get_running_loop().call_soon(hire)
        elif window is None:
            timer = asyncio.get_running_loop().call_later(_HIRE_EVERY, hire)

    try:
        async with asyncio.TaskGroup() as group:
            hire()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None  # one fatal fault stops all workers, and all say the same
    finally:
        if timer is not None:
            timer.cancel()


async def replay_rows(
    work: Work[Item], segment: Segment, roles: Roles, *, stats: CallStats | None = None
) -> AsyncIterator[tuple[Item, Outcome, Calls]]:
    """Every row in order with its end, from the journal alone; a call that is missing makes its row errored."""
    stats = stats or CallStats()
    for row in work.rows():
        calls = Calls(work.row_id(row), segment, roles, replay=True, stats=stats, stage=work.stage)
        yield row, await end_of(work, row, calls), calls


async def end_of(work: Work[Item], row: Item, calls: Calls) -> Outcome:
    """The end of one row: whose fault decides between rejected and errored.

    An exception that no one foresaw is a mistake in our code, never a verdict on the row.

    Raises:
        InfrastructureFault: A fatal one.
    """
    try:
        outcome = await work.function(row, calls)
        if not isinstance(outcome, Outcome):
            raise TypeError(f"a row function returned {type(outcome).__name__}, not an Outcome")
        return outcome
    except asyncio.CancelledError as raised:
        # One that nobody asked for, which a library let through, must not end the worker that runs the row.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        error: BaseException = raised
    except Exception as raised:  # noqa: BLE001 - see the docstring
        error = _weightiest(raised)
    message = well_formed(str(error))
    if isinstance(error, TaskFault | ResponseFault):
        return faulted(error, message)
    if isinstance(error, InfrastructureFault):
        if error.fatal:
            raise error
        return errored(error.reason, message)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return errored("mistake in a row function", f"{type(error).__name__}: {message} ({where.name}:{where.lineno})")


async def all_ended(work: Iterable[Awaitable[Value]]) -> list[Value]:
    """Values of all, made side by side. If some fail the others are waited for all the same: they may be paid for.

    Raises:
        Whatever the weightiest failure is: the one that allows least to be said.
    """
    ended = await asyncio.gather(*work, return_exceptions=True)
    failed = [end for end in ended if isinstance(end, BaseException)]
    if failed:
        errors = [error for error in failed if isinstance(error, Exception)]
        raise _weightiest(ExceptionGroup("", errors)) if len(errors) == len(failed) else failed[0]
    return [end for end in ended if not isinstance(end, BaseException)]


def _weightiest(error: Exception) -> Exception:
    """The error itself; of several calls made side by side, the one that allows least to be said of the row."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [_weightiest(leaf) for leaf in error.exceptions]
    return min(
        leaves, key=lambda leaf: (not getattr(leaf, "fatal", False), isinstance(leaf, (TaskFault, ResponseFault)))
    )
