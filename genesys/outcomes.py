"""How a row ends: accepted, rejected or errored, exactly one of them; and how ends are counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from genesys.faults import ResponseFault, TaskFault

Status = Literal["accepted", "rejected", "errored"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The end of one input row.

    ``records`` go to the stage's table: one for most stages, several where one row makes several (evolved tasks), and
    none for a row that was dropped. A rejected response keeps its record, since a verdict was reached.
    """

    status: Status
    reason: str | None = None
    """A short constant, so that reasons can be counted."""
    detail: str | None = None
    """What a person needs to know beyond the reason."""
    records: tuple[Row, ...] = ()
    step: str | None = None
    """The step of a curation at which a row was dropped."""

    def row(self, row_id: str) -> Row:
        """What became of this row, as every table of outcomes has it."""
        return {
            "row_id": row_id,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail,
            "step": self.step,
        }


def accepted(*records: Row) -> Outcome:
    """The row's records go on."""
    return Outcome("accepted", records=records)


def rejected(reason: str, detail: str | None = None, *records: Row) -> Outcome:
    """A verdict against the row, by its own fault or its response's."""
    return Outcome("rejected", reason, detail, records)


def faulted(fault: TaskFault | ResponseFault, message: str) -> Outcome:
    """The verdict against a row whose own fault, or whose response's, ended it."""
    return rejected("task fault" if isinstance(fault, TaskFault) else "response fault", message)


def errored(reason: str, detail: str | None = None) -> Outcome:
    """Nothing can be said of the row yet; the next run tries it again."""
    return Outcome("errored", reason, detail)


@dataclass
class Counts:
    """Ends of rows, counted."""

    rows: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    errored: Counter[str] = field(default_factory=Counter)
    records: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Rejected rows by the step that dropped them, for as far as they say it."""

    def add(self, outcome: Outcome) -> None:
        """Count one row."""
        self.rows += 1
        self.records += len(outcome.records)
        if outcome.status == "accepted":
            self.accepted += 1
        else:
            (self.rejected if outcome.status == "rejected" else self.errored)[outcome.reason or "unknown"] += 1
        if outcome.status == "rejected" and outcome.step is not None:
            self.dropped[outcome.step] += 1

    def merge(self, other: Counts) -> None:
        """Count the rows of another part too."""
        self.rows += other.rows
        self.accepted += other.accepted
        self.rejected.update(other.rejected)
        self.errored.update(other.errored)
        self.records += other.records
        self.dropped.update(other.dropped)

    @property
    def balanced(self) -> bool:
        """Whether every row ended as exactly one of the three."""
        return self.rows == self.accepted + self.rejected.total() + self.errored.total()

    def as_dict(self) -> dict[str, Any]:
        """JSON form, reasons sorted by name so that equal counts give equal bytes."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "rejected": dict(sorted(self.rejected.items())),
            "errored": dict(sorted(self.errored.items())),
            "records": self.records,
            **({"dropped": dict(sorted(self.dropped.items()))} if self.dropped else {}),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Counts:
        """The inverse of ``as_dict``."""
        return cls(
            value["rows"],
            value["accepted"],
            Counter(value["rejected"]),
            Counter(value["errored"]),
            value["records"],
            Counter(value.get("dropped", {})),
        )
