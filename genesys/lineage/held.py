"""Rows of tables as an audit finds them: what cannot be read is said, and ends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genesys.faults import GenesysError
from genesys.tables.lake import File, Lake, Part

Row = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """One row with the part that holds it; either may be missing."""

    asset: str
    partition: str
    part: Part | None = None
    row: Row | None = None
    trouble: str = ""
    """Why the table could not be read."""

    def where(self, lake: Lake) -> str:
        """The file, or the folder that should hold one."""
        return lake.uri(self.asset, self.partition, self.part.data if self.part else "manifest.json")


def held_row(lake: Lake, asset: str, partition: str, campaign: str, column: str, value: str) -> Held:
    """The row of a part in which a column has a value."""
    try:
        part = lake.part(asset, partition, campaign)
    except GenesysError as error:
        return Held(asset, partition, trouble=str(error))
    if part is None:
        return Held(asset, partition)
    row, trouble = find_row(lake, asset, partition, part.data, column, value)
    return Held(asset, partition, part, row, trouble)


def find_row(lake: Lake, asset: str, partition: str, file: File, column: str, value: str) -> tuple[Row | None, str]:
    """The first row of a file in which a column has a value, and why the file could not be read."""
    try:
        rows = lake.find(asset, partition, file, column, value)
    except (OSError, pa.ArrowException) as error:
        return None, str(error)
    return (rows[0] if rows else None), ""
