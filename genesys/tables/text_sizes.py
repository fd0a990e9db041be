"""How much text the rows of an Arrow table hold. What rests on it stands with those who ask."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Sizes = npt.NDArray[np.int64]


def characters(table: pa.Table) -> Sizes:
    """Characters of each row, in whatever column and however deep."""
    total = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        place = 0
        for chunk in column.chunks:
            total[place : place + len(chunk)] += _characters(chunk)
            place += len(chunk)
    return total


def _characters(array: Any) -> Sizes:
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _numbers(pc.utf8_length(array))
    if pa.types.is_struct(kind):
        # A struct that is null has nothing below it.
        parts = [_characters(pc.struct_field(array, [number])) for number in range(kind.num_fields)]
        return sum(parts, start=np.zeros(len(array), np.int64))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = _numbers(pc.list_value_length(array))
        ends = np.cumsum(lengths)
        below: Sizes = np.concatenate(([0], np.cumsum(_characters(array.flatten()))))
        texts: Sizes = below[ends] - below[ends - lengths]
        return texts
    return np.zeros(len(array), np.int64)


def _numbers(array: Any) -> Sizes:
    return np.asarray(pc.fill_null(array, 0).to_numpy(zero_copy_only=False), np.int64)
