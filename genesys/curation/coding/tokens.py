"""Slips in programs in C++, JavaScript and Rust, found on tokens: these languages are not parsed here.

Only changes after which the program still compiles are made: one operator for another of its kind where both sides are
values, a whole number for its neighbour, one name for its opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<passed>//[^\n]*|/\*.*?\*/|^[ \t]*\#[^\n]*(?:\\\n[^\n]*)*|R"(?P<d>[^(]*)\(.*?\)(?P=d)"|'(?:\\.|[^'\\\n])'
        |"(?:\\.|[^"\\])*"|\s+)
      |(?P<number>\b\d[\w.']*)
      |(?P<word>[A-Za-z_]\w*)
      |(?P<sign><<=|>>=|<=|>=|==|!=|&&|\|\||\+\+|--|[-+*/%&|^]=|<<|>>|->|::|=>|.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_SIGNS = {
    "<=": ("<", "boundary"), ">=": (">", "boundary"), "==": ("!=", "boundary"), "!=": ("==", "boundary"),
    "&&": ("||", "and or"), "||": ("&&", "and or"), "+=": ("-=", "operator"), "-=": ("+=", "operator"),
    "*=": ("+=", "operator"),
}  # fmt: skip
_SPACED = {
    "<": ("<=", "boundary"), ">": (">=", "boundary"), "+": ("-", "operator"), "-": ("+", "operator"),
    "*": ("+", "operator"), "/": ("*", "operator"), "%": ("/", "operator"),
}  # fmt: skip
"""Signs that mean other things too (templates, pointers, closures): changed between two values only."""
_WORDS = {"min": "max", "max": "min", "true": "false", "false": "true", "lower_bound": "upper_bound",
          "upper_bound": "lower_bound", "break": "continue"}  # fmt: skip
_LARGEST = 10**6
_MODULI = frozenset({10**9 + 7, 998244353})
_NO_VALUE = frozenset(
    {
        "vector", "pair", "map", "set", "queue", "deque", "stack", "array", "priority_queue", "tuple", "unordered_map",
        "unordered_set", "multiset", "bitset", "template", "typename", "return", "case", "int", "long", "double",
        "float", "char", "bool", "auto", "const", "unsigned", "string", "Vec", "Option", "Box", "HashMap", "HashSet",
        "VecDeque", "BTreeMap", "static_cast", "numeric_limits", "function", "greater", "less", "hash",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One token's text replaced."""

    kind: str
    start: int
    end: int
    text: str


def token_changes(source: str) -> list[Change]:
    """All slips that can be made in a program."""
    return [Change(kind, start, end, text) for start, end, text, kind in _changes(source)]


def _changes(source: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, new text, kind) of every change."""
    tokens = [match for match in _TOKEN.finditer(source) if match.lastgroup != "passed" and match["passed"] is None]
    for place, token in enumerate(tokens):
        text, span = token.group(), token.span()
        before = tokens[place - 1].group() if place else ""
        after = tokens[place + 1].group() if place + 1 < len(tokens) else ""
        if token["number"] is not None:
            yield from ((*span, new, "constant") for new in _numbers(text, before, after))
        elif token["word"] is not None:
            if text in _WORDS and before not in {".", "->"}:
                yield (*span, _WORDS[text], "name")
        elif text in _SIGNS:
            yield (*span, *_SIGNS[text])
        elif text in _SPACED and _is_between_values(source, *span, before, after):
            yield (*span, *_SPACED[text])


def _numbers(text: str, before: str, after: str) -> Iterator[str]:
    """Neighbours of a whole number; not the size of an array, where one less is a crash that is seldom seen."""
    if not text.isdigit() or (text.startswith("0") and text != "0") or "[" in (before,) and after == "]":
        return
    number = int(text)
    if number <= _LARGEST or number in _MODULI:
        yield str(number + 1)
        if number > 0:
            yield str(number - 1)


def _is_between_values(source: str, start: int, end: int, before: str, after: str) -> bool:
    """Whether a sign stands between two values. Of ``<``, ``>`` and ``*`` only white space around them shows it."""
    if source[start] in "<>*" and not (source[start - 1].isspace() and source[end].isspace()):
        return False
    return _is_value(before, ends=True) and _is_value(after, ends=False)


def _is_value(token: str, *, ends: bool) -> bool:
    """Whether a token can end (or begin) a value."""
    if token in _NO_VALUE:
        return False
    return token[:1].isalnum() or token[:1] == "_" or token in ((")", "]") if ends else ("(",))
