"""Between a segment's local log and its parts on object storage: new records go up, those of others come down."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from genesys.calls import spending
from genesys.calls.database import COLUMNS, Row
from genesys.calls.parts import RemoteParts
from genesys.faults import InfrastructureFault

_LOG = logging.getLogger(__name__)
_PART_BYTES = 16 * 2**20
_OTHERS_PATIENCE = 60.0
"""Seconds to wait at the end for another process that uploads the same log."""


def restore(db: sqlite3.Connection, parts: RemoteParts) -> None:
    """Bring in the parts that this log does not know yet.

    Of two machines that made the same call the earlier answer stands, so that all come to agree on one.

    Raises:
        InfrastructureFault: The store cannot be read, so that nobody knows which calls were made.
    """
    try:
        known = {name for (name,) in db.execute("select name from parts")}
        (held,) = db.execute("select count(*) from calls").fetchone()
        replaced = 0
        for name, rows in parts.read([name for name in parts.names() if name not in known]):
            with db:
                replaced += _bring_in(db, name, rows)
        if held and replaced:  # a new machine has used none of them
            _LOG.warning(
                "%s: %d calls had been made by another machine as well, and earlier: its answers stand from now on. A "
                "table that was sealed from the later ones differs from one that is made again.",
                parts.place,
                replaced,
            )
    except sqlite3.Error as error:
        raise InfrastructureFault(f"the journal's local log could not be written: {error}", fatal=True) from None
    except Exception as error:
        fault = f"the journal's parts could not be read from {parts.place}: {type(error).__name__}: {error}"
        raise InfrastructureFault(fault, fatal=True) from None


def _bring_in(db: sqlite3.Connection, part: str, rows: list[Row]) -> int:
    """Keep a part's records; the number of answers that another one had to give way to."""
    (before,) = db.execute("select count(*) from calls").fetchone()
    changed = db.total_changes
    # Times are of different clocks: any order will do, as long as all have the same one.
    sql = (
        f"insert into calls({COLUMNS}, part) values(?,?,?,?,?,?,?) on conflict(key) do update set kind=excluded.kind,"  # noqa: S608
        " name=excluded.name, row_id=excluded.row_id, made_at=excluded.made_at, blob=excluded.blob, part=excluded.part"
        " where (excluded.made_at, excluded.blob) < (calls.made_at, calls.blob)"
    )
    db.executemany(sql, [(*row, part) for row in rows])
    changed = db.total_changes - changed
    (after,) = db.execute("select count(*) from calls").fetchone()
    (last,) = db.execute("select coalesce(max(id), 0) from calls").fetchone()
    # All of them were paid for, those too that gave way or were given way to.
    spending.add_all(db, (spending.entry_in(row[1], row[2], row[-1]) for row in rows), last)
    db.execute("insert or ignore into parts values(?)", (part,))
    return int(changed - (after - before))


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
        self._failures, self._failing_since = 0, 0.0

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
                    self._succeeded()
                return alone
        except Exception as error:  # noqa: BLE001 - whatever a store may raise
            self._failed(f"{type(error).__name__}: {error}")
            return True

    def _failed(self, error: str) -> None:
        """Say so the first time, then ever more rarely: whoever trusts in the window must hear that it is none."""
        now = time.monotonic()
        if not self._failures:
            self._failing_since = now
        self.error, self._failures = error, self._failures + 1
        if self._failures.bit_count() == 1:  # the 1st, 2nd, 4th, 8th ... time
            _LOG.warning(
                "%s: the journal's new records could not be uploaded for %.0f s now (%s). %s are on this machine "
                "alone, and would be lost with it; tried again every %g s.",
                self._parts.place,
                now - self._failing_since,
                error,
                self._waiting(),
                self._window,
            )

    def _succeeded(self) -> None:
        if self._failures:
            _LOG.warning("%s: the journal's records are uploaded again, all of them.", self._parts.place)
        self.error, self._failures = None, 0

    def _waiting(self) -> str:
        with contextlib.suppress(Exception), contextlib.closing(self._connect()) as db:
            (count,) = db.execute("select count(*) from calls where part is null").fetchone()
            return f"{count:,} of them"
        return "They"


def _next_part(db: sqlite3.Connection) -> list[Row]:
    """The next records that are not uploaded."""
    rows, total = [], 0
    for row in db.execute(f"select id, {COLUMNS} from calls where part is null order by id"):  # noqa: S608 - constant
        rows.append(row)
        total += len(row[-1])
        if total >= _PART_BYTES:
            break
    return rows
