"""Files of a release before they are written: which rows each will hold, and how it is made of the lake's tables.

A table's file is copied byte for byte where it is small enough, and else cut between row groups, so that no more than
one group is in memory. Both are functions of the table's bytes alone.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from genesys.faults import GenesysError
from genesys.release.publishing.layout import MOST_BYTES, file_name
from genesys.tables.lake import WHOLE, File, Lake

_AT_ONCE = 2**20


@dataclass(frozen=True)
class Item:
    """One file of a release.

    Args:
        path: In the release.
        rows: Those it will hold; None for what is no table.
        bytes: About how large it will be; what a plain copy or a text says is exact.
        write: Writes it whole to a local path.
        sha256: Where it is known before.
    """

    path: str
    rows: int | None
    bytes: int
    write: Callable[[Path], None]
    sha256: str | None = None

    @property
    def folder(self) -> str:
        """The data set, or what else it belongs to."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class Written:
    """A file as it was written."""

    sha256: str
    bytes: int
    rows: int | None

    def row(self) -> dict[str, object]:
        """As a release's manifest has it."""
        return {"sha256": self.sha256, "bytes": self.bytes, "rows": self.rows}


def write_item(item: Item, target: Path) -> Written:
    """Write one file.

    Raises:
        GenesysError: It is not what its table's manifest says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    item.write(target)
    sha = checksum(target)
    if item.sha256 is not None and sha != item.sha256:
        raise GenesysError(
            f"{item.path} would have SHA-256 {sha}, its table's manifest says {item.sha256}: the table's file was "
            "damaged. Materialize the table again"
        )
    return Written(sha, target.stat().st_size, item.rows)


def checksum(path: Path) -> str:
    """SHA-256 of a local file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_item(path: str, content: bytes) -> Item:
    """A file that is no table."""

    def write(target: Path) -> None:
        target.write_bytes(content)

    return Item(path, None, len(content), write, hashlib.sha256(content).hexdigest())


def table_items(lake: Lake, asset: str, file: File, folder: str, stem: str, most: int = MOST_BYTES) -> list[Item]:
    """A table's file as one or several of a release; none where it has no rows."""
    if not file.rows:
        return []
    if file.bytes <= most:
        return [_copied(lake, asset, file, file_name(folder, stem, 0, 1))]
    cuts = list(_cuts(lake.footer(asset, WHOLE, file), most))
    return [
        _cut(lake, asset, file, file_name(folder, stem, number, len(cuts)), groups, weight)
        for number, (groups, weight) in enumerate(cuts)
    ]


def _copied(lake: Lake, asset: str, file: File, path: str) -> Item:
    def write(target: Path) -> None:
        with lake.open_file(asset, WHOLE, file) as source, target.open("wb") as stream:
            shutil.copyfileobj(source, stream, _AT_ONCE)

    return Item(path, file.rows, file.bytes, write, file.sha256)


@dataclass(frozen=True)
class _Groups:
    numbers: range
    rows: int


def _cuts(footer: pq.FileMetaData, most: int) -> Iterator[tuple[_Groups, int]]:
    """Row groups that go into one file each, and their compressed bytes."""
    first, rows, weight = 0, 0, 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        bytes_ = sum(group.column(index).total_compressed_size for index in range(group.num_columns))
        if rows and weight + bytes_ > most:
            yield _Groups(range(first, number), rows), weight
            first, rows, weight = number, 0, 0
        rows, weight = rows + group.num_rows, weight + bytes_
    yield _Groups(range(first, footer.num_row_groups), rows), weight


def _cut(lake: Lake, asset: str, file: File, path: str, groups: _Groups, weight: int) -> Item:
    def write(target: Path) -> None:
        with lake.parquet(asset, WHOLE, file) as source, writer(target, source.schema_arrow) as out:
            for number in groups.numbers:
                out.write_table(source.read_row_group(number, use_threads=False))

    return Item(path, groups.rows, weight, write)


def writer(target: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """The one way in which files of a release that are no copies are written."""
    return pq.ParquetWriter(target, schema, compression="zstd", version="2.6")
