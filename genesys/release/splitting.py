"""The files of a data set written in order: one for each split, and the lineage of the rows of both.

Which split a row belongs to was decided with the choice; here it is a column of what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Self

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from genesys.outcomes import Counts
from genesys.release.choice import Built
from genesys.tables.lake import WHOLE, File, Lake

TRAIN, TEST = "train", "test"
Lengths = Callable[[pa.Table], Any]
"""A number for each row of a data set."""


class SplitWriter:
    """Writes one data set.

    Args:
        lake: Where it goes.
        asset: Its name there.
        schema: Its columns.
        lineage: Those of its lineage.
        means: Figures that are means over all rows, by their names.
    """

    def __init__(
        self, lake: Lake, asset: str, schema: pa.Schema, lineage: pa.Schema, means: Mapping[str, Lengths] | None = None
    ) -> None:
        """Nothing is opened until the block begins."""
        self._lake, self._asset, self._schema, self._lineage = lake, asset, schema, lineage
        self._means = dict(means or {})
        self._sums = dict.fromkeys(self._means, 0.0)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open the files."""
        self._writers = {
            name: self._stack.enter_context(self._lake.writer(self._asset, WHOLE, schema))
            for name, schema in ((TRAIN, self._schema), (TEST, self._schema), ("lineage", self._lineage))
        }
        return self

    def __exit__(self, *error: Any) -> None:
        """Finish the files; a block that fails leaves nothing behind."""
        self._stack.__exit__(*error)

    def rows(self, table: pa.Table) -> None:
        """Write rows, which have a column ``split`` besides those of the data set."""
        rows = table.select(self._schema.names)
        for split in (TRAIN, TEST):
            self._writers[split].add_table(rows.filter(pc.equal(table["split"], split)))
        for name, lengths in self._means.items():
            self._sums[name] += float(pc.sum(lengths(table)).as_py() or 0)

    def lineage(self, table: pa.Table) -> None:
        """Write lineage; other columns are passed over."""
        self._writers["lineage"].add_table(table.select(self._lineage.names))

    def built(self, counts: Counts, figures: Mapping[str, float] | None = None) -> Built:
        """What was written, after the block.

        Args:
            counts: How all candidates ended; ``records`` is told here, for the table that holds the train split.
            figures: More of them.
        """
        train, test, lineage = (_file(self._writers[name].file) for name in (TRAIN, TEST, "lineage"))
        rows = train.rows + test.rows
        means = {f"mean_{name}": round(total / rows, 2) if rows else 0.0 for name, total in self._sums.items()}
        sizes = {"train_rows": float(train.rows), "test_rows": float(test.rows)}
        counts.records = train.rows
        return Built(train, test, lineage, counts, {**sizes, **means, **(figures or {})})


def mean(column: pl.Series, digits: int = 4) -> float:
    """The mean of a column without nulls, rounded for people; 0 of nothing."""
    return round(float(column.to_numpy().mean()), digits) if len(column) else 0.0


def _file(file: File | None) -> File:
    assert file is not None  # noqa: S101 - set at the end of the block
    return file
