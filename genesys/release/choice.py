"""What all data sets stand on: the choice, ``dataset/filtered``, with its companions; and how a set is made of it.

What a row of a data set is stands in its own module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from genesys.faults import GenesysError
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.tables.lake import WHOLE, File, Lake, Part

FILTERED, MEASURED = "dataset/filtered", "dataset/measured"
CAMPAIGN = "all"
ENDS, PROBLEMS = "ends", "problems"
"""Companions of the choice."""
TEST, LINEAGE = "test", "lineage"
"""Companions of a data set."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what became of the rest. Only the columns that are asked for are read."""

    lake: Lake
    part: Part

    def chosen(self, columns: Sequence[str]) -> pl.DataFrame:
        """The traces that all filters left: ``columns.FILTERED``."""
        return self._frame(self.part.data, columns)

    def ends(self, columns: Sequence[str]) -> pl.DataFrame:
        """Every trace with its end: ``columns.ENDS``."""
        return self._frame(self.part.companions[ENDS], columns)

    def problems(self, columns: Sequence[str]) -> pl.DataFrame:
        """Every problem: ``columns.PROBLEMS``."""
        return self._frame(self.part.companions[PROBLEMS], columns)

    def _frame(self, file: File, columns: Sequence[str]) -> pl.DataFrame:
        """Names that repeat as categories, four bytes each."""
        frame = self.lake.file_frame(FILTERED, WHOLE, file, list(columns))
        return frame.with_columns(pl.col(name).cast(pl.Categorical) for name in _REPEATED if name in columns)


_REPEATED = ("lane", "shard", "campaign", "task_type", "split", "teacher_id", "step", "reason", "band", "source")


@dataclass(frozen=True)
class Built:
    """The files of a data set, and what is told of it."""

    train: File
    test: File
    lineage: File
    counts: Counts
    figures: dict[str, float] = field(default_factory=dict)


def make_set(lake: Lake, asset: str, recipe: Recipe, build: Callable[[Choice], Built], *, run_id: str = "") -> Part:
    """Make a data set of the choice as it stands, or give the one that stands.

    Args:
        lake: Where the tables stand.
        asset: The data set.
        recipe: What decides it, besides the choice.
        build: Writes its files.
        run_id: For the manifest.

    Raises:
        GenesysError: ``dataset/filtered`` was never made, or what it was made of has changed since.
    """
    manifest = lake.need(FILTERED)
    choice = Choice(lake, manifest.parts[CAMPAIGN])
    inputs = {f"{FILTERED}/{WHOLE}": manifest.data_version}
    fingerprint = recipe.fingerprint([inputs, choice.part.fingerprint])
    standing = lake.part(asset, WHOLE, CAMPAIGN)
    if standing and standing.fingerprint == fingerprint:
        return standing
    if missing := {ENDS, PROBLEMS}.difference(choice.part.companions):
        raise GenesysError(f"{FILTERED} has no {' and no '.join(sorted(missing))}: materialize it again first")
    if changed := lake.changed(choice.part):
        raise GenesysError(
            f"{FILTERED} was made of earlier versions of {', '.join(changed[:3])}"
            f"{' and others' if len(changed) > 3 else ''}: materialize it again first"
        )
    built = build(choice)
    part = Part(
        data=built.train,
        companions={TEST: built.test, LINEAGE: built.lineage},
        fingerprint=fingerprint,
        inputs=inputs,
        versions=recipe.versions,
        settings=recipe.settings,
        counts=built.counts.as_dict(),
        figures=built.figures,
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(asset, WHOLE, {CAMPAIGN: part})
    return part
