"""What runs row functions: many rows side by side, no barrier, bounded memory, faults turned into ends.

Two phases. ``run_rows`` drives rows into the journal and keeps nothing of them but counts; ``replay_rows`` then reads
them again in row order, from the journal alone, so that a table can be sealed with one row in memory at a time.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from genesys.calls.context import Calls, CallStats, Roles
from genesys.calls.segment import Segment
from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.outcomes import Counts, Outcome, errored, rejected
from genesys.well_formed import well_formed

Item = TypeVar("Item")
RowFunction = Callable[[Item, Calls], Awaitable[Outcome]]


@dataclass(frozen=True)
class Work(Generic[Item]):
    """What is to be done: rows, which can be read again and again, an id for each, and the function of a row."""

    rows: Callable[[], Iterable[Item]]
    row_id: Callable[[Item], str]
    function: RowFunction[Item]


@dataclass
class Progress:
    """How far a run is; what a progress display reads."""

    counts: Counts = field(default_factory=Counts)
    stats: CallStats = field(default_factory=CallStats)
    running: int = 0
    retrying: bool = False


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
        window: Rows in flight at once; by default from the roles' concurrency.
        again: Further passes over what failed.

    Raises:
        InfrastructureFault: A fatal one (disk full); what was journalled before stands.
    """
    progress = progress or Progress()
    failed: list[int] = []
    await _pass(work, segment, roles, progress, window or row_window(roles), None, failed)
    for _ in range(again):
        if not failed:
            break
        progress.retrying = True
        progress.counts.rows -= len(failed)
        progress.counts.errored.clear()
        chosen, failed = frozenset(failed), []
        await _pass(work, segment, roles, progress, window or row_window(roles), chosen, failed)
    if failed:
        await segment.flush()  # a replay tells why they failed
    return progress


async def _pass(
    work: Work[Item],
    segment: Segment,
    roles: Roles,
    progress: Progress,
    window: int,
    chosen: frozenset[int] | None,
    failed: list[int],
) -> None:
    """One pass over all rows, or over those whose positions were chosen. Workers pull; nobody waits for a batch."""
    source: Iterator[tuple[int, Item]] = iter(
        (position, row) for position, row in enumerate(work.rows()) if chosen is None or position in chosen
    )

    async def worker() -> None:
        for position, row in source:
            progress.running += 1
            calls = Calls(work.row_id(row), segment, roles, stats=progress.stats, counted_before=chosen is not None)
            try:
                outcome = await end_of(work, row, calls)
            finally:
                progress.running -= 1
            progress.counts.add(outcome)
            if outcome.status == "errored":
                failed.append(position)
            # A row answered wholly from the journal never waits; without this the others would starve.
            await asyncio.sleep(0)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(window):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None  # one fatal fault stops all workers, and all say the same


async def replay_rows(
    work: Work[Item], segment: Segment, roles: Roles, *, stats: CallStats | None = None
) -> AsyncIterator[tuple[Item, Outcome, Calls]]:
    """Every row in order with its end, from the journal alone; a call that is missing makes its row errored."""
    stats = stats or CallStats()
    for row in work.rows():
        calls = Calls(work.row_id(row), segment, roles, replay=True, stats=stats)
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
    if isinstance(error, TaskFault):
        return rejected("task fault", message)
    if isinstance(error, ResponseFault):
        return rejected("response fault", message)
    if isinstance(error, InfrastructureFault):
        if error.fatal:
            raise error
        return errored("infrastructure", message)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return errored("mistake in a row function", f"{type(error).__name__}: {message} ({where.name}:{where.lineno})")


def _weightiest(error: Exception) -> Exception:
    """The error itself; of several calls made side by side, the one that allows least to be said of the row."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [_weightiest(leaf) for leaf in error.exceptions]
    return min(
        leaves, key=lambda leaf: (not getattr(leaf, "fatal", False), isinstance(leaf, (TaskFault, ResponseFault)))
    )
