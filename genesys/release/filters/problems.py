"""Problems that are another one in other words: all traces of them go.

The problem of the least id stays. Those of one family are no duplicates of each other, and neither are those of
different kinds or languages: a program asked for in Python is not the same in Rust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped
from genesys.release.near import Bands, first_ones, meetings, numbered
from genesys.release.same_problems import Problems
from genesys.settings.release import DuplicateSettings

if TYPE_CHECKING:
    from genesys.release.near import Array

BANDS = (3, 42)
"""Within problems of the same digits. Statements that are alike by 0.75 share 0.6 of their words: of such pairs one in
20,000 is missed so."""


def near_problems(settings: DuplicateSettings) -> Filter:
    """Of problems that are alike the first stays."""
    threshold = settings.prompts
    return Filter(
        "near-duplicate problems",
        "1",
        lambda traces: _near(traces, threshold),
        {"prompts": threshold, "bands": BANDS},
    )


def _near(traces: Traces, threshold: float) -> pl.DataFrame:
    import numpy as np

    left = traces.rows.select(pl.col("problem_id").cast(pl.String)).unique()
    problems = traces.problems.with_columns(pl.col("problem_id").cast(pl.String)).with_row_index("place")
    chosen = problems.join(left, on="problem_id", how="semi").sort("problem_id")
    places = chosen["place"].to_numpy().astype(np.int64)
    signatures = np.load(traces.signatures / "problems.npy", mmap_mode="r")
    statements = Problems(problems, signatures, places)
    found = meetings(signatures, places, Bands(*BANDS, kinds(chosen)))
    families = numbered(chosen["family_id"].cast(pl.String))

    def alike(place: int, others: Array) -> Array:
        strangers = others[families[others] != families[place]]
        values = np.zeros(len(others))
        values[families[others] != families[place]] = statements.near(place, strangers, threshold)
        return values

    return traces_of(traces, chosen, list(first_ones(found, alike)), "near-duplicate problem")


def kinds(chosen: pl.DataFrame) -> Array:
    """A number for each problem, the same for those that may be duplicates of each other."""
    names = ("numbers", "task_type", "language")
    return numbered(
        chosen.select(
            pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in names], separator="\n")
        ).to_series()
    )


def traces_of(traces: Traces, chosen: pl.DataFrame, gone: list[tuple[int, int, float]], reason: str) -> pl.DataFrame:
    """The traces of problems that go.

    Args:
        traces: All that are left.
        chosen: The problems looked at.
        gone: Place of a problem in ``chosen``, of the one that stays instead, and how alike they are.
        reason: For all.
    """
    names = chosen["problem_id"]
    told = pl.DataFrame(
        {
            "problem_id": [names[place] for place, _, _ in gone],
            "detail": [f"of {names[twin]}, likeness {likeness:.2f}" for _, twin, likeness in gone],
        },
        schema={"problem_id": pl.String, "detail": pl.String},
    )
    rows = traces.rows.select("row", pl.col("problem_id").cast(pl.String)).join(told, on="problem_id").sort("row")
    return dropped(rows, reason, pl.col("detail"))
