"""A function that the curator wrote: brought into the form in which a task shows it, or refused by rules alone.

The contract: one program text that defines ``transform``, from a text to a text, with nothing around it: it reads and
writes nothing, and knows no clock and no chance. What it does with texts is seen when it runs, in ``truth``.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from genesys.curation.code_understanding.contract import DEFINED, outside, told, with_next
from genesys.curation.code_understanding.lexing import Token, tokens, without_comments
from genesys.hashing import digest
from genesys.job import Job, Language, Limits, Run

UNREADABLE = "function cannot be read"
NO_TRANSFORM = "no function transform"
OUTSIDE = "function reaches outside"
TOO_LONG = "function too long"
TELLS_IDEA = "function tells its idea"

MOST_CHARS = 6000
"""Of a function, comments left out."""
LIMITS = Limits(cpu_s=1.0, wall_s=10.0, memory_mb=256, output_bytes=64 << 10)
"""Of one run: a text of a few hundred characters."""
_SHINGLE = 5
_KEYWORDS = (
    "and as assert auto bool break case char class const continue def del dict elif else enum f64 false False fn for "
    "from function global i32 i64 if impl in int is lambda let list long loop map match mut new None nonlocal not null "
    "or pass return self set size_t str String string struct switch template this true True tuple u32 u64 u8 unsigned "
    "usize var vector Vec void while with yield"
)
_KEPT = frozenset(_KEYWORDS.split())
"""Words that are no names of somebody's choice."""


@dataclass(frozen=True)
class Function:
    """A function as a task shows it.

    Args:
        language: The sandbox's name of it.
        code: Without comments.
    """

    language: Language
    code: str

    @property
    def ident(self) -> str:
        """Names it: functions that differ in white space alone are one."""
        return digest([self.language, self.code.split()], 24)

    @functools.cached_property
    def lexed(self) -> tuple[Token, ...]:
        """Its tokens, without white space."""
        return tuple(token for token in tokens(self.language, self.code) if token.kind != "space")

    @functools.cached_property
    def shingles(self) -> frozenset[str]:
        """What it is compared by: runs of tokens, whatever variables are called and constants are worth."""
        words = [_plain(token, following) for token, following in with_next(self.lexed)]
        return frozenset(" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1)))

    @functools.cached_property
    def literals(self) -> frozenset[str]:
        """The texts of its strings."""
        return frozenset(token.text.strip("rbuf\"'`") for token in self.lexed if token.kind == "string")

    def job(self, texts: tuple[str, ...]) -> Job:
        """The function as a program, run on each of the texts: all in one job, so that it is compiled once."""
        runs = tuple(Run(stdin=text.encode()) for text in texts)
        return Job(self.language, _program(self.language, self.code).encode(), runs, LIMITS, stop_at_failure=True)


def read_function(language: Language, written: str, ideas: tuple[str, ...]) -> Function | tuple[str, str]:
    """A function as it was written -> as it is shown; or why it is refused, and what a person should know."""
    try:
        function = Function(language, without_comments(language, written))
        cut = list(function.lexed)
    except ValueError as error:
        return UNREADABLE, str(error)
    code = function.code
    if "```" in code:
        return UNREADABLE, "it holds the fence of the block that a task shows it in"
    if len(code) > MOST_CHARS:
        return TOO_LONG, f"{len(code)} characters, {MOST_CHARS} at most"
    if not re.search(DEFINED[language], code, re.MULTILINE):
        return NO_TRANSFORM, code[:200]
    if (name := outside(language, code, cut)) is not None:
        return OUTSIDE, name
    if (run := told(cut, ideas)) is not None:
        return TELLS_IDEA, run
    return function


def stands_in(function: Function, output: str) -> bool:
    """Whether an output can be read off the function's text: as one of its strings, or, if long, anywhere."""
    if len(output) >= 6 and output in function.code:
        return True
    return output in function.literals


def _plain(token: Token, following: str) -> str:
    """A token with what is a matter of taste taken out: names that are not called, numbers, strings."""
    if token.kind == "word":
        return token.text if token.text in _KEPT or following in ("(", "!") else "v"
    return {"number": "0", "string": "s", "regex": "r"}.get(token.kind, token.text)


_MAINS = {
    "python": (
        "import sys as _sys\n"
        "_sys.stdout.buffer.write(transform(_sys.stdin.buffer.read().decode()).encode())\n"
        "_sys.stdout.flush()\n"
    ),
    "javascript": (
        "process.stdout.write(((made) => { if (typeof made !== 'string') throw new TypeError('no string'); "
        "return made; })(transform(require('fs').readFileSync(0, 'utf8'))));\n"
    ),
    "rust": (
        "fn main() {\n    use std::io::{Read, Write};\n    let mut text = String::new();\n"
        "    std::io::stdin().read_to_string(&mut text).unwrap();\n"
        "    std::io::stdout().write_all(transform(&text).as_bytes()).unwrap();\n}\n"
    ),
    "cpp": (
        "#include <cstdio>\n#include <iostream>\n#include <iterator>\nint main() {\n"
        "    std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());\n"
        "    std::string made = ::transform(text);\n    std::fwrite(made.data(), 1, made.size(), stdout);\n}\n"
    ),
}


def _program(language: str, code: str) -> str:
    """The function with what reads its input and writes what it returns."""
    # What the image has precompiled has to come first; a function's own includes then find everything read.
    head = "#include <bits/stdc++.h>\n" if language == "cpp" else ""
    return f"{head}{code}\n{_MAINS[language]}"
