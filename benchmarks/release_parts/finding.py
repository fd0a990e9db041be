"""Whether filters found what was planted, told from what became of every trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from genesys.release.chain import steps_of
from genesys.release.filtered import ASSET, CAMPAIGN, ENDS_FILE
from genesys.settings import Settings
from genesys.tables.lake import WHOLE, Lake


def found(lake: Lake, folder: Path, settings: Settings) -> dict[str, Any]:
    """Planted pairs of which both got to the filter, how many of them it parted, and what else it dropped."""
    part = lake.need(ASSET).parts[CAMPAIGN]
    ends = lake.file_frame(ASSET, WHOLE, part.companions[ENDS_FILE], ["response_id", "problem_id", "step"])
    planted = pl.read_parquet(folder / "planted" / "*.parquet")
    order = {name: number for number, name in enumerate(steps_of(settings))}
    ends = ends.with_columns(pl.col("step").replace_strict(order, default=len(order)).alias("at"))
    return {
        "equal responses": _responses(ends, planted, "equal response", order["equal responses"]),
        "near-duplicate responses": _responses(ends, planted, "edited response", order["near-duplicate responses"]),
        "near-duplicate problems": _problems(ends, planted, order["near-duplicate problems"]),
        "other numbers kept": _twins(ends, planted, order["near-duplicate problems"]),
        "benchmarks": _contaminated(ends, planted, order["benchmarks"]),
    }


def _responses(ends: pl.DataFrame, planted: pl.DataFrame, kind: str, step: int) -> dict[str, Any]:
    at = ends.select("response_id", "at")
    pairs = planted.filter(pl.col("kind") == kind)
    pairs = pairs.join(at, left_on="id", right_on="response_id").join(at, left_on="of", right_on="response_id")
    reached = pairs.filter((pl.col("at") >= step) & (pl.col("at_right") >= step))
    parted = reached.filter((pl.col("at") == step) | (pl.col("at_right") == step))
    known = pl.concat([pairs["id"], pairs["of"]]).unique()
    dropped = ends.filter(pl.col("at") == step)["response_id"]
    return _told(parted.height, reached.height, int(dropped.is_in(known.implode()).sum()), len(dropped))


def _of_problems(ends: pl.DataFrame) -> pl.DataFrame:
    """Of each problem how far its traces got, and whether any went at each step."""
    return ends.group_by("problem_id").agg(pl.col("at").max(), pl.col("at").unique().alias("steps"))


def _problems(ends: pl.DataFrame, planted: pl.DataFrame, step: int) -> dict[str, Any]:
    at = _of_problems(ends)
    pairs = planted.filter(pl.col("kind") == "edited problem")
    pairs = pairs.join(at, left_on="id", right_on="problem_id").join(at, left_on="of", right_on="problem_id")
    reached = pairs.filter((pl.col("at") >= step) & (pl.col("at_right") >= step))
    parted = reached.filter(pl.col("steps").list.contains(step) | pl.col("steps_right").list.contains(step))
    dropped = at.filter(pl.col("steps").list.contains(step))["problem_id"]
    known = pl.concat([pairs["id"], pairs["of"]]).unique()
    return _told(parted.height, reached.height, int(dropped.is_in(known.implode()).sum()), len(dropped))


def _twins(ends: pl.DataFrame, planted: pl.DataFrame, step: int) -> dict[str, Any]:
    at = _of_problems(ends)
    pairs = planted.filter(pl.col("kind") == "other number").join(at, left_on="id", right_on="problem_id")
    reached = pairs.filter(pl.col("at") >= step)
    kept = reached.filter(~pl.col("steps").list.contains(step))
    return {"planted": reached.height, "kept": kept.height}


def _contaminated(ends: pl.DataFrame, planted: pl.DataFrame, step: int) -> dict[str, Any]:
    at = _of_problems(ends)
    pairs = planted.filter(pl.col("kind") == "contaminated").join(at, left_on="id", right_on="problem_id")
    reached = pairs.filter(pl.col("at") >= step)
    dropped = at.filter(pl.col("steps").list.contains(step))["problem_id"]
    parted = reached.filter(pl.col("steps").list.contains(step))
    return _told(parted.height, reached.height, int(dropped.is_in(pairs["id"].implode()).sum()), len(dropped))


def _told(parted: int, reached: int, right: int, dropped: int) -> dict[str, Any]:
    return {
        "planted": reached,
        "found": parted,
        "recall": round(parted / reached, 4) if reached else None,
        "dropped": dropped,
        "precision": round(right / dropped, 4) if dropped else None,
    }
