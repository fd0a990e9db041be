"""JSON as models write it: objects found in a text and read, in JSON's, Python's or JavaScript's spelling.

What is read: quotes of either kind, triple and typographic ones, raw line breaks, ``True`` and ``None`` beside ``true``
and ``null``, tuples, sets, bytes, keys without quotes, trailing commas, comments, LaTeX's escaped braces. Nothing is
guessed: an object that was cut off, or one with two meanings, is unreadable. What an object means stands with whoever
asked for it. (Libraries that repair JSON invent what is missing, and a verdict must not rest on that.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 100
_WASTE = 500_000
"""Characters that may be read in vain in one text; a text made of braces would otherwise take for ever."""
_ALWAYS_TRIED = 100
"""Objects at the end of a text that are tried all the same: answers stand there."""

_START = re.compile(r"""\{\s*(?:["'“‘`}#]|//|/\*|[A-Za-z_$][\w$]*\s*:)""")
# Possessive, and bounded where an end is looked for, so that no text costs more than its length.
_SPACE = re.compile(r"(?:\s++|//[^\n]*+|#[^\n]*+|/\*(?:[^*]|\*(?!/)){0,200}+\*/|\\(?=[{}\[\]]))*+")
_NUMBER = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?+(?![\w.])")
_WORD = re.compile(r"[+-]?[A-Za-z_$][\w$]*+")
_PREFIX = re.compile(r"(?i:rb|br|b|r|u)?(?=[\"'])")
_BODIES = {
    mark: re.compile(rf"([^{mark[0]}\\]*+(?:(?:\\.|{mark[0]}(?!{mark[1:]}))[^{mark[0]}\\]*+)*+){mark}", re.DOTALL)
    for mark in ('"""', "'''")
} | {
    opening: re.compile(rf"([^{closing}\\]*+(?:\\.[^{closing}\\]*+)*+){closing}", re.DOTALL)
    for opening, closing in ('""', "''", "“”", "‘’", "``")
}
# A closing quote is one that what follows lets be one: the second reading, for quotes that were not escaped.
_LOOSE_BODY = re.compile(
    r"""((?:[^"\\]|\\.|"(?!\s*(?:[}\]]|,\s*(?:["'}\]]|[A-Za-z_]\w*\s*:))))*+)\"""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.DOTALL)
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_JSON_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", **{mark: mark for mark in "\"'\\/"}}
_PYTHON_ESCAPES = {**_JSON_ESCAPES, "a": "\a", "v": "\v", "\n": "", "`": "`", "/": "\\/"}


class Undefined:
    """JavaScript's value of that name."""

    def __eq__(self, other: object) -> bool:
        """All are the same."""
        return isinstance(other, Undefined)

    def __hash__(self) -> int:
        return hash(Undefined)

    def __repr__(self) -> str:
        return "undefined"


_WORDS: dict[str, Any] = {
    **{"true": True, "True": True, "false": False, "False": False, "null": None, "None": None},
    **{"NaN": float("nan"), "nan": float("nan"), "undefined": Undefined()},
    **{f"{sign}{word}": float(f"{sign}inf") for sign in ("", "+", "-") for word in ("Infinity", "inf")},
}


class Unreadable(ValueError):
    """No value can be read; ``position`` is where reading ended."""

    def __init__(self, why: str, position: int) -> None:
        """``why`` continues "the value is unreadable:"."""
        super().__init__(why)
        self.position = position


def plain_number(token: str) -> int | float:
    """A number as Python has it; an integer too long for Python's reading is a float."""
    try:
        return int(token)
    except ValueError:
        return float(token)


@dataclass(frozen=True)
class Dialect:
    r"""What values are made of, and which escapes strings in double quotes have.

    Args:
        number: Makes a number of its token.
        pairs: Makes an object of its pairs, duplicates and all.
        python: ``\x41`` is an escape in double quotes too, as it always is in single ones; in JSON it is a backslash
            that should have been doubled.
    """

    number: Callable[[str], Any] = plain_number
    pairs: Callable[[list[tuple[Any, Any]]], Any] = dict
    python: bool = False


JSON = Dialect()


@dataclass(frozen=True)
class Found:
    """An object found in a text; ``value`` is None where it could not be read, and ``end`` is where reading ended."""

    start: int
    end: int
    value: Any


def read(text: str, dialect: Dialect = JSON) -> Any:
    """The value that a whole text is.

    Raises:
        Unreadable: It is none, or something stands before or behind it.
    """
    value, end = _Reader(text, 0, dialect).whole()
    if end != len(text):
        raise Unreadable("something stands behind it", end)
    return value


def objects(text: str, dialect: Dialect = JSON) -> Iterator[Found]:
    """All outermost objects of a text in order, whatever stands around them; also what looks like one and is not."""
    starts = [match.start() for match in _START.finditer(text)]
    read_to = waste = 0
    for left, start in zip(range(len(starts) - 1, -1, -1), starts, strict=True):
        if start < read_to or (waste > _WASTE and left >= _ALWAYS_TRIED):
            continue
        found = _object(text, start, dialect)
        yield found
        if found.value is None:
            waste += found.end - start
        else:
            read_to = found.end


def dicts(text: str) -> list[dict[str, Any]]:
    """The outermost objects of a text as dicts, in order."""
    return [found.value for found in objects(text) if isinstance(found.value, dict)]


def _object(text: str, start: int, dialect: Dialect) -> Found:
    reached = start
    for loose in (False, True):
        try:
            value, end = _Reader(text, start, dialect, loose).value(0)
        except Unreadable as error:
            reached = max(reached, error.position)
        else:
            return Found(start, end, value)
    return Found(start, reached, None)


class _Reader:
    """Reads one value by recursive descent."""

    def __init__(self, text: str, position: int, dialect: Dialect, loose: bool = False) -> None:
        self._text, self._at, self._dialect, self._loose = text, position, dialect, loose
        self._python = dialect.python

    def whole(self) -> tuple[Any, int]:
        """The value that begins here, and where it ends."""
        return self.value(0)

    def value(self, depth: int) -> tuple[Any, int]:
        """The value that begins here, and where it ends."""
        made = self._value(depth)
        return made, self._at

    def _value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Unreadable("it is nested too deeply", self._at)
        opening = self._text[self._at : self._at + 1]
        if opening == "{":
            return self._braces(depth)
        if opening == "[":
            return self._items("]", depth)[0]
        if opening == "(":
            items, has_comma = self._items(")", depth)
            return tuple(items) if has_comma or not items else items[0]
        if (string := self._string(in_key=False)) is not None:
            return string
        if match := _NUMBER.match(self._text, self._at):
            self._at = match.end()
            return self._dialect.number(match.group())
        match = _WORD.match(self._text, self._at)
        if match is None or match.group() not in _WORDS:
            raise Unreadable("there is no value", self._at)
        self._at = match.end()
        return _WORDS[match.group()]

    def _braces(self, depth: int) -> Any:
        """An object, or a Python set."""
        pairs: list[tuple[Any, Any]] = []
        before = self._python
        self._step()
        while self._peek() != "}":
            key = self._key(depth)
            self._space()
            if self._peek() != ":":
                return self._set(key, pairs, depth)
            self._step()
            pairs.append((key, self._value(depth + 1)))
            self._python = before
            self._separator("}")
        self._at += 1
        try:
            return self._dialect.pairs(pairs)
        except TypeError:
            raise Unreadable("a key is no value that can be one", self._at) from None

    def _key(self, depth: int) -> Any:
        """A key; one in single quotes says that the strings of its value follow Python's rules."""
        match = _WORD.match(self._text, self._at)
        if match and match.group() not in _WORDS and self._text[match.end() : match.end() + 1] not in ("'", '"'):
            self._at = match.end()
            return match.group()
        if self._peek() == "'":
            self._python = True
        string = self._string(in_key=True)
        return self._value(depth + 1) if string is None else string

    def _set(self, first: Any, pairs: list[tuple[Any, Any]], depth: int) -> frozenset[Any]:
        if pairs:
            raise Unreadable("a key has no value", self._at)
        self._separator("}")
        rest = self._rest("}", depth)[0]
        try:
            return frozenset([first, *rest])
        except TypeError:
            raise Unreadable("a set holds what cannot be in one", self._at) from None

    def _items(self, closing: str, depth: int) -> tuple[list[Any], bool]:
        self._step()
        return self._rest(closing, depth)

    def _rest(self, closing: str, depth: int) -> tuple[list[Any], bool]:
        """Items up to the closing bracket, and whether there was a comma."""
        items: list[Any] = []
        has_comma = False
        while self._peek() != closing:
            items.append(self._value(depth + 1))
            has_comma = self._separator(closing) or has_comma
        self._at += 1
        return items, has_comma

    def _separator(self, closing: str) -> bool:
        """Pass a comma, which a closing bracket may follow; false where that bracket follows at once."""
        self._space()
        if self._peek() == ",":
            self._step()
            return True
        if self._peek() != closing:
            raise Unreadable("neither a comma nor a closing bracket", self._at)
        return False

    def _string(self, *, in_key: bool) -> str | bytes | None:
        prefix_match = _PREFIX.match(self._text, self._at)
        prefix = prefix_match.group().lower() if prefix_match else ""
        begin = self._at + len(prefix)
        mark = self._text[begin : begin + 3]
        if mark not in _BODIES:
            mark = mark[:1]
        if not mark or mark not in _BODIES:
            return None
        is_loose = self._loose and mark == '"' and not in_key
        match = (_LOOSE_BODY if is_loose else _BODIES[mark]).match(self._text, begin + len(mark))
        if match is None:
            raise Unreadable("a string has no end", len(self._text))
        self._at = match.end()
        body = match.group(1)
        if "r" not in prefix:
            body = _unescape(body, self._python or bool(prefix) or mark not in ('"', "“"))
        if "b" not in prefix:
            return body
        try:
            return body.encode("latin-1" if match.group(1).isascii() else "ascii")
        except UnicodeEncodeError:
            raise Unreadable("bytes hold a character", self._at) from None

    def _peek(self) -> str:
        if self._at >= len(self._text):
            raise Unreadable("it has no end", self._at)
        return self._text[self._at]

    def _step(self) -> None:
        self._at += 1
        self._space()

    def _space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at


def _unescape(body: str, python: bool) -> str:
    r"""A string's text. A backslash that begins no escape stands for itself, as in ``"\d"``."""
    if "\\" not in body:
        return body
    table = _PYTHON_ESCAPES if python else _JSON_ESCAPES

    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in table:
            return table[code]
        if len(code) == 5 and code[0] == "u":
            return chr(int(code[1:], 16))
        if python and (code.isdigit() or len(code) > 1):
            number = int(code, 8) if code.isdigit() else int(code[1:], 16)
            return chr(number) if number < 0x110000 else match.group()
        return match.group()

    return _PAIR.sub(_joined, _ESCAPE.sub(one, body))


def _joined(pair: re.Match[str]) -> str:
    """The character beyond the first 65,536 that two escapes name together."""
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")
