"""What all calls of a journal used, segment by segment, as this machine knows it; also of segments that were removed.

Read from the sums that each segment keeps of itself (``spending``), so that it is the same whoever made the calls and
however they ended. Nothing is opened for writing, and a file that did not change is not read again.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from genesys.calls import database, spending
from genesys.calls.spending import Sums
from genesys.calls.usage import NAMES, Payee, Usage
from genesys.faults import GenesysError
from genesys.storage import replace_file

_JOURNAL, _KEPT = ".journal", ".spent.json"
_SETTLING = 2.0
"""Seconds in which a file may be written again without its time showing it."""
_Mark = tuple[float, ...]


class Account:
    """The segments below a journal's folder on this machine."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder
        self._read: dict[str, tuple[_Mark, Sums]] = {}

    def segments(self) -> dict[str, Sums]:
        """What the calls of each segment used, by who was paid.

        Raises:
            GenesysError: A segment is of another format.
            InfrastructureFault: One cannot be read.
        """
        names = {
            path.relative_to(self._folder).as_posix().removesuffix(suffix)
            for suffix in (_JOURNAL, _KEPT)
            for path in self._folder.rglob(f"*{suffix}")
        }
        for gone in self._read.keys() - names:
            del self._read[gone]
        for name in sorted(names):
            mark = self._mark(name)
            known = self._read.get(name)
            if known is None or known[0] != mark or max(mark) > time.time() - _SETTLING:
                self._read[name] = (mark, self._sums(name))
        return {name: sums for name, (_, sums) in self._read.items()}

    def _mark(self, name: str) -> _Mark:
        def found() -> Iterator[float]:
            for suffix in (_JOURNAL, f"{_JOURNAL}-wal", _KEPT):
                with contextlib.suppress(FileNotFoundError):
                    info = (self._folder / f"{name}{suffix}").stat()
                    yield from (float(info.st_size), info.st_mtime)

        return tuple(found())

    def _sums(self, name: str) -> Sums:
        path, sums, here = self._folder / f"{name}{_JOURNAL}", Sums(), ""
        if path.exists():
            with contextlib.suppress(FileNotFoundError), contextlib.closing(_opened(path)) as db:
                sums, here = spending.read(db), spending.identity(db)
        for identity, kept in _kept(path).items():
            if identity != here:  # else it is about to be removed, or was not, since whoever was at it was killed
                for payee, used in kept.items():
                    sums.setdefault(payee, Usage()).add(used)
        return sums


def _opened(path: Path) -> sqlite3.Connection:
    return database.connect(path, readonly=True)


def keep(path: Path, identity: str, sums: Sums) -> None:
    """Keep the account of a segment that is about to be removed, beside its file and in it no longer."""
    if sums:
        kept = {**_kept(path), identity: sums}
        rows = {name: [[*payee, *_values(used)] for payee, used in one.items()] for name, one in kept.items()}
        replace_file(_beside(path), json.dumps(rows).encode())


def _kept(path: Path) -> dict[str, Sums]:
    try:
        rows = json.loads(_beside(path).read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise GenesysError(f"{_beside(path)} holds what a removed journal cost, and cannot be read: {error}") from None
    return {name: {Payee(*row[:4]): Usage(*row[4:]) for row in one} for name, one in rows.items()}


def _beside(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(_JOURNAL) + _KEPT)


def _values(used: Usage) -> list[float]:
    return [getattr(used, name) for name in NAMES]
