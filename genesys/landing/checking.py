"""Whether rows can be landed: each is read as its lane will read it, and put to the rules that cost nothing.

A row that cannot be used is told with file, row, field and reason. What takes programs, models or a verifier waits for
the lane itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genesys.curation.landing.curate import BAD_INSTRUCTIONS, CURATION, NOT_USABLE, task_type
from genesys.curation.landing.lane import LANDING
from genesys.curation.landing.task_row import OF_RESPONSES
from genesys.hashing import digest
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from genesys.rows import to_line
from genesys.schemas import Task, as_text
from genesys.sources import BadRow, SourceRow
from genesys.verifiers.code.blocks import language_of
from genesys.verifiers.kinds import CODE, JUDGED
from genesys.well_formed import well_formed

Row = dict[str, Any]
DEFAULTED = ("source", "license", "attribution")
_FIELDS = {reason: "verification_info" for reason in (*NOT_USABLE.values(), BAD_INSTRUCTIONS)}
_FIELDS[NOT_USABLE[JUDGED]] = "gold_standard_solution"


@dataclass
class Found:
    """What a look at all rows brought."""

    rows: int = 0
    tasks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By task type and language."""
    repeated: int = 0
    """The same row once more."""
    broken: int = 0
    first_broken: list[str] = field(default_factory=list)
    unlicensed: int = 0
    """Tasks that say nothing of their licence."""

    @property
    def good(self) -> int:
        """Tasks that can be landed."""
        return self.tasks.total()


class Checker:
    """Takes rows one by one; remembers their ids, two dozen bytes each, to find what comes twice.

    Args:
        defaults: Source, license and attribution of rows that have none.
        shown: Broken rows that are kept to be shown.
    """

    def __init__(self, defaults: Mapping[str, str | None], shown: int) -> None:
        """Nothing was seen yet."""
        self.found = Found()
        self._defaults = {name: value for name, value in defaults.items() if value}
        self._shown = shown
        self._seen: dict[bytes, bytes] = {}

    async def line(self, row: SourceRow | BadRow, file: str, name: str | None = None) -> bytes | None:
        """A row as it is landed; None for one that is not, which is counted.

        Args:
            row: As it was read.
            file: What its file is called in messages.
            name: What it is known under if neither the row nor the command names a source.
        """
        self.found.rows += 1
        if isinstance(row, BadRow):
            return self._broken(row, file)
        data = self._completed(row.data, name)
        try:
            identity = LANDING.identify(data)
            as_read = _as_ledger_row(data)
            drop = await CURATION.by_rules(as_read)
        except ValueError as error:
            where, colon, reason = str(error).partition(": ")
            where, reason = (where, reason) if colon else ("row", where)
            return self._broken(BadRow(row.file, row.row, where, _advised(where, reason), ""), file)
        if drop is not None:
            where, reason = _explained(drop)
            return self._broken(BadRow(row.file, row.row, where, reason, ""), file)
        line = to_line(data)
        ident, content = (hashlib.sha256(part).digest()[:12] for part in (identity.key.encode(), line))
        if (before := self._seen.setdefault(ident, content)) is not content:
            if before == content:
                self.found.repeated += 1
                return None
            reason = f"{data['problem_id']!r} of source {data['source']!r} stands for another task in an earlier row"
            return self._broken(BadRow(row.file, row.row, "problem_id", reason, ""), file)
        self._count(as_read.problem)
        return line

    def _completed(self, data: Row, name: str | None) -> Row:
        """The row without what files of traces have besides their tasks, and with what the command says of all rows."""
        kept = {key: value for key, value in data.items() if key not in OF_RESPONSES}
        defaults = ({"source": name} if name else {}) | self._defaults
        return kept | {key: value for key, value in defaults.items() if kept.get(key) in (None, "")}

    def _count(self, task: Task) -> None:
        kind = task_type({"task_type": task.task_type})
        language = language_of(str(task.verification_info["language"])) if kind == CODE else None
        self.found.tasks[kind, language or ""] += 1
        self.found.unlicensed += not task.license

    def _broken(self, row: BadRow, file: str) -> bytes | None:
        self.found.broken += 1
        if len(self.found.first_broken) < self._shown:
            self.found.first_broken.append(f"{file}:{row.row}: {row.field}: {_short(row.reason)}")
        return None


def _as_ledger_row(data: Row) -> LedgerRow:
    """A row as the ledger would hand it on: what its rules say hangs on nothing but the row."""
    return LedgerRow(
        problem_id=digest(as_text(data), 24),
        row_hash="",
        source="",
        upstream=data,
        revision="",
        read=LANDING.read,
    )


def _explained(drop: Outcome) -> tuple[str, str]:
    """Field and reason of a row that a rule drops."""
    detail = drop.detail or ""
    where, colon, rest = detail.partition(": ")
    if colon and where in Task.model_fields:
        return where, f"{drop.reason}: {rest}"
    return _FIELDS.get(drop.reason or "", "row"), f"{drop.reason}: {detail}" if detail else str(drop.reason)


def _advised(where: str, reason: str) -> str:
    return f"{reason}; give it by --name" if where == "source" and reason == "missing" else reason


def _short(text: str) -> str:
    return well_formed(text if len(text) <= 300 else f"{text[:300]} ...").replace("\n", " ")
