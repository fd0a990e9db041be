"""Rows put in the order of their ids with a bounded number of bytes in memory. What rows are does not matter here."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesys.faults import InfrastructureFault

HELD = 2**27
"""Bytes of rows that wait in memory before they go to files."""
HEAVY = 2**28
"""A file with more bytes than this is sorted through files of its own."""
DIGITS = 2
"""Characters of an id by which files part: 256 files, since ids are hexadecimal hashes and spread evenly."""


class Sorter:
    """Sorts Arrow tables by ids, which are hashes.

    Few rows are sorted in memory. More go to a file for each beginning of an id first, and are then sorted file by
    file: every row is written and read once more. So memory does not grow with the number of rows.

    Args:
        folder: Where the files stand until the end.
        keys: Columns to sort by, the first of them the id; no two rows are equal in all of them.
        depth: How many characters of the ids all rows have in common.
    """

    def __init__(self, folder: Path, keys: Sequence[str], *, depth: int = 0) -> None:
        """Nothing is made until files are needed."""
        self._folder, self._keys, self._depth = folder, tuple(keys), depth
        self._held: list[pa.Table] = []
        self._bytes = 0
        self._files: dict[str, _File] = {}
        self._stack = contextlib.ExitStack()
        self._scratch: Path | None = None

    def __enter__(self) -> Self:
        """Take rows from here on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the files."""
        self._stack.close()

    def add(self, table: pa.Table) -> None:
        """Take rows; all tables have the same columns.

        Raises:
            InfrastructureFault: The disk is full (fatal).
        """
        if len(table):
            self._held.append(table)
            self._bytes += table.nbytes
        if self._bytes >= HELD:
            self._spill()

    def sorted(self) -> Iterator[pa.Table]:
        """All rows in order, in tables of bounded size; each row once, so this can be asked for once."""
        if not self._files:
            if self._held:
                yield self._in_order(pa.concat_tables(self._held))
            self._held.clear()
            return
        self._spill()
        with self._writing():
            for file in self._files.values():
                file.writer.close()
                file.sink.close()
        for prefix in sorted(self._files):
            file = self._files.pop(prefix)
            if file.bytes > HEAVY and len(prefix) == DIGITS:
                yield from self._finer(file)
            else:
                yield self._in_order(pa.Table.from_batches(list(file.read())))
            file.path.unlink()

    def _finer(self, file: _File) -> Iterator[pa.Table]:
        assert self._scratch is not None  # noqa: S101 - there is a file
        with Sorter(self._scratch, self._keys, depth=self._depth + DIGITS) as finer:
            for batch in file.read():
                finer.add(pa.Table.from_batches([batch]))
            yield from finer.sorted()

    def _in_order(self, table: pa.Table) -> pa.Table:
        order = pc.sort_indices(table.select(self._keys), [(key, "ascending") for key in self._keys])
        return table.combine_chunks().take(order)

    def _spill(self) -> None:
        """Write what waits, parted by the beginnings of ids."""
        if not self._held:
            return
        table = pa.concat_tables(self._held).combine_chunks()
        self._held.clear()
        self._bytes = 0
        begins = pc.utf8_slice_codeunits(table[self._keys[0]], self._depth, self._depth + DIGITS)
        order = pc.sort_indices(begins)
        table, begins = table.take(order), begins.take(order).combine_chunks().dictionary_encode()
        changes = np.flatnonzero(np.diff(begins.indices.to_numpy())) + 1
        edges = [0, *changes.tolist(), len(table)]
        with self._writing():
            for start, end in zip(edges, edges[1:], strict=False):
                self._file(begins[start].as_py(), table.schema).write(table.slice(start, end - start))

    def _file(self, prefix: str, schema: pa.Schema) -> _File:
        if self._scratch is None:
            scratch = tempfile.TemporaryDirectory(dir=self._folder, prefix="part-", suffix=".tmp")
            self._scratch = Path(self._stack.enter_context(scratch))
        if prefix not in self._files:
            # Names that gc knows, should this process be killed.
            self._files[prefix] = _File(self._scratch / f"part-{len(self._files)}.tmp", schema)
            self._stack.callback(self._files[prefix].sink.close)
        return self._files[prefix]

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"rows could not be sorted in {self._folder}: {error}. If the disk is full, make room (`genesys gc` "
                "shows what can go) and run the same command again.",
                fatal=True,
            ) from error


class _File:
    """Rows whose ids begin alike, as they came."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open it."""
        self.path, self.bytes = path, 0
        self.sink: Any = pa.OSFile(str(path), "wb")
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self.writer: Any = pa.ipc.new_stream(self.sink, schema, options=options)

    def write(self, table: pa.Table) -> None:
        self.writer.write_table(table)
        self.bytes += table.nbytes

    def read(self) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(self.path), "rb") as source, pa.ipc.open_stream(source) as stream:
            yield from stream
