"""Cleaning of coding problems: which can be a task at all, and which of their tests a task keeps. Nothing is executed.

Limits on tests, chosen so that a task stays small enough to be hashed and sent for each of its verdicts:

- A test whose input and output have more than ``MAX_TEST_CHARS`` characters together is left out, and so is one that
  upstream cut short (it ends in dots).
- Of the rest at most ``MAX_TESTS`` stay: the first ``FIRST_TESTS``, since sources put examples and official tests
  first, and others chosen by the row's own seed, in upstream's order; all together within ``MAX_TASK_CHARS``.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, replace

from genesys.curation.coding.codeforces import INTERACTIVE
from genesys.curation.coding.origins import body_of
from genesys.curation.coding.problem import CodeProblem, Test
from genesys.hashing import derived_seed
from genesys.outcomes import Outcome, rejected

NO_STATEMENT = "statement is empty"
NEEDS_IMAGE = "needs an image"
NOT_PYTHON = "not a Python problem"
NO_TESTS = "no tests"
NO_OUTPUTS = "tests without outputs"
TOO_LARGE = "tests too large"
CUT_SHORT = "tests cut short"
NEEDS_CHECKER = "needs a checker"

MAX_TESTS = 100
FIRST_TESTS = 50
MAX_TEST_CHARS = 1 << 20
MAX_TASK_CHARS = 8 << 20

_IMAGE = re.compile(
    r"<image>|<img\b[^>]*>|!\[[^\]]*\]\([^)]*\)|\[image\]|\\includegraphics(?:\[[^\]]*\])?\{[^}]*\}", re.IGNORECASE
)
_INTERACTIVE = re.compile(
    r"\bthis is an interactive (?:problem|task)\b|\bin this interactive problem\b|"
    r"^[\W_]*interaction(?: protocol)?[\W_]*$",
    re.IGNORECASE | re.MULTILINE,
)
_OTHER_LANGUAGE = re.compile(
    r"#include\b|\bpublic\s*:|\bpublic\s+(?:static|class)\b|\bfunc\s+\w+\(|\bfunction\s+\w+\s*\(|\bfn\s+\w+\s*\("
)
_ANSWERS = r"(?:valid |correct |suitable )?(?:answers?|outputs?|solutions?)"
_ANY_ANSWER = re.compile(
    rf"\b(?:print|output|find|return|report) any (?:(?:one )?of (?:them|these|those)|(?:one|{_ANSWERS}))\b|"
    rf"\bany of (?:them|those|these) (?:is|are|will be) accepted\b|\byou (?:may|can) (?:print|output) any\b|"
    rf"\b(?:other|any) {_ANSWERS} (?:(?:will|may) be|will also be|is|are)(?: also)? accepted\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Cleaned:
    """A problem whose tests can be used.

    Args:
        problem: With the tests that stay, and without placeholders of images.
        needs_checker: Why one output a test is not enough, if it is not.
        tests_upstream: How many tests upstream has.
    """

    problem: CodeProblem
    needs_checker: str | None
    tests_upstream: int


def whole(problem: CodeProblem) -> Outcome | None:
    """Why a problem cannot become a task, whatever its tests; None if it can."""
    if problem.drop is not None:
        return problem.drop
    if not problem.statement.strip():
        return rejected(NO_STATEMENT)
    if match := _INTERACTIVE.search(problem.statement):
        return rejected(INTERACTIVE, match[0].strip())
    if match := _IMAGE.search(body_of(problem.statement)):
        # A picture beside the examples is an illustration; one before them may be half of the problem.
        return rejected(NEEDS_IMAGE, match[0])
    if match := _OTHER_LANGUAGE.search(problem.starter_code):
        return rejected(NOT_PYTHON, f"its starter code has {match[0].strip()!r}")
    return rejected(NO_TESTS) if not problem.tests else None


def clean(problem: CodeProblem, row_id: str) -> Cleaned | Outcome:
    """A whole problem with the tests that can be used, or the counted reason why there are none.

    Args:
        problem: As its source gives it.
        row_id: Seeds the choice of tests.
    """
    tests = _usable(problem.tests)
    if isinstance(tests, Outcome):
        return tests
    distinct, contradiction = _distinct(tests)
    reason = contradiction or _several_answers(problem.statement)
    if reason is not None and problem.checker is None:
        return rejected(NEEDS_CHECKER, reason)
    kept = tuple(_choose(distinct, derived_seed("tests", row_id)))
    shown = replace(problem, statement=_IMAGE.sub("", problem.statement).strip(), tests=kept)
    return Cleaned(shown, reason, len(problem.tests))


def _several_answers(statement: str) -> str | None:
    match = _ANY_ANSWER.search(" ".join(statement.split()))
    return f"the statement says {match[0]!r}" if match else None


def _usable(tests: tuple[Test, ...]) -> list[tuple[int, Test]] | Outcome:
    """Tests that can be used, with their numbers upstream."""
    if not any(_says_something(test["output"]) for test in tests):
        return rejected(NO_OUTPUTS)
    whole = [(number, test) for number, test in enumerate(tests, 1) if not _is_cut(test)]
    if not whole:
        return rejected(CUT_SHORT)
    small = [(number, test) for number, test in whole if _size(test) <= MAX_TEST_CHARS]
    return small or rejected(TOO_LARGE, f"the smallest has {min(_size(test) for _, test in whole)} characters")


def _says_something(output: object) -> bool:
    return bool(output.strip()) if isinstance(output, str) else output is not None


def _is_cut(test: Test) -> bool:
    """Sites show long tests cut short, with dots at the end."""
    return test["type"] == "stdin_stdout" and any(test[name].rstrip().endswith("...") for name in ("input", "output"))


def _size(test: Test) -> int:
    return sum(len(value) if isinstance(value, str) else len(json.dumps(value)) for value in _sides(test))


def _sides(test: Test) -> tuple[object, object]:
    return test["input"], test["output"]


def _distinct(tests: list[tuple[int, Test]]) -> tuple[list[Test], str | None]:
    """Each test once, and which of them contradict each other: one input with two outputs."""
    first: dict[str, tuple[int, str]] = {}
    kept: list[Test] = []
    contradiction = None
    for number, test in tests:
        given, wanted = (_plain(value) for value in _sides(test))
        before, output = first.setdefault(given, (number, wanted))
        if before == number:
            kept.append(test)
        elif output != wanted and contradiction is None:
            contradiction = f"tests {before} and {number} have one input and two outputs"
            kept.append(test)
        elif output != wanted:
            kept.append(test)
    return kept, contradiction


def _plain(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)


def _choose(tests: list[Test], seed: int) -> list[Test]:
    """At most ``MAX_TESTS`` within ``MAX_TASK_CHARS``, in upstream's order."""
    later = list(range(FIRST_TESTS, len(tests)))
    random.Random(seed).shuffle(later)  # noqa: S311 - a choice that a rerun must make again
    chosen: list[int] = []
    room = MAX_TASK_CHARS
    for index in [*range(min(FIRST_TESTS, len(tests))), *later]:
        if len(chosen) < MAX_TESTS and (size := _size(tests[index])) <= room:
            chosen.append(index)
            room -= size
    return [tests[index] for index in sorted(chosen)]
