"""NuminaMath (CoT and 1.5 columns) -> math tasks with a checkable final answer.

Cheap rules decide where they are certain; what they leave open is asked of the curator, with a typed answer; last,
the gold must pass its own verifier and a mutated gold must fail. Rules on text stand in ``rules``. The recipe is
that of SYNTHETIC-1's announcement: drop what cannot be verified automatically, rewrite multiple choice into direct
questions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel

from genesys.calls.context import Calls
from genesys.curation.common.leaks import unleaked
from genesys.curation.common.people import scanned
from genesys.curation.math import rules as rules
from genesys.curation.math.problem import MathProblem, read
from genesys.curation.preflight import GOLD_FAILS, MUTANTS, NO_MUTANT_FAILS, boxed, scored
from genesys.curation.steps import Curation, Step
from genesys.lane import Adapter, Identity, LedgerRow
from genesys.outcomes import Outcome, rejected
from genesys.prompts import Prompt, PromptFile
from genesys.verifiers.math.mutants import gold_mutants

NO_ANSWER = "no final answer"


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


@dataclass(frozen=True)
class Draft:
    """A problem on its way to a task.

    Args:
        row: Of the ledger.
        problem: What will be asked.
        answer: Its answer, as far as it is known.
        rewritten: Whether the curator made a direct question of a multiple choice.
    """

    row: LedgerRow
    problem: str
    answer: str | None
    rewritten: bool = False

    @property
    def upstream(self) -> MathProblem:
        """The row as it came."""
        read: MathProblem = self.row.problem
        return read

    @property
    def task(self) -> dict[str, Any]:
        """The task that this is to become."""
        return _task(self.upstream, self.problem, self.answer or "", rewritten=self.rewritten)


def begin(row: LedgerRow) -> Draft:
    """A row with what it states itself."""
    upstream: MathProblem = row.problem
    return Draft(row, upstream.problem.strip(), rules.stated_answer(upstream))


def texts(draft: Draft) -> dict[str, str]:
    """What is scanned: all that a task tells or a model is told."""
    upstream = draft.upstream
    return {"problem": upstream.problem, "solution": upstream.solution, "answer": upstream.answer}


def usable(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop what certainly makes no task."""
    drop = rules.reason_to_drop(draft.upstream)
    return draft if drop is None else rejected(drop.reason, drop.detail)


async def as_direct_question(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Have a multiple choice rewritten, so that nobody scores by guessing a letter."""
    upstream = draft.upstream
    if not rules.is_multiple_choice(upstream):
        return draft
    direct = await calls.ask(DIRECT_QUESTION, problem=draft.problem, solution=upstream.solution, answer=draft.answer)
    if not direct.possible:
        return rejected("multiple choice without a direct form", direct.why)
    if rules.lists_options(direct.problem) or rules.is_letter(direct.answer):
        return rejected("rewritten question still has options", direct.problem)
    if not (answer := rules.bare(direct.answer)):
        return rejected(NO_ANSWER)
    return replace(draft, problem=direct.problem.strip(), answer=answer, rewritten=True)


async def with_answer(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Have the final answer found in the solution, where the row does not state it."""
    if draft.answer is not None:
        return draft if draft.answer else rejected(NO_ANSWER)
    final = await calls.ask(FINAL_ANSWER, problem=draft.problem, solution=draft.upstream.solution)
    answer = rules.bare(final.answer) if final.found else ""
    return replace(draft, answer=answer) if answer else rejected(NO_ANSWER, final.why)


async def checkable(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Have the curator say whether the answer can be checked, where that is not plain."""
    if draft.rewritten or rules.plainly_checkable(draft.problem, draft.answer or ""):
        return draft
    decision = await calls.ask(CHECKABLE, problem=draft.problem, answer=draft.answer)
    if decision.checkable:
        return draft
    return rejected(f"not checkable: {decision.kind.replace('_', ' ')}", decision.why)


async def gold_passes(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Before a task costs anything its gold must pass its own verifier."""
    answer = draft.answer or ""
    return draft if await _score(draft, answer, calls) == 1.0 else rejected(GOLD_FAILS, answer)


async def mutant_fails(draft: Draft, calls: Calls) -> Draft | Outcome:
    """And at least one mutant of it must fail; one is enough, since some mutants happen to be equal to the gold."""
    answer = draft.answer or ""
    for mutant in gold_mutants(answer, MUTANTS):
        if await _score(draft, mutant, calls) == 0.0:
            return draft
    return rejected(NO_MUTANT_FAILS, answer)


async def _score(draft: Draft, candidate: str, calls: Calls) -> float | None:
    return await scored(draft.task, draft.row.problem_id, boxed(candidate), calls)


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


curate = Curation(
    begin=begin,
    steps=(
        Step("nothing rules it out", usable),
        scanned(texts, "drop"),
        Step("a direct question", as_direct_question, by="curator"),
        unleaked(
            lambda draft: draft.problem if draft.rewritten else None,
            lambda draft: draft.answer,
            lambda draft: rules.without_options(draft.upstream.problem),
            name="rewritten question gives no answer away",
        ),
        Step("a final answer", with_answer, by="curator"),
        Step("an answer that can be checked", checkable, by="curator"),
        Step("gold passes its verifier", gold_passes, by="verifier"),
        Step("a mutant of the gold fails", mutant_fails, by="verifier"),
    ),
    tasks=lambda draft: (draft.task,),
)
"""Ledger row -> a math task, or why it makes none."""
