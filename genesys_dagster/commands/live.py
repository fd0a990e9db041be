"""Live progress of a pipeline: a line a run, and below the one that runs how it stands. It only reads and shows."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Self

from genesys.live.drawing import block, line
from genesys.live.monitor import Monitor
from genesys.live.showing import displayed
from genesys_dagster.pipeline import RunEnd

LINE_EVERY_S = 30.0
"""Where there is no terminal."""
NAME_WIDTH = 20
MOST_RUNS = 20
"""On a terminal: the last ones."""


@dataclass
class _Run:
    """One run as it is shown."""

    name: str
    began: float
    stages: dict[str, list[Monitor]] = field(default_factory=dict)
    end: RunEnd | None = None
    seconds: float = 0.0

    def line(self, width: int = NAME_WIDTH) -> str:
        """What is known of the run now."""
        seconds = self.seconds or time.monotonic() - self.began
        state = "  " if self.end is None else "✓ " if self.end.success else "- " if self.end.not_run else "✗ "
        parts = [_stage(name, monitors) for name, monitors in self.stages.items()]
        if self.end is not None and self.end.success and not parts:
            parts = ["nothing to do" if self.end.partition else "done"]
        if self.end is not None and self.end.not_run:
            parts += ["not run"]
        return f"{state}{self.name:{width}} {seconds:5.1f} s  {', '.join(parts)}"

    def running(self) -> Iterator[Monitor]:
        """Those of its stages that run now."""
        for monitors in self.stages.values():
            yield from (monitor for monitor in monitors if monitor.state == "running")


class Live:
    """Shows runs as they go, on a terminal; anywhere else, a line now and then, and one as each ends.

    Args:
        stream: Where to show it. Steps may be run with the process's own output redirected, so that a copy of the
            stream is written to.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Nothing is shown yet."""
        self._stream = stream
        self._runs: list[_Run] = []
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start to show."""
        shown = displayed(self._stream, self._lines, self._plain, lambda: LINE_EVERY_S)
        self._say = self._stack.enter_context(shown)
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last state on the terminal."""
        self._stack.close()

    def started(self, job: str, partition: str | None) -> None:
        """A run begins."""
        with self._lock:
            self._runs.append(_Run(partition or job, time.monotonic()))

    def watch(self, monitor: Monitor) -> None:
        """A stage of the present run begins."""
        with self._lock:
            self._runs[-1].stages.setdefault(monitor.stage, []).append(monitor)

    def ended(self, end: RunEnd) -> None:
        """The present run has ended."""
        with self._lock:
            run = self._runs[-1]
            run.end, run.seconds = end, time.monotonic() - run.began
        self._say(run.line())

    def _lines(self) -> list[str]:
        with self._lock:
            runs = list(self._runs[-MOST_RUNS:])
            under_way = [monitor for run in runs[-1:] for monitor in run.running()]
            width = max([NAME_WIDTH, *(len(run.name) for run in runs)])
            lines = [run.line(width) for run in runs]
        return lines + [text for monitor in under_way for text in block(monitor.view())]

    def _plain(self) -> list[str]:
        with self._lock:
            under_way = [monitor for run in self._runs[-1:] for monitor in run.running()]
        return [line(monitor.view()) for monitor in under_way]


def _stage(name: str, ran: list[Monitor]) -> str:
    counts = [progress.counts for monitor in ran for progress in monitor.progresses]
    rows = sum(one.rows for one in counts)
    accepted = sum(one.accepted for one in counts)
    errored = sum(one.errored.total() for one in counts)
    return f"{name} {accepted}/{rows}" + (f" ({errored} errored)" if errored else "")
