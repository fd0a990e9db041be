"""Where rows come from: hub data sets, Parquet and JSON-lines files. No knowledge of what a row means.

Everything is streamed. A line that cannot be read becomes a ``BadRow`` in its place; the rows around it go on.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from genesys.faults import GenesysError, InfrastructureFault


class Source(BaseModel):
    """A set of upstream rows, as a person names it in ``genesys.toml``."""

    model_config = ConfigDict(frozen=True)

    path: str
    """A hub id (``AI-MO/NuminaMath-1.5``), or a local .jsonl or .parquet file, folder or glob."""
    name: str | None = None
    """What identities are derived from; by default the path. Set it for a local copy of a hub data set."""
    revision: str | None = None
    """Branch, tag or commit of a hub data set; by default its newest."""
    split: str = "train"
    config: str | None = None
    license: str | None = None
    """The licence of its rows, where they do not carry one each."""
    attribution: str | None = None
    max_rows: int | None = None

    @property
    def label(self) -> str:
        """The name that identities are derived from."""
        return self.name or self.path


@dataclass(frozen=True)
class SourceRow:
    """One upstream row and where it stands."""

    source: Source
    revision: str
    file: str
    """Its path below the folder that all files of the source share; the id of a hub data set."""
    row: int
    """Counts from 1."""
    data: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, with what a person needs to mend it."""

    file: str
    row: int
    field: str
    reason: str
    raw: str

    def __str__(self) -> str:
        """``file:row: field: reason``."""
        return f"{self.file}:{self.row}: {self.field}: {self.reason}"


@dataclass(frozen=True)
class Opened:
    """A source whose revision is known: the same revision always gives the same rows."""

    source: Source
    revision: str
    files: tuple[Path, ...] = ()

    def rows(self) -> Iterator[SourceRow | BadRow]:
        """All rows in order, up to ``max_rows``."""
        rows: Iterator[SourceRow | BadRow] = self._local_rows() if self.files else self._hub_rows()
        return islice(rows, self.source.max_rows)

    def _local_rows(self) -> Iterator[SourceRow | BadRow]:
        folder = Path(os.path.commonpath([path.parent for path in self.files]))
        for path in self.files:
            name = path.relative_to(folder).as_posix()
            for number, value in read_parquet(path) if path.suffix == ".parquet" else read_jsonl(path):
                if isinstance(value, BadRow):
                    yield replace(value, file=name)
                else:
                    yield SourceRow(self.source, self.revision, name, number, value)

    def _hub_rows(self) -> Iterator[SourceRow]:
        for number, data in enumerate(_hub_dataset(self.source, self.revision), 1):
            yield SourceRow(self.source, self.revision, self.source.path, number, data)


def open_source(source: Source) -> Opened:
    """Find a source and its revision: a commit on the hub, the hash of the files' content for local ones.

    Raises:
        GenesysError: A local path that is not there, cannot be read, or holds no .jsonl or .parquet file.
        InfrastructureFault: The hub could not be reached, or has no such data set or revision.
    """
    if (files := local_files(source.path)) is not None:
        return open_files(source, files)
    return Opened(source, _hub_revision(source))


def open_sources(sources: Iterable[Source]) -> list[Opened]:
    """All of these; every one that cannot be opened is named, so that they can be mended at one go.

    Raises:
        GenesysError: One or several are not there, or are nothing that can be read.
        InfrastructureFault: The hub could not be reached.
    """
    opened, flaws = [], []
    for source in sources:
        try:
            opened.append(open_source(source))
        except InfrastructureFault:
            raise
        except GenesysError as error:
            flaws.append(str(error))
    if flaws:
        raise GenesysError("; ".join(flaws))
    return opened


def open_files(source: Source, files: Sequence[Path]) -> Opened:
    """A source of these files; their content is its revision.

    Raises:
        GenesysError: A file cannot be read.
    """
    sha = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as stream:
                sha.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise GenesysError(f"{path}: {error.strerror}") from None
    return Opened(source, f"sha256-{sha.hexdigest()[:32]}", tuple(files))


def local_files(path: str) -> list[Path] | None:
    """Files of a local path, sorted by name; None if the path can only be a hub id.

    Raises:
        GenesysError: It looks like a local path and has no readable file.
    """
    place = Path(path).expanduser()
    if place.is_file():
        found = [place]
    elif place.is_dir():
        if not os.access(place, os.R_OK | os.X_OK):
            raise GenesysError(f"{path}: {os.strerror(errno.EACCES)}")
        found = sorted(p for p in place.rglob("*") if p.suffix in (".jsonl", ".parquet") and p.is_file())
    elif any(mark in path for mark in "*?["):
        found = sorted(p for p in map(Path, glob.glob(str(place), recursive=True)) if p.is_file())  # noqa: PTH207
    elif place.suffix in (".jsonl", ".json", ".parquet") or path.startswith((".", "/", "~")) or path.count("/") > 1:
        raise GenesysError(f"{path}: there is no such file or folder")
    else:
        return None
    if not found or any(p.suffix not in (".jsonl", ".parquet") for p in found):
        raise GenesysError(f"{path}: expected .jsonl or .parquet files, found {', '.join(map(str, found)) or 'none'}")
    return found


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """Lines of a JSON-lines file with their numbers, from 1; empty lines are passed over.

    ``datasets`` gives up a whole file at its first broken line, which is why it is not used here.

    Raises:
        GenesysError: It is a file of another kind, told by how it begins.
    """
    with path.open("rb") as stream:
        refuse_other_formats(path, stream.read(64))
        stream.seek(0)
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, parse_line(path, number, line)


_OTHER_FORMATS = (
    (b"\x1f\x8b", "is compressed by gzip: unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed by zstd: unpack it"),
    (b"PK\x03\x04", "is a zip archive: unpack it"),
    (b"PAR1", "is a Parquet file: give it the ending .parquet"),
    (b"\xff\xfe", "is in UTF-16: save it in UTF-8"),
    (b"\xfe\xff", "is in UTF-16: save it in UTF-8"),
    (b"[", "is one JSON array: write one object a line (jq -c '.[]' does it)"),
)


def refuse_other_formats(path: Path, beginning: bytes) -> None:
    """Say at once what a file is that only bears the name of JSON lines, in place of a broken row for each line.

    Raises:
        GenesysError: Names the file, what it is and what to do.
    """
    for mark, what in _OTHER_FORMATS:
        if beginning.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(mark):
            raise GenesysError(f"{path}: {what}")


def parse_line(path: Path, number: int, line: bytes) -> dict[str, Any] | BadRow:
    """One line of a JSON-lines file; ``number`` counts from 1."""
    try:
        value = json.loads(line)
        if b"\\u" in line:  # an escape can name half a character, which no table can hold
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        return BadRow(path.name, number, "line", f"not valid Unicode: {error}", _raw(line))
    except (ValueError, RecursionError) as error:
        return BadRow(path.name, number, "line", f"not JSON: {error}", _raw(line))
    if isinstance(value, dict):
        return value
    return BadRow(path.name, number, "line", "not a JSON object", _raw(line))


def read_parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a Parquet file with their numbers, from 1, streamed through ``datasets``.

    Raises:
        GenesysError: It is no Parquet file, or a broken one.
    """
    with parquet_rows(path, streaming=True) as rows:
        for number, data in enumerate(rows, 1):
            yield number, dict(data)


@contextmanager
def parquet_rows(path: Path, *, streaming: bool) -> Iterator[Any]:
    """A Parquet file as ``datasets`` has it, for the block that reads it: a stream, or rows to be had in any order.

    Raises:
        GenesysError: It is no Parquet file, or a broken one.
    """
    import datasets

    try:
        # The path is read as a pattern, which a name like "part[1].parquet" would not match.
        files = glob.escape(str(path))
        yield datasets.load_dataset("parquet", data_files=files, split="train", streaming=streaming)
    except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
        raise GenesysError(f"{path}: cannot be read as Parquet: {error}") from error


def missing_columns(row: dict[str, Any], needed: tuple[str, ...]) -> list[str]:
    """Names of needed columns that a row has not."""
    return [column for column in needed if column not in row]


def _raw(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\n")


def _hub_revision(source: Source) -> str:
    with _hub(source):
        from huggingface_hub import HfApi

        return HfApi().dataset_info(source.path, revision=source.revision).sha or "unknown"


def _hub_dataset(source: Source, revision: str) -> Iterator[dict[str, Any]]:
    with _hub(source):
        import datasets

        stream = datasets.load_dataset(
            source.path, source.config, split=source.split, revision=revision, streaming=True
        )
        for data in stream:
            yield dict(data)


@contextmanager
def _hub(source: Source) -> Iterator[None]:
    """Trouble with the hub in one sentence; its client lets errors of many libraries through, which change."""
    try:
        yield
    except Exception as error:
        raise InfrastructureFault(
            f"{source.path} is no local file, and could not be read from the hub: {type(error).__name__}: {error}",
            final=True,
        ) from error
