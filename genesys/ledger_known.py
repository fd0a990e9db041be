"""What a lane's ledger knows of rows that earlier readings brought, and which of them this reading found again.

Kept in an SQLite file while sources are read, so that memory does not grow with their rows. The file is made for one
reading, has no name as soon as it is open and goes with its process, however that ends: nothing in it is worth keeping,
for the ledger's tables say it all. Where rows are placed stands in ``genesys.ledger_reading``.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

from genesys.lane import Lane
from genesys.ledger_state import (
    OVERLAPS,
    REMOVED,
    SUPERSEDED,
    WITHDRAWN,
    ledger_asset,
    statement_mark,
    withdrawn_asset,
)
from genesys.tables.lake import Lake

CACHE_KIB = 24 * 1024
"""Of the file's pages in memory, at most; what else is wanted of them the system caches."""
_KEY = 12
"""Bytes of a mark's key: of a thousand million marks, two are taken for one with a chance of 1 in 10**11."""

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA temp_store = MEMORY;
CREATE TABLE problems (ident BLOB PRIMARY KEY, current BLOB, marks BLOB, seen INTEGER, found BLOB, why TEXT)
    WITHOUT ROWID;
CREATE TABLE versions (ident BLOB, row_hash BLOB, before TEXT, PRIMARY KEY (ident, row_hash)) WITHOUT ROWID;
CREATE TABLE owners (mark BLOB PRIMARY KEY, ident BLOB) WITHOUT ROWID;
CREATE TABLE withdrawn (ident BLOB, row_hash BLOB, status TEXT, PRIMARY KEY (ident, row_hash)) WITHOUT ROWID;
CREATE TABLE waiting (number INTEGER PRIMARY KEY, ident BLOB, marks TEXT, place TEXT);
CREATE TABLE waited_for (mark BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE chosen (ident BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_STORE = (
    "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (ident) DO UPDATE SET current = excluded.current, "
    "marks = excluded.marks, seen = excluded.seen, found = excluded.found, why = excluded.why"
)


@dataclass
class Problem:
    """One identity: what the ledger has of it, and what this reading says."""

    ident: str
    current: str | None = None
    """The version that counted before this reading."""
    marks: frozenset[bytes] = frozenset()
    """Keys of the marks that it was last seen with."""
    is_seen: bool = False
    found: str | None = None
    """The version that this reading found; None for a row that was not seen, or seen and not placed."""
    why: str | None = None
    """Why a row that was seen is not placed, where the ledger is to say so."""

    @property
    def stands(self) -> bool:
        """Whether it counts, as far as is known: this reading has found it."""
        return self.found is not None


class Known:
    """Identities by problem_id, and which of them stands for which mark.

    A mark has one owner, the row that stands for it; a row gives its old marks up as soon as it is seen with others.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is known; the file stands in this folder."""
        handle, name = tempfile.mkstemp(suffix=".tmp", prefix="part-known-", dir=folder)
        os.close(handle)
        try:
            self._db = sqlite3.connect(name, isolation_level=None)
            self._db.executescript(_TABLES)
            self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self._db.execute("BEGIN")
        finally:
            Path(name).unlink()
        self._waiters = 0

    def __enter__(self) -> Self:
        """For ``with``, which ends in ``close``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, which is no more then."""
        self._db.close()

    def load(self, lake: Lake, lane: Lane) -> None:
        """Take in the state after all earlier readings."""
        if lake.manifest(ledger_asset(lane)) is None:
            return
        any_withdrawn = False
        if lake.manifest(withdrawn_asset(lane)) is not None:
            for row in lake.rows(withdrawn_asset(lane)):
                any_withdrawn = True
                values = (_bytes(row["problem_id"]), _bytes(row["row_hash"]), row["status"])
                self._db.execute("INSERT INTO withdrawn VALUES (?, ?, ?)", values)
        columns = ["problem_id", "row_hash", "statement_hash", "marks"]
        for row in lake.rows(ledger_asset(lane), columns=columns):
            ident, row_hash = _bytes(row["problem_id"]), _bytes(row["row_hash"])
            before = self._status(ident, row_hash) if any_withdrawn else None
            # A version stands in one shard; the first is kept of what no reading should have written twice.
            self._db.execute("INSERT OR IGNORE INTO versions VALUES (?, ?, ?)", (ident, row_hash, before))
            if before not in (SUPERSEDED, OVERLAPS):
                problem = self.problem(row["problem_id"])
                problem.current = row["row_hash"]
                # A ledger of before there were marks has no such column.
                self._own(problem, {statement_mark(row["statement_hash"]), *(row.get("marks") or ())}, {})
                self._store(problem)

    def _status(self, ident: bytes, row_hash: bytes) -> str | None:
        query = "SELECT status FROM withdrawn WHERE ident = ? AND row_hash = ?"
        found = self._db.execute(query, (ident, row_hash)).fetchone()
        return found[0] if found else None

    # Problems ----------------------------------------------------------------------------------------------------

    def problem(self, ident: str) -> Problem:
        """What is known of an identity; of a new one, nothing."""
        query = "SELECT current, marks, seen, found, why FROM problems WHERE ident = ?"
        found = self._db.execute(query, (_bytes(ident),)).fetchone()
        if found is None:
            return Problem(ident)
        current, marks, seen, version, why = found
        return Problem(ident, _text(current), _parts(marks), bool(seen), _text(version), why)

    def place(self, problem: Problem, row_hash: str, marks: frozenset[str], owners: dict[str, str]) -> bool:
        """This version of a row stands now, and for these marks, whose owners are known.

        Returns:
            Whether the ledger has not had it before.
        """
        self._own(problem, marks, owners)
        is_current = problem.current == row_hash
        problem.is_seen, problem.found, problem.why = True, row_hash, None
        self._store(problem)
        if is_current:
            return False
        values = (_bytes(problem.ident), _bytes(row_hash))
        return self._db.execute("INSERT OR IGNORE INTO versions VALUES (?, ?, NULL)", values).rowcount == 1

    def pass_over(self, problem: Problem, marks: Iterable[str], why: str | None = None) -> None:
        """This row was seen with these marks, and is not placed."""
        self._release(problem, frozenset(map(_key, marks)))
        problem.is_seen, problem.found, problem.why = True, None, why
        self._store(problem)

    def _store(self, problem: Problem) -> None:
        values = (
            _bytes(problem.ident),
            _maybe_bytes(problem.current),
            b"".join(problem.marks),
            problem.is_seen,
            _maybe_bytes(problem.found),
            problem.why,
        )
        self._db.execute(_STORE, values)

    # Marks -------------------------------------------------------------------------------------------------------

    def owners(self, marks: Iterable[str]) -> dict[str, str]:
        """The row that stands for each of these marks, where there is one; in the order of the marks."""
        query, found = "SELECT ident FROM owners WHERE mark = ?", {}
        for mark in sorted(marks):
            if (owner := self._db.execute(query, (_key(mark),)).fetchone()) is not None:
                found[mark] = owner[0].hex()
        return found

    @staticmethod
    def rivals(ident: str, owners: dict[str, str]) -> dict[str, str]:
        """Other rows among these owners, with the first mark of each."""
        found: dict[str, str] = {}
        for mark, owner in owners.items():
            if owner != ident:
                found.setdefault(owner, mark)
        return found

    def standing(self, rivals: dict[str, str]) -> tuple[str, str] | None:
        """The first of such rows that counts, and the mark."""
        return next(((rival, mark) for rival, mark in rivals.items() if self.problem(rival).stands), None)

    def _own(self, problem: Problem, marks: Iterable[str], owners: dict[str, str]) -> None:
        """Make a row the one that stands for these marks."""
        keys, ident = {mark: _key(mark) for mark in marks}, _bytes(problem.ident)
        self._release(problem, frozenset(keys.values()))
        problem.marks = frozenset(keys.values())
        for mark, key in keys.items():
            if owners.get(mark) != problem.ident:
                self._db.execute("INSERT OR REPLACE INTO owners VALUES (?, ?)", (key, ident))

    def _release(self, problem: Problem, keys: frozenset[bytes]) -> None:
        """A row that now has these marks no longer stands for others."""
        for key in problem.marks - keys:
            self._db.execute("DELETE FROM owners WHERE mark = ? AND ident = ?", (key, _bytes(problem.ident)))

    # Rows that stand back ------------------------------------------------------------------------------------------

    def wait(self, ident: str, marks: Iterable[str], place: str) -> None:
        """Whether this row is a duplicate hangs on rows that are still to be read."""
        kept = sorted(marks)
        self._waiters += 1
        self._db.execute(
            "INSERT INTO waiting VALUES (?, ?, ?, ?)", (self._waiters, _bytes(ident), json.dumps(kept), place)
        )
        self._db.executemany("INSERT OR IGNORE INTO waited_for VALUES (?)", [(_key(mark),) for mark in kept])

    def is_waited_for(self, ident: str, marks: Iterable[str], owners: dict[str, str]) -> bool:
        """Whether a row that waits has one of those marks for which this row does not stand yet."""
        query = "SELECT 1 FROM waited_for WHERE mark = ?"
        return self._waiters > 0 and any(
            owners.get(mark) != ident and self._db.execute(query, (_key(mark),)).fetchone() for mark in marks
        )

    def waiting(self) -> Iterator[tuple[str, frozenset[str], str]]:
        """Those that wait, in the order of their reading: problem_id, marks and place."""
        for ident, marks, place in self._db.execute("SELECT ident, marks, place FROM waiting ORDER BY number"):
            yield ident.hex(), frozenset(json.loads(marks)), place

    def choose(self, ident: str) -> None:
        """This row is to be read again."""
        self._db.execute("INSERT INTO chosen VALUES (?)", (_bytes(ident),))

    def any_chosen(self) -> bool:
        """Whether a row is still to be read again."""
        return self._db.execute("SELECT 1 FROM chosen").fetchone() is not None

    def take_chosen(self, ident: str) -> bool:
        """Whether this is such a row, which then is none any more."""
        return self._db.execute("DELETE FROM chosen WHERE ident = ?", (_bytes(ident),)).rowcount == 1

    # The end -----------------------------------------------------------------------------------------------------

    def gone(self) -> Iterator[dict[str, Any]]:
        """Versions that no longer count, in order of their ids: superseded, overlapping a benchmark, or removed.

        A row is removed if no source that is read has it: also where its whole source is no longer named. What people
        withdrew stays so, whatever the sources have, and so do its new versions.
        """
        query = (
            "SELECT ident, row_hash, before, COALESCE(seen, 0), found, why, "
            "ident IN (SELECT ident FROM withdrawn WHERE status = ?) "
            "FROM versions LEFT JOIN problems USING (ident) ORDER BY ident, row_hash"
        )
        status: str | None
        for ident, row_hash, before, seen, found, why, is_withdrawn in self._db.execute(query, (WITHDRAWN,)):
            if is_withdrawn and before in (None, WITHDRAWN):
                status = WITHDRAWN
            elif seen:
                superseded = why is None or before == SUPERSEDED
                status = None if found == row_hash else SUPERSEDED if superseded else why
            else:
                status = before if before in (SUPERSEDED, OVERLAPS) else REMOVED
            if status is not None:
                yield {"problem_id": ident.hex(), "row_hash": row_hash.hex(), "status": status}


def _key(mark: str) -> bytes:
    return blake2b(mark.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()


def _parts(keys: bytes) -> frozenset[bytes]:
    return frozenset(keys[start : start + _KEY] for start in range(0, len(keys), _KEY))


def _bytes(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal)


def _maybe_bytes(hexadecimal: str | None) -> bytes | None:
    return None if hexadecimal is None else bytes.fromhex(hexadecimal)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.hex()
