"""``dataset/preference``: a chosen response beside a wrong one to the same problem, as TRL's preference format has it.

Chosen is what all filters left. Against it stands a response that a verifier found wrong and whose form is sound: not
one without a verdict, cut off, or broken, which would teach the form. Which two make a pair stands in ``pairs``.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
import pyarrow as pa

from genesys.hashing import digest
from genesys.lane import Lane
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.release import origins
from genesys.release.chats import asked, one_message, rendered
from genesys.release.choice import MEASURED, Built, Choice, make_set
from genesys.release.joined import by_shard, joined, lane_called
from genesys.release.pairs import SIDE, pairs
from genesys.release.sorting import Sorter
from genesys.release.splitting import SplitWriter, mean
from genesys.settings.release import PreferenceSettings
from genesys.stages.generations import generations_asset
from genesys.tables import columns
from genesys.tables.columns import LINEAGE, PREFERENCE
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/preference"
VERSION = "1"
VERDICT = "verdict"
"""The filter that drops wrong responses."""
NONE_WRONG = "no wrong response of sound form to the same problem"
UNLIKE = "no wrong response of like length is left"
"""Why a chosen response is in no pair."""
PLACE = ["response_id", "campaign", "lane", "shard"]
COLUMNS = ("task_type", "score", "messages", *origins.COLUMNS)


def preference_recipe(settings: PreferenceSettings) -> Recipe:
    """What decides the data set, besides the choice and the texts."""
    return Recipe({"preference": VERSION}, settings.model_dump())


def make_preference(
    lake: Lake, lanes: Iterable[Lane], *, preference: PreferenceSettings | None = None, run_id: str = ""
) -> Part:
    """Pair responses, join their texts and write the pairs by pair_id.

    Args:
        lake: Where the tables stand.
        lanes: All that ``dataset/filtered`` was made of.
        preference: Which two responses make a pair.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made of has changed. Its figures tell the mean
        lengths of both sides.

    Raises:
        GenesysError: ``dataset/filtered`` was never made, or what it was made of has changed since.
    """
    settings, lanes = preference or PreferenceSettings(), list(lanes)
    recipe = preference_recipe(settings)
    return make_set(lake, ASSET, recipe, lambda choice: _build(choice, lanes, settings), run_id=run_id)


def _build(choice: Choice, lanes: list[Lane], settings: PreferenceSettings) -> Built:
    chosen, rejected = sides(choice, lanes)
    paired = pairs(chosen.select(list(SIDE)), rejected.select(list(SIDE)), settings)
    wanted = _wanted(paired, chosen, rejected)
    with (
        Sorter(choice.lake.scratch(ASSET, WHOLE), ["pair_id", "side"]) as by_pair,
        Sorter(choice.lake.scratch(ASSET, WHOLE), ["response_id"]) as by_response,
        SplitWriter(choice.lake, ASSET, PREFERENCE, LINEAGE) as writer,
    ):
        for table in joined(choice.lake, lanes, wanted, COLUMNS):
            table = origins.with_lineage(table)
            by_response.add(table.select(LINEAGE.names))
            by_pair.add(table.select([*_OF_SIDE, "messages", "finish_reason"]))
        for table in by_pair.sorted():
            writer.rows(_as_pairs(table))
        for table in by_response.sorted():
            writer.lineage(table)
    return writer.built(_counts(chosen, rejected, paired), _figures(paired))


_OF_SIDE = ("pair_id", "side", "split", "problem_id", "response_id", "task_type", "score")


def sides(choice: Choice, lanes: Iterable[Lane]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The responses that were chosen, and those that may stand against them: ``pairs.SIDE`` and where they stand."""
    problems = choice.chosen(["problem_id", "split"]).unique("problem_id")
    chosen = choice.chosen([*PLACE, "problem_id", "split"])
    wrong = choice.ends([*PLACE, "problem_id", "step"]).filter(pl.col("step").cast(pl.String) == VERDICT).drop("step")
    wrong = wrong.join(problems, on="problem_id")
    measured = _measured(choice.lake)
    campaigns, found = _campaigns(choice.lake, lanes, chosen), []
    for rows, kept in ((chosen, pl.lit(True)), (wrong, pl.col("sound"))):
        rows = rows.join(measured.filter(kept).drop("sound"), on=PLACE).join(campaigns, on=PLACE[1:])
        rows = rows.sort("response_id", pl.col("campaign").cast(pl.String))
        found.append(rows.unique("response_id", keep="first", maintain_order=True))
    return found[0], found[1]


def _measured(lake: Lake) -> pl.DataFrame:
    """What tells which responses make a pair; ``sound`` are those that may stand against a chosen one."""
    nothing = pl.DataFrame(pl.from_arrow(columns.MEASURED.empty_table())).select(_OF_MEASURED)
    frames = [_of_shard(nothing, "", "")]
    for partition in lake.partitions(MEASURED):
        lane, _, shard = partition.partition(".")
        frames.append(_of_shard(lake.frame(MEASURED, partition, _OF_MEASURED), lane, shard))
    return pl.concat(frames)


_OF_MEASURED = ["response_id", "campaign", "accepted", "score", "finish_reason", "faults", "digest"]
_OF_MEASURED += ["thinking_chars", "answer_chars"]


def _of_shard(rows: pl.DataFrame, lane: str, shard: str) -> pl.DataFrame:
    """Names that repeat as categories, and no lists: the shards are held together."""
    names = [pl.col("campaign"), pl.lit(lane).alias("lane"), pl.lit(shard).alias("shard")]
    sound = ~pl.col("accepted") & (pl.col("faults").list.len() == 0)
    sound &= pl.col("finish_reason").fill_null("") != "length"
    return rows.filter(pl.col("score").is_not_null()).select(
        "response_id",
        *(name.cast(pl.Categorical) for name in names),
        "score",
        "digest",
        (pl.col("thinking_chars") + pl.col("answer_chars")).alias("chars"),
        sound.alias("sound"),
    )


def _campaigns(lake: Lake, lanes: Iterable[Lane], chosen: pl.DataFrame) -> pl.DataFrame:
    """What was asked in each campaign besides the task, as a hash: only responses to the same make a pair."""
    by_name = {lane.name: lane for lane in lanes}
    rows = [
        (lane, shard, campaign, digest(part.settings.get("system_prompt"), 16))
        for (lane, shard), _ in by_shard(chosen.select("lane", "shard").unique())
        for campaign, part in lake.need(generations_asset(lane_called(by_name, lane)), shard).parts.items()
    ]
    schema = {"lane": pl.Categorical, "shard": pl.Categorical, "campaign": pl.Categorical, "asked": pl.String}
    return pl.DataFrame(rows, schema, orient="row")


def _wanted(paired: pl.DataFrame, chosen: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Both responses of each pair, with its id; side 0 is the chosen one."""
    both = [
        paired.select("pair_id", pl.col(name).alias("response_id"), pl.lit(side, pl.Int64).alias("side")).join(
            rows.select(*PLACE, "split"), on="response_id"
        )
        for side, (name, rows) in enumerate((("chosen", chosen), ("rejected", rejected)))
    ]
    return pl.concat([rows.with_columns(pl.col("split").cast(pl.String)) for rows in both])


def _as_pairs(table: pa.Table) -> pa.Table:
    """Every two rows, of which the chosen one is the first, as one."""
    one, other = (table.take(pa.array(np.arange(side, len(table), 2))) for side in (0, 1))
    said = [one_message("assistant", rendered(rows["messages"], rows["finish_reason"])) for rows in (one, other)]
    return pa.table(
        {
            **{name: one[name] for name in ("pair_id", "problem_id", "task_type", "split")},
            "prompt": asked(one["messages"]),
            "chosen": said[0],
            "rejected": said[1],
            "chosen_response_id": one["response_id"],
            "rejected_response_id": other["response_id"],
            "score_chosen": one["score"],
            "score_rejected": other["score"],
        }
    )


def _counts(chosen: pl.DataFrame, rejected: pl.DataFrame, paired: pl.DataFrame) -> Counts:
    """How the chosen responses ended here."""
    alone = chosen.join(rejected.select("problem_id").unique(), on="problem_id", how="anti").height
    counts = Counts(rows=chosen.height, accepted=paired.height)
    counts.rejected.update({NONE_WRONG: alone, UNLIKE: chosen.height - paired.height - alone})
    counts.rejected = +counts.rejected  # without those that are none
    return counts


def _figures(paired: pl.DataFrame) -> dict[str, float]:
    """Lengths of both sides: what is left for a model to learn from them."""
    left, right = paired["chosen_chars"], paired["rejected_chars"]
    shares = (left - right).abs() / pl.Series(np.maximum(np.maximum(left.to_numpy(), right.to_numpy()), 1))
    return {
        "problems": float(paired["problem_id"].n_unique()),
        "mean_chosen_chars": mean(left, 2),
        "mean_rejected_chars": mean(right, 2),
        "mean_length_difference": mean(shares),
        "share_rejected_longer": mean(right > left),
    }
