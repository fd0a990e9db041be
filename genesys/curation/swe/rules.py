"""Rules on files and edits, which cost nothing: what is certainly no task. Each gives a reason and what to know of it.

What a message must say stands with ``messages``, whether files parse with ``curate``.
"""

from __future__ import annotations

import re

from genesys.curation.swe.commit import Commit
from genesys.curation.swe.edits import Edit, what_is_left_alone
from genesys.outcomes import Outcome, rejected
from genesys.syntax.languages import Language

MIN_CHARS, MAX_CHARS = 120, 20_000
MAX_LINES = 600
MAX_LINE = 400
MAX_MEAN_LINE = 120
MIN_CHANGED, MAX_CHANGED = 2, 160
"""Lines removed and added together; a line that is changed counts twice."""
MIN_KEPT = 0.4

_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_FENCE = re.compile(r"^ {0,3}(?:`{3,}|~{3,})", re.MULTILINE)
_CONFLICT = re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE)
_FOLDERS = {
    "vendored": "vendor vendors vendored third_party third-party thirdparty 3rdparty node_modules bower_components "
    "external externals deps pods site-packages jspm_packages godeps",
    "built": "dist build out generated __generated__ autogen migrations",
    "test data": "testdata test_data test-data fixtures fixture __fixtures__ snapshots __snapshots__ golden goldens "
    "corpus cassettes",
    "documentation": "docs doc documentation",
    "translations": "locale locales i18n l10n translations",
}
_KIND_OF_FOLDER = {name: kind for kind, names in _FOLDERS.items() for name in names.split()}
_FILES = (
    ("minified", r"[.-](?:min|bundle|packed|pack)\.\w+$"),
    ("generated", r"(?:_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.g\.(?:dart|cs)|\.designer\.cs|\.d\.ts)$"),
    ("generated", r"[._-]generated\.\w+$|^(?:_?version|__version__|_version_info)\.\w+$"),
    ("vendored", r"^(?:jquery|bootstrap|angular|d3|three|lodash|moment|sqlite3|stb_\w+|versioneer)[\d.-]*\.\w+$"),
)
_GENERATED = re.compile(
    r"@generated|auto-?\s?generated|do not (?:edit|modify)|generated (?:by|from|with|using)|automatically generated|"
    r"this file (?:is|was) (?:generated|created by)",
    re.IGNORECASE,
)
_HEAD = 1500


def one_file(commit: Commit) -> Outcome | None:
    """An edit of one file that stays where it is."""
    if not commit.before.strip():
        return rejected("adds a file", commit.new_file)
    if not commit.after.strip():
        return rejected("deletes a file", commit.old_file)
    if commit.old_file != commit.new_file:
        return rejected("renames the file", f"{commit.old_file} to {commit.new_file}")
    if commit.before == commit.after:
        return rejected("changes nothing")
    return None


def size(commit: Commit) -> Outcome | None:
    """Text that a model can be asked to write out again."""
    for text in (commit.before, commit.after):
        if _CONTROL.search(text):
            return rejected("no text", "control characters, or characters that could not be read")
        if not MIN_CHARS <= len(text) <= MAX_CHARS:
            return rejected("file too short" if len(text) < MIN_CHARS else "file too long", f"{len(text):,} characters")
        lines = text.split("\n")
        if len(lines) > MAX_LINES:
            return rejected("file too long", f"{len(lines):,} lines")
        longest = max(map(len, lines))
        filled = [len(line) for line in lines if line.strip()]
        if longest > MAX_LINE or sum(filled) > MAX_MEAN_LINE * len(filled):
            return rejected("lines too long", f"the longest has {longest:,} characters")
        if _FENCE.search(text):
            return rejected("holds fences", "whether a block ends there or at its own end nobody can tell")
        if _CONFLICT.search(text):
            return rejected("holds a merge conflict")
    return None


def written_by_people(commit: Commit) -> Outcome | None:
    """Source code that somebody wrote for this repository."""
    *folders, file = commit.new_file.lower().split("/")
    for folder in folders:
        if (kind := _KIND_OF_FOLDER.get(folder)) is not None:
            return rejected(f"{kind} file", f"in the folder {folder}")
    for kind, pattern in _FILES:
        if re.search(pattern, file):
            return rejected(f"{kind} file", commit.new_file)
    if (found := _GENERATED.search(commit.before, 0, _HEAD)) is not None:
        return rejected("generated file", f"says {found.group()!r}")
    return None


def worth_asking(edit: Edit, language: Language) -> Outcome | None:
    """An edit of code, neither too small to be asked for nor a file written anew."""
    if not edit.hunks:
        return rejected("no code changed", "white space at the ends of lines")
    if edit.size < MIN_CHANGED or not "".join(edit.added + edit.removed).strip():
        return rejected("edit too small", f"{edit.size} lines")
    if edit.size > MAX_CHANGED:
        return rejected("edit too large", f"{edit.size:,} lines")
    if edit.kept < MIN_KEPT:
        return rejected("file written anew", f"{edit.kept:.0%} of its lines stayed")
    if (what := what_is_left_alone(edit, language)) is not None:
        return rejected("no code changed", what)
    return None
