"""The steps of the translated coding lane: a kept Python task becomes a task in another language, or is dropped.

Rules ask whether the language can express the tests; the curator rewrites the statement and translates the gold; then
programs are run. A task stands when a gold in its own language passes all tests and some wrong variant of it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, Field

from genesys.calls.context import Calls
from genesys.curation.coding.curate import TASK
from genesys.curation.coding.preflight import FLOOR, TOO_WEAK
from genesys.curation.coding.problem import Solution
from genesys.curation.common.people import scanned
from genesys.curation.steps import Curation, Step
from genesys.curation.translated_coding import contract as contracts
from genesys.curation.translated_coding.contract import FUNCTION_TASK, Contract
from genesys.curation.translated_coding.parent import Parent
from genesys.curation.translated_coding.proof import Failure, Strength, strength, tried
from genesys.curation.translated_coding.spelling import LANGUAGE_NAMES, LANGUAGES
from genesys.curation.translated_coding.statements import wrong_with
from genesys.hashing import digest
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome, rejected
from genesys.prompts import Prompt
from genesys.schemas import as_text
from genesys.verifiers.code.tests import read_task

NOT_PYTHON = "no Python task"
NO_TESTS = "no tests"
NOT_POSSIBLE = "cannot be put in the language"
GOLD_FAILS = "translated gold fails its tests"
NO_MUTANT_FAILS = "no wrong program fails"

ATTEMPTS = 3
"""How often the curator may write a gold; from the second time on it is shown what failed."""

_OF_PYTHON_GOLDS = frozenset({"golds_run", "golds_passed", "incorrect_run", "incorrect_caught", "gold_language"})
_LIST_WORDS = {"javascript": "an array", "rust": "a vector", "cpp": "a vector"}
_DICT_WORDS = {"javascript": "an object", "rust": "a map", "cpp": "a map"}

Row = dict[str, Any]


class Rewritten(BaseModel):
    """A statement for another language."""

    statement: str
    possible: bool = True
    why: str = ""


class Gold(BaseModel):
    """A program."""

    program: str = Field(min_length=1)


STATEMENT = Prompt("translate_statement", Rewritten, block="statement", max_tokens=8192)
GOLD = Prompt("translate_gold", Gold, block="program", max_tokens=8192)
PROMPTS = (STATEMENT, GOLD, FUNCTION_TASK, TASK)


@dataclass(frozen=True)
class Draft:
    """A task on its way.

    Args:
        row: Of the ledger.
        language: That it is put in.
        contract: Once it is known that the language can express the tests.
        statement: Once it was rewritten.
        gold: Once one passes all tests.
        attempts: How often the curator wrote a gold.
        strength: Of the tests.
    """

    row: LedgerRow
    language: str
    contract: Contract | None = None
    statement: str = ""
    gold: Solution | None = None
    attempts: int = 0
    strength: Strength = Strength()

    @property
    def parent(self) -> Parent:
        """The Python task."""
        return self.row.problem  # type: ignore[no-any-return]

    @property
    def made(self) -> Contract:
        """The contract, in steps after the one that makes it."""
        assert self.contract is not None  # noqa: S101
        return self.contract

    @property
    def signature(self) -> str | None:
        """The head of the function that tests call, as the language writes it."""
        return self.made.signature.text if self.made.signature else None


def begin(row: LedgerRow) -> Draft:
    """A row of one language's partition.

    Raises:
        ValueError: It belongs to none of the lane's languages.
    """
    if row.language not in LANGUAGES:
        raise ValueError(f"translated_coding has the languages {', '.join(LANGUAGES)}, not {row.language!r}")
    return Draft(row, row.language)


def is_python_task(draft: Draft, _: Calls) -> Draft | Outcome:
    """Only tasks in Python are translated, and only those that have tests."""
    parent = draft.parent
    language = parent.info.get("language")
    if parent.task_type != "verifiable_code" or language != "python":
        return rejected(NOT_PYTHON, f"{parent.task_type}, {language or 'no language'}")
    return draft if parent.info.get("test_cases") else rejected(NO_TESTS)


def find_contract(draft: Draft, _: Calls) -> Draft | Outcome:
    """The tests in the new language, with a signature and a harness where they call a function."""
    found = contracts.contract(draft.parent, draft.language)
    return found if isinstance(found, Outcome) else replace(draft, contract=found)


def texts(draft: Draft) -> dict[str, str]:
    """What is scanned before a model is told of it: a task need not come from the coding lane, which scans too."""
    parent, checker = draft.parent, draft.parent.info.get("checker")
    told = {"statement": parent.statement, "gold": parent.gold.source if parent.gold else ""}
    told |= {"checker": checker if isinstance(checker, str) else as_text(checker)} if checker else {}
    return told | {"tests": as_text(parent.info.get("test_cases"))}


def written(draft: Draft) -> dict[str, str]:
    """What the curator wrote."""
    return {"statement": draft.statement, "gold": draft.gold.source if draft.gold else ""}


async def rewrite(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Ask for the statement in the language's terms."""
    task = read_task(draft.parent.info)
    said = await calls.ask(
        STATEMENT,
        language_name=LANGUAGE_NAMES[draft.language],
        list_word=_LIST_WORDS[draft.language],
        dict_word=_DICT_WORDS[draft.language],
        signature=draft.signature,
        python_name=task.function,
        statement=draft.parent.statement,
    )
    if not said.possible:
        return rejected(NOT_POSSIBLE, said.why)
    return replace(draft, statement=said.statement.strip())


def keeps_to_the_problem(draft: Draft, _: Calls) -> Draft | Outcome:
    """Rules on what was rewritten: nothing lost, nothing of Python left, no solution in it."""
    golds = [gold.source for gold in (draft.parent.gold, draft.gold) if gold is not None]
    return wrong_with(draft.parent.statement, draft.statement, golds, draft.signature or "") or draft


async def prove(draft: Draft, calls: Calls) -> Draft | Outcome:
    """A gold in the language that passes all tests: translated, or written where the Python task has none."""
    failure: Failure | None = None
    seen: dict[str, Failure] = {}
    given = draft.parent.gold
    if given is not None and given.language == draft.language:
        if (failure := await tried(_task(draft), given, calls)) is None:
            return replace(draft, gold=given)
        seen[given.source] = failure
    for attempt in range(1, ATTEMPTS + 1):
        gold = Solution(draft.language, await _written(draft, calls, attempt, failure))
        if gold.source not in seen:  # the same program again has the same verdict
            if (failed := await tried(_task(draft), gold, calls)) is None:
                return replace(draft, gold=gold, attempts=attempt)
            seen[gold.source] = failed
        failure = seen[gold.source]
    return rejected(GOLD_FAILS, f"{failure.reason} in the last of {ATTEMPTS} attempts" if failure else None)


async def _written(draft: Draft, calls: Calls, attempt: int, failure: Failure | None) -> str:
    given = draft.parent.gold
    said = await calls.ask(
        GOLD,
        language=draft.language,
        language_name=LANGUAGE_NAMES[draft.language],
        statement=draft.statement,
        signature=draft.signature,
        notes=draft.made.notes,
        program=given.source.rstrip() if given else None,
        program_language=LANGUAGE_NAMES.get(given.language, "Python") if given else None,
        attempt=f"{attempt} of {ATTEMPTS}",
        failure=failure,
    )
    return said.program.rstrip() + "\n"


async def catch_wrong_programs(draft: Draft, calls: Calls) -> Draft | Outcome:
    """At least one wrong variant of the gold fails.

    Where the Python task has no gold its tests were never tried: there the coding lane's floor holds as well. Where it
    has one they were, by slips in its syntax tree, of which fewer change nothing than of those in tokens.
    """
    assert draft.gold is not None  # noqa: S101
    found = await strength(_task(draft), draft.gold, draft.row.problem_id, calls)
    if not found.caught:
        return rejected(NO_MUTANT_FAILS, f"{found.run} were run")
    if draft.parent.gold is None and found.caught < FLOOR * found.run:
        return rejected(TOO_WEAK, f"{found.caught} of {found.run} wrong programs are caught")
    return replace(draft, strength=found)


def _task(draft: Draft) -> Row:
    """The task as its verifier reads it; gold and figures are not in it, so that the proof does not hang on them."""
    parent = draft.parent
    kept = {name: value for name, value in parent.metadata.items() if name not in _OF_PYTHON_GOLDS}
    return {
        "problem_id": digest([draft.row.problem_id, draft.language], len(draft.row.problem_id)),
        "task_type": "verifiable_code",
        "source": draft.row.source,
        "prompt": contracts.prompt(draft.statement, draft.made, read_task(parent.info), dict(parent.metadata)),
        "verification_info": draft.made.info,
        "metadata": kept,
    }


def tasks(draft: Draft) -> Iterator[Row]:
    """The one task, with where it comes from."""
    parent, task, gold = draft.parent, _task(draft), draft.gold
    assert gold is not None  # noqa: S101
    signature = draft.made.signature
    found = {
        "translated_from": parent.problem_id,
        "gold_origin": "source" if not draft.attempts else "translated" if parent.gold else "written",
        "attempts": draft.attempts,
        "preflight": "passed",
        "test_strength": draft.strength.share,
        "mutants_run": draft.strength.run,
        "mutants_caught": draft.strength.caught,
        "signature": draft.signature,
        "types_guessed": signature is not None and signature.is_guessed,
    }
    yield {
        **parent.carried,
        **task,
        "family_id": parent.family_id,
        "parent_ids": [parent.problem_id],
        "gold_standard_solution": gold.source,
        "metadata": task["metadata"] | found,
    }


CURATE = Curation(
    begin=begin,
    steps=(
        Step("is a Python task with tests", is_python_task),
        Step("the language can express its tests", find_contract),
        scanned(texts, "drop"),
        Step("statement was rewritten", rewrite, by="curator"),
        Step("statement keeps to the problem", keeps_to_the_problem),
        Step("a gold passes all tests", prove, by="verifier"),
        Step("statement does not hold the gold", keeps_to_the_problem),
        scanned(written, "drop", name="no secrets or personal data in what was written"),
        Step("tests catch wrong programs", catch_wrong_programs, by="verifier"),
    ),
    tasks=tasks,
)
