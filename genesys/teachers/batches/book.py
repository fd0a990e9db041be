"""The durable record of batches: which requests are in which batch, and where their answers stand on this disk.

One SQLite file for each endpoint, below the state's folder. A request is in one batch at a time: whoever claims it
first sends it, and every other process waits for that batch too. Nothing secret stands in it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.locks import ByteLocks
from genesys.teachers.batches.lines import Index, Place, Then, Trouble

FOLDER, FILE = "batches", "book.sqlite"
KEEP_DAYS, KEEP_USED_DAYS = 30, 1
"""Of a batch's answers: as long as providers keep its files, and when all of them were used."""
_PATIENCE_S = 60.0
_SCHEMA = """
create table if not exists endpoint(url text not null, key_env text not null);
create table if not exists batches(
    number integer primary key autoincrement, name text not null unique, teacher_id text not null, model text not null,
    state text not null, total integer not null, file_id text, id text, status text, changed_at real not null,
    made_at real not null);
create table if not exists requests(
    key text primary key, batch integer not null references batches(number) on delete cascade, line integer not null,
    offset integer, length integer, trouble text, next text, used integer not null default 0) without rowid;
create index if not exists requests_of on requests(batch);
"""

_FREE = """
delete from requests where key in (
    select key from asked join requests using (key) join batches on number = batch
    where again or (state = 'fetched' and offset is null))
"""

State = Literal["planned", "creating", "sent", "fetched"]
"""``planned``: its file is written or uploaded. ``creating``: the provider may have it. ``sent``: its id is known.
``fetched``: it has ended, and its answers stand on this disk."""


@dataclass(frozen=True)
class Batch:
    """One batch as the book has it."""

    number: int
    name: str
    """Our own name for it, which the provider keeps as metadata."""
    teacher_id: str
    model: str
    state: State
    total: int
    file_id: str | None
    id: str | None
    """The provider's."""
    status: str | None
    """As the provider said last."""
    changed_at: float
    made_at: float


class Claim(NamedTuple):
    """Where a request is."""

    batch: int
    fetched: bool
    place: Place | None
    trouble: Trouble | None


class Book:
    """The record for one endpoint; each method is a transaction of its own, from any thread.

    Args:
        folder: Where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the file.

        Raises:
            InfrastructureFault: It cannot be written.
        """
        self.folder = folder
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InfrastructureFault(f"batches cannot be kept in {self.folder}: {error}", fatal=True) from None
        self._locks = ByteLocks(self.folder / "batches.lock")
        with self._write() as db:
            db.executescript(_SCHEMA)

    @classmethod
    def at(cls, state: Path, url: str, key_env: str) -> Book:
        """That of an endpoint, below the state's folder.

        Args:
            state: The folder.
            url: The endpoint.
            key_env: The environment variable that holds its key, for whoever lists or cancels batches later.
        """
        book = cls(state / FOLDER / digest(url.rstrip("/"), 12))
        with book._write() as db:
            db.execute("delete from endpoint")
            db.execute("insert into endpoint values (?, ?)", (url, key_env))
        return book

    def answers(self, name: str) -> Path:
        """The file of a batch's answers."""
        return self.folder / f"{name}.answers.jsonl"

    @contextlib.contextmanager
    def handling(self, name: str) -> Iterator[bool]:
        """Whether this process alone sends or fetches a batch in this block; a killed one lets go of it."""
        byte = int(name[:15], 16)
        alone = self._locks.acquire(byte)
        try:
            yield alone
        finally:
            if alone:
                self._locks.release(byte)

    # Claims ------------------------------------------------------------------------------------------------------

    def find(self, keys: Iterable[str]) -> dict[str, Claim]:
        """Those of the requests that are in a batch."""
        with self._read() as db:
            db.execute("create temp table asked(key text primary key) without rowid")
            db.executemany("insert or ignore into asked values (?)", ((key,) for key in keys))
            rows = db.execute(
                "select key, batch, state = 'fetched', offset, length, trouble, next from asked join requests using "
                "(key) join batches on number = batch"
            )
            return {row[0]: _claim(row) for row in rows}

    def plan(self, name: str, teacher_id: str, model: str, keys: Sequence[str], again: frozenset[str]) -> Batch | None:
        """Claim requests for a new batch.

        Args:
            name: The batch's.
            teacher_id: Who is asked.
            model: The same by the endpoint's name.
            keys: The requests, in the order of the file's lines.
            again: Those whose answer was of no use: they are taken out of the batch that has it.

        Returns:
            The batch; None if somebody else has claimed one of them meanwhile: then nothing was claimed.
        """
        now = time.time()
        with self._write() as db:
            row = (name, teacher_id, model, len(keys), now, now)
            number = db.execute(
                "insert into batches(name, teacher_id, model, state, total, changed_at, made_at) "
                "values (?, ?, ?, 'planned', ?, ?, ?)",
                row,
            ).lastrowid
            db.execute("create temp table asked(key text primary key, line integer, again integer) without rowid")
            lines = ((key, line, key in again) for line, key in enumerate(keys, 1))
            db.executemany("insert into asked values (?, ?, ?)", lines)
            db.execute(_FREE)
            if db.execute("select 1 from requests join asked using (key) limit 1").fetchone():
                db.rollback()
                return None
            db.execute("insert into requests(key, batch, line) select key, ?, line from asked", (number,))
        return self.batch(number or 0)

    def adopt(self, batch: Batch, keys: Iterable[str]) -> None:
        """Take a batch over that the provider has and this book does not; what others hold stays with them."""
        with self._write() as db:
            row = (batch.name, batch.teacher_id, batch.model, batch.total, batch.file_id, batch.id, batch.status)
            found = db.execute(
                "insert or ignore into batches(name, teacher_id, model, state, total, file_id, id, status, changed_at, "
                "made_at) values (?, ?, ?, 'sent', ?, ?, ?, ?, ?, ?)",
                (*row, batch.changed_at, batch.made_at),
            )
            if found.rowcount:
                lines = ((key, found.lastrowid, line) for line, key in enumerate(keys, 1))
                db.executemany("insert or ignore into requests(key, batch, line) values (?, ?, ?)", lines)

    # The life of a batch -----------------------------------------------------------------------------------------

    def uploaded(self, number: int, file_id: str) -> None:
        """Its file is there; from now on the provider may have the batch."""
        self._set(number, state="creating", file_id=file_id)

    def sent(self, number: int, batch_id: str, status: str) -> None:
        """It is under way."""
        self._set(number, state="sent", id=batch_id, status=status)

    def seen(self, number: int, status: str) -> None:
        """The provider has said how it stands."""
        self._set(number, status=status)

    def fetched(self, number: int, status: str, index: Index) -> None:
        """It has ended, and its answers are here."""
        with self._write() as db:
            places = ((*place, key, number) for key, place in index.places.items())
            db.executemany("update requests set offset = ?, length = ? where key = ? and batch = ?", places)
            troubles = ((*trouble, key, number) for key, trouble in index.troubles.items())
            db.executemany("update requests set trouble = ?, next = ? where key = ? and batch = ?", troubles)
            self._change(db, number, state="fetched", status=status)

    def forget(self, number: int) -> None:
        """Nobody is to wait for it: its requests are free to be asked again."""
        with self._write() as db:
            db.execute("delete from batches where number = ?", (number,))

    def used(self, keys: Iterable[str]) -> None:
        """A run was given these answers; its journal has them."""
        with self._write() as db:
            db.executemany("update requests set used = 1 where key = ?", ((key,) for key in keys))

    def prune(self, now: float) -> list[str]:
        """Drop what nobody waits for any more.

        A batch of which every answer was used stays for a day: another process may be about to look at it.

        Returns:
            Names of what was dropped; the files can go.
        """
        unused = "select 1 from requests where batch = number and offset is not null and not used"
        with self._write() as db:
            rows = db.execute(
                "delete from batches where state = 'fetched' and "  # noqa: S608 - constants
                f"((changed_at < ? and not exists ({unused})) or changed_at < ?) returning name",
                (now - KEEP_USED_DAYS * 86_400, now - KEEP_DAYS * 86_400),
            )
            return [name for (name,) in rows.fetchall()]

    # Reading -----------------------------------------------------------------------------------------------------

    def endpoint(self) -> tuple[str, str]:
        """Its URL, and the environment variable that holds its key."""
        with self._read() as db:
            url, key_env = db.execute("select url, key_env from endpoint").fetchone()
            return url, key_env

    def batch(self, number: int) -> Batch | None:
        """One batch."""
        return next(iter(self.batches("where number = ?", (number,))), None)

    def batches(self, where: str = "", values: tuple[Any, ...] = ()) -> list[Batch]:
        """All of them, the oldest first."""
        columns = "number, name, teacher_id, model, state, total, file_id, id, status, changed_at, made_at"
        with self._read() as db:
            return [Batch(*row) for row in db.execute(f"select {columns} from batches {where} order by number", values)]  # noqa: S608

    def names(self) -> set[str]:
        """Our names of all batches."""
        with self._read() as db:
            return {name for (name,) in db.execute("select name from batches")}

    def keys(self, number: int) -> list[str]:
        """Requests of a batch, in the order of its lines."""
        with self._read() as db:
            return [key for (key,) in db.execute("select key from requests where batch = ? order by line", (number,))]

    def lines(self, number: int, lines: Iterable[int]) -> list[str]:
        """Requests of a batch by the numbers of their lines, from 1."""
        wanted = set(lines)
        with self._read() as db:
            rows = db.execute("select key, line from requests where batch = ?", (number,))
            return [key for key, line in rows if line in wanted]

    def close(self) -> None:
        """Give back what is held."""
        self._locks.close()

    def _set(self, number: int, **values: Any) -> None:
        with self._write() as db:
            self._change(db, number, **values)

    def _change(self, db: sqlite3.Connection, number: int, **values: Any) -> None:
        values["changed_at"] = time.time()
        names = ", ".join(f"{name} = ?" for name in values)
        db.execute(f"update batches set {names} where number = ?", (*values.values(), number))  # noqa: S608

    @contextlib.contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._open() as db:
            yield db

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One transaction; nobody else's comes in between."""
        with self._open() as db:
            db.execute("begin immediate")
            yield db
            if db.in_transaction:
                db.commit()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self.folder / FILE, timeout=_PATIENCE_S)) as db:
                db.isolation_level = None
                # A batch is paid for when it is sent: what is known of it outlives a loss of power.
                db.executescript("pragma foreign_keys=on; pragma journal_mode=wal; pragma synchronous=full;")
                yield db
        except sqlite3.Error as error:
            raise InfrastructureFault(
                f"the record of batches {self.folder / FILE} could not be used: {error}", fatal=True
            ) from None


def _claim(row: tuple[Any, ...]) -> Claim:
    _, batch, fetched, offset, length, trouble, then = row
    place = Place(offset, length) if offset is not None else None
    why: Trouble | None = Trouble(trouble, _then(then)) if trouble is not None else None
    return Claim(batch, bool(fetched), place, why)


def _then(text: str) -> Then:
    return "later" if text == "later" else "never" if text == "never" else "again"


def open_books(state: Path) -> list[Book]:
    """Those of all endpoints that the state knows batches of."""
    return [Book(file.parent) for file in sorted((state / FOLDER).glob(f"*/{FILE}"))]
