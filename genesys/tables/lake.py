"""Tables on a folder or s3://: immutable Parquet parts named by their content, and one small manifest a partition.

``<root>/<asset>/<partition>/<sha>.parquet`` beside ``manifest.json``. A part is written to a temporary name and
renamed, or put whole to object storage; the manifest is replaced last, so that what it names is always there. Run ids
and times stand in the manifest, never in a part: the same inputs give the same bytes. What the columns are stands in
``genesys.tables.columns``, how manifests are read and replaced in ``genesys.tables.catalog``.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from genesys.storage import (
    Found,
    files_below,
    modified,
    sync_folder,
)
from genesys.tables.catalog import Catalog
from genesys.tables.manifest import FORMAT, WHOLE, File, Manifest, Part
from genesys.tables.part_writer import PartWriter

__all__ = ["FORMAT", "WHOLE", "File", "Lake", "Manifest", "Part", "PartWriter"]

BATCH = 2**24
"""About so many bytes of rows are read together."""
SMALL = 2**20
"""Up to so many bytes, a file of object storage is read whole whatever is wanted of it."""


class Lake(Catalog):
    """All tables below one folder or URL.

    Args:
        root: Folder or fsspec URL, as in ``state/lake`` or ``s3://bucket/lake``.
        storage_options: fsspec options (endpoint, credentials); never written anywhere.
    """

    # Rows --------------------------------------------------------------------------------------------------------

    def write(
        self, asset: str, partition: str, schema: pa.Schema, rows: Iterable[dict[str, Any]], **footer: str
    ) -> File:
        """Write rows as one immutable file named by its content; the manifest is not touched.

        Args:
            asset: The table.
            partition: Its partition.
            schema: Columns; a row may not have others.
            rows: Read once, in order; about a thousand at a time are held.
            footer: Provenance that is the same whenever the content is, kept in the Parquet footer.
        """
        with self.writer(asset, partition, schema, **footer) as writer:
            for row in rows:
                writer.add(row)
        assert writer.file is not None  # noqa: S101 - set at the end of the block
        return writer.file

    @contextlib.contextmanager
    def writer(self, asset: str, partition: str, schema: pa.Schema, **footer: str) -> Iterator[PartWriter]:
        """The same for code that gets rows one by one; a block that fails leaves nothing behind."""
        folder = self._folder(asset, partition)
        scratch = self.scratch(asset, partition)
        with self._writing(asset, partition):
            handle, name = tempfile.mkstemp(suffix=".tmp", prefix="part-", dir=scratch)
            os.close(handle)
        temporary = Path(name)
        writer = PartWriter(temporary, schema, footer, lambda: self._writing(asset, partition))
        try:
            yield writer
            file = writer.finish()
            with self._writing(asset, partition):
                if self.local:
                    temporary.chmod(0o644)
                    # gc may have found this very content as a part that no manifest names: see genesys.garbage.
                    with self.exclusive(asset, partition, ".lock"):
                        temporary.replace(f"{folder}/{file.name}")
                    sync_folder(scratch)
                else:
                    self._fs.put_file(str(temporary), f"{folder}/{file.name}")
            writer.file = file
        finally:
            writer.close()
            temporary.unlink(missing_ok=True)

    def rows(
        self, asset: str, partition: str = WHOLE, columns: Sequence[str] | None = None, *, campaign: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows of all parts, or of one campaign's, in the order of the manifest; a thousand at most are held."""
        for name, part in self.need(asset, partition).parts.items():
            if campaign is None or name == campaign:
                yield from self.file_rows(asset, partition, part.data, columns)

    def file_rows(
        self, asset: str, partition: str, file: File, columns: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows of one file."""
        for batch in self.batches(asset, partition, file, columns):
            yield from batch.to_pylist()

    def batches(
        self, asset: str, partition: str, file: File, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The same as Arrow has them, a thousand rows at most together."""
        with self._opened(asset, partition, file) as parquet:
            size = rows_at_once(parquet.metadata, columns)
            yield from parquet.iter_batches(batch_size=size, columns=columns, use_threads=self.local)

    def find(self, asset: str, partition: str, file: File, column: str, value: str) -> list[dict[str, Any]]:
        """Rows of one file in which a column has this value; where the file is sorted by it, little is read."""
        found: list[dict[str, Any]] = []
        with self._opened(asset, partition, file) as parquet:
            for number in range(parquet.num_row_groups):
                if may_have(parquet.metadata.row_group(number), column, value):
                    rows = parquet.read_row_group(number, use_threads=self.local)
                    found += rows.filter(pc.equal(rows[column], value)).to_pylist()
        return found

    def find_all(
        self,
        asset: str,
        partition: str,
        file: File,
        column: str,
        values: Collection[str],
        columns: Sequence[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The same for many values, in the order of the file; of rows without them this column alone is read."""
        wanted, ordered = pa.array(sorted(values), pa.string()), sorted(values)
        with self._opened(asset, partition, file) as parquet:
            for number in range(parquet.num_row_groups):
                if not _may_have_any(parquet.metadata.row_group(number), column, ordered):
                    continue
                held = parquet.read_row_group(number, [column], use_threads=self.local)
                mask = pc.is_in(held[column], value_set=wanted)
                if pc.any(mask).as_py():
                    rows = parquet.read_row_group(number, columns, use_threads=self.local)
                    yield from rows.filter(mask).to_pylist()

    def frame(self, asset: str, partition: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Rows of all parts as a Polars frame; empty if there are no parts."""
        frames = [
            self.file_frame(asset, partition, part.data, columns) for part in self.need(asset, partition).parts.values()
        ]
        return pl.concat(frames) if frames else pl.DataFrame()

    def file_frame(self, asset: str, partition: str, file: File, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """One file as a Polars frame."""
        with self._opened(asset, partition, file) as parquet:
            # Not read_table: for one file it first imports pyarrow's data sets, and Pandas with them.
            return pl.DataFrame(pl.from_arrow(parquet.read(columns, use_threads=self.local)))

    def footer(self, asset: str, partition: str, file: File) -> pq.FileMetaData:
        """Row count and columns of one file as it stands there now; no row is read."""
        with self._opened(asset, partition, file) as parquet:
            return parquet.metadata

    @contextlib.contextmanager
    def parquet(self, asset: str, partition: str, file: File, names: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """One file for code that reads it group by group; columns of these ``names`` come as dictionaries."""
        with self._opened(asset, partition, file, names) as parquet:
            yield parquet

    def open_file(self, asset: str, partition: str, file: File) -> IO[bytes]:
        """The bytes of one file, whatever they are."""
        stream: IO[bytes] = self._fs.open(self.path(asset, partition, file), "rb")
        return stream

    @contextlib.contextmanager
    def _opened(self, asset: str, partition: str, file: File, names: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
        """A file to read from, by pyarrow's own reader where it stands on this machine.

        Threads of pyarrow's must hold nothing of Python's: one that lets go of it while the interpreter ends is ended
        by it, and with it the process ("terminate called without an active exception"). So what Python reads for them
        is read in this thread alone.
        """
        if self.local:
            path = self.path(asset, partition, file)
            with pq.ParquetFile(path, pre_buffer=True, read_dictionary=list(names) or None) as parquet:
                yield parquet
            return
        with (
            self._reading(asset, partition, file) as stream,
            pq.ParquetFile(stream, pre_buffer=False, read_dictionary=list(names) or None) as parquet,
        ):
            yield parquet

    def _reading(self, asset: str, partition: str, file: File) -> IO[bytes]:
        """A file to read from; a small one of object storage comes whole, in one request in place of several."""
        path = self.path(asset, partition, file)
        if file.bytes > SMALL:
            stream: IO[bytes] = self._fs.open(path, "rb")
            return stream
        return io.BytesIO(self._fs.cat_file(path))

    # Places ------------------------------------------------------------------------------------------------------

    def uri(self, asset: str, partition: str, file: File | str) -> str:
        """The same for people and other programs."""
        return str(self._fs.unstrip_protocol(self.path(asset, partition, file))).removeprefix("file://")

    def checksum(self, asset: str, partition: str, file: File) -> str:
        """SHA-256 of a file as it stands there now."""
        sha = hashlib.sha256()
        with self._fs.open(self.path(asset, partition, file), "rb") as stream:
            while block := stream.read(2**20):
                sha.update(block)
        return sha.hexdigest()

    def scratch(self, asset: str, partition: str) -> Path:
        """A local folder for what is on its way into a partition: the partition's own, where the lake is local."""
        folder = Path(self._folder(asset, partition) if self.local else tempfile.gettempdir())
        with self._writing(asset, partition):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def trouble(self, asset: str, partition: str, file: File) -> str | None:
        """What is wrong with a file as it stands there now, None if it is what was written.

        Every byte is read. A file that cannot be had is named as missing, whatever the reason.
        """
        try:
            found = self.checksum(asset, partition, file)
        except OSError as error:
            return f"{self.uri(asset, partition, file)} cannot be read: {error}"
        if found != file.sha256 or not file.name.startswith(found[:32]):
            return f"{self.uri(asset, partition, file)} has SHA-256 {found}, its manifest says {file.sha256}"
        return None

    def files(self, asset: str, partition: str) -> dict[str, int]:
        """Names and sizes in bytes of all files of a partition, referenced by its manifest or not."""
        folder = self._folder(asset, partition)
        return {info["name"].rsplit("/", 1)[1]: info["size"] for info in self._fs.ls(folder, detail=True)}

    def listing(self) -> Iterator[tuple[str, str, Found]]:
        """Every file of every partition: asset, partition, and the file with its name alone."""
        for found in files_below(self._fs, self._base):
            place, _, name = found.path.removeprefix(self._base).strip("/").rpartition("/")
            asset, _, partition = place.rpartition("/")
            yield asset, partition, Found(name, found.size, found.modified)

    def modified(self, asset: str, partition: str, name: str) -> float:
        """When a file was last written.

        Raises:
            FileNotFoundError: There is none.
        """
        return modified(self._fs, self.path(asset, partition, name))

    def delete(self, asset: str, partition: str, name: str) -> None:
        """Remove one file."""
        self._fs.rm_file(self.path(asset, partition, name))


def may_have(group: pq.RowGroupMetaData, column: str, value: str) -> bool:
    """Whether a value can be in a group of rows, as far as the file says what is in it."""
    return _may_have_any(group, column, [value])


def _may_have_any(group: pq.RowGroupMetaData, column: str, values: Sequence[str]) -> bool:
    """The same for several values, in order."""
    chunks = map(group.column, range(group.num_columns))
    known = next((chunk.statistics for chunk in chunks if chunk.path_in_schema == column), None)
    if known is None or not known.has_min_max:
        return bool(values)
    first = bisect.bisect_left(values, known.min)
    return first < len(values) and bool(values[first] <= known.max)


def rows_at_once(file: pq.FileMetaData, columns: Sequence[str] | None) -> int:
    """How many rows are read together: a thousand, and fewer where those of a row group weigh more than ``BATCH``."""
    groups = [file.row_group(number) for number in range(file.num_row_groups)]
    weights = [
        sum(
            chunk.total_uncompressed_size
            for chunk in map(group.column, range(group.num_columns))
            if columns is None or chunk.path_in_schema.partition(".")[0] in columns
        )
        / group.num_rows
        for group in groups
        if group.num_rows
    ]
    return max(1, min(1024, int(BATCH / max([1.0, *weights]))))
