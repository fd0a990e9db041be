"""Responses that say what another one says: word for word, or nearly so.

Two responses to one problem are near-duplicates by their words alone. To different problems they are so only if all
their numbers are the same too, and if there is enough of them: what a template makes of other numbers is another
response, and a short answer may be right for many problems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped
from genesys.release.near import Bands, agreeing, first_ones, meetings, told_apart
from genesys.settings.release import DuplicateSettings

if TYPE_CHECKING:
    from genesys.release.near import Array

WITHIN, ACROSS = (3, 42), (5, 25)
"""Bands for responses to one problem, which are few, and for those with the same numbers, which may be many. Of pairs
that share 0.6 of their features, 1 in 20,000 and 1 in 8 are missed so; of those that share 0.75, one in 1,000."""
SHORT = 200
"""Characters of a response that is not compared with those to other problems."""


def equal_responses() -> Filter:
    """Of equal responses to equal prompts the first stays."""
    return Filter("equal responses", "1", _equal)


def near_responses(settings: DuplicateSettings) -> Filter:
    """Of responses that are alike the first stays."""
    threshold = settings.responses
    return Filter(
        "near-duplicate responses",
        "1",
        lambda traces: _near(traces, threshold),
        {"responses": threshold, "within": WITHIN, "across": ACROSS, "short": SHORT},
    )


def _equal(traces: Traces) -> pl.DataFrame:
    """By hashes of texts' hashes, 8 bytes each: at two million traces names would take a gigabyte."""
    rows = traces.rows.select(
        "row",
        problem=pl.col("problem_id").cast(pl.Categorical),
        response=pl.col("response_id").hash(),
        said=pl.col("digest").hash(),
    ).sort("row")
    prompts = traces.problems.select(name=pl.col("problem_id").cast(pl.String), asked="digest")
    problems = rows.select(pl.col("problem").unique()).with_columns(
        name=pl.col("problem").cast(pl.String), code=pl.col("problem").to_physical()
    )
    asked = problems.join(prompts, on="name", how="left").select(
        "code", asked=pl.col("asked").fill_null(pl.col("name")).rank("dense")
    )
    placed = (
        rows.with_columns(code=pl.col("problem").to_physical())
        .join(asked, on="code", how="left")
        .with_columns(
            twin=pl.col("row").min().over("asked", "said"), again=pl.col("row").min().over("code", "response")
        )
    )
    gone = placed.filter((pl.col("twin") != pl.col("row")) | (pl.col("again") != pl.col("row"))).sort("row")
    twins_ = traces.rows.select(twin="row", name=pl.col("response_id").cast(pl.String))
    named = gone.select("row", twin=pl.min_horizontal("twin", "again")).join(twins_, on="twin", how="left").sort("row")
    return dropped(named, "equal response", pl.format("of {}", "name"))


def _near(traces: Traces, threshold: float) -> pl.DataFrame:
    import numpy as np

    long = pl.col("thinking_chars").fill_null(0) + pl.col("answer_chars").fill_null(0) >= SHORT
    rows = traces.rows.select("row", "response_id", "problem_id", "numbers", long=long).sort("row")
    signatures = np.load(traces.signatures / "responses.npy", mmap_mode="r")
    chosen = rows["row"].to_numpy().astype(np.int64)
    problems = told_apart(rows["problem_id"].cast(pl.Categorical).to_physical())
    numbers = told_apart(rows["numbers"]).copy()
    short = ~rows["long"].to_numpy()
    numbers[short] = -1 - chosen[short]
    found = meetings(signatures, chosen, Bands(*WITHIN, problems), Bands(*ACROSS, numbers))

    def alike(row: int, others: Array) -> Array:
        told = agreeing(signatures, int(chosen[row]), chosen[others])
        comparable = (problems[others] == problems[row]) | (numbers[others] == numbers[row])
        return np.where(comparable & (told >= threshold), told, 0)

    gone = pl.DataFrame(list(first_ones(found, alike)), schema=["place", "twin", "likeness"], orient="row")
    return twins(rows, gone, "response_id", "near-duplicate response")


def twins(rows: pl.DataFrame, gone: pl.DataFrame, name: str, reason: str) -> pl.DataFrame:
    """What goes, with what stays instead of it.

    Args:
        rows: Those looked at, with ``row`` if they are traces.
        gone: ``place`` and ``twin`` in ``rows``, and ``likeness``.
        name: The column that names a twin.
        reason: For all.
    """
    places = gone["place"].cast(pl.UInt32) if len(gone) else pl.Series([], dtype=pl.UInt32)
    others = gone["twin"].cast(pl.UInt32) if len(gone) else pl.Series([], dtype=pl.UInt32)
    told = (
        rows.select("row")
        .with_columns(pl.col("row"))[places]
        .with_columns(
            twin=rows[name].cast(pl.String).gather(others),
            likeness=gone["likeness"].cast(pl.Float64).round(2) if len(gone) else pl.Series([], dtype=pl.Float64),
        )
    )
    return dropped(told, reason, pl.format("of {}, likeness {}", "twin", "likeness"))
