"""Ends of cases as rates with their intervals: rows of ``dataset/error_rates``. What a case is says ``error_rates``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from genesys.quality.error_rates import (
    GOLDS,
    MUTANTS,
    SECOND_OPINION,
    SECOND_RUN,
    SWAPPED,
    VOTES,
    Case,
    End,
    Kind,
)
from genesys.quality.intervals import wilson

EXAMPLES = 5
"""Ids of errors that are kept of each rate."""
MEANINGS: dict[tuple[str, Kind], str] = {
    (
        MUTANTS,
        "wrong accept",
    ): "answers or programs with one mistake put in that were accepted; some are right by chance",
    (SWAPPED, "wrong accept"): "accepted responses that were accepted for another task's gold or tests, too",
    (SECOND_OPINION, "wrong accept"): "accepted responses that an independent verifier rejects",
    (SECOND_OPINION, "wrong reject"): "rejected responses that an independent verifier accepts",
    (GOLDS, "wrong reject"): "golds that were rejected when given as the response",
    (SECOND_RUN, "wrong accept"): "accepted programs that a second execution rejects",
    (SECOND_RUN, "wrong reject"): "rejected programs that a second execution accepts",
    (VOTES, "wrong accept"): "accepted responses that a judge's single vote, chosen by hash, rejects",
    (VOTES, "wrong reject"): "rejected responses that a judge's single vote, chosen by hash, accepts",
}
"""What each rate is a share of. The last ones say how far opinions differ, not which of them is right."""


@dataclass
class Rate:
    """One estimate, counted."""

    lane: str
    task_type: str
    kind: Kind
    method: str
    ends: dict[End, int] = field(default_factory=lambda: {"right": 0, "error": 0, "unsaid": 0})
    examples: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """As the table has it."""
        errors, trials = self.ends["error"], self.ends["error"] + self.ends["right"]
        interval = wilson(errors, trials)
        return {
            "lane": self.lane,
            "task_type": self.task_type,
            "kind": self.kind,
            "method": self.method,
            "trials": trials,
            "errors": errors,
            "rate": errors / trials if trials else None,
            "low": interval[0] if interval else None,
            "high": interval[1] if interval else None,
            "unsaid": self.ends["unsaid"],
            "meaning": MEANINGS[self.method, self.kind],
            "examples": sorted(self.examples)[:EXAMPLES],
        }


def rates(ends: Iterable[tuple[Case, End]]) -> list[dict[str, Any]]:
    """The estimates, by lane, task type, kind and method."""
    found: dict[tuple[str, str, str, str], Rate] = {}
    for case, end in ends:
        key = (case.lane, case.task_type, case.kind, case.method)
        rate = found.setdefault(key, Rate(case.lane, case.task_type, case.kind, case.method))
        rate.ends[end] += 1
        if end == "error":
            rate.examples.append(case.example)
    return [rate.row() for _, rate in sorted(found.items())]
