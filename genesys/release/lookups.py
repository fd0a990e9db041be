"""Rows of one file of the lake found by their ids, a few groups of rows in memory at a time.

For tables that another one refers to in about the order in which they stand: tasks and verdicts of responses.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from genesys.tables.lake import Lake

KEPT = 3
"""Groups of rows in memory; one has a thousand rows, or 16 million characters."""

Places = npt.NDArray[np.int64]


class Lookup:
    """Rows of one file by an id.

    Args:
        lake: Where it stands; read in this thread alone where that is object storage.
        file: The open file.
        key: The column with the ids, each of them once.
        columns: What is wanted of a row: names to give, with the file's own. A column that the file lacks is null.
        schema: Types of the file's columns.
    """

    def __init__(self, lake: Lake, file: pq.ParquetFile, key: str, columns: Mapping[str, str], schema: pa.Schema):
        """Read the ids alone."""
        self._file, self._columns, self._schema = file, dict(columns), schema
        self._threads = lake.local
        ids = file.read([key], use_threads=self._threads)[key]
        self._index = pl.DataFrame({"id": pl.Series(pl.from_arrow(ids))}).with_row_index("place")
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        self._starts = np.cumsum([0, *sizes])
        self._there = [name for name in dict.fromkeys(columns.values()) if name in file.schema_arrow.names]
        self._groups: dict[int, pa.Table] = {}

    def places(self, ids: pa.ChunkedArray) -> Places:
        """Where each of these ids stands in the file; -1 for one that it has not."""
        wanted = pl.DataFrame({"id": pl.Series(pl.from_arrow(ids))})
        found = wanted.join(self._index, on="id", how="left", maintain_order="left")["place"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()

    def take(self, places: Places) -> pa.Table:
        """The rows at these places, in their order."""
        groups = np.searchsorted(self._starts, places, side="right") - 1
        pieces, order = [], []
        for number in np.unique(groups):
            here = np.flatnonzero(groups == number)
            pieces.append(self._group(int(number)).take(pa.array(places[here] - self._starts[number])))
            order.append(here)
        if not pieces:
            return self._shaped(self._schema.empty_table().select(self._there))
        back = np.argsort(np.concatenate(order), kind="stable")
        return pa.concat_tables(pieces).combine_chunks().take(pa.array(back))

    def bounds(self, number: int) -> tuple[int, int]:
        """Places of the rows of one group: the first, and the one after the last."""
        return int(self._starts[number]), int(self._starts[number + 1])

    def _group(self, number: int) -> pa.Table:
        if number not in self._groups:
            while len(self._groups) >= KEPT:
                self._groups.pop(next(iter(self._groups)))
            rows = self._file.read_row_group(number, columns=self._there, use_threads=self._threads)
            self._groups[number] = self._shaped(rows)
        return self._groups[number]

    def _shaped(self, rows: pa.Table) -> pa.Table:
        """The columns by the names that are wanted."""
        found = {
            name: rows[column] if column in rows.column_names else pa.nulls(len(rows), self._schema.field(column).type)
            for name, column in self._columns.items()
        }
        return pa.table(found)
