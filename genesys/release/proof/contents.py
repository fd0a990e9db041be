"""What a published data set holds, read in the order of response_id: ids of all rows, whole rows where wanted.

Of a file that is broken, missing or of another shape the rest is left out, and a finding says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.release.proof.place import Place, is_inside
from genesys.schemas import describe_validation
from genesys.tables.columns import PROVEN, RAW
from genesys.tables.lake import rows_at_once

FORMAT = 1
MANIFEST = "manifest.json"
_MOST_MANIFEST = 64 * 2**20


class PublishedFile(BaseModel):
    """One file of a data set."""

    sha256: str
    bytes: int
    rows: int | None = None


class Merkle(BaseModel):
    """The root over all leaves."""

    root: str
    leaves: int
    algorithm: str


class PublishedManifest(BaseModel):
    """What is read of a manifest here; it holds more."""

    model_config = ConfigDict(extra="allow")

    format: int
    name: str
    version: str
    files: dict[str, PublishedFile]
    merkle: Merkle

    @property
    def told_version(self) -> str:
        """What the version is by all else that the manifest says; of files, it is a hash of what they are made of."""
        told = self.model_dump(exclude={"version", "files"})
        return digest(told, len(self.version))

    def of(self, folder: str, start: str = "") -> list[str]:
        """Paths of one folder's tables, in their order."""
        return sorted(path for path in self.files if path.startswith(f"{folder}/{start}") and path.endswith(".parquet"))


class Finding(NamedTuple):
    """Something that does not hold."""

    kind: str
    where: str
    """The response or the file that it is about."""
    what: str


class Item(NamedTuple):
    """A row of a table: its id always, all of it where it was wanted."""

    response_id: str
    leaf: str | None
    row: dict[str, Any] | None
    where: str


Tell = Callable[[Finding], None]
Wanted = Callable[[str], bool]
"""Whether the row of an id is wanted whole."""
Items = Iterator[Item]


def read_manifest(place: Place) -> PublishedManifest:
    """The manifest of a data set.

    Raises:
        GenesysError: There is none, or it is none that can be read here; says what is wrong with it.
    """
    where = f"{place.name}/{MANIFEST}"
    try:
        told = json.loads(place.read(MANIFEST, _MOST_MANIFEST))
        if isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] > FORMAT:
            raise GenesysError(f"{where} is of format {told['format']}, this version of genesys reads up to {FORMAT}")
        manifest = PublishedManifest.model_validate(told)
    except ValidationError as error:
        raise GenesysError(f"{where}: {describe_validation(error)}") from None
    except (ValueError, RecursionError) as error:
        raise GenesysError(f"{where} is no JSON: {error}") from None
    if outside := [path for path in manifest.files if not is_inside(path)]:
        raise GenesysError(f"{where} names {outside[0]!r}, which leads out of the data set")
    return manifest


def raw_items(place: Place, manifest: PublishedManifest, files: Sequence[str], wanted: Wanted, tell: Tell) -> Items:
    """Rows of ``dataset/raw``."""
    return _items(place, manifest, files, RAW, wanted, tell)


def lineage_items(place: Place, manifest: PublishedManifest, wanted: Wanted, tell: Tell) -> Items:
    """Rows of the lineage, each with its leaf."""
    return _items(place, manifest, manifest.of("lineage"), PROVEN, wanted, tell)


def _items(
    place: Place, manifest: PublishedManifest, files: Sequence[str], schema: pa.Schema, wanted: Wanted, tell: Tell
) -> Items:
    last = ""
    for path in files:
        for item in _file_items(place, path, manifest.files[path], schema, wanted, tell):
            if item.response_id <= last:
                again = "stands there twice" if item.response_id == last else f"stands behind {last}"
                tell(Finding("order", item.response_id, f"{again} in {path}, whose rows are sorted by response_id"))
            last = item.response_id
            yield item


def _file_items(
    place: Place, path: str, promised: PublishedFile, schema: pa.Schema, wanted: Wanted, tell: Tell
) -> Items:
    try:
        with place.fetched(path) as (local, sha256):
            if sha256 != promised.sha256:
                tell(Finding("file", path, f"has SHA-256 {sha256}, the manifest says {promised.sha256}"))
            # Threads of pyarrow's must hold nothing of Python's: see genesys.tables.lake.
            with pq.ParquetFile(local, pre_buffer=False, memory_map=False) as file:
                if not _has(file.schema_arrow, schema):
                    tell(Finding("file", path, f"has other columns than {', '.join(schema.names)}; it is passed over"))
                    return
                if file.metadata.num_rows != promised.rows:
                    told = f"has {file.metadata.num_rows:,} rows, the manifest says {promised.rows}"
                    tell(Finding("file", path, told))
                for number in range(file.num_row_groups):
                    yield from _group(file, number, path, wanted, tell)
    except FileNotFoundError:
        tell(Finding("file", path, "is missing, the manifest names it"))
    except (OSError, ValueError, pa.ArrowException) as error:  # texts that are no UTF-8 are a ValueError
        tell(Finding("file", path, f"cannot be read: {error}"))


def _has(found: pa.Schema, schema: pa.Schema) -> bool:
    return bool(found.names == schema.names and found.types == schema.types)


def _group(file: pq.ParquetFile, number: int, path: str, wanted: Wanted, tell: Tell) -> Items:
    """One group of rows: ids first, and the rest of it only where a row of it is wanted."""
    columns = [name for name in ("response_id", "leaf") if name in file.schema_arrow.names]
    ids = file.read_row_group(number, columns=columns, use_threads=False).to_pydict()
    leaves = ids.get("leaf") or [None] * len(ids["response_id"])
    chosen = [each is not None and wanted(each) for each in ids["response_id"]]
    rows = _whole(file, number, chosen) if any(chosen) else iter(())
    for response_id, leaf, is_chosen in zip(ids["response_id"], leaves, chosen, strict=True):
        if response_id is None:
            tell(Finding("row", path, f"has a row without response_id, in its row group {number}"))
            continue
        yield Item(response_id, leaf, next(rows) if is_chosen else None, path)


def _whole(file: pq.ParquetFile, number: int, chosen: list[bool]) -> Iterator[dict[str, Any]]:
    start, size = 0, rows_at_once(file.metadata, None)
    for batch in file.iter_batches(batch_size=size, row_groups=[number], use_threads=False):
        some = batch.filter(pa.array(chosen[start : start + len(batch)]))
        start += len(batch)
        yield from some.to_pylist()
