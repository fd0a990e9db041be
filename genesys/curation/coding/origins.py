"""Names of problems at the contests that they come from, and marks by which copies in several sources are known.

The sources copy each other: one Codeforces problem stands in APPS, TACO, CodeContests and Codeforces, each time with
other white space, with or without LaTeX's dollar signs, headings and examples, and with other tests. A row is marked by
its contest's name for the problem, by the letters and digits of its statement's body, and by its set of tests.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata

from genesys.curation.coding.problem import CodeProblem, Test
from genesys.hashing import digest

_ADDRESSES = (
    ("codeforces", r"codeforces\.com/(?:problemset/problem|contest|gym)/(\d+)/(?:problem/)?([A-Z]\d?)\b"),
    ("atcoder", r"atcoder\.jp/contests/[^/]+/tasks/(\w+)"),
    ("codechef", r"codechef\.com/(?:[^?#]*/)?problems/(\w+)"),
    ("codewars", r"codewars\.com/kata/(\w+)"),
    ("leetcode", r"leetcode\.com/problems/([\w-]+)"),
)
_SITES = frozenset({"codeforces", "codechef"})
"""Sites whose names in CodeContests are those of their addresses."""

EXAMPLES = re.compile(
    r"^[\W_]*(?:sample|example)s?(?:\s+(?:test\s*cases?|tests?|input|output|\d+|explanation))*[\W_]*\d*[\W_]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A heading after which examples and notes stand."""
_HEADING = re.compile(
    r"^[\W_]*(?:input|output|note|notes|constraints|input format|output format|problem statement|statement|"
    r"problem description|scoring|interaction)[\W_]*$",
    re.IGNORECASE | re.MULTILINE,
)
_KEPT_COMMANDS = {name: name for name in ("min", "max", "gcd", "lcm", "log", "mod")} | {"bmod": "mod", "pmod": "mod"}
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_GREEK = re.compile(r"[\u0370-\u03ff]")
_SHORTEST_STATEMENT = 60
_SHORTEST_TESTS = 60
"""Letters and digits below which a statement, or all inputs of a set of tests, say too little to mark a problem."""


def named(site: str, *names: str) -> tuple[str, ...]:
    """The mark of a problem that its contest site calls so; empty for a site whose names are no addresses."""
    if site not in _SITES or not all(names):
        return ()
    return ("/".join((site, *names)).casefold(),)


def origin(url: str | None) -> tuple[str, ...]:
    """The name of the problem that an address leads to, if it is one of the sites known here."""
    for site, pattern in _ADDRESSES:
        if url and (match := re.search(pattern, url, re.IGNORECASE)):
            return ("/".join((site, *match.groups())).casefold(),)
    return ()


def marks(problem: CodeProblem) -> tuple[str, ...]:
    """What another row of this problem has as well, whichever source it stands in."""
    found = [f"problem:{name}" for name in problem.origins]
    bare = bare_statement(problem.statement)
    if len(bare) >= _SHORTEST_STATEMENT:
        found.append(f"statement:{digest(bare, 24)}")
    if (tests := _set_of_tests(problem.tests)) is not None:
        found.append(f"tests:{tests}")
    return tuple(found)


def bare_statement(statement: str) -> str:
    """Letters and digits of the statement's body: no examples and notes, headings, signs, LaTeX commands and case.

    Formulas come as LaTeX in one source and as plain text in another; what both have in common is the letters and
    digits. Where nothing stands before the examples the whole text is taken.
    """
    return _letters(_HEADING.sub(" ", body_of(statement)))


def body_of(statement: str) -> str:
    """What stands before the first heading of examples."""
    heading = EXAMPLES.search(statement)
    return statement[: heading.start()] if heading and statement[: heading.start()].strip() else statement


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", html.unescape(text))
    folded = _COMMAND.sub(lambda match: _KEPT_COMMANDS.get(match[1], " "), folded)
    return "".join(filter(str.isalnum, _GREEK.sub("", folded.casefold())))


def _set_of_tests(tests: tuple[Test, ...]) -> str | None:
    """Hash of the tests as a set, up to white space; None if there is too little in them to tell problems apart."""
    shown = {_shown(test) for test in tests}
    if sum(len(given) for given, _ in shown) < _SHORTEST_TESTS:
        return None
    return digest(sorted(shown), 24)


def _shown(test: Test) -> tuple[str, str]:
    if test["type"] == "function_call":
        return test["fn_name"] + json.dumps(test["input"]), json.dumps(test["output"])
    return " ".join(test["input"].split()), " ".join(test["output"].split())
