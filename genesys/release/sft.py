"""``dataset/sft``: the chosen responses as chats in SYNTHETIC-1's published columns, and their lineage beside them."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from genesys.lane import Lane
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.release import origins
from genesys.release.chats import asked, last_content, rendered, with_reply
from genesys.release.choice import Built, Choice, make_set
from genesys.release.joined import joined
from genesys.release.sorting import Sorter
from genesys.release.splitting import SplitWriter
from genesys.tables.columns import LINEAGE, SFT
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/sft"
VERSION = "3"
COLUMNS = ("task_type", "score", "messages", *origins.COLUMNS)


def sft_recipe() -> Recipe:
    """What decides the data set, besides the choice and the texts."""
    return Recipe({"sft": VERSION})


def make_sft(lake: Lake, lanes: Iterable[Lane], *, run_id: str = "") -> Part:
    """Join the texts of the chosen responses, and write them by response_id.

    Args:
        lake: Where the tables stand.
        lanes: All that ``dataset/filtered`` was made of.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made of has changed.

    Raises:
        GenesysError: ``dataset/filtered`` was never made, or what it was made of has changed since.
    """
    return make_set(lake, ASSET, sft_recipe(), lambda choice: _build(choice, list(lanes)), run_id=run_id)


def _build(choice: Choice, lanes: list[Lane]) -> Built:
    wanted = choice.chosen(["response_id", "campaign", "problem_id", "lane", "shard", "split"])
    lengths = {"response_chars": lambda table: pc.utf8_length(last_content(table["messages"]))}
    with (
        Sorter(choice.lake.scratch(ASSET, WHOLE), ["response_id"]) as sorter,
        SplitWriter(choice.lake, ASSET, SFT, LINEAGE, lengths) as writer,
    ):
        for table in joined(choice.lake, lanes, wanted, COLUMNS):
            sorter.add(_as_chats(origins.with_lineage(table)))
        for table in sorter.sorted():
            writer.rows(table)
            writer.lineage(table)
    counts = Counts(rows=wanted.height, accepted=wanted.height)
    return writer.built(counts, {"problems": float(wanted["problem_id"].n_unique())})


def _as_chats(table: pa.Table) -> pa.Table:
    """What was asked and the response, the thinking in its marks at the beginning of the last content."""
    messages = table["messages"]
    chats = with_reply(asked(messages), rendered(messages, table["finish_reason"]))
    place = table.column_names.index("messages")
    return table.set_column(place, "messages", chats).drop_columns(["verification_result_info"])
