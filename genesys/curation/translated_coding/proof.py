"""Proof by execution: a gold in the new language passes all tests, and wrong variants of it do not.

Every program runs through the verifier of the task, so that each verdict is a durable call. What a gold failed on is
told in the form in which the curator is shown it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.coding.mutants import mutants
from genesys.curation.coding.preflight import WRONG_TIME_LIMIT, fenced
from genesys.curation.coding.problem import Solution
from genesys.faults import ResponseFault
from genesys.schemas import as_text

MUTANTS = 6
"""Wrong programs whose verdict counts: each has to be compiled, and the tests were tried in Python before."""
SPARE_MUTANTS = 3
"""More of them, for those that say nothing."""
_SHOWN_CHARS = 1500
"""Of an input, an output or a compiler's message."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """What a program failed on.

    Args:
        program: Its text.
        reason: In two words, as the verdict has it.
        shown: What a person is shown beside it, by name.
    """

    program: str
    reason: str
    shown: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Strength:
    """How many wrong programs the tests catch."""

    run: int = 0
    caught: int = 0

    @property
    def share(self) -> float | None:
        """None where none was run."""
        return round(self.caught / self.run, 4) if self.run else None


async def tried(task: Row, gold: Solution, calls: Calls) -> Failure | None:
    """None if a gold passes all tests; else what it failed on.

    Raises:
        TaskFault: The task's tests or its checker do not work.
        InfrastructureFault: The program could not be run; that is never taken for a verdict.
    """
    try:
        verdict = await calls.verify(task | {"llm_response": fenced(gold)})
    except ResponseFault as fault:
        return Failure(gold.source, str(fault), ())
    info = verdict["verification_result_info"]
    if verdict["score"] == 1.0:
        return None
    return Failure(gold.source, str(info.get("reason") or "no reason given"), tuple(_shown(task, info)))


def _shown(task: Row, info: Row) -> list[tuple[str, str]]:
    measured = info.get("measured") or {}
    if (message := measured.get("compile_message")) is not None:
        return [("What the compiler says", message[:_SHOWN_CHARS])]
    first = info.get("first_failure")
    if first is None:
        return []
    given = task["verification_info"]["test_cases"][first["index"]]["input"]
    heads = measured.get("first_failure") or {}
    shown = [
        ("The input", given if isinstance(given, str) else as_text(given)),
        ("What was expected", first["expected"]),
        ("What came", heads.get("got") or ""),
        ("On standard error", heads.get("stderr") or ""),
    ]
    return [(name, text[:_SHOWN_CHARS]) for name, text in shown if text or name == "What came"]


async def strength(task: Row, gold: Solution, row_id: str, calls: Calls) -> Strength:
    """Run wrong variants of a gold that passes.

    Args:
        task: With its prompt and ``verification_info``.
        gold: In the task's language.
        row_id: Seeds the choice of variants.
        calls: Of the row.
    """
    metadata = task["metadata"]
    limit = min(metadata.get("time_limit") or WRONG_TIME_LIMIT, WRONG_TIME_LIMIT)
    hurried = task | {
        "metadata": metadata | {"time_limit": limit},
        "verification_info": task["verification_info"] | {"stop_at_first_failure": True},
    }
    run = caught = 0
    for source in mutants(gold.language, gold.source, MUTANTS + SPARE_MUTANTS, row_id):
        if run == MUTANTS:
            break
        is_caught = await _is_caught(hurried, Solution(gold.language, source), calls)
        if is_caught is not None:
            run, caught = run + 1, caught + is_caught
    return Strength(run, caught)


async def _is_caught(task: Row, mutant: Solution, calls: Calls) -> bool | None:
    """Whether a wrong program fails; None if nothing can be said of it: it does not compile, or its time ran out."""
    try:
        verdict = await calls.verify(task | {"llm_response": fenced(mutant)})
    except ResponseFault:
        return True
    verdicts = {str(test.get("verdict")) for test in verdict["verification_result_info"].get("tests") or ()}
    if verdict["score"] is None or not verdicts - {"not_run"} or "time_limit" in verdicts:
        return None
    return bool(verdict["score"] < 1.0)
