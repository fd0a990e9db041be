"""The preflight of a task of any type: its own gold has to pass its verifier, and something wrong has to fail.

What is known of a type stands here; mutants of answers stand with their verifiers, the trial of programs with the
coding lane. A verifier of a plug-in, and a judge, are not tried: the task then says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.coding.cleaning import Cleaned
from genesys.curation.coding.preflight import GOLD_FAILS as GOLD_FAILS
from genesys.curation.coding.preflight import Report, try_golds, try_wrong_programs
from genesys.curation.coding.problem import CodeProblem, Solution
from genesys.outcomes import Outcome, rejected
from genesys.verifiers.code.blocks import extract_program, fenced_blocks
from genesys.verifiers.code.limits import TIME_FACTORS
from genesys.verifiers.code.tests import CallTest, CodeTask, OutputTest, read_task
from genesys.verifiers.kinds import CODE, JUDGED, MATH, OUTPUT
from genesys.verifiers.math.mutants import gold_mutants
from genesys.verifiers.math_verifier import read_golds

NO_MUTANT_FAILS = "no mutant of the gold fails"
NO_PROGRAM = "gold holds no program"
PASSED, NO_GOLD = "passed", "no gold"
NOT_JUDGED = "not tried: a judge decides"
PLUG_IN = "not tried: the verifier of a plug-in decides"
MUTANTS = 5
LEAST_STRENGTH = 1e-6
"""One wrong program that fails is enough; how many of them do is told by the task's ``test_strength``."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A task whose gold was tried.

    Args:
        task: In the form in which it is tried.
        row_id: Seeds the choice of mutants of programs.
        answer: The gold's short answer, for types that have one.
        report: What running programs showed, where there are some.
    """

    task: Row
    row_id: str
    answer: str | None = None
    report: Report | None = None

    @property
    def found(self) -> Row:
        """What was found, for the task's metadata: ``preflight`` in a word, and figures."""
        if self.report is not None:
            return self.report.metadata()
        if self.answer is not None:
            return {"preflight": PASSED}
        return {"preflight": NOT_JUDGED if self.task["task_type"] == JUDGED else PLUG_IN}


async def try_gold(task: Row, row_id: str, calls: Calls) -> Trial | Outcome:
    """Put a task's gold to its own verifier.

    Args:
        task: With ``verification_info`` and ``metadata`` as mappings.
        row_id: Of the ledger's row.
        calls: Of the row.

    Returns:
        What is known by now, also where nothing could be tried; or why the task is dropped.

    Raises:
        TaskFault: The verifier says that the task is unusable.
        InfrastructureFault: It could not be tried; that is never taken for a verdict.
    """
    kind = task["task_type"]
    if kind == CODE:
        return await _try_program(task, row_id, calls)
    answer = short_gold(task)
    if answer is None:
        return Trial(task, row_id)
    if await scored(task, row_id, RESPONSES[kind](answer), calls) != 1.0:
        return rejected(GOLD_FAILS, answer)
    return Trial(task, row_id, answer)


async def try_wrong(trial: Trial, calls: Calls) -> Trial | Outcome:
    """Put wrong variants of the gold to the verifier: one that fails is enough, since some are equal to it by chance.

    Raises:
        TaskFault, InfrastructureFault: As above.
    """
    if trial.report is not None:
        whole = _as_cleaned(trial.task, trial.report.gold)
        report = await try_wrong_programs(trial.task, trial.row_id, whole, trial.report, calls, floor=LEAST_STRENGTH)
        return report if isinstance(report, Outcome) else replace(trial, report=report)
    if trial.answer is None:
        return trial
    kind = trial.task["task_type"]
    mutants = gold_mutants(trial.answer, MUTANTS) if kind == MATH else text_mutants(trial.answer)
    for mutant in mutants:
        if await scored(trial.task, trial.row_id, RESPONSES[kind](mutant), calls) == 0.0:
            return trial
    return rejected(NO_MUTANT_FAILS, trial.answer)


async def scored(task: Row, row_id: str, response: str, calls: Calls) -> float | None:
    """The score of a response to a task that is to be, by the verifier of its type."""
    verdict = await calls.verify({**task, "problem_id": row_id, "llm_response": response})
    score: float | None = verdict["score"]
    return score


def boxed(answer: str) -> str:
    """A short answer as a response."""
    return f"\\boxed{{{answer}}}"


RESPONSES: dict[str, Callable[[str], str]] = {MATH: boxed, OUTPUT: lambda answer: json.dumps({"output": answer})}
"""How a short answer is written as a response, by task type."""


def short_gold(task: Row) -> str | None:
    """The gold as one short answer; None for types that have none."""
    truth = task["verification_info"].get("ground_truth")
    if task["task_type"] == MATH:
        return read_golds(truth)[0]
    if task["task_type"] == OUTPUT:
        return truth if isinstance(truth, str) else json.dumps(truth)
    return None


def text_mutants(text: str) -> list[str]:
    """Wrong variants of a program's output: a digit more, its last character lost, one too many, its ends swapped."""
    changed = [
        re.sub(r"\d(?!.*\d)", lambda match: str((int(match[0]) + 1) % 10), text, count=1, flags=re.DOTALL),
        text[:-1],
        f"{text}x",
        text[-1:] + text[1:-1] + text[:1] if len(text) > 1 else f"x{text}",
    ]
    return [mutant for mutant in dict.fromkeys(changed) if mutant != text]


async def _try_program(task: Row, row_id: str, calls: Calls) -> Trial | Outcome:
    asked = read_task(task["verification_info"], task["metadata"])
    gold = gold_program(task.get("gold_standard_solution"), asked)
    if isinstance(gold, Outcome):
        return gold
    # The trial reads tests and limits in one form only; a checker is tried where all tests are of that form.
    whole = [test for test in asked.tests if isinstance(test, OutputTest)]
    plain = len(whole) == len(asked.tests)
    tests = [{"type": "stdin_stdout", "input": test.stdin, "output": test.expected} for test in whole]
    limit = asked.limits.cpu_s / TIME_FACTORS[asked.language] if task["metadata"].get("time_limit") else None
    tried = {
        **task,
        "verification_info": task["verification_info"] | ({"test_cases": tests} if plain else {}),
        "metadata": task["metadata"] | {"time_limit": limit},
    }
    checker = Solution(asked.checker.language, asked.checker.source) if asked.checker and plain else None
    report = await try_golds(tried, row_id, _as_cleaned(task, gold, checker), calls)
    return report if isinstance(report, Outcome) else Trial(tried, row_id, report=report)


def _as_cleaned(task: Row, gold: Solution | None, checker: Solution | None = None) -> Cleaned:
    problem = CodeProblem(statement=task["prompt"], golds=(gold,) if gold else (), checker=checker)
    return Cleaned(problem, None, 0)


def gold_program(gold: str | None, asked: CodeTask) -> Solution | Outcome | None:
    """The program of a gold: fenced as in a response, in the task's language or another, or bare.

    Returns:
        None where there is no gold; an outcome where its text holds no program.
    """
    if not gold or not gold.strip():
        return None
    function = next((test.function for test in asked.tests if isinstance(test, CallTest)), None)
    program = extract_program(gold, asked.language, function)
    if program is not None:
        return Solution(asked.language, program.source)
    blocks = fenced_blocks(gold)
    known = [block for block in blocks if block.language is not None and block.text.strip()]
    if known:
        return Solution(str(known[-1].language), known[-1].text)
    return rejected(NO_PROGRAM, gold[:200]) if blocks else Solution(asked.language, gold)
