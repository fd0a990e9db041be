"""Tables on a folder or s3://: immutable Parquet parts named by their content, and one small manifest a partition.

``<root>/<asset>/<partition>/<sha>.parquet`` beside ``manifest.json``. A part is written to a temporary name and
renamed, or put whole to object storage; the manifest is replaced last, so that what it names is always there. Run ids
and times stand in the manifest, never in a part: the same inputs give the same bytes. What the columns are stands in
``genesys.columns``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from genesys.faults import GenesysError, InfrastructureFault
from genesys.manifest import FORMAT, WHOLE, File, Manifest, Part
from genesys.part_writer import PartWriter

__all__ = ["FORMAT", "WHOLE", "File", "Lake", "Manifest", "Part", "PartWriter"]


class Lake:
    """All tables below one folder or URL.

    Args:
        root: Folder or fsspec URL, as in ``state/lake`` or ``s3://bucket/lake``.
        storage_options: fsspec options (endpoint, credentials); never written anywhere.
    """

    def __init__(self, root: str | Path, storage_options: dict[str, Any] | None = None) -> None:
        """Nothing is read or made yet."""
        self.root = str(root)
        # A remembered listing would hide what another process wrote since.
        options = {"use_listings_cache": False} | (storage_options or {})
        self._fs, self._base = fsspec.core.url_to_fs(self.root, **options)
        self.local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))

    # Manifests ---------------------------------------------------------------------------------------------------

    def manifest(self, asset: str, partition: str = WHOLE) -> Manifest | None:
        """The manifest of a partition, None if it was never made.

        Raises:
            GenesysError: It is of another format, or no manifest at all.
        """
        path = f"{self._folder(asset, partition)}/manifest.json"
        try:
            found = Manifest.model_validate_json(self._fs.cat_file(path))
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise GenesysError(f"{path} is no manifest: {error.errors()[0]['msg']}") from None
        if found.format != FORMAT:
            raise GenesysError(f"{path} has table format {found.format}; this version reads format {FORMAT}")
        return found

    def need(self, asset: str, partition: str = WHOLE) -> Manifest:
        """The manifest of a partition that must be there.

        Raises:
            GenesysError: It was never made.
        """
        found = self.manifest(asset, partition)
        if found is None:
            raise GenesysError(f"{asset} has no partition {partition} in {self.root}: materialize it first")
        return found

    def publish(self, asset: str, partition: str, parts: dict[str, Part]) -> Manifest:
        """Put parts into a partition's manifest, each in the place of its campaign's earlier one.

        Parts stand in the order of their campaigns' names, so that rows come in one order whoever was first.

        Raises:
            InfrastructureFault: It could not be written; what stood there stands.
        """
        with self.exclusive(asset, partition, ".lock"), self._writing(asset, partition):
            found = self.manifest(asset, partition) or Manifest(asset=asset, partition=partition)
            manifest = found.model_copy(update={"parts": dict(sorted((found.parts | parts).items()))})
            self._replace(
                f"{self._folder(asset, partition)}/manifest.json", manifest.model_dump_json(indent=1).encode()
            )
        return manifest

    def version_of(self, name: str) -> str | None:
        """What stands now under the name of an input, as in ``Part.inputs``; None if nothing does.

        Args:
            name: ``lane/table/partition`` for a partition's data version, or ``lane/table/partition/campaign`` for the
                hash of one part; for a table without partitions the campaign stands in the partition's place.
        """
        lane, table, partition, *rest = name.split("/")
        asset = f"{lane}/{table}"
        found = self.manifest(asset, partition)
        if found is None:
            found, rest = self.manifest(asset, WHOLE), [partition]
        if found is None or not rest:
            return found.data_version if found else None
        part = found.parts.get(rest[0])
        return part.data.sha256 if part else None

    def partitions(self, asset: str) -> list[str]:
        """Partitions of an asset that were made, sorted."""
        found = self._fs.glob(f"{self._base}/{asset}/*/manifest.json")
        return sorted(path.rsplit("/", 2)[1] for path in found)

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
                    temporary.replace(f"{folder}/{file.name}")
                    _sync_folder(scratch)
                else:
                    self._fs.put_file(str(temporary), f"{folder}/{file.name}")
            writer.file = file
        finally:
            writer.close()
            temporary.unlink(missing_ok=True)

    def rows(
        self, asset: str, partition: str = WHOLE, columns: Sequence[str] | None = None, *, campaign: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows of all parts, or of one campaign's, in the order of the manifest; a thousand at a time are held."""
        for name, part in self.need(asset, partition).parts.items():
            if campaign is None or name == campaign:
                yield from self.file_rows(asset, partition, part.data, columns)

    def file_rows(
        self, asset: str, partition: str, file: File, columns: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows of one file."""
        with self._fs.open(self.path(asset, partition, file), "rb") as stream:
            for batch in pq.ParquetFile(stream).iter_batches(batch_size=1024, columns=columns):
                yield from batch.to_pylist()

    def find(self, asset: str, partition: str, file: File, column: str, value: str) -> list[dict[str, Any]]:
        """Rows of one file in which a column has this value; where the file is sorted by it, little is read."""
        with self._fs.open(self.path(asset, partition, file), "rb") as stream:
            found: list[dict[str, Any]] = pq.read_table(stream, filters=[(column, "=", value)]).to_pylist()
        return found

    def frame(self, asset: str, partition: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Rows of all parts as a Polars frame; empty if there are no parts."""
        frames = [
            self.file_frame(asset, partition, part.data, columns) for part in self.need(asset, partition).parts.values()
        ]
        return pl.concat(frames) if frames else pl.DataFrame()

    def file_frame(self, asset: str, partition: str, file: File, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """One file as a Polars frame."""
        with self._fs.open(self.path(asset, partition, file), "rb") as stream:
            return pl.DataFrame(pl.from_arrow(pq.read_table(stream, columns=columns)))

    def footer(self, asset: str, partition: str, file: File) -> pq.FileMetaData:
        """Row count and columns of one file as it stands there now; no row is read."""
        with self._fs.open(self.path(asset, partition, file), "rb") as stream:
            return pq.ParquetFile(stream).metadata

    def changed(self, part: Part) -> list[str]:
        """Inputs of a part that no longer stand as they were read."""
        return [name for name, version in part.inputs.items() if self.version_of(name) != version]

    # Places ------------------------------------------------------------------------------------------------------

    def path(self, asset: str, partition: str, file: File | str) -> str:
        """Where a file of a partition stands, as the file system sees it."""
        return f"{self._folder(asset, partition)}/{file if isinstance(file, str) else file.name}"

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

    def delete(self, asset: str, partition: str, name: str) -> None:
        """Remove one file."""
        self._fs.rm_file(self.path(asset, partition, name))

    def _folder(self, asset: str, partition: str) -> str:
        return f"{self._base}/{asset}/{partition}"

    def _replace(self, path: str, content: bytes) -> None:
        if not self.local:
            self._fs.pipe_file(path, content)
            return
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def exclusive(self, asset: str, partition: str, name: str) -> Iterator[None]:
        """One process of this machine at a time is in a block of this name; object storage has no such lock."""
        import fcntl

        if not self.local:
            yield
            return
        folder = Path(self._folder(asset, partition))
        with self._writing(asset, partition):
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / name).open("w")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _writing(self, asset: str, partition: str) -> Iterator[None]:
        """A write that fails is the infrastructure's fault, and nothing after it in this run can succeed either."""
        try:
            yield
        except GenesysError:
            raise
        except Exception as error:
            if self.local and not isinstance(error, OSError):
                raise  # a mistake of ours; clients of object storage have error types of their own
            raise InfrastructureFault(
                f"{asset} {partition} could not be written to {self.root}: {error}. If the disk is full, make room "
                "(`genesys gc` shows what can go) and run the same command again.",
                fatal=True,
            ) from error


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
