"""Status files: what a process writes of its run once a second, so that any other terminal can show it.

``<folder>/<run>-<stage>.json`` is replaced whole. Beside it stands a lock that its writer holds; the kernel lets go of
it however the writer ends, so that a killed one is known for what it is. Nothing here is durable, or needed by a run: a
file that cannot be written (disk full) is not there, and the run goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from genesys.live.monitor import Monitor
from genesys.live.view import RunView

EVERY_S = 1.0
STALE_S = 30.0
"""Where the file system knows no locks, a file that was not written for so long belongs to nobody who lives."""
SHOWN_S = 600.0
"""How long one that has ended is shown, and left."""
FOLDER = "live"


def live_folder(state: str | Path) -> Path:
    """Where the status files of a state folder stand."""
    return Path(state) / FOLDER


@contextlib.contextmanager
def kept(monitor: Monitor, folder: Path, *, every: float = EVERY_S) -> Iterator[None]:
    """Write what the monitor knows while the block lasts; at its end, how it ended."""
    writer = _Writer(monitor, folder, every)
    writer.start()
    try:
        yield
        monitor.state = "ended"
    except BaseException:
        monitor.state = "failed"
        raise
    finally:
        writer.end()


def views_in(folder: Path) -> list[RunView]:
    """What the status files of a folder say, in the order in which the stages began.

    Those that have ended are among them for ``SHOWN_S``; one whose process is gone without a word is ``killed``.
    """
    found = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        with contextlib.suppress(OSError, ValidationError):  # gone by now, or of another version
            view = RunView.model_validate_json(path.read_bytes())
            if view.state == "running" and not _lives(path, view):
                view = RunView.model_validate_json(path.read_bytes())  # its last word, if it came in between
                view = view.model_copy(update={"state": "killed"}) if view.state == "running" else view
            if view.state == "running" or time.time() - view.seen_at < SHOWN_S:
                found.append(view)
    return sorted(found, key=lambda view: (view.started_at, view.stage))


class _Writer(threading.Thread):
    """Writes every so often. A disk that hangs keeps this thread waiting and nobody else."""

    def __init__(self, monitor: Monitor, folder: Path, every: float) -> None:
        super().__init__(name="live status", daemon=True)
        name = re.sub(r"[^\w.-]+", "_", f"{monitor.run_id}-{monitor.stage}")
        self._monitor, self._every = monitor, every
        self._path, self._mark = folder / f"{name}.json", folder / f"{name}.lock"
        self._is_over = threading.Event()

    def run(self) -> None:
        with contextlib.suppress(OSError), self._locked():
            with contextlib.suppress(OSError):
                _sweep(self._path.parent)
            while not self._is_over.wait(self._every if self._write() else max(self._every, 10.0)):
                pass
            self._write()

    def end(self) -> None:
        """Write for the last time; who waits for it does not wait for a disk that hangs."""
        self._is_over.set()
        self.join(2.0)

    def _write(self) -> bool:
        temporary = self._path.with_suffix(".tmp")
        try:
            temporary.write_text(self._monitor.view().model_dump_json(exclude_defaults=True), "utf-8")
            temporary.replace(self._path)
        except Exception:  # noqa: BLE001 - a disk that is full, and whatever else: nobody's run depends on it
            return False
        return True

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._mark.open("w") as mark:
            with contextlib.suppress(OSError):  # a file system without locks: then the age tells
                fcntl.flock(mark, fcntl.LOCK_SH)
            try:
                yield
            finally:
                self._path.with_suffix(".tmp").unlink(missing_ok=True)
                self._mark.unlink(missing_ok=True)


def _lives(path: Path, view: RunView) -> bool:
    """Whether somebody holds the lock beside a status file."""
    try:
        with path.with_suffix(".lock").open("r+") as mark:
            return not _is_free(mark)
    except FileNotFoundError:
        return False
    except OSError:
        return time.time() - view.seen_at < STALE_S


def _is_free(mark: IO[str]) -> bool:
    """Whether nobody holds a lock on it.

    Raises:
        OSError: The file system knows no locks.
    """
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(folder: Path) -> None:
    """Take away what ended, or was killed, a while ago."""
    kept_names = {os.fspath(path.with_suffix("")) for path in folder.glob("*.lock") if not _is_abandoned(path)}
    for path in folder.iterdir():
        if path.suffix in (".json", ".tmp", ".lock") and os.fspath(path.with_suffix("")) not in kept_names:
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > SHOWN_S:
                    path.unlink()


def _is_abandoned(mark: Path) -> bool:
    try:
        with mark.open("r+") as stream:
            return _is_free(stream)
    except OSError:
        return False
