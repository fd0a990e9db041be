"""The preflight of coding tasks: a task's own golds must pass its tests, and wrong programs must not.

Every program runs through the task's verifier, so each verdict is a durable call. What the golds say about each other
shows whether one output a test is enough; the share of wrong programs that are caught is the tests' strength. A task's
checker, which golds only show to accept, has to refuse programs that print one word whatever they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.coding.cleaning import NEEDS_CHECKER, Cleaned
from genesys.curation.coding.mutants import mutants
from genesys.curation.coding.problem import Solution
from genesys.faults import ResponseFault
from genesys.outcomes import Outcome, rejected

LANGUAGES = ("python", "cpp", "javascript", "rust")
"""Languages of programs that are run, in the order in which they are tried; Python 2 and Java are passed over."""
MAX_GOLDS = 5
"""Golds that are run at most."""
ENOUGH_GOLDS = 3
"""So many passing golds are enough."""
MUTANTS = 12
"""Mutants whose verdict counts."""
SPARE_MUTANTS = 6
"""More of them, for those that say nothing because their time ran out."""
WRONG_TIME_LIMIT = 0.4
"""Seconds that wrong programs get at most, before their language's factor (two seconds in Python).

A slip in a loop may make it endless, and whole limits would then be most of what a preflight costs. A wrong program
whose time runs out is not counted: the limit may be too short for the right one as well.
"""
MAX_WRONG = 10
"""Incorrect solutions of upstream that are run at most."""
FLOOR = 0.6
"""The least share of wrong programs that a task's tests must catch.

Measured with 12 mutants each of 57 right functions that have at least 5 asserted examples: with all examples 92% of
mutants are caught on average (those equal to the original never are), with three 81%, with two 74%, with one 53%. The
floor drops 56% of the tasks with a single example, 28% with two, 18% with three, and 3% of those with all.
"""

ONE_WORD = ("", "0", "1", "nonsense")
"""What such programs print. The scores are among them: a checker that repeats an output at the end of what it says lets
that output be the score. One test alone may rightly take any of them, so only what passes all tests counts."""

GOLD_FAILS = "gold fails its own verifier"
TOO_WEAK = "tests are too weak"
CHECKER_TAKES_ANYTHING = "its checker takes anything"

Row = dict[str, Any]


@dataclass
class Report:
    """What the preflight found, for the task's metadata."""

    gold: Solution | None = None
    """A gold that passes all tests, in Python if there is one."""
    golds_run: int = 0
    golds_passed: int = 0
    mutants_run: int = 0
    mutants_caught: int = 0
    incorrect_run: int = 0
    incorrect_caught: int = 0
    trouble: str = ""
    """Why the first gold that failed did so."""
    seen: set[Solution] = field(default_factory=set)
    """Programs that were run."""
    _verdicts: list[list[str]] = field(default_factory=list)

    @property
    def strength(self) -> float | None:
        """The share of wrong programs that the tests catch; None if none was run."""
        return round(self.caught / self.run, 4) if self.run else None

    @property
    def run(self) -> int:
        """How many wrong programs were run."""
        return self.mutants_run + self.incorrect_run

    @property
    def caught(self) -> int:
        """How many of them failed a test."""
        return self.mutants_caught + self.incorrect_caught

    def add_gold(self, solution: Solution, verdict: Row) -> None:
        """Count a gold's verdict."""
        info = verdict["verification_result_info"]
        self.golds_run += 1
        self._verdicts.append(_verdicts(verdict))
        if verdict["score"] == 1.0:
            self.golds_passed += 1
            self.gold = self.gold or solution
        elif not self.trouble:
            self.trouble = f"{solution.language}: {info.get('reason') or 'no reason given'}"

    def disagreement(self) -> int | None:
        """Number, from 1, of a test that one gold passes and another answers wrongly; a time-out is no answer."""
        for number, verdicts in enumerate(zip(*self._verdicts, strict=False), 1):
            if {"passed", "wrong_answer"} <= set(verdicts):
                return number
        return None

    def metadata(self) -> Row:
        """Figures for the task's metadata."""
        names = ("golds_run", "golds_passed", "mutants_run", "mutants_caught", "incorrect_run", "incorrect_caught")
        return {
            "preflight": "passed" if self.gold else "no gold",
            "test_strength": self.strength,
            **{name: getattr(self, name) for name in names},
        }


async def try_golds(task: Row, row_id: str, cleaned: Cleaned, calls: Calls) -> Report | Outcome:
    """Run golds against a task's tests, and programs that print one word against its checker.

    Args:
        task: With its prompt and ``verification_info``.
        row_id: Of the ledger's row.
        cleaned: The problem; one without golds gives an empty report.
        calls: Of the row.

    Returns:
        What was found, or why the task is dropped.

    Raises:
        InfrastructureFault: A program could not be run; that is never taken for a verdict.
    """
    problem, report = cleaned.problem, Report()
    tried = _Tried(task, row_id, calls, report.seen)
    for solution in _to_run(problem.golds, MAX_GOLDS):
        report.add_gold(solution, await tried.verdict(solution))
        if report.golds_passed == ENOUGH_GOLDS:
            break
    if problem.checker is not None and (word := await tried.one_word_that_passes()) is not None:
        return rejected(CHECKER_TAKES_ANYTHING, f"a program that always prints {word!r} passes all tests")
    if not report.golds_run:
        return report
    if (number := report.disagreement()) is not None and problem.checker is None:
        return rejected(NEEDS_CHECKER, f"golds disagree on the output of test {number}")
    return report if report.gold is not None else rejected(GOLD_FAILS, report.trouble)


async def try_wrong_programs(
    task: Row, row_id: str, cleaned: Cleaned, report: Report, calls: Calls, *, floor: float = FLOOR
) -> Report | Outcome:
    """Run mutants of the gold, and solutions that upstream knows to be wrong; without a gold nothing can be said.

    Args:
        task: As above.
        row_id: Seeds the choice of mutants.
        cleaned: The problem.
        report: What the golds showed; it is completed.
        calls: Of the row.
        floor: The least share of wrong programs that have to fail.

    Returns:
        The report, or why the task is dropped.

    Raises:
        InfrastructureFault: A program could not be run.
    """
    if report.gold is None:
        return report
    tried = _Tried(task, row_id, calls, report.seen)
    for source in mutants(report.gold.language, report.gold.source, MUTANTS + SPARE_MUTANTS, row_id):
        if (
            report.mutants_run < MUTANTS
            and (caught := await tried.is_caught(Solution(report.gold.language, source))) is not None
        ):
            report.mutants_run += 1
            report.mutants_caught += caught
    for solution in _to_run(cleaned.problem.wrong, MAX_WRONG):
        if (caught := await tried.is_caught(solution)) is not None:
            report.incorrect_run += 1
            report.incorrect_caught += caught
    if report.strength is not None and report.strength < floor:
        return rejected(TOO_WEAK, f"{report.caught} of {report.run} wrong programs are caught")
    return report


def _to_run(solutions: Sequence[Solution], limit: int) -> Iterable[Solution]:
    """The first ones in languages that are run, Python before all others."""
    known = [solution for solution in solutions if solution.language in LANGUAGES]
    return sorted(known, key=lambda solution: LANGUAGES.index(solution.language))[:limit]


class _Tried:
    """Programs put through the task's verifier, each once."""

    def __init__(self, task: Row, row_id: str, calls: Calls, seen: set[Solution]) -> None:
        self._task, self._row_id, self._calls, self._seen = task, row_id, calls, seen

    async def verdict(self, solution: Solution, **hurry: Any) -> Row:
        """What the verifier says of a program; a program that it cannot read has failed."""
        self._seen.add(solution)
        record = {
            **self._task,
            **hurry,
            "problem_id": self._row_id,
            "verification_info": self._task["verification_info"] | {"language": solution.language},
            "llm_response": fenced(solution),
        }
        if hurry:
            record["verification_info"] |= {"stop_at_first_failure": True}
        try:
            return await self._calls.verify(record)
        except ResponseFault as fault:
            return {"score": 0.0, "verification_result_info": {"reason": str(fault)}}

    async def is_caught(self, solution: Solution) -> bool | None:
        """Whether a wrong program fails; None if nothing can be said of it, or the same program was run before."""
        if solution in self._seen:
            return None
        metadata = self._task["metadata"]
        limit = min(metadata["time_limit"] or WRONG_TIME_LIMIT, WRONG_TIME_LIMIT)
        verdict = await self.verdict(solution, metadata=metadata | {"time_limit": limit})
        verdicts = _verdicts(verdict)
        # A program that did not come to a single test did not compile, and says nothing of the tests.
        if verdict["score"] is None or not set(verdicts) - {"not_run"} or "time_limit" in verdicts:
            return None
        return bool(verdict["score"] < 1.0)

    async def one_word_that_passes(self) -> str | None:
        """What a program may print, whatever it is given, to pass all tests, though it is not what they expect."""
        tests = self._task["verification_info"]["test_cases"]
        if any(test["type"] == "function_call" for test in tests):
            return None
        for word in ONE_WORD:
            is_expected = all(str(test["output"]).split() == word.split() for test in tests)
            if not is_expected and await self.is_caught(Solution("python", f"print({word!r})")) is False:
                return word
        return None


def _verdicts(verdict: Row) -> list[str]:
    """Verdict by test."""
    return [str(test.get("verdict")) for test in verdict["verification_result_info"].get("tests") or ()]


def fenced(solution: Solution) -> str:
    """A program as a response: in a fence longer than any within it."""
    fence = "```"
    while fence in solution.source:
        fence += "`"
    return f"{fence}{solution.language}\n{solution.source.rstrip()}\n{fence}"
