"""Data sets of the hub, and data files by patterns: streamed, at a revision that a commit pins.

``datasets`` reads sets by their names, and Arrow files. It refuses repositories with a loading script
(APPS, TACO, CommitPack), and gives a file of JSON lines up at its first broken one. So files can be named by
``data_files``, and lines are read here one by one, packed or not; one that is broken becomes a ``BadRow`` in its place.
A folder of this machine in place of the hub's repository is read by the same code.
"""

from __future__ import annotations

import glob
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from genesys.faults import GenesysError, InfrastructureFault
from genesys.sources import BadRow, Opened, Source, SourceRow
from genesys.sources.files import AT_ONCE, open_files, parquet_batches, parse_line, refuse_other_formats

PACKED = (".gz", ".bz2", ".xz", ".zst")
_HINT = (
    ". `datasets` gives a file of JSON lines up at its first broken one; with data_files they are read one by one: "
    'data_files = ["*.jsonl"]'
)
LINES, TABLES = (".jsonl", ".json"), (".parquet", ".arrow")


def revision_of(source: Source) -> str:
    """The commit at which a data set of the hub stands.

    Raises:
        InfrastructureFault: The hub could not be reached, or has no such data set or revision.
    """
    with _reached(source):
        from huggingface_hub import HfApi

        return HfApi().dataset_info(source.path, revision=source.revision).sha or "unknown"


def set_rows(opened: Opened) -> Iterator[SourceRow]:
    """Rows of a data set that ``datasets`` knows by its name."""
    return _whole(opened, _set_rows(opened))


def _set_rows(opened: Opened) -> Iterator[SourceRow]:
    source = opened.source
    for number, data in enumerate(stream_of(source, opened.revision), 1):
        yield SourceRow(source, opened.revision, source.path, number, dict(data))


def stream_of(source: Source, revision: str) -> Iterable[Any]:
    """A named data set at a commit, as ``datasets`` streams it."""
    with _reached(source):
        import datasets

        builder = datasets.load_dataset_builder(source.path, source.config, revision=revision)
        if hasattr(builder.config, "batch_size"):
            builder.config.batch_size = AT_ONCE
        stream: Iterable[Any] = builder.as_streaming_dataset(split=source.split)
        return stream


def open_data_files(source: Source) -> Opened:
    """Files of a data set, or of a folder, that match the source's ``data_files``.

    Raises:
        GenesysError: None matches, or one is of a kind that is not read.
        InfrastructureFault: The hub could not be reached, or has no such data set or revision.
    """
    folder = Path(source.path).expanduser()
    if folder.is_dir():
        found = [path for pattern in source.data_files for path in sorted(folder.glob(pattern)) if path.is_file()]
        places = {str(path): path.relative_to(folder).as_posix() for path in found}
        revision = open_files(source, found).revision
    else:
        revision = revision_of(source)
        places = _places(source, revision)
    if not places:
        raise GenesysError(f"{source.path}: no file matches {', '.join(source.data_files)}")
    for name in places.values():
        _kind(source, name)
    opened = Opened(source, revision)
    return replace(opened, read=lambda: _whole(opened, _file_rows(opened, places)))


def _places(source: Source, revision: str) -> dict[str, str]:
    """Addresses of a repository's files, with their paths in it."""
    with _reached(source):
        from huggingface_hub import HfFileSystem

        root, hub = f"datasets/{source.path}@{revision.replace('/', '%2F')}", HfFileSystem()
        found = [str(path) for pattern in source.data_files for path in sorted(hub.glob(f"{root}/{pattern}"))]
        # The file system gives addresses back with or without the revision, as its release likes.
        names = {
            path.partition(f"{source.path}@")[2].partition("/")[2] or path.partition(f"{source.path}/")[2]
            for path in found
        }
        return {f"hf://{root}/{name}": name for name in sorted(names)}


def _file_rows(opened: Opened, places: dict[str, str]) -> Iterator[SourceRow | BadRow]:
    for place, name in places.items():
        kind = _kind(opened.source, name)
        for number, data in _lines(place, name) if kind in LINES else _table(place, kind):
            if isinstance(data, BadRow):
                yield replace(data, file=name)
            else:
                yield SourceRow(opened.source, opened.revision, name, number, data)


def _kind(source: Source, name: str) -> str:
    """How a file's name ends, that of its packing left out."""
    path = Path(name)
    kind = Path(path.stem).suffix if path.suffix in PACKED else path.suffix
    if kind not in LINES and (kind not in TABLES or path.suffix in PACKED):
        raise GenesysError(
            f"{source.path}: {name} is matched by data_files, and no JSON-lines file ({', '.join(LINES)}, packed or "
            f"not: {', '.join(PACKED)}), nor .parquet or .arrow"
        )
    return kind


def _lines(place: str, name: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    import fsspec

    with fsspec.open(place, "rb", compression="infer") as packed, io.BufferedReader(packed) as stream:
        refuse_other_formats(Path(name), stream.peek(64)[:64])
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, parse_line(Path(name), number, line)


def _table(place: str, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if kind == ".parquet":
        import fsspec

        with fsspec.open(place, "rb") as stream:
            yield from parquet_batches(stream)
        return
    import datasets

    # A pattern, which a name like "part[1].arrow" would not match.
    rows = datasets.load_dataset("arrow", data_files=glob.escape(place), split="train", streaming=True)
    for number, row in enumerate(rows, 1):
        yield number, dict(row)


def _whole(opened: Opened, rows: Iterator[Any]) -> Iterator[Any]:
    """The same rows; trouble on the way is told as what it is: the rows' own, or that of the way.

    Raises:
        GenesysError: Behind some row stands what cannot be read, and will not be next time.
        InfrastructureFault: The stream broke off. What was read stands; trying again may help, unless nothing was read.
    """
    number = 0
    try:
        for row in rows:
            yield row
            number += 1
    except GenesysError:
        raise
    except Exception as error:
        said, source = f"{type(error).__name__}: {str(error)[:500]}", opened.source
        if _is_of_rows(error):
            hint = "" if source.data_files else _HINT
            raise GenesysError(f"{source.path}: cannot be read behind row {number:,}: {said}{hint}") from error
        raise InfrastructureFault(f"{source.path} broke off behind row {number:,}: {said}", final=not number) from error


def _is_of_rows(error: BaseException) -> bool:
    """Whether the rows are to blame: a network that fails raises errors of the system, and so do packed files."""
    import gzip
    import lzma

    from datasets.exceptions import DatasetGenerationError

    packed = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)
    if isinstance(error, packed):
        return True
    return isinstance(error, ValueError | TypeError | DatasetGenerationError) and not isinstance(error, OSError)


@contextmanager
def _reached(source: Source) -> Iterator[None]:
    """Trouble with the hub in one sentence; its client lets errors of many libraries through, which change."""
    try:
        yield
    except Exception as error:
        raise InfrastructureFault(
            f"{source.path} is no local file, and could not be read from the hub: {type(error).__name__}: {error}",
            final=True,
        ) from error
