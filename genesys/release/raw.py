"""``dataset/raw``: every trace that may be published, with its score, in SYNTHETIC-1's published columns.

What may not be published is what a filter dropped that holds for all data sets. Wrong responses are here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from genesys.lane import Lane
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.release import origins
from genesys.release.chats import rendered
from genesys.release.choice import Built, Choice, make_set
from genesys.release.joined import joined
from genesys.release.proof import leaves
from genesys.release.sorting import Sorter
from genesys.release.splitting import SplitWriter
from genesys.tables.columns import PROVEN, RAW, TEXT
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/raw"
VERSION = "1"
TWICE = "the same response of another campaign"
"""Why a trace is not in it that may be: two campaigns that ask the same of one teacher get the same response."""
COLUMNS = tuple(dict.fromkeys((*(name for name in RAW.names if name != "llm_response"), *origins.COLUMNS)))


def raw_recipe() -> Recipe:
    """What decides the data set, besides the choice and the texts."""
    return Recipe({"raw": VERSION, "leaf": str(leaves.FORMAT)})


def make_raw(lake: Lake, lanes: Iterable[Lane], *, run_id: str = "") -> Part:
    """Join the texts of all traces that may be published, and write them by response_id.

    Args:
        lake: Where the tables stand.
        lanes: All that ``dataset/filtered`` was made of.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made of has changed.

    Raises:
        GenesysError: ``dataset/filtered`` was never made, or what it was made of has changed since.
    """
    return make_set(lake, ASSET, raw_recipe(), lambda choice: _build(choice, list(lanes)), run_id=run_id)


def _build(choice: Choice, lanes: list[Lane]) -> Built:
    wanted, counts = published(choice)
    lengths = {"response_chars": lambda table: pc.utf8_length(table["llm_response"])}
    with (
        Sorter(choice.lake.scratch(ASSET, WHOLE), ["response_id"]) as sorter,
        SplitWriter(choice.lake, ASSET, RAW, PROVEN, lengths) as writer,
    ):
        for table in joined(choice.lake, lanes, wanted, [*COLUMNS, "messages"]):
            sorter.add(_row_columns(origins.with_lineage(table)))
        for table in sorter.sorted():
            writer.rows(table)
            writer.lineage(table.append_column("leaf", pa.array(_leaves(table), TEXT)))
    figures = {"problems": wanted["problem_id"].n_unique(), "chosen": wanted["step"].null_count()}
    return writer.built(counts, {name: float(value) for name, value in figures.items()})


def published(choice: Choice) -> tuple[pl.DataFrame, Counts]:
    """The traces that may be published, with their ``split``; and how all traces ended."""
    ends = choice.ends(["response_id", "campaign", "problem_id", "lane", "shard", "step", "reason", "for_all"])
    counts = Counts(rows=ends.height)
    held_back = ends.filter(pl.col("for_all").fill_null(False))
    counts.rejected.update(dict(held_back["reason"].cast(pl.String).value_counts().iter_rows()))
    ends = ends.filter(~pl.col("for_all").fill_null(False)).drop("reason", "for_all")
    # Of one response in two campaigns stays what the data sets have, else that of the campaign with the least name.
    first = [pl.col("step").is_not_null(), pl.col("campaign").cast(pl.String)]
    wanted = ends.sort("response_id", *first).unique("response_id", keep="first", maintain_order=True)
    if ends.height > wanted.height:
        counts.rejected[TWICE] = ends.height - wanted.height
    counts.accepted = wanted.height
    splits = choice.problems(["problem_id", "split"])
    return wanted.join(splits, on="problem_id", how="left"), counts


def _row_columns(table: pa.Table) -> pa.Table:
    """The response as one text in the place of its messages."""
    text = rendered(table["messages"], table["finish_reason"])
    return table.append_column("llm_response", text).drop_columns(["messages"])


def _leaves(table: pa.Table) -> Iterator[str]:
    """The leaf of each trace in a release's tree."""
    for batch in table.to_batches(max_chunksize=256):
        rows: list[dict[str, Any]] = batch.to_pylist()
        yield from (leaves.leaf(row, row) for row in rows)
