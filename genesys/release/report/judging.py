"""How far judges agree over all lanes, from the votes of a share of their verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from genesys.lane import Lane
from genesys.quality.judge_agreement import JudgeTally
from genesys.release.report.facts import Judges, Table
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import Lake

MOST = 20_000
"""Judged verdicts whose votes are read; of more a share, by the beginnings of their ids."""
JUDGED = "judge"
NAMES = {
    "judges_agree": "share with all votes on one side",
    "judges_disagree_for_good": "without a score, since judges disagree",
    "difference_between_judges": "mean difference between judges",
    "difference_between_orders": "mean difference between orders",
    "order_effect": "gold first minus response first",
    "length_effect": "correlation of score and length",
    "judged_after_rules": "judged after rules had rejected",
}


def judges_of(lake: Lake, lanes: Iterable[Lane]) -> Judges | None:
    """None where no verdict is a judge's."""
    places = [
        (verifications_asset(lane), shard) for lane in lanes for shard in lake.partitions(verifications_asset(lane))
    ]
    judged = {place: count for place in places if (count := _judged(lake, *place))}
    total = sum(judged.values())
    if not total:
        return None
    end = f"{min(2**32 - 1, int(2**32 * MOST / total)):08x}"
    tally, read = JudgeTally(), 0
    for place in judged:
        for row in _rows(lake, *place):
            if str(row["rule"] or "").startswith(JUDGED) and (total <= MOST or row["response_id"] < end):
                tally.add(row["score"], json.loads(row["verification_result_info"]))
                read += 1
    figures = tally.figures()
    scores = [(name, len(cast), round(sum(cast) / len(cast), 4)) for name, cast in sorted(tally.scores.items())]
    return Judges(
        verdicts=total,
        read=read,
        figures=Table.of(
            ("figure", "value"), [(told, figures[name]) for name, told in NAMES.items() if name in figures]
        ),
        ends=Table.of(
            ("verdict reached by", "responses"), sorted(tally.ends.items(), key=lambda one: (-one[1], one[0]))
        ),
        judges=Table.of(("judge", "votes", "mean score"), scores),
    )


def _judged(lake: Lake, asset: str, shard: str) -> int:
    rules = lake.frame(asset, shard, ["rule"])
    return int(rules["rule"].str.starts_with(JUDGED).sum()) if rules.width else 0


def _rows(lake: Lake, asset: str, shard: str) -> Iterator[dict[str, Any]]:
    return lake.rows(asset, shard, ["response_id", "score", "rule", "verification_result_info"])


def rare_rules(lake: Lake, lane: Lane) -> list[tuple[str, int, str, str]]:
    """Rules by which verdicts accepted a response, the rarest first: how often, and the first trace by its id.

    Returns:
        Rule, count, problem_id and response_id.
    """
    asset = verifications_asset(lane)
    frames = [_accepted(lake, asset, shard) for shard in lake.partitions(asset)]
    if not frames:
        return []
    first = pl.concat(frames).sort("response_id").group_by("rule", maintain_order=True)
    found = first.agg(pl.col("count").sum(), pl.col("problem_id").first(), pl.col("response_id").first())
    return [
        tuple(row) for row in found.select("rule", "count", "problem_id", "response_id").sort("count", "rule").rows()
    ]


def _accepted(lake: Lake, asset: str, shard: str) -> pl.DataFrame:
    """Of one shard: each rule with how often it accepted, and where first."""
    frame = lake.frame(asset, shard, ["response_id", "problem_id", "rule", "accepted"])
    if not frame.width:
        schema = {"rule": pl.String, "count": pl.Int64, "problem_id": pl.String, "response_id": pl.String}
        return pl.DataFrame(schema=schema)
    kept = frame.filter(pl.col("accepted"), pl.col("rule").is_not_null()).sort("response_id")
    return kept.group_by("rule").agg(
        pl.len().cast(pl.Int64).alias("count"), pl.col("problem_id").first(), pl.col("response_id").first()
    )
