"""CodeContests (``deepmind/code_contests``): columns -> ``CodeProblem``. Enumerations come as numbers or as names."""

from __future__ import annotations

import re
from typing import Any

from genesys.curation.coding import values as values
from genesys.curation.coding.origins import named
from genesys.curation.coding.problem import CodeProblem, Columns, Solution
from genesys.outcomes import Outcome

NEEDED = (
    "name", "description", "public_tests", "private_tests", "generated_tests", "source", "difficulty", "solutions",
    "incorrect_solutions", "time_limit", "memory_limit_bytes", "input_file", "output_file",
)  # fmt: skip

_LANGUAGES = ("unknown", "python2", "cpp", "python", "java")
"""By number: UNKNOWN_LANGUAGE, PYTHON (which is Python 2), CPP, PYTHON3, JAVA."""
_LANGUAGE_NAMES = {"PYTHON": "python2", "CPP": "cpp", "PYTHON3": "python", "JAVA": "java"}
_SOURCES = ("unknown", "codechef", "codeforces", "hackerearth", "codejam", "atcoder", "aizu")
_DIFFICULTIES = ("", "EASY", "MEDIUM", "HARD", "HARDER", "HARDEST", "EXTERNAL", *"ABCDEFGHIJKLMNOPQRSTUV")
_CODEFORCES = re.compile(r"\s*(\d+)_([A-Z]\d?)\b")


def key(row: dict[str, Any]) -> str:
    """The problem's name, which is unique."""
    if not (found := values.text(row, "name").strip()):
        raise ValueError("name: is empty")
    return found


def read(row: dict[str, Any]) -> CodeProblem:
    """A row of CodeContests as a problem."""
    tests = []
    drop: Outcome | None = None
    for column in ("public_tests", "private_tests", "generated_tests"):
        both = values.pairs(row, column, ("input", "output"))
        if isinstance(both, Outcome):
            drop = both
        else:
            tests += values.stdin_tests(both)
    name = values.text(row, "name").strip()
    site = _named(row.get("source"), _SOURCES).lower()
    contest = _CODEFORCES.match(name) if site == "codeforces" else None
    url = f"https://codeforces.com/problemset/problem/{contest[1]}/{contest[2]}" if contest else None
    return CodeProblem(
        statement=values.text(row, "description"),
        tests=tuple(tests),
        golds=_solutions(row, "solutions"),
        wrong=_solutions(row, "incorrect_solutions"),
        time_limit=values.seconds(values.value(row, "time_limit")),
        memory_limit_bytes=values.size(row.get("memory_limit_bytes"), "b"),
        difficulty=_named(row.get("difficulty"), _DIFFICULTIES) or None,
        url=url,
        name=name,
        tags=tuple(tag for tag in values.words(row, "cf_tags") if tag),
        input_file=values.word(row, "input_file"),
        output_file=values.word(row, "output_file"),
        origins=named("codeforces", contest[1], contest[2]) if contest else named(site, name),
        drop=drop,
        notes=tuple((column, row[column]) for column in ("cf_rating",) if row.get(column)),
    )


def _named(given: Any, names: tuple[str, ...]) -> str:
    """An enumeration's value by its name."""
    if isinstance(given, int) and not isinstance(given, bool):
        return names[given] if 0 <= given < len(names) else ""
    return "" if given is None else str(given).strip()


def _solutions(row: dict[str, Any], column: str) -> tuple[Solution, ...]:
    both = values.pairs(row, column, ("language", "solution"))
    if isinstance(both, Outcome):
        raise ValueError(f"{column}: {both.detail}")
    made = [Solution(_language(language), source) for language, source in both if isinstance(source, str)]
    return tuple(dict.fromkeys(solution for solution in made if solution.source.strip()))


def _language(given: Any) -> str:
    if isinstance(given, str) and not given.isdigit():
        return _LANGUAGE_NAMES.get(given.strip().upper(), "unknown")
    return _named(int(given or 0), _LANGUAGES) or "unknown"


CODE_CONTESTS = Columns("code_contests", NEEDED, key, read)
