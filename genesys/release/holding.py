"""Which published releases hold something that was withdrawn since: told from the lineage that each of them ships."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import url_to_fs

HUB = "hub:"
_IDS = ("row_id", "problem_id", "family_id")
"""Columns of the lineage that may name it."""


@dataclass(frozen=True)
class Holding:
    """A release, and how many of its traces were made of what is looked for.

    Args:
        place: The release's folder.
        traces: How many; None where its lineage cannot be read.
        trouble: Why not.
    """

    place: str
    traces: int | None
    trouble: str = ""


def releases_with(place: str, ids: Collection[str], storage_options: dict[str, Any] | None = None) -> list[Holding]:
    """The releases below a place that hold traces of these source rows or problems, and those that nobody can tell of.

    Args:
        place: Where releases are published: a folder, or an object store. Those on a hub are not looked at.
        ids: row_ids, problem_ids, family_ids.
        storage_options: For fsspec.
    """
    if place.startswith(HUB):
        return []
    fs, root = url_to_fs(place, **(storage_options or {}))
    found: dict[str, Holding] = {}
    for path in sorted(fs.glob(f"{root.rstrip('/')}/*/lineage/*.parquet")):
        release = path.rsplit("/", 2)[0]
        before = found.get(release, Holding(fs.unstrip_protocol(release), 0))
        try:
            with fs.open(path, "rb") as stream:
                traces = _count(pq.ParquetFile(stream), ids)
        except (OSError, pa.ArrowException) as error:
            found[release] = Holding(before.place, None, str(error))
            continue
        if before.traces is not None:
            found[release] = Holding(before.place, before.traces + traces)
    return [holding for holding in found.values() if holding.traces != 0]


def _count(file: pq.ParquetFile, ids: Collection[str]) -> int:
    named = [name for name in _IDS if name in file.schema_arrow.names]
    count = 0
    for batch in file.iter_batches(columns=named):
        rows = pl.DataFrame(pl.from_arrow(batch))
        count += rows.filter(pl.any_horizontal(pl.col(named).is_in(list(ids)))).height
    return count
