"""Names in the ledger: its tables, the hashes by which rows are known again, why a row no longer counts.

What it knows of rows while sources are read stands in ``genesys.ledger_known``.
"""

from __future__ import annotations

from genesys.hashing import digest
from genesys.lane import Lane

SUPERSEDED, REMOVED = "superseded", "removed"
WITHDRAWN = "withdrawn"
"""By people, in all versions."""
OVERLAPS = "overlaps a benchmark"
"""Of a row in the table of withdrawn ones; the same words are the reason of a row that never came into the ledger."""


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
    return digest(" ".join(statement.split()).casefold(), 24)


def statement_mark(hashed: str) -> str:
    """The mark of a statement with this hash."""
    return f"statement:{hashed}"
