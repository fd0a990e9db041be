"""NuminaMath (CoT and 1.5 columns) -> math tasks with a checkable final answer.

Cheap rules decide where they are certain; what they leave open is asked of the curator, with a typed answer; last,
the gold must pass its own verifier and a mutated gold must fail. Rules on text stand in ``rules``. The recipe is
that of SYNTHETIC-1's announcement: drop what cannot be verified automatically, rewrite multiple choice into direct
questions.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from genesys.calls.context import Calls
from genesys.curation.math import rules as rules
from genesys.curation.math.problem import MathProblem, read
from genesys.lane import Adapter, Identity, LedgerRow
from genesys.outcomes import Outcome, accepted, rejected
from genesys.prompts import Prompt, PromptFile
from genesys.verifiers.math.mutants import gold_mutants

MUTANTS = 5


class Checkable(BaseModel):
    """Answer of ``numina_checkable``."""

    checkable: bool
    kind: Literal["final_answer", "proof", "open_ended", "several_questions", "missing_figure", "unclear"]
    why: str = ""


class DirectQuestion(BaseModel):
    """Answer of ``numina_direct_question``."""

    possible: bool
    problem: str = ""
    answer: str = ""
    why: str = ""


class FinalAnswer(BaseModel):
    """Answer of ``numina_final_answer``."""

    found: bool
    answer: str = ""
    why: str = ""


CHECKABLE = Prompt("numina_checkable", Checkable)
DIRECT_QUESTION = Prompt("numina_direct_question", DirectQuestion)
FINAL_ANSWER = Prompt("numina_final_answer", FinalAnswer)
TASK = PromptFile("math_task")
"""What the teacher is asked."""
PROMPTS = (CHECKABLE, DIRECT_QUESTION, FINAL_ANSWER, TASK)


def identify(row: dict[str, Any]) -> Identity:
    """A row is its problem's text, since upstream gives no key: a mended solution is a new version of it.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    problem = read(row).problem
    return Identity(key=problem, statement=problem)


ADAPTERS = (
    Adapter("numina_math", ("problem", "solution"), identify, read),
    Adapter("problem_and_answer", ("problem", "answer"), identify, read),
)
"""In both versions of NuminaMath stand problem and solution, others (answer, question_type, ...) are used where they
are; whoever brings problems of their own may have answers alone."""


async def curate(row: LedgerRow, calls: Calls) -> Outcome:
    """A math task, or why the row makes none."""
    upstream: MathProblem = row.problem
    if (drop := rules.reason_to_drop(upstream)) is not None:
        return rejected(drop.reason, drop.detail)
    problem, answer, rewritten = upstream.problem.strip(), rules.stated_answer(upstream), False
    if rules.is_multiple_choice(upstream):
        direct = await calls.ask(DIRECT_QUESTION, problem=problem, solution=upstream.solution, answer=answer)
        if not direct.possible:
            return rejected("multiple choice without a direct form", direct.why)
        if rules.lists_options(direct.problem) or rules.is_letter(direct.answer):
            return rejected("rewritten question still has options", direct.problem)
        problem, answer, rewritten = direct.problem.strip(), rules.bare(direct.answer), True
    elif answer is None:
        final = await calls.ask(FINAL_ANSWER, problem=problem, solution=upstream.solution)
        if not final.found or not (answer := rules.bare(final.answer)):
            return rejected("no final answer", final.why)
    if not answer:
        return rejected("no final answer")
    if not rewritten and not rules.plainly_checkable(problem, answer):
        decision = await calls.ask(CHECKABLE, problem=problem, answer=answer)
        if not decision.checkable:
            return rejected(f"not checkable: {decision.kind.replace('_', ' ')}", decision.why)
    task = _task(upstream, problem, answer, rewritten=rewritten)
    return await preflight(row, task, answer, calls)


def _task(upstream: MathProblem, problem: str, answer: str, *, rewritten: bool) -> dict[str, Any]:
    told = {name: getattr(upstream, name) for name in ("source", "problem_type", "question_type")}
    known = {name: value for name, value in told.items() if value}
    return {
        "task_type": "verifiable_math",
        "in_source_id": upstream.source,
        "prompt": TASK.text(problem=problem),
        "gold_standard_solution": upstream.solution,
        "verification_info": {"ground_truth": answer},
        "metadata": {**known, "rewritten_from_multiple_choice": rewritten},
    }


async def preflight(row: LedgerRow, task: dict[str, Any], answer: str, calls: Calls) -> Outcome:
    """Before a task costs anything: its gold must pass its own verifier, and at least one mutant of it must fail.

    One failing mutant is enough, since some mutants happen to be equal to the gold.
    """

    async def score(candidate: str) -> float | None:
        record = {**task, "problem_id": row.problem_id, "llm_response": f"\\boxed{{{candidate}}}"}
        verdict: float | None = (await calls.verify(record))["score"]
        return verdict

    if await score(answer) != 1.0:
        return rejected("gold fails its own verifier", answer)
    for mutant in gold_mutants(answer, MUTANTS):
        if await score(mutant) == 0.0:
            return accepted(task)
    return rejected("no mutant of the gold fails", answer)
