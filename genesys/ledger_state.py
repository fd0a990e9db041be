"""What a lane's ledger knows of rows that earlier readings brought, and which of them this reading found again.

Held in memory while sources are read, about a kilobyte a row. Where rows are placed stands in ``genesys.ledger``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from genesys.hashing import digest
from genesys.lane import Identity, Lane
from genesys.tables.lake import Lake


def ledger_asset(lane: Lane) -> str:
    """The ledger's table."""
    return f"{lane.name}/ledger"


def withdrawn_asset(lane: Lane) -> str:
    """The table of source rows that no longer count."""
    return f"{lane.name}/withdrawn"


def problem_id(source: str, key: str) -> str:
    """Hash of source and upstream key: 24 hexadecimal digits."""
    return digest([source, key], 24)


def statement_hash(statement: str) -> str:
    """Equal for statements that differ in white space and letter case only."""
    return digest(re.sub(r"\s+", " ", statement).strip().casefold(), 24)


def all_marks(identity: Identity) -> frozenset[str]:
    """Everything by which a row is a duplicate: its statement, and what its lane adds."""
    return frozenset({_statement_mark(statement_hash(identity.statement)), *identity.marks})


def _statement_mark(hashed: str) -> str:
    return f"statement:{hashed}"


@dataclass
class Known:
    """Identities in the ledger by problem_id, and what this reading says of them.

    A mark has one owner, the row that stands for it; a row gives its old marks up as soon as it is seen with others.
    """

    versions: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """Row hash -> why it was withdrawn before this reading, None if it was not."""
    current: dict[str, str] = field(default_factory=dict)
    """The version that counted before this reading."""
    marks: dict[str, frozenset[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Problem by mark."""
    found: dict[str, str | None] = field(default_factory=dict)
    """The version that this reading found; None for a row that was seen but not placed."""

    @classmethod
    def load(cls, lake: Lake, lane: Lane) -> Known:
        """The state after all earlier readings."""
        known = cls()
        if lake.manifest(ledger_asset(lane)) is None:
            return known
        status: dict[tuple[str, str], str] = {}
        if lake.manifest(withdrawn_asset(lane)) is not None:
            for row in lake.rows(withdrawn_asset(lane)):
                status[row["problem_id"], row["row_hash"]] = row["status"]
        columns = ["problem_id", "row_hash", "statement_hash", "marks"]
        for row in lake.rows(ledger_asset(lane), columns=columns):
            ident, row_hash = row["problem_id"], row["row_hash"]
            before = status.get((ident, row_hash))
            known.versions.setdefault(ident, {})[row_hash] = before
            if before != "superseded":
                known.current[ident] = row_hash
                # A ledger of before there were marks has no such column.
                known.own(ident, frozenset({_statement_mark(row["statement_hash"]), *(row.get("marks") or ())}))
        return known

    def own(self, ident: str, marks: frozenset[str]) -> None:
        """Make a row the one that stands for these marks."""
        self.release(ident, marks)
        self.marks[ident] = marks
        self.owners.update(dict.fromkeys(marks, ident))

    def release(self, ident: str, marks: frozenset[str]) -> None:
        """A row that now has these marks no longer stands for others."""
        for old in self.marks.get(ident, frozenset()) - marks:
            if self.owners.get(old) == ident:
                del self.owners[old]

    def wanted(self, ident: str, marks: frozenset[str]) -> frozenset[str]:
        """Those of a row's marks for which it does not stand yet."""
        return frozenset(mark for mark in marks if self.owners.get(mark) != ident)

    def rivals(self, ident: str, marks: frozenset[str]) -> dict[str, str]:
        """Other rows that stand for some of these marks, with the first such mark of each."""
        found: dict[str, str] = {}
        for mark in sorted(self.wanted(ident, marks)):
            if mark in self.owners:
                found.setdefault(self.owners[mark], mark)
        return found

    def standing_rival(self, ident: str, marks: frozenset[str]) -> tuple[str, str] | None:
        """Another row that counts and stands for one of these marks, and the mark."""
        return next(((rival, mark) for rival, mark in self.rivals(ident, marks).items() if self.stands(rival)), None)

    def stands(self, ident: str) -> bool:
        """Whether a row counts, as far as is known: this reading has found it."""
        return self.found.get(ident) is not None

    def pass_over(self, ident: str, marks: frozenset[str]) -> None:
        """This row was seen with these marks, and is not placed."""
        self.release(ident, marks)
        self.found[ident] = None

    def may_be_gone(self, ident: str) -> bool:
        """Whether this reading has not come across a row yet, and could still."""
        return ident not in self.found

    def place(self, ident: str, row_hash: str, marks: frozenset[str]) -> bool:
        """This version of a row stands now; whether the ledger has not had it before."""
        self.own(ident, marks)
        self.found[ident] = row_hash
        versions = self.versions.setdefault(ident, {})
        is_new = row_hash not in versions
        versions.setdefault(row_hash, None)
        return is_new

    def gone(self) -> Iterator[dict[str, Any]]:
        """Versions that no longer count, in order of their ids: superseded, or removed.

        A row is removed if no source that is read has it: also where its whole source is no longer named.
        """
        for ident in sorted(self.versions):
            for row_hash, before in sorted(self.versions[ident].items()):
                if ident in self.found:
                    status = None if self.found[ident] == row_hash else "superseded"
                else:
                    status = "superseded" if before == "superseded" else "removed"
                if status is not None:
                    yield {"problem_id": ident, "row_hash": row_hash, "status": status}
