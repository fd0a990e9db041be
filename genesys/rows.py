"""Files of records as Genesys keeps them: JSON lines, broken ones read in their place, written whole or not at all.

What the fields of a record mean stands in ``genesys.schemas``; tables of the lake are ``genesys.tables.lake``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from genesys.faults import GenesysError, InfrastructureFault
from genesys.sources import BadRow
from genesys.sources.files import read_jsonl, read_parquet
from genesys.storage import remove_abandoned, sync_folder

Record = dict[str, Any]


def read_records(path: Path) -> Iterator[tuple[int, Record | BadRow]]:
    """Records of a .jsonl or .parquet file with their line or row numbers, from 1; empty lines are passed over.

    Raises:
        GenesysError: The file is of another kind.
    """
    if path.suffix not in (".jsonl", ".parquet"):
        raise GenesysError(f"{path}: expected a .jsonl or .parquet file")
    yield from read_parquet(path) if path.suffix == ".parquet" else read_jsonl(path)


def count_rows(path: Path) -> int:
    """How many rows a .jsonl or .parquet file has, quickly: empty lines are counted too."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as table:
            return int(table.metadata.num_rows)
    count, block = 0, b""
    with path.open("rb") as stream:
        while following := stream.read(2**20):
            block = following
            count += block.count(b"\n")
    return count + (not block.endswith(b"\n") if block else 0)


def broken_record(row: BadRow) -> Record:
    """What stands in a broken row's place: {error, line, raw}."""
    return {"error": str(row), "line": row.row, "raw": row.raw}


def is_broken(record: Mapping[str, Any]) -> bool:
    """Whether a record is what an earlier command put in a broken row's place."""
    return record.keys() == {"error", "line", "raw"}


def to_line(record: Mapping[str, Any]) -> bytes:
    """A record as one line; keys keep their order, and dates of Parquet files become text."""
    return json.dumps(record, ensure_ascii=False, default=str).encode() + b"\n"


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when all of it is on the disk; a block that fails changes nothing.

    Raises:
        InfrastructureFault: It could not be written (disk full), fatal.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(target)
        with temporary.open("xb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            temporary.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise InfrastructureFault(
            f"{target} could not be written: {error}. If the disk is full, make room and run the same command again; "
            "nothing that was answered before is lost.",
            fatal=True,
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
