"""A commit in CommitPack's columns -> one typed ``Commit``, and who it is. Whether it makes a task stands elsewhere.

A local repository (``genesys.sources.git``) gives rows of the same columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from genesys.hashing import digest
from genesys.lane import Adapter, Identity
from genesys.syntax.languages import Language, language_of
from genesys.verifiers.edited_file import normal

COLUMNS = (
    "commit",
    "old_file",
    "new_file",
    "old_contents",
    "new_contents",
    "subject",
    "message",
    "lang",
    "license",
    "repos",
)
_TRAILER = re.compile(
    r"^[ \t]*(?:(?:signed-off|co-authored|reviewed|acked|tested|reported|suggested|approved|submitted)(?:-by)?|"
    r"change-id|cc|git-svn-id|differential revision|pull request|pr-url|reviewed-on|bug|issue)[ \t]*:.*$",
    re.IGNORECASE | re.MULTILINE,
)
_STATEMENT_LINES = 60


@dataclass(frozen=True)
class Commit:
    """A row.

    Args:
        commit: Its full name.
        old_file: The file's path before.
        new_file: And after.
        before: The file before.
        after: The file after.
        message: All of it, the subject first, without the trailers, which name people.
        lang: The language in upstream's words.
        license: As upstream writes it.
        repos: Names of repositories that have this commit, forks among them.
    """

    commit: str
    old_file: str
    new_file: str
    before: str
    after: str
    message: str
    lang: str = ""
    license: Any = None
    repos: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The message's first line."""
        return self.message.partition("\n")[0].strip()

    @property
    def language(self) -> Language | None:
        """The language of the file, if it is known here."""
        return language_of(self.new_file, self.lang)


def read(row: dict[str, Any]) -> Commit:
    """A row as a commit.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    message = _text(row, "message") if row["message"] is not None else _text(row, "subject")
    return Commit(
        commit=_named(row, "commit"),
        old_file=_text(row, "old_file"),
        new_file=_named(row, "new_file"),
        before=_text(row, "old_contents"),
        after=_text(row, "new_contents"),
        message=_TRAILER.sub("", message.replace("\r\n", "\n")).strip(),
        lang=_text(row, "lang"),
        license=row["license"],
        repos=_repos(row["repos"]),
    )


def identify(row: dict[str, Any]) -> Identity:
    """A row's identity: its commit and file. The same edit of the same file, in a fork say, is a duplicate.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    commit = read(row)
    before, after = normal(commit.before), normal(commit.after)
    changed = _changed(before.split("\n"), after.split("\n"))
    # What says nothing is a reason to drop a row, and nothing that two rows have in common.
    statement = f"{commit.subject}\n\n{commit.new_file}\n\n{changed or commit.commit}"
    marks = (f"edit:{digest([before, after], 24)}",) if changed else ()
    return Identity(key=f"{commit.commit}:{commit.new_file}", statement=statement, marks=marks)


ADAPTER = Adapter("commitpack", COLUMNS, identify, read)


def _changed(old: list[str], new: list[str]) -> str:
    """The lines between those that both files begin and end with, the first of them."""
    start, most = 0, min(len(old), len(new))
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone = [f"-{line}" for line in old[start : len(old) - end][:_STATEMENT_LINES]]
    come = [f"+{line}" for line in new[start : len(new) - end][:_STATEMENT_LINES]]
    return "\n".join([*gone, *come])


def _text(row: dict[str, Any], field: str) -> str:
    value = row[field]
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{field}: is {type(value).__name__}, expected text")
    return value


def _named(row: dict[str, Any], field: str) -> str:
    if not (value := _text(row, field).strip()):
        raise ValueError(f"{field}: is empty")
    return value


def _repos(value: Any) -> tuple[str, ...]:
    """Separated by commas, or a list."""
    words = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    return tuple(word.strip() for word in words if isinstance(word, str) and word.strip())
