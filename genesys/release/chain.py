"""Which filters there are, in which order, and what they leave: the funnel between verified responses and data sets.

A filter is a module in ``filters`` and a line here. What it may look at stands in ``filters.base``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from genesys.faults import GenesysError
from genesys.hashing import canonical_json
from genesys.outcomes import Counts
from genesys.overrides import Overrides
from genesys.recipe import Recipe
from genesys.release.filters import (
    caps,
    difficulty,
    disputed_golds,
    format,  # noqa: A004
    licences,
    people,
    personal,
    standing,
    verdict,
)
from genesys.release.filters.base import Filter, Traces
from genesys.release.filters.benchmarks import benchmarks
from genesys.release.filters.duplicates import equal_responses, near_responses
from genesys.release.filters.meaning import meaning
from genesys.release.filters.problems import near_problems
from genesys.settings import Settings


def filters_of(settings: Settings, overrides: Overrides) -> tuple[Filter, ...]:
    """All filters in their order; those that hold for all data sets stand first."""
    chosen = settings.release
    return (
        people.filter_(overrides),
        standing.filter_(),
        licences.filter_(chosen.licences),
        personal.filter_(chosen.people),
        disputed_golds.filter_(),
        verdict.filter_(),
        format.filter_(chosen.format),
        benchmarks(),
        equal_responses(),
        near_responses(chosen.duplicates),
        near_problems(chosen.duplicates),
        *([meaning(chosen.duplicates)] if chosen.duplicates.semantic else []),
        difficulty.filter_(chosen.difficulty),
        caps.filter_(chosen.caps),
    )


def steps_of(settings: Settings) -> tuple[str, ...]:
    """The names of all filters, in their order."""
    return tuple(one.name for one in filters_of(settings, Overrides()))


def chain_recipe(filters: Iterable[Filter]) -> Recipe:
    """What decides which traces are left, besides the traces."""
    filters = tuple(filters)
    return Recipe(
        {f"filter:{one.name}": one.version for one in filters},
        # As JSON gives it back, so that what a manifest holds is what was put there.
        {"filters": json.loads(canonical_json([[one.name, one.settings] for one in filters]))},
    )


@dataclass(frozen=True)
class Ends:
    """What became of every trace."""

    rows: pl.DataFrame
    """By ``row``: ``step``, ``reason``, ``detail``, ``for_all``; null where all filters left it."""
    left: pl.DataFrame
    """The traces that all filters left, with the columns of ``Traces.rows``."""
    counts: Counts


def apply(filters: Sequence[Filter], traces: Traces) -> Ends:
    """Ask one filter after the other.

    Raises:
        GenesysError: A filter drops what is not there, or one trace twice: a mistake in it.
    """
    counts = Counts(rows=traces.rows.height)
    # Of those that went only this is held on to: the frames take most of the memory.
    everyone, left, ended = traces.rows.select("row", "decided"), traces.rows, [_NOBODY]
    for one in filters:
        traces = replace(traces, rows=left)
        gone = one.drop(traces).sort("row")
        if gone["row"].n_unique() != gone.height or gone.join(left, on="row", how="anti").height:
            raise GenesysError(
                f"the filter {one.name!r} (version {one.version}) drops traces twice, or such as are gone"
            )
        if gone.height:
            counts.dropped[one.name] += gone.height
            counts.rejected.update(dict(gone["reason"].value_counts().iter_rows()))
            left = left.join(gone.select("row"), on="row", how="anti", maintain_order="left")
        step = pl.lit(one.name).cast(pl.Categorical).alias("step")
        ended.append(
            gone.select(
                "row", step, pl.col("reason").cast(pl.Categorical), "detail", pl.lit(one.for_all).alias("for_all")
            )
        )
    counts.accepted = counts.records = left.height
    rows = everyone.join(pl.concat(ended), on="row", how="left", maintain_order="left")
    rows = rows.with_columns(pl.coalesce("detail", "decided").alias("detail")).drop("decided")
    return Ends(rows, left, counts)


_NOBODY = pl.DataFrame(
    schema={
        "row": pl.UInt32,
        "step": pl.Categorical,
        "reason": pl.Categorical,
        "detail": pl.String,
        "for_all": pl.Boolean,
    }
)
