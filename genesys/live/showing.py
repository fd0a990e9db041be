"""Where views are shown: on a terminal, redrawn in its place; anywhere else, a line now and then.

All writing is done by a thread of its own to a copy of the stream. A terminal that hangs, or a reader that has gone,
keeps that thread waiting or ends it, and nobody else: whoever has something to show never waits.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

REDRAWN_EVERY_S = 0.25
LAST_WORDS_S = 2.0
"""How long the end waits for what is still to be written."""
_MOST_WAITING = 1000


class _Patient(io.TextIOBase):
    """A stream to write to that never raises: from the first error on, all that is written to it is dropped.

    It writes to a descriptor of its own, without a buffer: a thread that hangs in it holds no lock that the interpreter
    needs to end.
    """

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        self._stream, self._handle = stream, -1
        with contextlib.suppress(OSError, ValueError, AttributeError):
            self._handle = os.dup(stream.fileno())
        self._is_broken = False

    def write(self, text: str) -> int:
        if not self._is_broken:
            self._try(text)
        return len(text)

    def _try(self, text: str) -> None:
        try:
            if self._handle < 0:  # no real file, as in a notebook
                self._stream.write(text)
                self._stream.flush()
                return
            left = text.encode(getattr(self._stream, "encoding", None) or "utf-8", "replace")
            while left:
                left = left[os.write(self._handle, left) :]
        except (OSError, ValueError):
            self._is_broken = True

    def fileno(self) -> int:
        if self._handle < 0:
            raise io.UnsupportedOperation("fileno")
        return self._handle

    def isatty(self) -> bool:
        return self._handle >= 0 and os.isatty(self._handle)

    def let_go(self) -> None:
        """Close the descriptor; only once nobody writes any more."""
        if self._handle >= 0:
            self._is_broken = True
            os.close(self._handle)
            self._handle = -1


class Lines:
    """Writes lines one after another from a thread of its own."""

    def __init__(self, stream: IO[str], every: Callable[[], list[str]], pause: Callable[[], float]) -> None:
        """``every`` gives lines to write each time that ``pause`` seconds have passed."""
        self._out, self._every, self._pause = _Patient(stream), every, pause
        self._queue: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live lines", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Write a line soon; it is dropped where nobody has read for long."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(line)

    def close(self) -> None:
        """Write what is left, if that can be done."""
        self._is_over.set()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)  # it may be waiting
        self._thread.join(LAST_WORDS_S)
        if not self._thread.is_alive():
            self._out.let_go()

    def _run(self) -> None:
        while not (self._is_over.is_set() and self._queue.empty()):
            with contextlib.suppress(Exception):
                try:
                    said = [self._queue.get(timeout=self._pause())]
                except queue.Empty:
                    said = list(self._every())
                for line in said:
                    self._out.write(f"{line}\n" if line is not None else "")


class Screen:
    """Redraws lines in their place on a terminal, from a thread of its own."""

    def __init__(self, stream: IO[str], lines: Callable[[], list[str]]) -> None:
        """``lines`` gives what is to be seen now."""
        from rich.console import Console
        from rich.live import Live

        self._out, self._lines = _Patient(stream), lines
        console = Console(file=cast(IO[str], self._out), force_terminal=True, highlight=False)
        # What others write stays theirs: to redirect it would have them wait for this terminal.
        self._display = Live(
            get_renderable=lambda: as_text(self._lines()),
            console=console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live screen", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the last state on the terminal."""
        self._is_over.set()
        self._thread.join(LAST_WORDS_S)
        if not self._thread.is_alive():
            self._out.let_go()

    def _run(self) -> None:
        with contextlib.suppress(Exception), self._display:
            while not self._is_over.wait(REDRAWN_EVERY_S):
                self._display.refresh()


def as_text(lines: list[str]) -> Any:
    """Lines for a terminal, each cut to its width."""
    from rich.text import Text

    return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")


@contextlib.contextmanager
def displayed(
    stream: IO[str], lines: Callable[[], list[str]], plain: Callable[[], list[str]], pause: Callable[[], float]
) -> Iterator[Callable[[str], None]]:
    """Show as long as the block lasts.

    Args:
        stream: Where; what it is decides how.
        lines: For a terminal.
        plain: For anything else, one line for each thing that runs.
        pause: Seconds between two of these.

    Yields:
        A function that says a line at once, where there is no terminal.
    """
    shown: Screen | Lines = Screen(stream, lines) if stream.isatty() else Lines(stream, plain, pause)
    try:
        yield shown.say if isinstance(shown, Lines) else lambda line: None
    finally:
        shown.close()
