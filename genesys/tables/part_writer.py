"""One part being written: rows into a local Parquet file named by its content. Where it goes stands in ``lake``."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genesys.faults import GenesysError
from genesys.tables.manifest import FORMAT, File
from genesys.tables.text_sizes import characters


class PartWriter:
    """Writes rows to a local Parquet file, a row group per thousand rows, so that equal rows give equal bytes.

    Heavy rows make smaller groups: whoever reads a row has its whole group in memory.
    """

    GROUP = 1024
    GROUP_CHARS = 2**24

    def __init__(
        self, path: Path, schema: pa.Schema, footer: dict[str, str], writing: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Open the file; ``footer`` goes into the Parquet metadata, ``writing`` names the trouble of a write."""
        self._path, self._schema = path, schema.with_metadata({"genesys.format": str(FORMAT), **footer})
        self._writing = writing
        try:
            with writing():
                self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", version="2.6")
        except BaseException:
            path.unlink(missing_ok=True)  # the caller has nothing yet that it could close
            raise
        self._pending: list[dict[str, Any]] = []
        self._tables: list[pa.Table] = []
        self._names = frozenset(schema.names)
        self._chars = 0
        self.rows = 0
        self.file: File | None = None

    def add(self, row: dict[str, Any]) -> None:
        """Add one row.

        Raises:
            GenesysError: It has a column that the table has not.
        """
        if not row.keys() <= self._names:
            raise GenesysError(f"no such column in this table: {', '.join(sorted(row.keys() - self._names))}")
        self._pending.append(row)
        self._chars += _chars(row)
        self.rows += 1
        if len(self._pending) == self.GROUP or self._chars >= self.GROUP_CHARS:
            self._flush()

    def add_table(self, table: pa.Table) -> None:
        """Add rows that stand in an Arrow table, with just these columns in any order.

        They are cut into groups as they would be one by one, so that the file is the same whatever tables they came in.

        Raises:
            GenesysError: Its columns are not those of the table.
        """
        if set(table.column_names) != self._names:
            odd = sorted(self._names.symmetric_difference(table.column_names))
            raise GenesysError(f"no such columns in this table, or missing: {', '.join(odd)}")
        if self._pending:
            raise GenesysError("a part takes rows either one by one or as tables")
        table = table.select(self._schema.names).cast(self._schema)
        held = sum(map(len, self._tables))
        sizes = np.cumsum(characters(table))
        start, before = 0, 0
        while start < len(table):
            # A group is full with its thousandth row, or with the row that brings its text to the limit.
            heavy = int(np.searchsorted(sizes, self.GROUP_CHARS - self._chars + before)) + 1
            end = min(start + self.GROUP - held, heavy, len(table))
            self._tables.append(table.slice(start, end - start))
            held += end - start
            self._chars += int(sizes[end - 1]) - before
            start, before = end, int(sizes[end - 1])
            if held == self.GROUP or self._chars >= self.GROUP_CHARS:
                self._write(pa.concat_tables(self._tables))
                self._tables.clear()
                held = self._chars = 0
        self.rows += len(table)

    def _write(self, table: pa.Table) -> None:
        with self._writing():
            # In one piece, since pages end where pieces do.
            self._writer.write_table(table.combine_chunks(), row_group_size=self.GROUP)

    def _flush(self) -> None:
        if self._tables:
            self._write(pa.concat_tables(self._tables))
            self._tables.clear()
            self._chars = 0
        if self._pending:
            try:
                table = pa.Table.from_pylist(self._pending, schema=self._schema)
            except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
                raise self._misfit() or error from error
            self._write(table)
            self._pending.clear()
            self._chars = 0

    def _misfit(self) -> GenesysError | None:
        """The first value of the rows at hand that its column cannot hold, in words."""
        first = self._schema.names[0]  # a table's first column says which row it is
        for row in self._pending:
            for column in self._schema:
                value = row.get(column.name)
                try:
                    pa.array([value], column.type)
                except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
                    return GenesysError(
                        f"row {row.get(first)!r} ({first}) cannot be written: its {column.name} is "
                        f"{type(value).__name__} {ascii(value)[:80]}, which a column of {column.type} cannot hold "
                        f"({error}). Mend what makes this value, and raise its version so that the row is made anew."
                    )
        return None

    def finish(self) -> File:
        """Close the file, make it durable and name it by its content."""
        self._flush()
        with self._writing():
            self._writer.close()
            with self._path.open("rb") as stream:
                sha = hashlib.file_digest(stream, "sha256").hexdigest()
                os.fsync(stream.fileno())
            return File(name=f"{sha[:32]}.parquet", sha256=sha, rows=self.rows, bytes=self._path.stat().st_size)

    def close(self) -> None:
        """Let go of the file, finished or not."""
        with contextlib.suppress(OSError):
            self._writer.close()


def _chars(value: Any) -> int:
    """About how much text a value holds."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_chars, value.values()))
    return sum(map(_chars, value)) if isinstance(value, list | tuple) else 0
