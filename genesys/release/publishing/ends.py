"""``ends`` of a release: every dropped trace with the filter that dropped it and why, by ids and reasons alone.

What filters say beyond a reason quotes what may not be published, and stays in the lake (``genesys dropped``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from genesys.release.publishing.figures import batches
from genesys.release.publishing.items import Item, writer
from genesys.release.publishing.layout import ENDS, FILTERED, file_name
from genesys.tables.columns import FLAG, TEXT
from genesys.tables.lake import File, Lake

SCHEMA = pa.schema(
    [(name, TEXT) for name in ("response_id", "campaign", "problem_id", "lane", "shard", "step", "reason")]
    + [("for_all", FLAG)]
)
_MOST_ROWS = 4_000_000
"""In one file: ids compress badly, and so many of them stay below ``MOST_BYTES``."""


def ends_items(lake: Lake, file: File, rows: int) -> Iterator[Item]:
    """The companion ``ends`` of the choice, as files of a release.

    Args:
        lake: Where it stands.
        file: The companion.
        rows: Traces in it that were dropped.
    """
    of = -(-rows // _MOST_ROWS)
    for number in range(of):
        first, held = number * _MOST_ROWS, min(_MOST_ROWS, rows - number * _MOST_ROWS)

        def write(target: Path, first: int = first, last: int = first + held) -> None:
            with writer(target, SCHEMA) as out:
                for frame in _dropped(lake, file, first, last):
                    out.write_table(frame.to_arrow().cast(SCHEMA))

        yield Item(file_name(ENDS, ENDS, number, of), held, int(file.bytes * held / max(1, file.rows)), write)


def _dropped(lake: Lake, file: File, first: int, last: int) -> Iterator[pl.DataFrame]:
    """Dropped traces by their places among all dropped ones."""
    seen = 0
    for frame in batches(lake, FILTERED, file, SCHEMA.names, ()):
        dropped = frame.filter(pl.col("step").is_not_null())
        begin, end = max(first - seen, 0), min(last - seen, dropped.height)
        if end > begin:
            yield dropped.slice(begin, end - begin)
        seen += dropped.height
