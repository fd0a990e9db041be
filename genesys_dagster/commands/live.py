"""Live progress of a pipeline on a terminal: a line a run, counts rising while it goes. It only reads and shows."""

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from typing import IO, Any, Self

from genesys.calls.engine import Progress
from genesys.stages.stage import Stage
from genesys_dagster.pipeline import RunEnd

EVERY_S = 0.2
NAME_WIDTH = 20


@dataclass
class _Run:
    """One run as it is shown."""

    name: str
    began: float
    stages: dict[str, list[Progress]] = field(default_factory=dict)
    end: RunEnd | None = None
    seconds: float = 0.0

    def line(self) -> str:
        """What is known of the run now."""
        seconds = self.seconds or time.monotonic() - self.began
        state = "  " if self.end is None else "✓ " if self.end.success else "- " if self.end.not_run else "✗ "
        parts = [_stage(name, progress) for name, progress in self.stages.items()]
        if self.end is not None and self.end.success and not parts:
            parts = ["nothing to do" if self.end.partition else "done"]
        if self.end is not None and self.end.not_run:
            parts += ["not run"]
        return f"{state}{self.name:{NAME_WIDTH}} {seconds:5.1f} s  {', '.join(parts)}"


class Live:
    """Shows runs as they go, on a terminal; anywhere else, a line as each ends.

    Args:
        stream: Where to show it. Steps may be run with the process's own output redirected, so that a copy of the
            stream is written to.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Nothing is shown yet."""
        self._stream = stream
        self._runs: list[_Run] = []
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        self._display: Any = None

    def __enter__(self) -> Self:
        """Start to show."""
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live as Display

            copy = self._stack.enter_context(os.fdopen(os.dup(self._stream.fileno()), "w"))
            console = Console(file=copy, force_terminal=True)
            self._display = self._stack.enter_context(
                Display(get_renderable=self._text, console=console, refresh_per_second=1 / EVERY_S)
            )
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last state on the terminal."""
        self._stack.close()

    def started(self, job: str, partition: str | None) -> None:
        """A run begins."""
        with self._lock:
            self._runs.append(_Run(partition or job, time.monotonic()))

    def watch(self, stage: Stage[Any], progress: Progress) -> None:
        """A stage of the present run begins."""
        with self._lock:
            self._runs[-1].stages.setdefault(stage.asset.rpartition("/")[2], []).append(progress)

    def ended(self, end: RunEnd) -> None:
        """The present run has ended."""
        with self._lock:
            run = self._runs[-1]
            run.end, run.seconds = end, time.monotonic() - run.began
        if self._display is None:
            print(run.line(), file=self._stream, flush=True)

    def _text(self) -> Any:
        from rich.text import Text

        with self._lock:
            return Text("\n".join(run.line() for run in self._runs[-30:]))


def _stage(name: str, ran: list[Progress]) -> str:
    rows = sum(progress.counts.rows for progress in ran)
    accepted = sum(progress.counts.accepted for progress in ran)
    errored = sum(progress.counts.errored.total() for progress in ran)
    return f"{name} {accepted}/{rows}" + (f" ({errored} errored)" if errored else "")
