"""What a lane's ledger knows of rows that earlier readings brought, and which of them this reading found again.

Held in memory while sources are read, about a kilobyte a row. Where rows are placed stands in ``genesys.ledger``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from genesys.hashing import digest
from genesys.lake import Lake
from genesys.lane import Lane


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


@dataclass
class Known:
    """Identities in the ledger by problem_id, and what this reading says of them.

    A statement has one owner, the row that stands for it; a row gives its old statement up as soon as it is seen with
    another one.
    """

    read_sources: frozenset[str]
    """Labels of the sources that are read; of rows of other sources nothing new is known."""
    versions: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """Row hash -> why it was withdrawn before this reading, None if it was not."""
    current: dict[str, str] = field(default_factory=dict)
    """The version that counted before this reading."""
    sources: dict[str, str] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Problem by statement hash."""
    found: dict[str, str | None] = field(default_factory=dict)
    """The version that this reading found; None for a row that was seen but not placed."""

    @classmethod
    def load(cls, lake: Lake, lane: Lane, read_sources: frozenset[str]) -> Known:
        """The state after all earlier readings."""
        known = cls(read_sources)
        if lake.manifest(ledger_asset(lane)) is None:
            return known
        status: dict[tuple[str, str], str] = {}
        if lake.manifest(withdrawn_asset(lane)) is not None:
            for row in lake.rows(withdrawn_asset(lane)):
                status[row["problem_id"], row["row_hash"]] = row["status"]
        columns = ["problem_id", "row_hash", "statement_hash", "source"]
        for row in lake.rows(ledger_asset(lane), columns=columns):
            ident, row_hash = row["problem_id"], row["row_hash"]
            before = status.get((ident, row_hash))
            known.versions.setdefault(ident, {})[row_hash] = before
            known.sources[ident] = row["source"]
            if before != "superseded":
                known.current[ident] = row_hash
                known.own(ident, row["statement_hash"])
        return known

    def own(self, ident: str, statement: str) -> None:
        """Make a row the one that stands for a statement."""
        self.release(ident, statement)
        self.statements[ident] = statement
        self.owners[statement] = ident

    def release(self, ident: str, statement: str) -> None:
        """A row that now has ``statement`` no longer stands for another one."""
        old = self.statements.get(ident)
        if old is not None and old != statement and self.owners.get(old) == ident:
            del self.owners[old]

    def rival(self, ident: str, statement: str) -> str | None:
        """Another row that stands for this statement."""
        owner = self.owners.get(statement, ident)
        return None if owner == ident else owner

    def stands(self, ident: str) -> bool:
        """Whether a row counts, as far as is known: found by this reading, or of a source that is not read."""
        return self.found.get(ident) is not None or self.sources[ident] not in self.read_sources

    def pass_over(self, ident: str, statement: str) -> None:
        """This row was seen with this statement, and is not placed."""
        self.release(ident, statement)
        self.found[ident] = None

    def may_be_gone(self, ident: str) -> bool:
        """Whether this reading has not come across a row yet, and could still."""
        return ident not in self.found and self.sources[ident] in self.read_sources

    def place(self, ident: str, row_hash: str, statement: str, source: str) -> bool:
        """This version of a row stands now; whether the ledger has not had it before."""
        self.own(ident, statement)
        self.found[ident] = row_hash
        self.sources[ident] = source
        versions = self.versions.setdefault(ident, {})
        is_new = row_hash not in versions
        versions.setdefault(row_hash, None)
        return is_new

    def gone(self) -> Iterator[dict[str, Any]]:
        """Versions that no longer count, in order of their ids: superseded, or removed from a source that was read."""
        for ident in sorted(self.versions):
            for row_hash, before in sorted(self.versions[ident].items()):
                if self.sources[ident] not in self.read_sources:
                    status = before
                elif ident in self.found:
                    status = None if self.found[ident] == row_hash else "superseded"
                else:
                    status = "superseded" if before == "superseded" else "removed"
                if status is not None:
                    yield {"problem_id": ident, "row_hash": row_hash, "status": status}
