"""The account of a journal segment: what its calls used, summed in the file itself, in the transaction of each call.

So the sums are those of the calls that stand there, whoever wrote them and whenever it was killed. What is summed is
every call that was paid for: also one that gave way to another machine's, and an answer that could not be used.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from genesys.calls.entry import Entry
from genesys.calls.usage import CHAT, NAMES, RESTORED, UNKEPT, Payee, Usage, usage_of

_REALS = ("engine_seconds", "seconds")
_SUMS = ", ".join(f"{name} {'real' if name in _REALS else 'integer'} not null" for name in NAMES)
SCHEMA = f"""
create table if not exists spent(
    stage text not null, name text not null, teacher_id text not null, tier text not null, {_SUMS},
    upto integer not null, primary key(stage, name, teacher_id, tier)) without rowid;
"""
"""``upto`` is the last call that is in the sums: what a program wrote that keeps none is summed at the next opening."""
_ADD = (
    f"insert into spent values({', '.join('?' * (5 + len(NAMES)))}) on conflict do update set "  # noqa: S608 - constants
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in NAMES)
    + ", upto = max(upto, excluded.upto)"
)
_LAGGING = f"select {{}} from calls where kind in ('{CHAT}', '{UNKEPT}') and id > ?"  # noqa: S608 - constants
Sums = dict[Payee, Usage]


def values_of(entry: Entry) -> tuple[Any, ...] | None:
    """What a call adds to the account, ready for ``add``; None if nothing."""
    used = None if entry.tier == RESTORED else usage_of(entry)
    return None if used is None else (*used[0], *(getattr(used[1], name) for name in NAMES))


def add(db: sqlite3.Connection, values: tuple[Any, ...], call_id: int) -> None:
    """Count a call, in the transaction that keeps it."""
    db.execute(_ADD, (*values, call_id))


def add_all(db: sqlite3.Connection, entries: Iterable[Entry], upto: int) -> None:
    """Count many calls."""
    sums: Sums = {}
    for entry in entries:
        _count(sums, entry)
    db.executemany(_ADD, [(*payee, *(getattr(used, name) for name in NAMES), upto) for payee, used in sums.items()])


def read(db: sqlite3.Connection) -> Sums:
    """The sums of a file, with those calls that are not in its account yet."""
    sums: Sums = {}
    upto = -1
    if _has_account(db):
        for *payee, call_id in db.execute("select * from spent"):
            sums[Payee(*payee[:4])] = Usage(*payee[4:])
            upto = max(upto, call_id)
    for entry in _lagging(db, upto):
        _count(sums, entry)
    return sums


def identity(db: sqlite3.Connection) -> str:
    """Tells a file from one that is made in its place when it is gone; empty while there is no call in it."""
    found = db.execute("select key, made_at from calls order by id limit 1").fetchone()
    return f"{found[0]}@{found[1]}" if found else ""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the account of a file that has none, and sum what a program without one has written since."""
    if not _has_account(db):
        db.execute("begin immediate")
        with db:
            db.execute(SCHEMA)
    if db.execute(_LAGGING.format("1") + " limit 1", (_upto(db),)).fetchone():
        db.execute("begin immediate")
        with db:
            upto = _upto(db)  # another process may have been at it meanwhile
            (last,) = db.execute("select coalesce(max(id), 0) from calls").fetchone()
            add_all(db, _lagging(db, upto), last)


def _has_account(db: sqlite3.Connection) -> bool:
    return db.execute("select 1 from sqlite_master where name = 'spent'").fetchone() is not None


def _upto(db: sqlite3.Connection) -> int:
    (found,) = db.execute("select max(upto) from spent").fetchone()
    return -1 if found is None else int(found)


def _lagging(db: sqlite3.Connection, upto: int) -> Iterable[Entry]:
    for kind, name, blob in db.execute(_LAGGING.format("kind, name, blob"), (upto,)):
        yield entry_in(kind, name, blob)


def entry_in(kind: str, name: str, blob: bytes) -> Entry:
    """As much of a call as its use is told by; one whose bytes were damaged used nothing that is known."""
    try:
        return Entry.from_bytes(blob, key="", kind=kind, name=name, row_id="", made_at=0.0)
    except ValueError:
        return Entry.model_construct(key="", kind="damaged", name=name, row_id="", payload={}, result={})


def _count(sums: Sums, entry: Entry) -> None:
    used = None if entry.tier == RESTORED else usage_of(entry)
    if used is not None:
        sums.setdefault(used[0], Usage()).add(used[1])
