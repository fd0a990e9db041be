"""Mends an artefact of APPS and TACO: solutions whose ``exit()`` was turned into a ``return`` outside of any function.

Their own harness runs a solution as the body of a function, so that such a program is right there and is labelled so;
Python itself refuses it. Nothing else about a program is ever changed, and nothing is parsed here, only split into
tokens: a program that nests deeply enough takes a parser down.
"""

from __future__ import annotations

import io
import re
import tokenize

MESSAGE = "'return' outside function"
"""What Python says of such a program."""
_SOURCES = re.compile(r"(?<![a-z])(?:apps|taco)(?![a-z])", re.IGNORECASE)
_END = "raise SystemExit; "


def is_wrapped_source(source: object) -> bool:
    """Whether a task's source is one of those."""
    return isinstance(source, str) and _SOURCES.search(source) is not None


def mended(program: str) -> str:
    """The program with each ``return`` outside of functions ending it; as it is where it is no Python."""
    lines = program.split("\n")
    try:
        places = _outside_functions(program)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return program
    for row, column in reversed(places):
        line = lines[row - 1]
        lines[row - 1] = (
            line[:column] + _END + line[column + len("return") :].lstrip(" \t")
        )  # its value comes to nothing
    return "\n".join(lines)


def _outside_functions(program: str) -> list[tuple[int, int]]:
    """Rows (from 1) and columns of these returns."""
    places: list[tuple[int, int]] = []
    in_function = [False]  # for each level of indentation
    is_def = is_async = False  # of the statement that a token stands in
    position = 0
    for token in tokenize.generate_tokens(io.StringIO(program).readline):
        if token.type == tokenize.INDENT:
            in_function.append(in_function[-1] or is_def)
        elif token.type == tokenize.DEDENT:
            in_function.pop()
        elif token.type == tokenize.NEWLINE:
            position = 0
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            if position == 0 or (position == 1 and is_async):
                is_def, is_async = token.string == "def", token.string == "async"
            position += 1
            if token.string == "return" and not is_def and not in_function[-1]:
                places.append(token.start)
    return places
