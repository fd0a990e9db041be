"""Words looked for in texts, part by part: a page has its time, and says how far it came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

SECONDS = 6.0
MOST = 200
"""Hits at which a page is full; the part in which it filled up is read to its end."""


@dataclass(frozen=True)
class Hits:
    """What a search found before it stopped.

    Args:
        rows: Numbers of the traces in the index.
        searched: Traces that were looked at.
        waiting: Traces that were not.
        last: The last part that was looked through.
        unread: Parts that could not be read, and why.
    """

    rows: pl.Series
    searched: int = 0
    waiting: int = 0
    last: str = ""
    unread: tuple[str, ...] = ()


Matching = Callable[[str, pl.DataFrame], Iterator[pl.Series]]
"""A part, and the candidates in it (``row``, ``response_id``) -> the numbers of those that match."""


def search(traces: pl.DataFrame, rows: pl.Series, after: str, matching: Matching) -> Hits:
    """Look through the texts of some traces, in the order of the parts' names.

    Args:
        traces: Of the index.
        rows: Numbers of the candidates.
        after: The part behind which to begin.
        matching: Reads a part.
    """
    wanted = traces[rows].select("response_id", pl.col("place").cast(pl.String)).with_columns(rows.alias("row"))
    parts = {str(name): part for (name,), part in wanted.partition_by("place", as_dict=True).items()}
    names = sorted(name for name in parts if name > after)
    found, unread, until = [pl.Series("row", [], pl.UInt32)], [], time.monotonic() + SECONDS
    searched, last = 0, after
    for name in names:
        if sum(map(len, found)) >= MOST or time.monotonic() > until:
            break
        try:
            found += [some.cast(pl.UInt32) for some in matching(name, parts[name])]
        except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            unread.append(f"{name} cannot be read: {error}")
        searched, last = searched + len(parts[name]), name
    waiting = sum(len(parts[name]) for name in names) - searched
    return Hits(pl.concat(found), searched, waiting, last, tuple(unread))


def holds(texts: pl.Expr, words: list[str]) -> pl.Expr:
    """Whether texts hold all words, whatever the case of their letters."""
    return pl.all_horizontal(texts.str.contains(f"(?i){pl.escape_regex(word)}") for word in words)


def joined(*texts: pl.Expr) -> pl.Expr:
    """Several texts as one."""
    return pl.concat_str(texts, separator="\n", ignore_nulls=True)
