"""Live progress of a run on stderr: a bar at a terminal, a line now and then anywhere else. It only reads and shows."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from genesys.calls.engine import Progress
from genesys.chat import Teacher
from genesys.teachers.endpoints import EndpointPool

LINE_EVERY_S = 5.0
BAR_EVERY_S = 0.2
TROUBLE_CHARS = 200


@contextlib.asynccontextmanager
async def shown(
    progress: Progress,
    what: str,
    total: int | None,
    *,
    note: Callable[[Progress], str] | None = None,
    trouble: Callable[[], str] = str,
) -> AsyncIterator[None]:
    """Show how far a run is, as long as the block lasts.

    Args:
        progress: What ``run_rows`` updates.
        what: What is counted, in the plural.
        total: How many there will be, about; None if nobody knows.
        note: What else to say, from the progress.
        trouble: Why things fail just now; empty while they do not.
    """
    watch = _bar if sys.stderr.isatty() else _lines
    watching = asyncio.create_task(watch(progress, what, total, partial(_state, progress, note or tokens, trouble)))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def tokens(progress: Progress) -> str:
    """What a run of chat calls has cost, and what the journal has saved it."""
    stats = progress.stats
    return f"{stats.made:,} calls, {stats.replayed:,} from the journal, {stats.completion_tokens:,} tokens"


def pass_rate(progress: Progress) -> str:
    """How many of the verdicts so far accept."""
    counts = progress.counts
    verdicts = counts.accepted + counts.rejected.total()
    return f"pass rate {counts.accepted / verdicts:.1%}" if verdicts else "no verdict yet"


def endpoint_trouble(teacher: Teacher | None) -> str:
    """The newest error of a teacher's endpoints that have not answered since."""
    pool: EndpointPool | None = getattr(teacher, "pool", None)
    failing = [endpoint.breaker for endpoint in pool.endpoints if endpoint.breaker.failing_since] if pool else []
    if not failing:
        return ""
    newest = max(failing, key=lambda breaker: breaker.failing_since or 0.0)
    seconds = time.monotonic() - min(breaker.failing_since or 0.0 for breaker in failing)
    return f"no answer for {seconds:.0f} s: {newest.last_error}"


def _state(progress: Progress, note: Callable[[Progress], str], trouble: Callable[[], str]) -> str:
    errored = progress.counts.errored.total()
    parts = [note(progress), f"{progress.running:,} in flight"]
    parts += [f"{errored:,} errored"] if errored else []
    parts += ["trying again what failed"] if progress.retrying else []
    parts += [" ".join(why.split())[:TROUBLE_CHARS]] if (why := trouble()) else []
    return ", ".join(parts)


async def _lines(progress: Progress, what: str, total: int | None, state: Callable[[], str]) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(LINE_EVERY_S)
        of = f" of {max(total, progress.counts.rows):,}" if total is not None else ""
        seconds = time.monotonic() - began
        line = f"{seconds:6.0f} s  {progress.counts.rows:,}{of} {what}, {state()}"
        print(line, file=sys.stderr, flush=True)


async def _bar(progress: Progress, what: str, total: int | None, state: Callable[[], str]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Display

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Display(*columns, console=Console(stderr=True)) as display:
        task = display.add_task("", total=total)
        try:
            while True:
                await asyncio.sleep(BAR_EVERY_S)
                display.update(task, completed=progress.counts.rows, description=escape(state()))
        finally:
            display.update(task, completed=progress.counts.rows, description=escape(state()))
