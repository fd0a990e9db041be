"""APPS (``codeparrot/apps``): columns -> ``CodeProblem``. Solutions are Python; tests and solutions are JSON text."""

from __future__ import annotations

from typing import Any

from genesys.curation.coding import values as values
from genesys.curation.coding.origins import origin
from genesys.curation.coding.problem import CodeProblem, Columns, Solution

NEEDED = ("problem_id", "question", "solutions", "input_output", "difficulty", "url", "starter_code")


def key(row: dict[str, Any]) -> str:
    """Upstream's own number of the problem."""
    if (found := values.word(row, "problem_id")) is None:
        raise ValueError("problem_id: is empty")
    return found


def read(row: dict[str, Any]) -> CodeProblem:
    """A row of APPS as a problem."""
    tests, fn_name, drop = values.io_tests(row, "input_output")
    url = values.word(row, "url")
    return CodeProblem(
        statement=values.text(row, "question"),
        tests=tuple(tests),
        golds=tuple(Solution("python", source) for source in values.programs(row, "solutions")),
        starter_code=values.text(row, "starter_code"),
        fn_name=fn_name,
        difficulty=values.word(row, "difficulty"),
        url=url,
        origins=origin(url),
        drop=drop,
    )


APPS = Columns("apps", NEEDED, key, read)
