"""``dataset/filtered``: which responses are good enough to be published, and why the others are not. No texts.

What is told of a response stands in ``measured``, which filters there are in ``chain``. Beside the choice stands what
became of every trace (``ends``), every problem with its split and its pass rates (``problems``), and the tasks whose
gold is disputed (``disputed``).
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa

from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.overrides import Overrides, open_overrides
from genesys.quality.same_answers import SameAnswers
from genesys.recipe import Recipe
from genesys.release.chain import Ends, apply, chain_recipe, filters_of
from genesys.release.disputed import COMPANION, DISPUTED, listed, withdrawn_rows
from genesys.release.filters.base import Traces
from genesys.release.filters.people import overturned
from genesys.release.gathered import Gathered, gather
from genesys.release.measured import inputs_of, measure, measured_recipe, shards_of
from genesys.release.problems import problem_recipe, with_ends, with_rates, with_split
from genesys.release.text_measures import TextMeasures
from genesys.settings import DisputeSettings, Settings
from genesys.settings.benchmarks import BenchmarkSettings
from genesys.tables.columns import ENDS, FILTERED, PROBLEMS
from genesys.tables.lake import WHOLE, File, Lake, Part

ASSET = "dataset/filtered"
CAMPAIGN = "all"
VERSION = "4"
ENDS_FILE, PROBLEMS_FILE = "ends", "problems"
"""The companions that say what became of every trace, and what is known of every problem."""

_IDS = ("response_id", "campaign", "problem_id", "lane", "shard")
_AT_ONCE = 2**16
"""Rows that are written together."""


def plain_settings() -> Settings:
    """Those that are taken where nobody gives any: no benchmarks, since these may have to be fetched first."""
    return Settings(benchmarks=BenchmarkSettings(default=False))


def filtered_recipe(lanes: Iterable[Lane], settings: Settings, same: SameAnswers) -> Recipe:
    """What decides the choice, besides the tables of the lanes and what else is read ."""
    measured = measured_recipe(lanes, TextMeasures(settings, settings.disputes), same)
    # What people decided is read when it is needed, and named then.
    chain = chain_recipe(filters_of(settings, Overrides()))
    recipes = (measured, chain, problem_recipe(settings.release))
    versions = {name: version for recipe in recipes for name, version in recipe.versions.items()}
    chosen = {name: value for recipe in recipes for name, value in recipe.settings.items()}
    return Recipe({"filter": VERSION} | versions, chosen)


def make_filtered(
    lake: Lake,
    lanes: Iterable[Lane],
    *,
    settings: Settings | None = None,
    disputes: DisputeSettings | None = None,
    same: SameAnswers | None = None,
    run_id: str = "",
) -> Part:
    """Choose among all verified responses.

    Args:
        lake: Where the tables stand.
        lanes: Whose verifications are read, every shard that was made.
        settings: What filters do, and how many processes read shards; by default ``plain_settings``.
        disputes: When a gold is disputed, where it is not what the settings say.
        same: Finds equal answers in different spellings; by default asks the installed verifiers.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made from has changed. Its counts say how many each
        step dropped, and for which reasons; its figures count disputed and contested tasks, and those with verdicts.

    Raises:
        GenesysError: A table or a set of benchmarks cannot be read.
        InfrastructureFault: A process died, or the disk is full.
    """
    settings, lanes = settings or plain_settings(), sorted(lanes, key=lambda lane: lane.name)
    if disputes is not None:
        settings = settings.model_copy(update={"disputes": disputes})
    shards = shards_of(lake, lanes)
    with same or SameAnswers(settings=settings) as same:
        by_shard = inputs_of(lake, shards)
        inputs = _inputs(lake, lanes, by_shard.values())
        recipe, overrides = filtered_recipe(lanes, settings, same), open_overrides(settings)
        measures = TextMeasures(settings, settings.disputes)
        revisions = measures.revisions()
        read = {"overrides": overrides.version} | {f"benchmark:{name}": found for name, found in revisions.items()}
        fingerprint = recipe.fingerprint([inputs, read])
        standing = lake.part(ASSET, WHOLE, CAMPAIGN)
        if standing and standing.fingerprint == fingerprint:
            return standing
        measured = measure(lake, shards, by_shard, measures, same, revisions=revisions, run_id=run_id)
    withdrawn = {lane.name: withdrawn_rows(lake, lane) for lane in lanes}
    # A name that gc knows, should this process be killed.
    with tempfile.TemporaryDirectory(dir=lake.scratch(ASSET, WHOLE), prefix="part-", suffix=".tmp") as scratch:
        made = _chosen(lake, gather(lake, measured, withdrawn, Path(scratch)), overrides, settings)
    part = made.model_copy(
        update={
            "fingerprint": fingerprint,
            "inputs": inputs,
            "versions": recipe.versions | read,
            "settings": recipe.settings,
            "run_id": run_id,
            "made_at": time.time(),
        }
    )
    lake.publish(ASSET, WHOLE, {CAMPAIGN: part})
    return part


def changed_inputs(lake: Lake, lanes: Iterable[Lane]) -> list[str]:
    """Tables that changed, came or went since ``dataset/filtered`` was made."""
    lanes = list(lanes)
    before = lake.need(ASSET).parts[CAMPAIGN].inputs
    now = _inputs(lake, lanes, inputs_of(lake, shards_of(lake, lanes)).values())
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def disputed_problems(lake: Lake) -> frozenset[str]:
    """The problem_ids that no data set may hold, as of the last ``dataset/filtered``: their gold is disputed."""
    part = lake.need(ASSET).parts[CAMPAIGN]
    return frozenset(row["problem_id"] for row in listed(lake, ASSET, part) if row["kind"] == "disputed")


def _inputs(lake: Lake, lanes: Iterable[Lane], by_shard: Iterable[dict[str, str]]) -> dict[str, str]:
    """Data version of each table that is read; one that is not there is no input."""
    found = {name: version for each in by_shard for name, version in each.items()}
    begun = {name.partition("/")[0] for name in found}
    names = [f"{withdrawn_asset(lane)}/{WHOLE}" for lane in lanes if lane.name in begun]
    return found | {name: version for name, version in lake.versions_of(names).items() if version is not None}


def _chosen(lake: Lake, gathered: Gathered, overrides: Overrides, settings: Settings) -> Part:
    """The tables of what filters leave, and what was counted."""
    before, disputes, judged = gathered.traces, gathered.disputes, gathered.judged_tasks
    del gathered
    rows = overturned(before.rows, overrides)
    problems = with_rates(before.problems, rows, settings.release)
    problems = with_split(problems, before.signatures, settings.release)
    # What filters alone look at is let go of with the traces that they drop: it takes most of the memory.
    known, signatures = rows.select("row", *_IDS), before.signatures
    del before
    held = [rows]
    del rows
    ends = apply(filters_of(settings, overrides), Traces(held.pop(), problems, signatures))
    kinds = Counter(row["kind"] for row in disputes)
    return Part(
        data=_write(lake, FILTERED, _filtered(ends, problems)),
        companions={
            ENDS_FILE: _write(lake, ENDS, known.join(ends.rows, on="row", how="left", maintain_order="left")),
            PROBLEMS_FILE: _write(lake, PROBLEMS, with_ends(problems, known, ends)),
            COMPANION: lake.write(ASSET, WHOLE, DISPUTED, disputes),
        },
        fingerprint="",
        counts=ends.counts.as_dict(),
        figures={"tasks": float(judged)} | {f"{kind}_tasks": float(kinds[kind]) for kind in ("disputed", "contested")},
    )


def _filtered(ends: Ends, problems: pl.DataFrame) -> pl.DataFrame:
    told = problems.select("problem_id", "task_type", "split")
    chars = (pl.col("thinking_chars") + pl.col("answer_chars")).alias("chars")
    return ends.left.with_columns(chars).join(told, on="problem_id", how="left", maintain_order="left")


def _write(lake: Lake, schema: pa.Schema, frame: pl.DataFrame) -> File:
    with lake.writer(ASSET, WHOLE, schema) as writer:
        for some in frame.select(schema.names).iter_slices(_AT_ONCE):
            # Some at a time, since categories become text here.
            writer.add_table(some.with_columns(pl.selectors.categorical().cast(pl.String)).to_arrow())
    assert writer.file is not None  # noqa: S101 - set at the end of the block
    return writer.file
