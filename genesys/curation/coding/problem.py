"""What all sources of coding problems are brought into: one typed problem, whatever the upstream columns were.

Only the types stand here. How columns are read stands with each source (``apps``, ``code_contests``, ``codeforces``,
``taco``), what becomes of a problem in ``coding``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genesys.outcomes import Outcome

Test = dict[str, Any]
"""One test as ``verification_info`` holds it: ``{type: stdin_stdout, input, output}``, or
``{type: function_call, fn_name, input: [args], output}``."""


@dataclass(frozen=True)
class Solution:
    """A program that upstream gives, right or wrong.

    ``language`` is one of the sandbox's, or what the sandbox does not run: ``python2``, ``java``, ``unknown``.
    """

    language: str
    source: str


@dataclass(frozen=True)
class CodeProblem:
    """An upstream row of any source.

    Args:
        statement: The problem's text, with its examples where upstream has them in it.
        tests: All that can be read, in upstream's order, the public ones first.
        golds: Solutions that upstream takes for right.
        wrong: Solutions that upstream knows to be wrong.
        starter_code: What a solution has to begin with, for problems that ask for a function.
        fn_name: The function that tests call; None for whole programs.
        checker: A program that decides whether an output is right, for problems with several right outputs.
        time_limit: Seconds.
        memory_limit: As upstream writes it.
        memory_limit_bytes: The same in bytes.
        difficulty: In upstream's own words or figures.
        url: Where the problem stands on the web.
        name: Its title.
        tags: Upstream's topics.
        input_file: The file that a program has to read instead of standard input.
        output_file: The file that it has to write instead of standard output.
        origins: The problem's names at the contests that it comes from (``codeforces/1036/b``), whatever the source.
        drop: Why the row makes no task, where its columns say so.
        notes: What else the metadata is to tell.
    """

    statement: str
    tests: tuple[Test, ...] = ()
    golds: tuple[Solution, ...] = ()
    wrong: tuple[Solution, ...] = ()
    starter_code: str = ""
    fn_name: str | None = None
    checker: Solution | None = None
    time_limit: float | None = None
    memory_limit: str | None = None
    memory_limit_bytes: int | None = None
    difficulty: str | None = None
    url: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    input_file: str | None = None
    output_file: str | None = None
    origins: tuple[str, ...] = ()
    drop: Outcome | None = None
    notes: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Columns:
    """One source's columns.

    Args:
        name: Of the shape.
        needed: Columns by which the shape is known; others are used where they are.
        key: Upstream row -> what names it in its source for ever.
        read: Upstream row -> the problem. Raises ValueError, ``field: what is wrong``, for a row that is broken.
    """

    name: str
    needed: tuple[str, ...]
    key: Callable[[dict[str, Any]], str]
    read: Callable[[dict[str, Any]], CodeProblem]
