"""How hard problems are: by how often they were solved, and against what was predicted where something was."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

import polars as pl

from genesys.lane import Lane
from genesys.release.report.facts import Bars, Difficulty, Table
from genesys.stages.tasks import tasks_asset
from genesys.tables.lake import Lake

PREDICTED = "predicted_difficulty"
"""A number in the metadata of tasks, in lanes that predict one."""
BANDS = ("hopeless", "kept", "too easy", "unknown")
NAMES = ("never", *(f"to {10 * step}%" for step in range(1, 10)), "below 100%", "always")


def difficulty_of(lake: Lake, lanes: Iterable[Lane], problems: pl.DataFrame) -> Difficulty:
    """All of it, of problems with a response that was judged."""
    judged = problems.filter(pl.col("responses") > 0)
    return Difficulty(rates=_rates(judged), bands=_bands(problems), predicted=tuple(_predicted(lake, lanes, judged)))


def _rates(judged: pl.DataFrame) -> Bars:
    counts = [0] * len(NAMES)
    for rate, problems in judged.group_by("pass_rate").len().iter_rows():
        inside = 1 + min(9, int(rate * 10 - 1e-9))  # to 10 % means that and less
        counts[0 if rate <= 0 else len(NAMES) - 1 if rate >= 1 else inside] += problems
    return Bars(names=NAMES, counts=tuple(counts))


def _bands(problems: pl.DataFrame) -> Table:
    found = {(lane, band): number for lane, band, number in problems.group_by("lane", "band").len().iter_rows()}
    lanes = sorted({lane for lane, _ in found})
    rows = [(lane, *(found.get((lane, band), 0) for band in BANDS)) for lane in lanes]
    return Table.of(("lane", *BANDS), rows)


def _predicted(lake: Lake, lanes: Iterable[Lane], judged: pl.DataFrame) -> Iterable[tuple[float, int, float]]:
    """Half points of predicted difficulty with their problems and mean pass rate."""
    rates: dict[str, float] = {}
    held: dict[float, list[float]] = defaultdict(list)
    for lane in lanes:
        for shard in lake.partitions(tasks_asset(lane)):
            tasks = lake.frame(tasks_asset(lane), shard, ["problem_id", "metadata"])
            told = tasks.filter(pl.col("metadata").str.contains(PREDICTED, literal=True)) if tasks.width else tasks
            if not told.height:
                continue
            rates = rates or dict(judged.select("problem_id", "pass_rate").iter_rows())
            for problem_id, metadata in told.iter_rows():
                value = json.loads(metadata).get(PREDICTED)
                if problem_id in rates and isinstance(value, int | float) and not isinstance(value, bool):
                    held[round(2 * value) / 2].append(rates[problem_id])
    for value, solved in sorted(held.items()):
        yield value, len(solved), round(sum(solved) / len(solved), 6)
