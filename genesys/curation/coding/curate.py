"""The coding lane: rows of APPS, CodeContests, Codeforces and TACO -> ``verifiable_code`` tasks in Python.

A row is brought into one form (``problem``), cleaned (``cleaning``), marked so that its copies in other
sources are known (``origins``), and its tests are tried by running programs (``preflight``).
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.coding.apps import APPS
from genesys.curation.coding.cleaning import Cleaned, clean, whole
from genesys.curation.coding.code_contests import CODE_CONTESTS
from genesys.curation.coding.codeforces import CODEFORCES
from genesys.curation.coding.origins import marks
from genesys.curation.coding.preflight import Report, fenced, try_golds, try_wrong_programs
from genesys.curation.coding.problem import CodeProblem, Columns, Test
from genesys.curation.coding.taco import TACO
from genesys.curation.common.people import scanned
from genesys.curation.steps import Curation, Step
from genesys.lane import Adapter, Identity, LedgerRow
from genesys.outcomes import Outcome, rejected
from genesys.prompts import PromptFile

NO_GOLD = "no gold"
TASK = PromptFile("code_task")
"""What the teacher is asked."""
PROMPTS = (TASK,)
LANGUAGE = "python"


def identify(source: Columns, row: dict[str, Any]) -> Identity:
    """A row's identity: its key upstream, its statement, and the marks that its copies have too.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    key, problem = source.key(row), source.read(row)
    # An empty statement is a reason to drop a row, and not a statement that two rows have in common.
    return Identity(key=key, statement=problem.statement.strip() or f"{source.name} {key}", marks=marks(problem))


ADAPTERS = tuple(
    Adapter(source.name, source.needed, functools.partial(identify, source), source.read)
    for source in (APPS, CODE_CONTESTS, CODEFORCES, TACO)
)


@dataclass(frozen=True)
class Draft:
    """A problem on its way to a task.

    Args:
        row: Of the ledger.
        cleaned: With the tests that stay, once they are chosen.
        report: What running programs showed, once they were run.
    """

    row: LedgerRow
    cleaned: Cleaned | None = None
    report: Report | None = None

    @property
    def problem(self) -> CodeProblem:
        """As its source gives it."""
        read: CodeProblem = self.row.problem
        return read

    @property
    def chosen(self) -> Cleaned:
        """The problem after its tests were chosen."""
        assert self.cleaned is not None  # noqa: S101 - the order of the steps
        return self.cleaned

    @functools.cached_property
    def task(self) -> dict[str, Any]:
        """The task that this is to become, but for what the preflight finds."""
        return _task(self.chosen)


def usable(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Drop what cannot become a task, whatever its tests."""
    return whole(draft.problem) or draft


def texts(draft: Draft) -> dict[str, str]:
    """What is scanned: all that a task tells. Solutions that were not asked for stay with their source."""
    problem = draft.chosen.problem
    told = {"statement": problem.statement, "starter code": problem.starter_code}
    told |= {f"solution {number}": gold.source for number, gold in enumerate(problem.golds, 1)}
    if problem.checker is not None:
        told["checker"] = problem.checker.source
    return told | {"tests": "\n".join(shown(test) for test in problem.tests)}


def shown(test: Test) -> str:
    """A test's texts, as they are written."""
    return "\n".join(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in (test["input"], test["output"])
    )


def with_tests(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Choose the tests that a task keeps."""
    cleaned = clean(draft.problem, draft.row.problem_id)
    return cleaned if isinstance(cleaned, Outcome) else replace(draft, cleaned=cleaned)


async def golds_pass(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Run the golds."""
    report = await try_golds(draft.task, draft.row.problem_id, draft.chosen, calls)
    return report if isinstance(report, Outcome) else replace(draft, report=report)


async def wrong_programs_fail(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Run programs that are wrong."""
    assert draft.report is not None  # noqa: S101 - the order of the steps
    report = await try_wrong_programs(draft.task, draft.row.problem_id, draft.chosen, draft.report, calls)
    return report if isinstance(report, Outcome) else replace(draft, report=report)


def has_gold(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Insist on a gold that was run."""
    return draft if draft.report is not None and draft.report.gold is not None else rejected(NO_GOLD)


def tasks(draft: Draft) -> tuple[dict[str, Any], ...]:
    """The task with what the preflight found."""
    assert draft.report is not None  # noqa: S101 - the order of the steps
    return (_finished(draft.task, draft.report),)


def curation(*, require_gold: bool = False) -> Curation[Draft]:
    """Ledger row -> a task, or why the row makes none.

    Args:
        require_gold: Whether a row without a single gold that can be run is dropped. By default it is kept, with
            ``preflight: "no gold"`` and no ``test_strength`` in its metadata: Codeforces gives no solutions. A lane
            that insists on golds is ``replace(CODING, curate=coding.curation(require_gold=True))``.
    """
    return Curation(
        begin=Draft,
        steps=(
            Step("a problem that can be a task", usable),
            Step("tests that can be used", with_tests),
            scanned(texts, "drop"),
            Step("golds pass the tests", golds_pass, by="programs"),
            Step("wrong programs fail them", wrong_programs_fail, by="programs"),
            *((Step("a gold that was run", has_gold),) if require_gold else ()),
        ),
        tasks=tasks,
    )


curate = curation()


def _task(cleaned: Cleaned) -> dict[str, Any]:
    problem = cleaned.problem
    info: dict[str, Any] = {"language": LANGUAGE, "test_cases": list(problem.tests)}
    for name in ("input_file", "output_file"):
        if (value := getattr(problem, name)) is not None:
            info[name] = value
    if problem.checker is not None:
        info["checker"] = {"language": problem.checker.language, "source": problem.checker.source}
    return {
        "task_type": "verifiable_code",
        "in_source_id": problem.name,
        "prompt": prompt(problem),
        "gold_standard_solution": None,
        "verification_info": info,
        "metadata": {
            "difficulty": problem.difficulty,
            "memory_limit": problem.memory_limit,
            "memory_limit_bytes": problem.memory_limit_bytes,
            "problem_url": problem.url,
            "time_limit": problem.time_limit,
            "name": problem.name,
            "tags": list(problem.tags),
            "tests_upstream": cleaned.tests_upstream,
            "several_answers": cleaned.needs_checker,
            **dict(problem.notes),
        },
    }


def prompt(problem: CodeProblem) -> str:
    """What the teacher is asked for a problem."""
    memory = problem.memory_limit_bytes
    return TASK.text(
        statement=problem.statement,
        starter_code=problem.starter_code.rstrip(),
        fn_name=problem.fn_name,
        language=LANGUAGE,
        language_name="Python 3",
        input_name=f"the file `{problem.input_file}`" if problem.input_file else "standard input",
        output_name=f"the file `{problem.output_file}`" if problem.output_file else "standard output",
        time_limit=f"{problem.time_limit:g}" if problem.time_limit else None,
        memory_mb=round(memory / (1 << 20)) if memory else None,
    )


def _finished(task: dict[str, Any], report: Report) -> dict[str, Any]:
    """The task with what the preflight found; a gold in another language is marked by its fence."""
    gold = report.gold
    shown = None if gold is None else gold.source if gold.language == LANGUAGE else fenced(gold)
    found = report.metadata() | ({"gold_language": gold.language} if gold else {})
    return task | {"gold_standard_solution": shown, "metadata": task["metadata"] | found}
