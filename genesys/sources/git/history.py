"""A local repository as a source: ``path = "git:/path/to/repository"`` gives the commits that edit one file.

Rows have CommitPack's columns; what a row means stands with its lane. Commits that are no edit of one file (merges,
several files, new ones, links, submodules) are passed over, each with its reason; an edit that cannot be a row (binary,
not UTF-8, too large, not there) is a broken row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from genesys.sources import OF_GIT, BadRow, Opened, PassedOver, Source, SourceRow
from genesys.sources.git.licence import licence_of
from genesys.sources.git.repository import Change, Objects, Repository, Unusable
from genesys.syntax.languages import language_of

LARGEST_FILE = 1 << 20
"""Bytes of a file that is read at all."""
LARGEST_MESSAGE = 1 << 16
_SHOWN = 200
_REGULAR = frozenset({"100644", "100755", "100664", "000000"})


def open_history(source: Source) -> Opened:
    """A repository and the commit that its revision stands for; that commit is the source's revision.

    Raises:
        GenesysError: It is no repository, a shallow or partial one, empty, or has no such revision; ``git`` is missing.
    """
    place = Path(source.history or "").expanduser()
    repository = Repository(place)
    repository.check()
    head = repository.commit(source.revision or "HEAD")
    opened = Opened(source, head)
    return Opened(source, head, read=lambda: _rows(opened, repository))


def _rows(opened: Opened, repository: Repository) -> Iterator[SourceRow | BadRow]:
    """All commits up to the head, the oldest first, so that new ones come after those that are known."""
    source, place = opened.source, opened.source.path
    name = source.name if source.name and not source.name.startswith(OF_GIT) else repository.name()
    common = {"license": source.license or licence_of(repository, opened.revision), "repos": name}
    with repository.objects() as objects:
        for number, (commit, changes) in enumerate(repository.changes(opened.revision), 1):
            if (why := _why_passed_over(changes)) is not None:
                yield PassedOver(place, number, "commit", why, commit)
                continue
            try:
                row = _row(objects, commit, changes[0])
            except Unusable as flaw:
                yield BadRow(place, number, flaw.field, f"commit {commit}: {flaw}", repr(changes[0].new_file)[:_SHOWN])
            else:
                yield SourceRow(source, opened.revision, place, number, row | common)


def _why_passed_over(changes: list[Change]) -> str | None:
    """Why a commit makes no row; None for the edit of one file."""
    if not changes:
        return "merge, or commit without changes"
    if len(changes) > 1:
        return "commit changes several files"
    change = changes[0]
    modes = {change.old_mode, change.new_mode}
    if "160000" in modes:
        return "commit changes a submodule"
    if modes - _REGULAR:
        return "commit changes a link"
    if change.status[0] == "A":
        return "commit adds a file"
    if change.status[0] == "D":
        return "commit deletes a file"
    return None


def _row(objects: Objects, commit: str, change: Change) -> dict[str, str]:
    message = _message(objects.read(commit, "message", LARGEST_MESSAGE * 2))
    old_file, new_file = _text(change.old_file, "old_file"), _text(change.new_file, "new_file")
    return {
        "commit": commit,
        "old_file": old_file,
        "new_file": new_file,
        "old_contents": _text(objects.read(change.old_blob, "old_contents", LARGEST_FILE), "old_contents"),
        "new_contents": _text(objects.read(change.new_blob, "new_contents", LARGEST_FILE), "new_contents"),
        "subject": message.strip().partition("\n")[0],
        "message": message,
        "lang": _language(new_file),
    }


def _language(path: str) -> str:
    found = language_of(path)
    return found.shown if found else ""


def _text(raw: bytes, field: str) -> str:
    if b"\0" in raw[:8000]:
        raise Unusable(field, "is binary")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unusable(field, f"is not UTF-8: {error.reason} at byte {error.start}") from None


def _message(raw: bytes) -> str:
    """The message of a commit object, in the encoding that it names."""
    head, _, message = raw.partition(b"\n\n")
    named = re.search(rb"^encoding (\S+)$", head, re.MULTILINE)
    try:
        return message[:LARGEST_MESSAGE].decode(named[1].decode("ascii") if named else "utf-8", "replace")
    except (LookupError, UnicodeDecodeError):
        return message[:LARGEST_MESSAGE].decode("utf-8", "replace")
