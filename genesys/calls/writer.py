"""The thread that writes to a segment: what waits is committed together, and only then its writers go on."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from genesys.calls.database import Write
from genesys.faults import GenesysError, InfrastructureFault

_BATCH = 256
_OF_ONE_RECORD = (sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError, ValueError, OverflowError)
"""Errors that say something of one record (a text that is no UTF-8, one too long), and nothing of the disk."""

_Done = Future[None] | asyncio.Future[None]
_Job = tuple[Write, _Done]
_End = tuple[_Done, Exception | None]


class GroupWriter:
    """Durable writes through one thread, with one fsync for all that wait together. It starts at the first write."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        """``connect`` is called in the thread."""
        self._name, self._connect = name, connect
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._closed = False

    def submit(self, write: Write) -> Future[None]:
        """Have something written.

        Returns:
            Done once it is durable, or failed with an ``InfrastructureFault`` that is fatal (disk full). A caller that
            no longer waits changes nothing: the record is written all the same.
        """
        done: Future[None] = Future()
        self._put(write, done)
        return done

    def submit_here(self, write: Write) -> asyncio.Future[None]:
        """The same for the running event loop, which is woken once for all that became durable together."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(write, done)
        return done

    def _put(self, write: Write, done: _Done) -> None:
        with self._guard:
            if self._closed:
                raise GenesysError(f"the journal segment {self._name} is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"journal {self._name}", daemon=True)
                self._thread.start()
            self._queue.put((write, done))

    def close(self) -> None:
        """Write what waits, and end."""
        with self._guard:
            self._closed = True
            thread, self._thread = self._thread, None
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            db = self._connect()
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
            why = str(error) if isinstance(error, GenesysError) else f"{type(error).__name__}: {error}"
            fault = InfrastructureFault(f"the journal {self._name} could not be opened for writing: {why}", fatal=True)
            while (job := self._queue.get()) is not None:
                _finish([(job[1], fault)])
            return
        with contextlib.closing(db):
            open_for_more = True
            while open_for_more:
                batch, open_for_more = self._next_batch()
                if batch:
                    _commit(db, batch)

    def _next_batch(self) -> tuple[list[_Job], bool]:
        batch: list[_Job] = []
        with contextlib.suppress(queue.Empty):
            job = self._queue.get()
            while job is not None:
                batch.append(job)
                if len(batch) == _BATCH:
                    return batch, True
                job = self._queue.get_nowait()
            return batch, False
        return batch, True


def _commit(db: sqlite3.Connection, batch: list[_Job]) -> None:
    """One transaction. A record that cannot be written fails alone; trouble with the disk fails all that wait."""
    refused: dict[int, Exception] = {}
    trouble: Exception | None = None
    try:
        with db:
            for position, (write, _) in enumerate(batch):
                try:
                    write(db)
                except _OF_ONE_RECORD as error:
                    refused[position] = error
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
        trouble = InfrastructureFault(
            f"the journal could not be written ({error}). If the disk is full, make room (`genesys gc` shows what can "
            "go) and run the same command again; nothing that was answered before is lost.",
            fatal=True,
        )
    _finish((done, trouble or refused.get(position)) for position, (_, done) in enumerate(batch))


def _finish(ends: Iterable[_End]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_End]] = {}
    for done, error in ends:
        if isinstance(done, asyncio.Future):
            by_loop.setdefault(done.get_loop(), []).append((done, error))
        elif done.set_running_or_notify_cancel():
            _settle([(done, error)])
    for loop, settled in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(_settle, settled)


def _settle(ends: list[_End]) -> None:
    for done, error in ends:
        if done.done():  # its asker was cancelled
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
