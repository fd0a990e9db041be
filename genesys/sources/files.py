"""Local files as a source: JSON lines and Parquet, found by a path, a folder or a glob.

``datasets`` gives up a whole file of JSON lines at its first broken one, which is why they are read here.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from genesys.faults import GenesysError
from genesys.sources import BadRow, Opened, Source, SourceRow

MAX_LINE = 256 << 20
"""Bytes of a line. A file without line ends, a dump of another kind, would else be read into memory whole."""
MAX_RAW = 1000
"""Bytes of it that are shown."""
AT_ONCE = 64
"""Rows of a Parquet file that are unpacked together: some have megabytes of tests each."""


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
    opened = Opened(source, f"sha256-{sha.hexdigest()[:32]}", tuple(files))
    return replace(opened, read=lambda: _rows(opened))


def _rows(opened: Opened) -> Iterator[SourceRow | BadRow]:
    folder = Path(os.path.commonpath([path.parent for path in opened.files])) if opened.files else Path()
    for path in opened.files:
        name = path.relative_to(folder).as_posix()
        for number, value in read_parquet(path) if path.suffix == ".parquet" else read_jsonl(path):
            if isinstance(value, BadRow):
                yield replace(value, file=name)
            else:
                yield SourceRow(opened.source, opened.revision, name, number, value)


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
        for number, line in enumerate(bounded_lines(stream), 1):
            if line.strip():
                yield number, parse_line(path, number, line)


def bounded_lines(stream: Any) -> Iterator[bytes]:
    """Lines of a binary stream; of one that is far too long just so much that ``parse_line`` says so."""
    while line := stream.readline(MAX_LINE + 1):
        yield line
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass


_OTHER_FORMATS = (
    (b"\x1f\x8b", "is compressed by gzip: unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed by zstd: unpack it"),
    (b"PK\x03\x04", "is a zip archive: unpack it"),
    (b"PAR1", "is a Parquet file: give it the ending .parquet"),
    (b"\xff\xfe", "is in UTF-16: save it in UTF-8"),
    (b"\xfe\xff", "is in UTF-16: save it in UTF-8"),
    (b"[", "is one JSON array: write one object a line (jq -c '.[]' does it)"),
)


def refuse_other_formats(path: PurePath, beginning: bytes) -> None:
    """Say at once what a file is that only bears the name of JSON lines, in place of a broken row for each line.

    Raises:
        GenesysError: Names the file, what it is and what to do.
    """
    for mark, what in _OTHER_FORMATS:
        if beginning.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(mark):
            raise GenesysError(f"{path}: {what}")


def parse_line(path: PurePath, number: int, line: bytes) -> dict[str, Any] | BadRow:
    """One line of a JSON-lines file; ``number`` counts from 1."""
    if len(line) > MAX_LINE:
        return BadRow(path.name, number, "line", f"is longer than {MAX_LINE:,} bytes", _raw(line[:MAX_RAW]))
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
    """Rows of a Parquet file with their numbers, from 1, streamed.

    Raises:
        GenesysError: It is no Parquet file, or a broken one.
    """
    try:
        yield from parquet_batches(str(path))
    except (OSError, ValueError) as error:
        raise GenesysError(f"{path}: cannot be read as Parquet: {error}") from error


def parquet_batches(place: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The same of a path or an open file, with the errors as they are.

    ``datasets`` unpacks a whole group of rows at a time, in memory four times what this takes of one with large rows.
    """
    import pyarrow.parquet as pq

    number = 0
    # Threads of pyarrow's must hold nothing of Python's: see genesys.tables.lake.
    with pq.ParquetFile(place, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=AT_ONCE, use_threads=isinstance(place, str)):
            for row in batch.to_pylist():
                number += 1
                yield number, row


@contextmanager
def parquet_rows(path: Path) -> Iterator[Any]:
    """A Parquet file as ``datasets`` has it, for the block that reads it: rows to be had in any order.

    Raises:
        GenesysError: It is no Parquet file, or a broken one.
    """
    import datasets

    try:
        # The path is read as a pattern, which a name like "part[1].parquet" would not match.
        files = glob.escape(str(path))
        yield datasets.load_dataset("parquet", data_files=files, split="train")
    except (datasets.exceptions.DatasetsError, OSError, ValueError) as error:
        raise GenesysError(f"{path}: cannot be read as Parquet: {error}") from error


def _raw(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\n")
