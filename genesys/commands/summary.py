"""What ``genesys verify`` says at its end: verdicts counted, and measured where the records are labelled."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from genesys.choices import Acceptance
from genesys.commands.reasons import INCOMPLETE, ReasonedCounts, how_to_see_more
from genesys.outcomes import Counts, Outcome
from genesys.quality.judge_agreement import JudgeTally
from genesys.rows import Record
from genesys.sources import BadRow

SEGMENT = "verify"
"""Of the journal."""
Z_95 = 1.959964
"""Standard deviations either side of the mean that hold 95 % of a normal distribution."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score method, which holds for small counts and for shares near 0 and 1.

    Args:
        hits: How many times it was so.
        of: Out of how many, at least 1.
    """
    share, spread = hits / of, Z_95**2 / of
    middle = share + spread / 2
    half = Z_95 * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


@dataclass
class Agreement:
    """Verdicts held against what the records say they should be (``expected_score``)."""

    counts: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    """Verdicts by (accepted, should be accepted)."""
    unsaid: int = 0
    """Labelled records without a verdict."""

    def add(self, record: Record | BadRow, outcome: Outcome, acceptance: Acceptance) -> None:
        """Count one record, if it is labelled."""
        expected = None if isinstance(record, BadRow) else record.get("expected_score")
        if not isinstance(expected, int | float):
            return
        if outcome.status == "errored":
            self.unsaid += 1
        else:
            wanted = acceptance.accepts(str(record["task_type"]), expected)  # type: ignore[index]
            self.counts[outcome.status == "accepted", wanted] += 1

    def shares(self) -> dict[str, tuple[int, int, str]]:
        """Agreement, precision and recall as (hits, out of how many, what the others are)."""
        right, alarms, misses = self.counts[True, True], self.counts[True, False], self.counts[False, True]
        total = self.counts.total()
        return {
            "agreement": (total - alarms - misses, total, f"{alarms + misses:,} verdicts differ"),
            "precision": (right, right + alarms, f"{alarms:,} wrongly accepted"),
            "recall": (right, right + misses, f"{misses:,} wrongly rejected"),
        }

    def brief(self) -> str:
        """For a line of progress; empty where no record so far is labelled."""
        shares = [f"{name} {hits / of:.1%}" for name, (hits, of, _) in self.shares().items() if of]
        return f"of {self.counts.total():,} labelled: {', '.join(shares)}" if shares else ""

    def lines(self) -> list[str]:
        """For a person: each share with its counts and its interval."""
        if not self.counts and not self.unsaid:
            return []
        told = [f"Against expected_score: {self.counts.total():,} labelled records with a verdict"]
        told[0] += f", {self.unsaid:,} errored and not counted" if self.unsaid else ""
        for name, (hits, of, others) in self.shares().items():
            if not of:
                told.append(f"  {name:9}  unknown, since there is none to count")
                continue
            low, high = wilson(hits, of)
            counts = f"{hits:,} of {of:,}, 95 % interval {low:.4f} to {high:.4f}; {others}"
            told.append(f"  {name:9}  {hits / of:.4f} ({counts})")
        return told


@dataclass
class Summary:
    """What became of a file's records, and how right the verdicts are where the records say what they should be."""

    target: Path
    journal: str | Path
    """Where the verdicts stand."""
    by_type: dict[str, ReasonedCounts] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)
    judged: JudgeTally = field(default_factory=JudgeTally)
    not_run: dict[str, str] = field(default_factory=dict)
    """What is missing on this machine for a task type, and the command that gets it."""

    def add(self, record: Record | BadRow, outcome: Outcome, acceptance: Acceptance, place: str) -> None:
        """Count one record; ``place`` is its file and row."""
        given = {} if isinstance(record, BadRow) else record
        task_type = str(given.get("task_type") or "(no task_type)")
        if outcome.reason == INCOMPLETE:
            outcome = replace(outcome, detail=f"{place}: {outcome.detail}")
        for verdict in outcome.records if outcome.detail is None else ():
            outcome = replace(outcome, detail=verdict["verification_result_info"].get("fault"))
        self.by_type.setdefault(task_type, ReasonedCounts()).add(outcome)
        self.agreement.add(record, outcome, acceptance)
        for verdict in outcome.records:
            self.judged.add(verdict["score"], verdict["verification_result_info"])

    @property
    def total(self) -> ReasonedCounts:
        """All task types together."""
        total = ReasonedCounts()
        for counts in self.by_type.values():
            total.merge(counts)
        return total

    def __str__(self) -> str:
        """For a person."""
        width = max(map(len, ["task type", *self.by_type]))
        lines = [f"{'task type':{width}}  {'rows':>9}  {'accepted':>9}  {'rejected':>9}  {'errored':>9}  pass rate"]
        every = dict(sorted(self.by_type.items()))
        for name, counts in (every | {"all": self.total} if len(every) != 1 else every).items():
            numbers = (counts.rows, counts.accepted, counts.rejected.total(), counts.errored.total())
            lines.append("  ".join([f"{name:{width}}", *(f"{number:9,}" for number in numbers), _rate(counts)]))
        lines += self.total.lines(said=self.not_run.values())
        lines += [f"Not run: {task_type}: {missing}" for task_type, missing in self.not_run.items()]
        lines += [*self.judged.lines(), *self.agreement.lines()]
        lines.append(f"Written: {self.target}")
        if self.total.errored:
            lines.append(
                "Errored rows have no score; verification_result_info says why. The same command tries again (broken "
                "and incomplete rows, and those of an unknown task_type, stay so until they are mended)."
            )
            if (command := how_to_see_more(self.total, self.journal, SEGMENT)) is not None:
                lines.append(f"All that failed: {command}")
        return "\n".join(lines)


def _rate(counts: Counts) -> str:
    """Accepted among those with a verdict: of an errored row nothing is known."""
    verdicts = counts.accepted + counts.rejected.total()
    return f"{counts.accepted / verdicts:9.1%}" if verdicts else f"{'-':>9}"
