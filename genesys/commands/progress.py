"""Live progress of a command on files, on stderr: a block at a terminal, a line now and then anywhere else.

It only reads and shows; `genesys watch` shows the same from another terminal.
"""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from genesys.calls.engine import Progress
from genesys.chat import Teacher
from genesys.live.drawing import block, eta_text, headline
from genesys.live.monitor import Monitor
from genesys.live.showing import displayed
from genesys.live.status import kept, live_folder
from genesys.live.view import RunView
from genesys.storage import local_path
from genesys.teachers.endpoints import EndpointPool

LINE_EVERY_S = 5.0
LINES_GROW = 0.05
"""Of the time since the start: the pause between two lines is no shorter than this share of it, up to the longest."""
LONGEST_PAUSE_S = 30.0
TROUBLE_CHARS = 200


def monitor_of(command: str, what: str, stage: str, total: int | None) -> Monitor:
    """What watches a command on files.

    Args:
        command: Its name.
        what: What it works on: a folder, a file.
        stage: What it makes, as the stages of lanes are called.
        total: How many rows there will be, about; None if nobody knows.
    """
    return Monitor(f"{command}-{uuid.uuid4().hex[:12]}", lane=command, shard=what, stage=stage, total=total)


@contextlib.contextmanager
def shown(
    monitor: Monitor,
    what: str,
    folder: str | Path,
    *,
    note: Callable[[Progress], str] | None = None,
    trouble: Callable[[], str] = str,
) -> Iterator[None]:
    """Show how far a run is, as long as the block lasts.

    Args:
        monitor: What knows it, with one progress.
        what: What is counted, in the plural.
        folder: Where the journal is: beside it others find how far the run is.
        note: What else to say, from the progress.
        trouble: Why things fail just now; empty while they do not.
    """
    (progress,) = monitor.progresses
    state = partial(_state, progress, note or tokens, trouble)
    place = local_path(str(folder))
    with contextlib.ExitStack() as stack:
        if place is not None:
            stack.enter_context(kept(monitor, live_folder(place)))
        lines, plain = partial(_block, monitor, state), partial(_line, monitor, what, state)
        stack.enter_context(displayed(sys.stderr, lines, plain, partial(_pause, monitor)))
        yield


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


def _block(monitor: Monitor, state: Callable[[], str]) -> list[str]:
    view = monitor.view()
    return [headline(view), *block(view), f"    {state()}"]


def _line(monitor: Monitor, what: str, state: Callable[[], str]) -> list[str]:
    view = monitor.view()
    of = f" of {view.total:,}" if view.total is not None else ""
    parts = [f"{monitor.seconds:6.0f} s  {view.rows:,}{of} {what}", _speed(view), state()]
    return [", ".join(part for part in parts if part)]


def _speed(view: RunView) -> str:
    """What is said before the rest, where it is known."""
    speed = f"{view.tokens_per_second:,.0f} tok/s" if view.tokens_per_second else ""
    return ", ".join(part for part in (eta_text(view.eta) if view.eta.seconds else "", speed) if part)


def _pause(monitor: Monitor) -> float:
    return max(LINE_EVERY_S, min(LONGEST_PAUSE_S, LINES_GROW * monitor.seconds))
