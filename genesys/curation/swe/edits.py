"""What an edit changes, line by line, and whether code is among it. Pure functions; no row is dropped here.

Comments are known by the language's marks alone, without a parser: a line that only looks like a comment, inside of a
long text say, is taken for one. That decides nothing but whether an edit is worth asking for.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from genesys.syntax.languages import Language
from genesys.verifiers.edited_file import normal

_DOCSTRING = re.compile(r"(\A\s*|:[ \t]*(?:#[^\n]*)?\n\s*)[rRbBuU]{0,2}(\"\"\"|''')[\s\S]*?\2[ \t]*$", re.MULTILINE)
_NUMBER = re.compile(r"v?\d+(?:[.\-_]\d+)*(?:[ab]\d+|rc\d+|-?(?:alpha|beta|dev|snapshot)[.\d]*)?", re.IGNORECASE)
_QUOTES = re.compile(r"[\"'`]")
_MOST_LINES = 3000
"""Lines of both files beyond which no edit is looked at; larger ones are dropped for their size before."""


@dataclass(frozen=True)
class Hunk:
    """Lines that were replaced: ``old[start:end]`` by ``lines``."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """The difference between two files, up to white space at their lines' ends."""

    before: str
    after: str

    @cached_property
    def old(self) -> list[str]:
        """Lines of the file before."""
        return normal(self.before).split("\n")

    @cached_property
    def new(self) -> list[str]:
        """Lines of the file after."""
        return normal(self.after).split("\n")

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """What was changed, from the top. One hunk of everything for files that are too long to be compared."""
        if len(self.old) + len(self.new) > _MOST_LINES:
            return (Hunk(0, len(self.old), tuple(self.new)),) if self.old != self.new else ()
        blocks = difflib.SequenceMatcher(None, self.old, self.new).get_opcodes()
        return tuple(Hunk(i, j, tuple(self.new[k:m])) for tag, i, j, k, m in blocks if tag != "equal")

    @cached_property
    def removed(self) -> list[str]:
        """Lines that the file no longer has."""
        return [line for hunk in self.hunks for line in self.old[hunk.start : hunk.end]]

    @cached_property
    def added(self) -> list[str]:
        """Lines that the file did not have."""
        return [line for hunk in self.hunks for line in hunk.lines]

    @property
    def size(self) -> int:
        """Lines removed and added."""
        return len(self.removed) + len(self.added)

    @property
    def kept(self) -> float:
        """The share of the longer file that stayed."""
        return 1 - max(len(self.removed), len(self.added)) / max(len(self.old), len(self.new))

    def without(self, number: int) -> str:
        """The file after with one hunk left as it was before."""
        lines, at = [], 0
        for place, hunk in enumerate(self.hunks):
            lines += self.old[at : hunk.start]
            lines += self.old[hunk.start : hunk.end] if place == number else hunk.lines
            at = hunk.end
        return "\n".join([*lines, *self.old[at:]])


def what_is_left_alone(edit: Edit, language: Language) -> str | None:
    """What an edit changes where that is no code; None where code is among it."""
    if Counter(_squeezed(line) for line in edit.removed) == Counter(_squeezed(line) for line in edit.added):
        return "white space or the order of lines"
    old, new = (code_of("\n".join(lines), language) for lines in (edit.old, edit.new))
    if old == new:
        return "comments and white space"
    if _without_imports(old, language) == _without_imports(new, language):
        return "imports"
    if _numbered(old) == _numbered(new) and any(_NUMBER.search(line) for line in edit.added):
        return "numbers"
    return None


def code_of(text: str, language: Language) -> list[str]:
    """Lines of code without comments and white space."""
    if language.name == "python":
        text = _DOCSTRING.sub(r"\1", text)
    for begin, end in language.block:
        text = re.sub(re.escape(begin) + r"[\s\S]*?" + re.escape(end), "", text)
    lines = (_without_comment(line, language) for line in text.split("\n"))
    return [squeezed for line in lines if (squeezed := _squeezed(line))]


def _without_comment(line: str, language: Language) -> str:
    """A line without the comment at its end; one with quotation marks in it may be part of a text, and stays."""
    for mark in language.line:
        if line.lstrip().startswith(mark):
            return ""
        before, found, comment = line.partition(f" {mark}")
        if found and not _QUOTES.search(comment):
            line = before
    return line


def _without_imports(lines: list[str], language: Language) -> list[str]:
    return [line for line in lines if not language.imports.match(line)]


def _numbered(lines: list[str]) -> list[str]:
    return [_NUMBER.sub("0", line) for line in lines]


def _squeezed(line: str) -> str:
    return " ".join(line.split())
