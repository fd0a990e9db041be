"""What is given to be landed, one readable thing after the other: files, folders, patterns, data sets of the hub, URLs.

A file that cannot be read is told from a row that cannot: the other files go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genesys.faults import GenesysError
from genesys.sources import Opened, Source
from genesys.sources.files import local_files, open_files
from genesys.sources.opening import open_source
from genesys.sources.remote import SUFFIXES, is_remote

_ADVICE = {
    ".json": "write one object a line into a .jsonl file (jq -c '.[]' FILE.json > FILE.jsonl does it for an array)",
    ".csv": "a table has no nested fields: write one JSON object a line, with verification_info as an object",
    ".gz": "unpack it (gunzip)",
    ".zst": "unpack it (unzstd)",
    ".zip": "unpack it",
    ".arrow": "save it as Parquet (datasets: load_from_disk(...).to_parquet(...))",
}
_ADVICE[".tsv"] = _ADVICE[".xlsx"] = _ADVICE[".csv"]


@dataclass(frozen=True)
class Given:
    """One thing that rows are read from.

    Args:
        shown: Its name in messages.
        opened: Its rows.
        name: What rows that name no source are known under, where it says so itself.
    """

    shown: str
    opened: Opened
    name: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """A file that rows cannot be read from."""

    shown: str
    reason: str


def all_given(words: tuple[str, ...], source: Source) -> Iterator[Given | Unreadable]:
    """Everything that the words of a command name, each file by itself.

    Args:
        words: Files, folders, patterns, ids of the hub, URLs.
        source: Revision, split, config and files of those of the hub; files count for folders too, which stand for one.

    Raises:
        GenesysError: There is no such file, or it is one of a kind that is not read.
        InfrastructureFault: The hub, or a store, cannot be reached.
    """
    for word in words:
        if is_remote(word):
            yield Given(word, open_source(Source(path=word)))
            continue
        place = Path(word).expanduser()
        if source.data_files:
            opened = open_source(source.model_copy(update={"path": word}))
            yield Given(word, opened, None if place.exists() else word)
            continue
        if place.is_file() and place.suffix not in SUFFIXES:
            raise GenesysError(f"{word}: is no .jsonl or .parquet file; {advice(place)}")
        files = local_files(word)
        if files is None:
            opened = open_source(source.model_copy(update={"path": word}))
            yield Given(word, opened, word)
            continue
        root = place if place.is_dir() else None
        for file in files:
            shown = file.relative_to(root).as_posix() if root else file.name
            try:
                yield Given(shown, open_files(Source(path=str(file)), [file]))
            except GenesysError as error:
                yield Unreadable(shown, str(error))


def left_out(words: tuple[str, ...]) -> list[str]:
    """Files in the folders given that are of a kind that is not read; hidden ones are nobody's tasks."""
    found = []
    for word in words:
        folder = Path(word).expanduser()
        if not is_remote(word) and folder.is_dir():
            paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
            shown = (path for path in paths if not any(part.startswith(".") for part in path.parts))
            found += [path.as_posix() for path in shown if path.suffix not in SUFFIXES]
    return sorted(found)


def advice(path: Path) -> str:
    """What to do with a file of another kind."""
    return _ADVICE.get(path.suffix.lower(), "write one JSON object a line into a .jsonl file")


def title_of(words: tuple[str, ...], revisions: tuple[str, ...]) -> str:
    """What a landing is called: its first thing, at which commit where it has one, and how many more there are."""
    first = words[0].rstrip("/")
    is_here = is_remote(first) or Path(first).expanduser().exists()
    name = Path(first).stem if is_here else first.replace("/", "-")
    at = f"@{revisions[0][:12]}" if revisions and not is_here and len(words) == 1 else ""
    return name + at + (f"-and-{len(words) - 1}-more" if len(words) > 1 else "")
