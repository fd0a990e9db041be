"""Files of rows on object storage, streamed by fsspec: ``s3://bucket/folder`` as a source. Local files: ``sources``.

Nothing is copied: lines are read as they come, Parquet row group by row group. The revision is of names, sizes and
what the store says of each object's content, so that none is read for it.
"""

from __future__ import annotations

import fnmatch
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from genesys.faults import GenesysError, InfrastructureFault
from genesys.hashing import digest
from genesys.sources import BadRow, Opened, Source, SourceRow
from genesys.sources.files import bounded_lines, parse_line, refuse_other_formats
from genesys.storage import local_path

SUFFIXES = (".jsonl", ".parquet")
Listing = dict[str, dict[str, Any]]
"""Files by name, with what their store tells of each."""
_BATCH = 64
_BUFFER = 1 << 20
_TAGS = ("ETag", "etag", "md5Hash", "md5", "content_md5", "LastModified", "mtime", "created")


def is_remote(place: str) -> bool:
    """Whether a place is on a store that is no disk of this machine."""
    return "://" in place and local_path(place) is None


def open_remote(source: Source) -> Opened:
    """A file, a folder or a pattern on object storage.

    Raises:
        GenesysError: There is no .jsonl or .parquet file.
        InfrastructureFault: The store cannot be reached.
    """
    fs, root = store_of(source.path, source.storage_options)
    found = files_at(fs, root)
    if not found:
        raise GenesysError(f"{source.path}: there is no .jsonl or .parquet file")
    folder = root.partition("*")[0].rpartition("/")[0] if "*" in root or root in found else root
    return opened_at(source, fs, folder, {name: found[name] for name in sorted(found)})


def opened_at(source: Source, fs: Any, folder: str, files: Listing) -> Opened:
    """A source of these files, in their order.

    Args:
        source: As the settings have it.
        fs: The store.
        folder: What the names of files are shown below.
        files: As ``files_at`` lists them.
    """
    marks = [[name, info.get("size"), *_tags(info)] for name, info in files.items()]
    revision = f"listing-{digest(marks, 32)}"
    return Opened(source, revision, read=lambda: _rows(source, revision, fs, folder, files))


def files_at(fs: Any, root: str) -> Listing:
    """Files of rows at a place, as the store lists them now; names that begin with a dot are not there yet."""
    with store_errors(root):
        fs.invalidate_cache()
        if "*" in root:
            listed = fs.find(root.partition("*")[0].rpartition("/")[0], detail=True)
            listed = {name: info for name, info in listed.items() if fnmatch.fnmatchcase(name, root)}
        else:
            listed = fs.find(root, detail=True)
    return {
        name: info
        for name, info in listed.items()
        if name.endswith(SUFFIXES) and not PurePosixPath(name).name.startswith(".")
    }


def store_of(place: str, options: dict[str, Any]) -> tuple[Any, str]:
    """The store of a place, and the place as it knows it.

    Raises:
        InfrastructureFault: There is no client for such a store, or it does not take these options.
    """
    from fsspec.core import url_to_fs

    with store_errors(place):
        fs, path = url_to_fs(place, **options)
        return fs, str(path).rstrip("/")


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Trouble with a store in one sentence; its clients let errors of many libraries through."""
    try:
        yield
    except GenesysError:
        raise
    except Exception as error:
        raise InfrastructureFault(
            f"{what} could not be read from its store: {type(error).__name__}: {error}", final=True
        ) from error


def _rows(source: Source, revision: str, fs: Any, folder: str, files: Iterable[str]) -> Iterator[SourceRow | BadRow]:
    for name in files:
        shown = PurePosixPath(name).relative_to(folder).as_posix()
        with store_errors(f"{source.path}: {shown}"), fs.open(name, "rb") as stream:
            for number, value in _read(stream, name):
                if isinstance(value, BadRow):
                    yield replace(value, file=shown)
                else:
                    yield SourceRow(source, revision, shown, number, value)


def _tags(info: dict[str, Any]) -> list[str]:
    return [str(info[name]) for name in _TAGS if info.get(name)][:1]


def _read(stream: Any, name: str) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    path = PurePosixPath(name)
    if path.suffix == ".parquet":
        yield from enumerate(_parquet(stream, name), 1)
        return
    refuse_other_formats(path, stream.read(64))
    stream.seek(0)
    # The stores' own files read no line up to a bound.
    for number, line in enumerate(bounded_lines(io.BufferedReader(stream, _BUFFER)), 1):
        if line.strip():
            yield number, parse_line(path, number, line)


def _parquet(stream: Any, name: str) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(stream) as table:
            for batch in table.iter_batches(batch_size=_BATCH):
                yield from batch.to_pylist()
    except pa.ArrowInvalid as error:
        raise GenesysError(f"{name}: cannot be read as Parquet: {error}") from error
