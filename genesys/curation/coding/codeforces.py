"""Codeforces (``open-r1/codeforces``): columns -> ``CodeProblem``. It has checkers and official tests, and no golds."""

from __future__ import annotations

from typing import Any

from genesys.curation.coding import values as values
from genesys.curation.coding.origins import named
from genesys.curation.coding.problem import CodeProblem, Columns, Solution
from genesys.outcomes import Outcome, rejected

NEEDED = (
    "id", "title", "description", "input_format", "output_format", "note", "examples", "official_tests",
    "official_tests_complete", "input_mode", "time_limit", "memory_limit", "generated_checker", "executable",
)  # fmt: skip

INTERACTIVE = "interactive"
NOT_EXECUTABLE = "upstream: cannot be executed"
_FILES = ("input.txt", "output.txt")
"""Names that Codeforces gives files, where a problem reads and writes files."""


def key(row: dict[str, Any]) -> str:
    """Contest and index, as in ``1036/B``."""
    if not (found := values.text(row, "id").strip()):
        raise ValueError("id: is empty")
    return found


def read(row: dict[str, Any]) -> CodeProblem:
    """A row of Codeforces as a problem. Examples that are no official tests go before these."""
    examples = values.pairs(row, "examples", ("input", "output"))
    official = values.pairs(row, "official_tests", ("input", "output"))
    both = [each for part in (examples, official) if not isinstance(part, Outcome) for each in part]
    checker = values.text(row, "generated_checker")
    from_file = values.text(row, "input_mode").strip().lower() == "file"
    ident = key(row)
    return CodeProblem(
        statement=_statement(row, [] if isinstance(examples, Outcome) else examples),
        tests=tuple(values.stdin_tests(both)),
        checker=Solution("python", checker) if checker.strip() else None,
        time_limit=values.seconds(row.get("time_limit")),
        memory_limit=values.word(row, "memory_limit"),
        memory_limit_bytes=values.size(row.get("memory_limit")),
        difficulty=values.word(row, "rating"),
        url=f"https://codeforces.com/problemset/problem/{ident}",
        name=values.word(row, "title"),
        tags=values.words(row, "tags"),
        input_file=_FILES[0] if from_file else None,
        output_file=_FILES[1] if from_file else None,
        origins=_origins(row, ident),
        drop=_drop(row, [part for part in (examples, official) if isinstance(part, Outcome)]),
        notes=(("tests_complete", bool(row.get("official_tests_complete"))),),
    )


def _drop(row: dict[str, Any], unequal: list[Outcome]) -> Outcome | None:
    if values.text(row, "interaction_format").strip() or values.text(row, "input_mode").strip() == "interactive":
        return rejected(INTERACTIVE, "upstream gives a format of interaction")
    if row.get("executable") is False:
        return rejected(NOT_EXECUTABLE)
    return unequal[0] if unequal else None


def _origins(row: dict[str, Any], ident: str) -> tuple[str, ...]:
    """Of the problem itself and of its copies in other contests."""
    names = [ident, *values.words(row, "aliases")]
    return tuple(dict.fromkeys(mark for name in names for mark in named("codeforces", *name.split("/"))))


def _statement(row: dict[str, Any], examples: list[tuple[Any, Any]]) -> str:
    """The parts that upstream keeps apart, under headings."""
    parts = [values.text(row, "description").strip()]
    if not parts[0]:
        return ""
    for heading, column in (("Input", "input_format"), ("Output", "output_format")):
        if found := values.text(row, column).strip():
            parts.append(f"## {heading}\n\n{found}")
    if examples:
        shown = "\n\n".join(
            f"Input\n\n```\n{(values.lines(given) or '').rstrip()}\n```\n\n"
            f"Output\n\n```\n{(values.lines(wanted) or '').rstrip()}\n```"
            for given, wanted in examples
        )
        parts.append(f"## Examples\n\n{shown}")
    if note := values.text(row, "note").strip():
        parts.append(f"## Note\n\n{note}")
    return "\n\n".join(parts)


CODEFORCES = Columns("codeforces", NEEDED, key, read)
