"""The SQLite file of a journal segment: its tables, how it is opened, rows as records. No threads, no locks."""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genesys.calls import spending
from genesys.calls.entry import Entry, Failure, compressed
from genesys.faults import GenesysError, InfrastructureFault

FORMAT = 1
PATIENCE = 60.0
"""Seconds to wait for another process's transaction."""

COLUMNS = "key, kind, name, row_id, made_at, blob"
_FAILURE_COLUMNS = "key, kind, name, row_id, error, attempts, failed_at"
_SCHEMA = f"""
begin immediate;
create table if not exists meta(format integer not null);
create table if not exists calls(
    id integer primary key, key text not null unique, kind text not null, name text not null, row_id text not null,
    made_at real not null, blob blob not null, part text);
create index if not exists not_uploaded on calls(id) where part is null;
create table if not exists failures(
    key text primary key, kind text not null, name text not null, row_id text not null, error text not null,
    attempts integer not null, failed_at real not null);
create table if not exists parts(name text primary key);
{spending.SCHEMA}
insert into meta select {FORMAT} where not exists (select 1 from meta);
commit;
"""  # noqa: S608 - constants

Write = Callable[[sqlite3.Connection], None]
Row = tuple[Any, ...]
_Opened = tuple[sqlite3.Connection, int | None]
"""A file and its format."""


def connect(path: Path, *, readonly: bool, sums: bool = True) -> sqlite3.Connection:
    """Open a segment's file; unless it is only to be read, it is made where there is none.

    ``sums=False`` leaves the sums of what its calls used as they are, if they are there at all.

    Raises:
        GenesysError: It is no segment, or of another format.
        InfrastructureFault: It cannot be opened (disk full, no rights).
    """
    try:
        db, found = _open_to_read(path) if readonly else _open_to_write(path, sums)
    except sqlite3.OperationalError as error:
        raise InfrastructureFault(f"the journal {path} could not be opened: {error}", fatal=True) from None
    except sqlite3.DatabaseError as error:
        raise GenesysError(f"{path} is no journal segment: {error}") from None
    if found is None and readonly:
        db.close()
        return _empty()
    if found != FORMAT:
        db.close()
        raise GenesysError(f"{path} has journal format {found}; this version reads format {FORMAT}")
    return db


def _open_to_read(path: Path) -> _Opened:
    uri = path.absolute().as_uri()
    with contextlib.suppress(sqlite3.OperationalError):
        return _reading(f"{uri}?mode=ro")
    # A folder that cannot be written has no room for the index of the log, and whoever closed it last left no log.
    log = path.with_name(path.name + "-wal")
    return _reading(f"{uri}?mode=ro" if log.exists() and log.stat().st_size else f"{uri}?immutable=1")


def _empty() -> sqlite3.Connection:
    """What a file without tables is to a reader: whoever made it was killed at it, or is just at it."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.executescript(_SCHEMA)
    return db


def _reading(uri: str) -> _Opened:
    db = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=PATIENCE)
    try:
        return db, _format(db)
    except sqlite3.Error:
        db.close()
        raise


def _open_to_write(path: Path, sums: bool) -> _Opened:
    db = sqlite3.connect(path, check_same_thread=False, timeout=PATIENCE)
    try:
        found = _format(db)
        if found is None:
            _make(db)
            found = _format(db)
        db.execute("pragma synchronous=full")
        if sums and found == FORMAT:
            spending.bring_up_to_date(db)
    except sqlite3.Error:
        db.close()
        raise
    return db, found


def _make(db: sqlite3.Connection) -> None:
    """Tables in a new file. SQLite does not wait for another process that switches it to WAL mode; this does."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("pragma journal_mode=wal")
            db.executescript(_SCHEMA)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up_at:
                raise
            db.rollback()
            time.sleep(0.02)


def _format(db: sqlite3.Connection) -> int | None:
    """The file's format, None in one that is still empty."""
    tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
    if "meta" not in tables:
        return -1 if tables else None
    found: tuple[int] | None = db.execute("select format from meta").fetchone()
    return found[0] if found else None


def entry_of(row: Row, path: Path) -> Entry:
    """A row of ``COLUMNS`` as a record.

    Raises:
        InfrastructureFault: The bytes in the file are not those that were written.
    """
    key, kind, name, row_id, made_at, blob = row
    try:
        return Entry.from_bytes(blob, key=key, kind=kind, name=name, row_id=row_id, made_at=made_at)
    except ValueError as error:
        again = f"delete from calls where key = '{key}'"  # noqa: S608 - a hash, and shown to people only
        advice = (
            "The file was changed since it was written, by its disk or in copying: put a good copy in its place, or "
            f'have this one call made again: sqlite3 {shlex.quote(str(path))} "{again}"'
        )
        raise _unreadable(path, key, error, advice) from None


def find_entry(db: sqlite3.Connection, key: str, path: Path) -> Row | None:
    """The row of a finished call.

    Raises:
        InfrastructureFault: The file cannot be read where it would stand.
    """
    try:
        row: Row | None = db.execute(f"select {COLUMNS} from calls where key = ?", (key,)).fetchone()  # noqa: S608
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.ProgrammingError):
            raise  # a mistake of ours
        raise _unreadable(path, key, error, "Put a good copy of the file in its place") from None
    return row


def _unreadable(path: Path, key: str, error: Exception, advice: str) -> InfrastructureFault:
    return InfrastructureFault(f"the journal {path} cannot be read at call {key}: {error}. {advice}", final=True)


def find_failures(db: sqlite3.Connection, key: str | None = None) -> sqlite3.Cursor:
    """Rows for ``failure_of``, of one key or all."""
    clause, values = ("where key = ?", (key,)) if key is not None else ("", ())
    return db.execute(f"select {_FAILURE_COLUMNS} from failures {clause} order by failed_at", values)  # noqa: S608


def failure_of(row: Row) -> Failure:
    """A row of a failure as a record."""
    return Failure.model_validate(dict(zip(Failure.model_fields, row, strict=True)))


def insert(entry: Entry, text: bytes) -> Write:
    """Keep a finished call, given its JSON, unless there is one of this key: the first answer wins."""
    # A row's id can hold a file's name, and that bytes which are no UTF-8.
    row_id = entry.row_id.encode("utf-8", "replace").decode()
    spent = spending.values_of(entry)

    def write(db: sqlite3.Connection) -> None:
        # Compressed here, in the thread that writes: the event loop has other calls to see to.
        row = (entry.key, entry.kind, entry.name, row_id, entry.made_at, compressed(text))
        made = db.execute(f"insert or ignore into calls({COLUMNS}) values(?,?,?,?,?,?)", row)  # noqa: S608 - constant
        if spent is not None and made.rowcount > 0:
            spending.add(db, spent, made.lastrowid or 0)
        db.execute("delete from failures where key = ?", (entry.key,))

    return write


def insert_failure(failure: Failure) -> Write:
    """Keep a call's last failure, and how often it failed."""
    texts = {name: getattr(failure, name).encode("utf-8", "replace").decode() for name in ("row_id", "error")}
    values = failure.model_dump() | texts

    def write(db: sqlite3.Connection) -> None:
        db.execute(
            f"insert into failures({_FAILURE_COLUMNS}) values(?,?,?,?,?,?,?) on conflict(key) do update set"  # noqa: S608
            " error=excluded.error, attempts=failures.attempts+excluded.attempts, failed_at=excluded.failed_at",
            tuple(values.values()),
        )

    return write
