"""Programs as tokens, as far as comments, strings and names must be told apart in four languages. No grammar.

Whoever wants to know whether a program is right asks its compiler; here a text that cannot be cut up is only refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, cast

Kind = Literal["space", "comment", "string", "regex", "number", "word", "sign"]


class Token(NamedTuple):
    """A piece of a program."""

    kind: Kind
    text: str


_STRING = r'"(?:\\.|[^"\\\n])*"'
_CHAR = r"'(?:\\.|[^'\\\n])*'"
_COMMON = r"(?P<number>\d(?:[\w.]|(?<=[eE])[+-])*)|(?P<word>[^\W\d]\w*)|(?P<sign>.)"
_C_COMMENT = r"//[^\n]*|/\*.*?\*/"
_PATTERNS = {
    "python": rf"""
        (?P<space>\s+|\\\n)
      | (?P<comment>\#[^\n]*)
      | (?P<string>(?i:[rbuf]{{0,2}})(?:\"{{3}}(?:\\.|[^\\])*?\"{{3}}|'{{3}}(?:\\.|[^\\])*?'{{3}}|{_STRING}|{_CHAR}))
      | {_COMMON}""",
    "javascript": rf"(?P<space>\s+)|(?P<comment>{_C_COMMENT})|(?P<string>{_STRING}|{_CHAR})|"
    rf"(?P<number>\d(?:[\w.])*)|(?P<word>[^\W\d$][\w$]*|[$#][\w$]+)|(?P<sign>.)",
    "rust": r"(?P<space>\s+)|(?P<comment>//[^\n]*)|(?P<string>b?r(?P<hashes>\#*)\".*?\"(?P=hashes)|"
    r"b?\"(?:\\.|[^\"\\])*\"|b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])')|(?P<label>'[^\W\d]\w*)|"
    r"(?P<number>\d(?:\w|\.(?=\d))*)|(?P<word>[^\W\d]\w*)|(?P<sign>::|->|.)",
    "cpp": rf"(?P<space>(?:\s|\\\n)+)|(?P<comment>{_C_COMMENT})|"
    rf"(?P<string>(?:u8|[LuU])?(?:R\"(?P<mark>[^(]*)\(.*?\)(?P=mark)\"|{_STRING}|{_CHAR}))|"
    rf"(?P<number>\d(?:[\w.]|'(?=\w)|(?<=[eEpP])[+-])*)|(?P<word>[^\W\d]\w*)|(?P<sign>::|->|.)",
}
_COMPILED = {
    name: re.compile(pattern, re.DOTALL | (re.VERBOSE if name == "python" else 0))
    for name, pattern in _PATTERNS.items()
}
_REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_BEFORE_REGEX = {
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "yield",
    "await",
}
_BY_HAND = {"javascript": "/`", "rust": ("/*",)}
_OPENS = {'"': "a string", "'": "a string", "`": "a template"}


def tokens(language: str, source: str) -> list[Token]:
    """All tokens of a program; joined, they are its text.

    Raises:
        ValueError: A string or a comment does not end.
    """
    found = list(_tokens(language, source))
    for before, token in zip([None, *found], found, strict=False):
        if token.kind == "sign" and token.text in _OPENS and not (language == "rust" and token.text == "`"):
            raise ValueError(f"{_OPENS[token.text]} does not end")
        if language != "python" and token.text == "*" and before is not None and before.text == "/":
            raise ValueError("a comment does not end")
    return found


def _tokens(language: str, source: str) -> Iterator[Token]:
    """One pattern cuts most programs; what it has no words for (nested comments, templates) is looked for by hand."""
    if language in ("python", "cpp") or not any(sign in source for sign in _BY_HAND[language]):
        yield from map(_token, _COMPILED[language].finditer(source))
        return
    place, last = 0, ""
    while place < len(source):
        token = _next(language, source, place, last)
        place += len(token.text)
        if token.kind not in ("space", "comment"):
            last = token.text
        yield token


def _next(language: str, source: str, place: int, last: str) -> Token:
    sign = source[place]
    if language == "rust" and source.startswith("/*", place):
        return Token("comment", source[place : _end_of_nested(source, place)])
    if language == "javascript" and sign == "`":
        return Token("string", source[place : _end_of_template(source, place)])
    if language == "javascript" and sign == "/" and _may_begin_regex(last):
        match = _REGEX.match(source, place)
        if match is not None:
            return Token("regex", match[0])
    match = _COMPILED[language].match(source, place)
    assert match is not None  # noqa: S101 - the last alternative takes anything
    return _token(match)


def _token(match: re.Match[str]) -> Token:
    group = match.lastgroup or "sign"
    return Token("word" if group == "label" else cast(Kind, group), match[0])


def _may_begin_regex(last: str) -> bool:
    """Whether a slash after this token is no division."""
    if last in _BEFORE_REGEX or not last:
        return True
    return not (last[-1].isalnum() or last[-1] in "_$)]}\"'`")


def _end_of_nested(source: str, place: int) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", source[place:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return place + mark.end()
    raise ValueError("a comment does not end")


def _end_of_template(source: str, place: int) -> int:
    """Behind the closing mark of a template, whose ``${...}`` may hold templates again."""
    at = place + 1
    while at < len(source):
        if source[at] == "`":
            return at + 1
        if source.startswith("${", at):
            at = _end_of_hole(source, at + 2)
        else:
            at += 2 if source[at] == "\\" else 1
    raise ValueError("a template does not end")


def _end_of_hole(source: str, place: int) -> int:
    depth, last = 1, ""
    while place < len(source):
        token = _next("javascript", source, place, last)
        place += len(token.text)
        last = token.text if token.kind not in ("space", "comment") else last
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0:
            return place
    raise ValueError("a template does not end")


def without_comments(language: str, source: str) -> str:
    """A program without comments and docstrings, and without the lines that they stood on alone; strings survive.

    Raises:
        ValueError: A string or a comment does not end.
    """
    kept: list[Token] = []
    for token in tokens(language, source.replace("\r\n", "\n").replace("\t", "    ")):
        if token.kind != "comment":
            kept.append(token)
        elif not kept or kept[-1].kind != "space":
            kept.append(Token("space", " "))
    kept = _joined(kept)
    if language == "python":
        kept = _without_docstrings(kept)
    return "".join(token.text for token in kept).strip() + "\n"


def _joined(kept: list[Token]) -> list[Token]:
    """Neighbouring white space made one: of a line on which only a comment stood nothing is left."""
    joined: list[Token] = []
    for token in kept:
        if token.kind != "space" or "\\" in token.text:
            joined.append(token)
        elif joined and joined[-1].kind == "space" and "\\" not in joined[-1].text:
            before = joined.pop().text
            both = before.rstrip(" ").removesuffix("\n") + token.text if "\n" in token.text else before
            joined.append(Token("space", both))
        else:
            joined.append(token)
    return [_tidied(token) if token.kind == "space" and "\n" in token.text else token for token in joined]


def _tidied(space: Token) -> Token:
    return Token("space", re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", space.text)))


def _without_docstrings(kept: list[Token]) -> list[Token]:
    """Strings that are statements go; where nothing else is left of a block, ``pass`` stands in their place."""
    made: list[Token] = []
    depth = 0
    for place, token in enumerate(kept):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0) if token.kind == "sign" else 0
        before, after = (kept[place - 1] if place else None), (kept[place + 1] if place + 1 < len(kept) else None)
        starts = before is None or (before.kind == "space" and "\n" in before.text and "\\" not in before.text)
        ends = after is None or (after.kind == "space" and "\n" in after.text)
        if token.kind == "string" and depth == 0 and starts and ends:
            if before is not None and (after is None or _indent(after) < _indent(before)):
                made.append(Token("word", "pass"))
            elif made:
                made.pop()  # the next line begins as deep as this one did
        else:
            made.append(token)
    return made


def _indent(space: Token) -> int:
    return len(space.text.rpartition("\n")[2])
