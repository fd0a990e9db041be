"""What predictions of difficulty were worth, in lanes whose tasks' metadata has the number ``predicted_difficulty``."""

import json
from collections import defaultdict
from typing import Any

import dagster as dg

from genesys.tables.lake import Lake, Manifest
from genesys_dagster import plots
from genesys_dagster.markdown import below_limit

PREDICTED = "predicted_difficulty"
_FEWEST = 3
"""Tasks without which no correlation is told."""


def predicted_metadata(lake: Lake, manifest: Manifest) -> dict[str, Any]:
    """Solve rate by predicted difficulty as a picture, and how far their orders agree; nothing without such tasks."""
    points = solved_by_difficulty(lake, manifest)
    if not points:
        return {}
    found: dict[str, Any] = {
        "solve_rate_by_difficulty": dg.MetadataValue.md(below_limit(plots.difficulty_plot(points)))
    }
    if (agreement := rank_correlation(points)) is not None:
        found["difficulty_rank_correlation"] = agreement
    return found


def solved_by_difficulty(lake: Lake, manifest: Manifest) -> list[tuple[float, float]]:
    """Predicted difficulty and share of accepted samples of each task that has both."""
    tasks = lake.manifest(f"{manifest.asset.partition('/')[0]}/tasks", manifest.partition)
    if tasks is None:
        return []
    predicted: dict[str, float] = {}
    for row in lake.rows(tasks.asset, tasks.partition, ["problem_id", "metadata"]):
        if PREDICTED in row["metadata"]:  # a text: most tables have no such word, and are not parsed
            value = json.loads(row["metadata"]).get(PREDICTED)
            if isinstance(value, int | float) and not isinstance(value, bool):
                predicted[row["problem_id"]] = float(value)
    verdicts: dict[str, list[bool]] = defaultdict(list)
    if predicted:
        for row in lake.rows(manifest.asset, manifest.partition, ["problem_id", "accepted"]):
            verdicts[row["problem_id"]].append(bool(row["accepted"]))
    return [(predicted[name], sum(said) / len(said)) for name, said in verdicts.items() if name in predicted]


def rank_correlation(points: list[tuple[float, float]]) -> float | None:
    """Spearman's: -1 where harder tasks are always solved less often; None where one of both does not vary."""
    import numpy as np

    if len(points) < _FEWEST:
        return None
    hard, solved = (_ranks([point[place] for point in points]) for place in (0, 1))
    if np.ptp(hard) == 0 or np.ptp(solved) == 0:
        return None
    return round(float(np.corrcoef(hard, solved)[0, 1]), 4)


def _ranks(values: list[float]) -> Any:
    """Places in order, equal values sharing theirs."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + 1 + ends) / 2)[inverse]
