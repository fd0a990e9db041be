"""One segment of the journal: finished calls of one lane's shard, and who is making which call right now."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from genesys.calls import database, spending
from genesys.calls.entry import Entry, Failure
from genesys.calls.parts import RemoteParts
from genesys.calls.upload import Uploader, restore
from genesys.calls.writer import GroupWriter
from genesys.faults import GenesysError, InfrastructureFault
from genesys.locks import ByteLocks

SUFFIX = ".journal"

# Bytes of the lock file. A call's byte is below these; two calls share one with a chance of one in 2**62, which costs a
# wait and nothing else.
IN_USE, _UPLOADING = 2**62, 2**62 + 1


def _byte_of(key: str) -> int:
    return int(key[:16], 16) >> 2


class Segment:
    """Finished calls of one lane's shard, in a SQLite file in WAL mode.

    Reads go straight to SQLite; writes go through one thread that commits what waits together, with an fsync, and only
    then lets the writers go on: an answer is durable before it is used.
    """

    def __init__(self, path: Path, *, name: str, readonly: bool, parts: RemoteParts | None, window: float) -> None:
        """Open the file and bring in what other machines uploaded.

        Raises:
            GenesysError: There is none to read, it is of another format, or is being deleted.
            InfrastructureFault: It, or the parts on object storage, cannot be read.
        """
        self.name, self.path, self.readonly = name, path, readonly
        self._parts = parts
        self._running: dict[str, asyncio.Future[Entry]] = {}
        self._reads = threading.Lock()
        self._locks: ByteLocks | None = None
        self._uploader: Uploader | None = None
        if readonly and not path.exists() and (parts is None or not parts.names()):
            raise GenesysError(f"there is no journal segment {name} at {path if parts is None else parts.place}")
        if not readonly:
            self._locks = ByteLocks(self._lock_path)
            if not self._locks.acquire(IN_USE, shared=True):
                self._locks.close()
                raise GenesysError(f"the journal segment {name} is being deleted by another process")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = database.connect(path, readonly=readonly and parts is None)
            if parts is not None:
                restore(self._db, parts)
        except BaseException:
            if self._locks is not None:
                self._locks.close()
            raise
        self._writer = GroupWriter(name, self._connect)
        if parts is not None and not readonly:
            self._uploader = Uploader(parts, self._connect, self._alone, window)

    # Reading -----------------------------------------------------------------------------------------------------

    def get(self, key: str) -> Entry | None:
        """The finished call of this key, if it stands in the journal.

        Raises:
            InfrastructureFault: It does, and cannot be read any more.
        """
        with self._reads:
            row = database.find_entry(self._db, key, self.path)
        return database.entry_of(row, self.path) if row else None

    def failure(self, key: str) -> Failure | None:
        """The last failure of a call that has no answer, if any."""
        with self._reads:
            row = database.find_failures(self._db, key).fetchone()
        return database.failure_of(row) if row else None

    def entries(
        self, *, key: str | None = None, kind: str | None = None, name: str | None = None, row_id: str | None = None
    ) -> Iterator[Entry]:
        """All finished calls in the order they were made; ``key`` may be given by its beginning."""
        wanted = {"key glob ?": f"{key}*" if key is not None else None}
        wanted |= {"kind = ?": kind, "name = ?": name, "row_id = ?": row_id}
        clauses = {clause: value for clause, value in wanted.items() if value is not None}
        sql = f"select {database.COLUMNS} from calls where {' and '.join(['1', *clauses])} order by id"  # noqa: S608
        with contextlib.closing(database.connect(self.path, readonly=True)) as db:
            for row in db.execute(sql, tuple(clauses.values())):
                yield database.entry_of(row, self.path)

    def failures(self) -> Iterator[Failure]:
        """All calls that failed and have no answer, the latest last."""
        with contextlib.closing(database.connect(self.path, readonly=True)) as db:
            for row in database.find_failures(db):
                yield database.failure_of(row)

    def counts(self) -> dict[tuple[str, str], int]:
        """Finished calls by (kind, name)."""
        with self._reads:
            rows = self._db.execute("select kind, name, count(*) from calls group by 1, 2 order by 1, 2").fetchall()
        return {(kind, name): count for kind, name, count in rows}

    def spent(self) -> spending.Sums:
        """What all its calls used that were paid for, by who was paid."""
        with self._reads:
            return spending.read(self._db)

    # Writing -----------------------------------------------------------------------------------------------------

    async def put(self, entry: Entry) -> Entry:
        """Keep a finished call; returns once it is durable.

        Returns:
            What stands in the journal for this key: the first answer wins, so that all processes see one.

        Raises:
            InfrastructureFault: A fatal one; it could not be written.
        """
        await self._write(entry, entry.to_json())
        return self.get(entry.key) or entry

    def put_now(self, entry: Entry) -> Entry:
        """The same for code without an event loop."""
        self._check_writable()
        self._writer.submit(database.insert(entry, entry.to_json())).result()
        self._upload()
        return self.get(entry.key) or entry

    async def _write(self, entry: Entry, text: bytes) -> None:
        self._check_writable()
        await self._writer.submit_here(database.insert(entry, text))
        self._upload()

    def _upload(self) -> None:
        if self._uploader is not None:
            self._uploader.start()

    def note_failure(self, failure: Failure) -> None:
        """Keep why a call failed, for people; not waited for, since losing it loses no work."""
        self._check_writable()
        self._writer.submit(database.insert_failure(failure))

    def note_unkept(self, entry: Entry) -> None:
        """Keep an answer that was had and cannot be used, under a key of its own: it was paid for."""
        self._check_writable()
        self._writer.submit(database.insert(entry, entry.to_json()))
        self._upload()

    async def flush(self) -> None:
        """Return once all that was handed over before is durable, notes too."""
        await self._writer.submit_here(lambda db: None)

    async def once(self, key: str, make: Callable[[], Awaitable[Entry]], *, guarded: bool = False) -> Entry:
        """The journal's answer for ``key``, else ``make()``'s, made by one asker only among all tasks and processes.

        ``guarded``: ``make`` itself sees to it that a call of two processes is made once. Then no lock of the kernel's
        is held, which takes time by the square of their number: tens of thousands of calls may wait for a batch.

        Raises:
            Whatever ``make`` raises; nothing is kept then, and who waited for it here gets the same error.
        """
        self._check_writable()
        while (running := self._running.get(key)) is not None:
            await asyncio.wait([running])
            if not running.cancelled():  # else its asker was, and the next one takes over
                return running.result()
        future: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._running[key] = future
        try:
            entry = await (self._make_and_keep(key, make) if guarded else self._once_here(key, make))
            future.set_result(entry)
            return entry
        except Exception as error:
            future.set_exception(error)
            future.exception()  # nobody may be waiting
            raise
        finally:
            future.cancel()
            del self._running[key]

    async def _once_here(self, key: str, make: Callable[[], Awaitable[Entry]]) -> Entry:
        assert self._locks is not None  # noqa: S101 - it can be written
        pause = 0.01
        while not self._locks.acquire(_byte_of(key)):
            # Another process of this machine is making this call: its answer, or its lock, comes to us.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 1.5, 0.5)
            if (entry := self.get(key)) is not None:
                return entry
        try:
            if (entry := self.get(key)) is not None:
                return entry
            # Whoever holds the lock is the first to write, so this is what stands there.
            return await self._kept(await make())
        finally:
            self._locks.release(_byte_of(key))

    async def _make_and_keep(self, key: str, make: Callable[[], Awaitable[Entry]]) -> Entry:
        entry = await self._kept(await make())
        return self.get(key) or entry  # another process may have been the first to write

    async def _kept(self, entry: Entry) -> Entry:
        """Write it; gives what the journal will, so that a row function sees in its first run what a replay shows."""
        text = entry.to_json()
        try:
            await self._write(entry, text)
        except asyncio.CancelledError:
            await self._written()  # else the next asker would not find it yet, and make it again
            raise
        return entry.as_kept(text)

    async def _written(self) -> None:
        """Return when all that was handed over is written, however often the waiter is cancelled meanwhile."""
        flushing = asyncio.ensure_future(self.flush())
        while not flushing.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([flushing])
        flushing.exception()  # its asker is gone; whoever asks next learns of trouble by himself

    # Life --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write what waits, upload it, and close; what is closed already stays so.

        Raises:
            InfrastructureFault: Object storage could not be reached; the records stand in the local log and are
                uploaded when the segment is next opened and closed.
        """
        self._writer.close()
        uploader, self._uploader = self._uploader, None
        if uploader is not None:
            uploader.close()
        self._db.close()
        if self._locks is not None:
            self._locks.close()
        if uploader is not None and uploader.error is not None:
            raise InfrastructureFault(
                f"journal segment {self.name}: the last records are in {self.path} only, since {uploader.error}. "
                "They are uploaded by the next run that opens this segment."
            )

    def freeze(self) -> None:
        """Fold the write-ahead log into the file, so that it can be read from a folder that cannot be written."""
        self.close()
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.execute("pragma journal_mode=delete")
        self._lock_path.unlink(missing_ok=True)

    @property
    def _lock_path(self) -> Path:
        return self.path.with_suffix(".lock")

    def _connect(self) -> sqlite3.Connection:
        return database.connect(self.path, readonly=False)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        assert self._locks is not None  # noqa: S101 - it can be written
        alone = self._locks.acquire(_UPLOADING)
        try:
            yield alone
        finally:
            if alone:
                self._locks.release(_UPLOADING)

    def _check_writable(self) -> None:
        if self.readonly:
            raise GenesysError(f"the journal segment {self.name} was opened for reading")
