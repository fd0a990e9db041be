"""What the ops of one run share in their process: one event loop, the verifiers that live in it, and how far they are.

An op is a plain function to Dagster and runs its rows with ``Workbench.run``. The loop outlives the op, since verifiers
belong to a loop and their worker processes take a second to start. It has a thread of its own: Dagster stops a run by
an exception out of a signal handler in the main thread, which an event loop there could swallow, and a notebook has a
loop in its main thread already.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Self, TypeVar

from genesys.live.monitor import Monitor
from genesys.settings import Settings
from genesys.stages.stage import Stage
from genesys.verifiers.runner import VerifierRunner

Value = TypeVar("Value")
Watch = Callable[[Monitor], None]

STOP_LIMIT = 60.0
"""Seconds that rows in flight have to let go when the run is stopped."""
TICK_S = 1.0
"""Seconds between two ticks."""


class Workbench:
    """Made when a run starts and taken down when it ends, or shared by all runs of a process.

    Args:
        watch: Told of each table whose stages begin to run, by what knows how far they are.
        settings: For the verifiers, as that of programs, which opens a sandbox by them.
    """

    def __init__(self, watch: Watch | None = None, *, settings: Settings | None = None) -> None:
        """Start nothing yet."""
        self._watch = watch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._monitors: dict[tuple[str, str], list[Monitor]] = {}  # by run and table
        self.verifiers = VerifierRunner(settings=settings)

    def __enter__(self) -> Self:
        """For ``with``, which ends in ``close``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take down."""
        self.close()

    def run(self, work: Coroutine[Any, Any, Value], *, tick: Callable[[], None] | None = None) -> Value:
        """Run a coroutine to its end.

        Stopped by an exception (Dagster's, KeyboardInterrupt), it cancels the calls in flight; those that had finished
        stand in the journal.

        Args:
            work: Runs in the loop's thread.
            tick: Called every second or so in the meantime, in the thread of whoever called this.
        """
        loop, ended = self._started(), threading.Event()
        tasks: list[asyncio.Task[Value]] = []

        def start() -> None:
            tasks.append(loop.create_task(work))
            tasks[0].add_done_callback(lambda _: ended.set())

        loop.call_soon_threadsafe(start)
        try:
            while not ended.wait(TICK_S if tick is not None else None):
                if tick is not None:
                    tick()
        except BaseException:
            loop.call_soon_threadsafe(lambda: tasks[0].cancel())
            ended.wait(STOP_LIMIT)
            raise
        return tasks[0].result()

    def monitor(self, run_id: str, stages: Sequence[Stage[Any]]) -> Monitor:
        """What watches the stages of one table that are about to run, one for each campaign."""
        first, totals = stages[0], [stage.work.total for stage in stages]
        monitor = Monitor(
            run_id,
            lane=first.lane,
            shard=first.partition,
            stage=first.asset.rpartition("/")[2],
            total=None if None in totals else sum(total or 0 for total in totals),
        )
        self._monitors.setdefault((run_id, first.asset), []).append(monitor)
        if self._watch is not None:
            self._watch(monitor)
        return monitor

    def calls(self, run_id: str, asset: str) -> tuple[int, int]:
        """Calls (made, answered from the journal) that a run made for a table in this process."""
        ran = [progress for monitor in self._monitors.get((run_id, asset), []) for progress in monitor.progresses]
        return sum(one.stats.made for one in ran), sum(one.stats.replayed for one in ran)

    def close(self) -> None:
        """Shut the verifiers down and end the loop."""
        if self._loop is None or self._thread is None:
            return
        try:
            self.run(self.verifiers.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = None

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="workbench", daemon=True)
            self._thread.start()
        return self._loop
