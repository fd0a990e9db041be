"""The coding lane: rows of APPS, CodeContests, Codeforces and TACO -> ``verifiable_code`` tasks in Python.

A row is brought into one form (``problem``), cleaned (``cleaning``), marked so that its copies in other
sources are known (``origins``), and its tests are tried by running programs (``preflight``).
"""

from __future__ import annotations

import functools
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.coding.apps import APPS
from genesys.curation.coding.cleaning import Cleaned, clean
from genesys.curation.coding.code_contests import CODE_CONTESTS
from genesys.curation.coding.codeforces import CODEFORCES
from genesys.curation.coding.origins import marks
from genesys.curation.coding.preflight import Report, fenced, preflight
from genesys.curation.coding.problem import CodeProblem, Columns
from genesys.curation.coding.taco import TACO
from genesys.lane import Adapter, Identity, LedgerRow
from genesys.outcomes import Outcome, accepted, rejected
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


async def curate(row: LedgerRow, calls: Calls, *, require_gold: bool = False) -> Outcome:
    """A task, or why the row makes none.

    Args:
        row: Of the ledger.
        calls: Of the row.
        require_gold: Whether a row without a single gold that can be run is dropped. By default it is kept, with
            ``preflight: "no gold"`` and no ``test_strength`` in its metadata: Codeforces gives no solutions. A lane
            that insists on golds is ``replace(CODING, curate=functools.partial(coding.curate, require_gold=True))``.
    """
    cleaned = clean(row.problem, row.problem_id)
    if isinstance(cleaned, Outcome):
        return cleaned
    task = _task(cleaned)
    report = await preflight(task, row.problem_id, cleaned, calls)
    if isinstance(report, Outcome):
        return report
    if report.gold is None and require_gold:
        return rejected(NO_GOLD)
    return accepted(_finished(task, report))


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
