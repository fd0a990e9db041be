"""A segment as whoever clears up sees it: how old it is, what it holds, how it goes. Nothing is fetched to keep it.

Whoever removes holds ``alone`` and looks again under it, since a run may have begun since it looked first.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genesys.calls import database, spending
from genesys.calls.account import keep
from genesys.calls.parts import RemoteParts
from genesys.calls.segment import IN_USE
from genesys.faults import GenesysError, InfrastructureFault
from genesys.locks import ByteLocks
from genesys.storage import Found


class Held(NamedTuple):
    """A finished call, without what was asked and answered."""

    key: str
    kind: str
    name: str
    row_id: str
    made_at: float


class StoredSegment:
    """A segment's local log, and its parts on object storage if it has any there."""

    def __init__(self, name: str, path: Path, parts: RemoteParts | None) -> None:
        """Nothing is opened."""
        self.name, self._path, self._parts = name, path, parts
        self._known: list[Found] | None = None

    @property
    def size(self) -> int:
        """Bytes of the local log."""
        return sum(size for size, _ in self._log())

    def log_modified(self) -> float:
        """When the local log was last written, 0 if there is none."""
        return max((modified for _, modified in self._log()), default=0.0)

    def modified(self) -> float:
        """The same for all of it: another machine may have uploaded to it since."""
        self._known = self._parts.listing() if self._parts is not None else []
        return max([self.log_modified(), *(part.modified for part in self._known)])

    def _log(self) -> Iterator[tuple[int, float]]:
        """Size and time of each file; whoever only reads may leave an index and an empty log behind."""
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                info = self._path.with_name(self._path.name + suffix).stat()
                if info.st_size or not suffix:
                    yield info.st_size, info.st_mtime

    def calls(self) -> Iterator[Held]:
        """Every finished call, here and on object storage; one that both have may come twice.

        Raises:
            GenesysError: The log is no segment, or of another format.
            InfrastructureFault: It cannot be read.
        """
        known: set[str] = set()
        try:
            if self._path.exists():
                with contextlib.closing(self._open()) as db:
                    known = {name for (name,) in db.execute("select name from parts")}
                    yield from map(Held._make, db.execute("select key, kind, name, row_id, made_at from calls"))
        except sqlite3.Error as error:
            raise InfrastructureFault(f"the journal {self._path} could not be read: {error}") from None
        if self._parts is not None:
            for _, rows in self._parts.read([name for name in self._parts.names() if name not in known]):
                yield from (Held(*row[:5]) for row in rows)

    def is_uploaded(self) -> bool:
        """Whether object storage has every record of the local log.

        Raises:
            GenesysError: The log is no segment, or of another format, or cannot be read.
        """
        with contextlib.closing(self._open()) as db:
            return db.execute("select 1 from calls where part is null limit 1").fetchone() is None

    def _open(self) -> sqlite3.Connection:
        """To read, with no trace: who may only read leaves an index behind, who may write folds a log into the file."""
        log = self._path.with_name(self._path.name + "-wal")
        if not (log.exists() and log.stat().st_size):
            with contextlib.suppress(InfrastructureFault):  # a folder that cannot be written
                return database.connect(self._path, readonly=False, sums=False)
        return database.connect(self._path, readonly=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody on this machine writes to the segment in this block.

        Raises:
            GenesysError: Somebody does.
        """
        locks = ByteLocks(self._path.with_suffix(".lock"))
        try:
            if not locks.acquire(IN_USE):
                raise GenesysError(f"the journal segment {self.name} is in use by another process")
            yield
        finally:
            locks.close()

    def delete(self) -> None:
        """Remove the log, and those parts that stood there when ``modified`` was asked last; call it ``alone``.

        What its calls cost is kept beside it.
        """
        self._keep_account()
        if self._parts is not None:
            self._parts.delete(self._parts.listing() if self._known is None else self._known)
        self.delete_log()

    def _keep_account(self) -> None:
        if not self._path.exists():
            return
        with contextlib.suppress(GenesysError), contextlib.closing(self._open()) as db:
            keep(self._path, spending.identity(db), spending.read(db))

    def delete_log(self) -> None:
        """Remove the local log; call it ``alone``. The lock file stays, empty: others may know it by its inode."""
        for suffix in ("-wal", "-shm", ""):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
