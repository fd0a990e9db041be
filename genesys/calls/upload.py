"""Between a segment's local log and its parts on object storage: new records go up, those of others come down."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable

from genesys.calls.database import COLUMNS, Row
from genesys.calls.parts import RemoteParts
from genesys.faults import InfrastructureFault

_PART_BYTES = 16 * 2**20
_OTHERS_PATIENCE = 60.0
"""Seconds to wait at the end for another process that uploads the same log."""


def restore(db: sqlite3.Connection, parts: RemoteParts) -> None:
    """Bring in the parts that this log does not know yet.

    Raises:
        InfrastructureFault: The store cannot be read, so that nobody knows which calls were made.
    """
    try:
        known = {name for (name,) in db.execute("select name from parts")}
        for name, rows in parts.read([name for name in parts.names() if name not in known]):
            with db:
                sql = f"insert or ignore into calls({COLUMNS}, part) values(?,?,?,?,?,?,?)"  # noqa: S608 - constant
                db.executemany(sql, [(*row, name) for row in rows])
                db.execute("insert or ignore into parts values(?)", (name,))
    except sqlite3.Error as error:
        raise InfrastructureFault(f"the journal's local log could not be written: {error}", fatal=True) from None
    except Exception as error:
        fault = f"the journal's parts could not be read from {parts.place}: {type(error).__name__}: {error}"
        raise InfrastructureFault(fault, fatal=True) from None


class Uploader:
    """A thread that uploads a segment's new records every so many seconds, so that a slow store delays no writer."""

    def __init__(
        self,
        parts: RemoteParts,
        connect: Callable[[], sqlite3.Connection],
        exclusive: Callable[[], contextlib.AbstractContextManager[bool]],
        window: float,
    ) -> None:
        """``exclusive`` says whether this process alone uploads the log now; the thread starts at the first record."""
        self._parts, self._connect, self._exclusive, self._window = parts, connect, exclusive, window
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: str | None = None
        """Why the last upload failed, if it did."""

    def start(self) -> None:
        """From now on there is something to upload."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"upload to {self._parts.place}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Upload what is left, also from earlier runs; ``error`` says whether that failed."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        give_up_at = time.monotonic() + _OTHERS_PATIENCE
        while not self._upload():
            if time.monotonic() > give_up_at:
                self.error = "another process has been uploading the same log for a minute"
                return
            time.sleep(0.1)

    def _run(self) -> None:
        while not self._stop.wait(self._window):
            self._upload()

    def _upload(self) -> bool:
        """Upload all that is new, as one or more parts.

        Returns:
            False if another process is at it. Trouble is kept in ``error``, since the log still has the records.
        """
        try:
            with self._exclusive() as alone:
                if alone:
                    with contextlib.closing(self._connect()) as db:
                        while rows := _next_part(db):
                            name = self._parts.write([row[1:] for row in rows])
                            with db:
                                db.execute("insert or ignore into parts values(?)", (name,))
                                db.executemany("update calls set part = ? where id = ?", [(name, r[0]) for r in rows])
                    self.error = None
                return alone
        except Exception as error:  # noqa: BLE001 - whatever a store may raise
            self.error = f"{type(error).__name__}: {error}"
            return True


def _next_part(db: sqlite3.Connection) -> list[Row]:
    """The next records that are not uploaded."""
    rows, total = [], 0
    for row in db.execute(f"select id, {COLUMNS} from calls where part is null order by id"):  # noqa: S608 - constant
        rows.append(row)
        total += len(row[-1])
        if total >= _PART_BYTES:
            break
    return rows
