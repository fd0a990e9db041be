"""The data sets: made of all lanes together, by ``genesys.release``. Unpartitioned; one entry of ``KINDS`` each."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pyarrow as pa

from genesys.funnel import curation_funnel
from genesys.lane import Lane
from genesys.overrides import open_overrides
from genesys.quality.same_answers import SameAnswers
from genesys.recipe import Recipe
from genesys.release.chain import steps_of
from genesys.release.filtered import filtered_recipe
from genesys.release.preference import preference_recipe
from genesys.release.raw import raw_recipe
from genesys.release.rl import rl_recipe
from genesys.release.sft import sft_recipe
from genesys.settings import Settings
from genesys.tables import columns
from genesys.tables.lake import Lake
from genesys_dagster.assets import overrides
from genesys_dagster.checks.disputes import disputes_metadata, disputes_result, disputes_spec
from genesys_dagster.checks.soundness import problems_of
from genesys_dagster.costs import set_costs
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.metadata import counts_metadata, funnel_metadata, inputs_of, sample_table, table_metadata
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.partitions import made_partitions
from genesys_dagster.resources import BASIC

GROUP = "dataset"


@dataclass(frozen=True)
class DatasetKind:
    """One data set.

    Args:
        name: Last part of the asset's key; ``genesys.release.<name>`` has the function ``make_<name>``.
        schema: Columns of its table.
        required: Columns that are never null.
        description: For the UI.
        sample: Columns shown as a sample.
        recipe: What decides it besides its inputs, from lanes and settings.
        options: What ``make_<name>`` takes beside lake, lanes and run_id, from the settings.
        after: The tables of every lane that it stands behind; each changes its version with all further up.
        chosen: Whether it stands behind the choice, ``dataset/filtered``.
        steps: The names of what drops rows on their way into it, in their order.
        audits_golds: Whether it finds disputed tasks, lists them as a companion and has a check of how many they are.
    """

    name: str
    schema: pa.Schema
    required: tuple[str, ...]
    description: str
    sample: tuple[str, ...]
    recipe: Callable[[Sequence[Lane], Settings], Recipe]
    options: Callable[[Settings], dict[str, Any]] = lambda settings: {}
    after: tuple[str, ...] = ()
    chosen: bool = False
    steps: Callable[[Settings], tuple[str, ...]] = lambda settings: ()
    audits_golds: bool = False


FILTERED = DatasetKind(
    name="filtered",
    schema=columns.FILTERED,
    required=("response_id", "problem_id", "lane", "shard", "campaign", "task_type", "split"),
    description="Which verified responses are good enough to be published, by their ids; and, beside it, what became "
    "of every other one (`ends`), every problem with its pass rates and its split (`problems`), and tasks whose "
    "responses agree with one another and not with the gold (`disputed`).",
    sample=("response_id", "problem_id", "lane", "shard", "task_type", "split", "score"),
    recipe=lambda lanes, settings: filtered_recipe(lanes, settings, SameAnswers(settings=settings)),
    options=lambda settings: {"settings": settings, "same": SameAnswers(settings=settings)},
    after=("ledger", "verifications"),  # of withdrawn rows the ledger alone tells
    steps=steps_of,
    audits_golds=True,
)
SFT = DatasetKind(
    name="sft",
    schema=columns.SFT,
    required=("response_id", "problem_id", "task_type", "messages"),
    description="The chosen responses as chats, in the published columns of a supervised fine-tuning set.",
    sample=("response_id", "problem_id", "task_type", "score", "messages"),
    recipe=lambda lanes, settings: sft_recipe(),
    chosen=True,
)
RAW = DatasetKind(
    name="raw",
    schema=columns.RAW,
    required=("response_id", "problem_id", "task_type", "prompt", "llm_response"),
    description="Every trace that may be published, right or wrong, with its score, in the published columns of "
    "SYNTHETIC-1; beside it where each came from, with the leaf that proves it (`lineage`).",
    sample=("response_id", "problem_id", "source", "task_type", "prompt", "llm_response", "score"),
    recipe=lambda lanes, settings: raw_recipe(),
    chosen=True,
)
PREFERENCE = DatasetKind(
    name="preference",
    schema=columns.PREFERENCE,
    required=("pair_id", "problem_id", "prompt", "chosen", "rejected", "score_chosen", "score_rejected"),
    description="Pairs of responses to the same problem: one that was chosen, and one that a verifier found wrong, "
    "about as long and sound in form.",
    sample=("pair_id", "problem_id", "task_type", "prompt", "chosen", "rejected"),
    recipe=lambda lanes, settings: preference_recipe(settings.release.preference),
    options=lambda settings: {"preference": settings.release.preference},
    chosen=True,
)
RL = DatasetKind(
    name="rl",
    schema=columns.RL,
    required=("problem_id", "task_type", "prompt", "verification_info", "responses", "pass_rates"),
    description="Tasks for learning by verified reward: what a verifier needs, and how often teachers were right.",
    sample=("problem_id", "source", "task_type", "prompt", "pass_rate", "pass_rates"),
    recipe=lambda lanes, settings: rl_recipe(),
    chosen=True,
)
KINDS = (FILTERED, RAW, SFT, PREFERENCE, RL)
"""All data sets, each after those that it stands behind."""


def dataset_asset(kind: DatasetKind, lanes: Sequence[Lane], settings: Settings) -> dg.AssetsDefinition:
    """One data set over all lanes.

    Args:
        kind: Which.
        lanes: All of them.
        settings: What its recipe and its options are made from.
    """

    @dg.asset(
        key=[GROUP, kind.name],
        deps=_deps(kind, lanes),
        group_name=GROUP,
        description=kind.description,
        code_version=kind.recipe(lanes, settings).code_version,
        kinds={"parquet"},
        op_tags=settings_tags(settings),
        check_specs=[disputes_spec(dg.AssetKey([GROUP, kind.name]))] if kind.audits_golds else None,
        required_resource_keys=set(BASIC),
    )
    def dataset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        lake: Lake = context.resources.lake
        with plain_failures():
            fail_if_changed(context.op_execution_context, settings)
            _fail_on_unsound(lake, lanes, context.instance)
            _maker(kind)(lake, list(lanes), run_id=context.run.run_id, **kind.options(settings))
            manifest = lake.need(f"{GROUP}/{kind.name}")
            decided = None if kind.chosen else open_overrides(settings)
        if decided is not None:
            context.log_event(overrides.observation(decided))
        return dg.MaterializeResult(
            metadata={
                **table_metadata(lake, manifest, kind.schema),
                **counts_metadata(manifest.counts),
                **(funnel_metadata(curation_funnel(manifest.counts, steps)) if (steps := kind.steps(settings)) else {}),
                **set_costs(lake, [lane.name for lane in lanes], settings.prices),
                "inputs": len(inputs_of(manifest)),
                **{name: value for part in manifest.parts.values() for name, value in part.figures.items()},
                "sample": sample_table(lake, manifest, kind.sample),
                **(disputes_metadata(lake, manifest, lanes) if kind.audits_golds else {}),
            },
            check_results=[disputes_result(lake, manifest, settings.disputes)] if kind.audits_golds else None,
            data_version=dg.DataVersion(manifest.made_version),
            # What was read, not what was known of the decisions when the step began.
            tags=None if decided is None else {overrides.INPUT_TAG: decided.version},
        )

    return dataset


def _deps(kind: DatasetKind, lanes: Sequence[Lane]) -> list[dg.AssetKey]:
    tables = [dg.AssetKey([lane.name, table]) for lane in lanes for table in kind.after]
    return tables + ([dg.AssetKey([GROUP, FILTERED.name])] if kind.chosen else [overrides.KEY])


def _maker(kind: DatasetKind) -> Callable[..., object]:
    """Imported when it is needed: releases bring data-set libraries with them."""
    module = importlib.import_module(f"genesys.release.{kind.name}")
    maker: Callable[..., object] = getattr(module, f"make_{kind.name}")
    return maker


def _fail_on_unsound(lake: Lake, lanes: Sequence[Lane], instance: dg.DagsterInstance) -> None:
    """A blocking check holds up the run that it is part of; this holds up the data sets, made by other runs.

    A shard whose manifest is lost looks like one that was never made; Dagster knows better.
    """
    problems = []
    for lane in lanes:
        asset = f"{lane.name}/verifications"
        there = lake.partitions(asset)
        for shard in there:
            problems += [f"{asset} {shard}: {problem}" for problem in problems_of(lake, asset, shard)]
        made = {partition.name for partition in made_partitions(instance, lane, dg.AssetKey(asset.split("/")))}
        lost = made.difference(there)
        problems += [f"{asset} {shard}: was materialized, and its manifest is not there" for shard in sorted(lost)]
    if problems:
        shown = "\n".join(f"- {problem}" for problem in problems[:20])
        raise dg.Failure(
            f"Nothing is built on partitions that are not what they should be. Materialize these again:\n{shown}",
            allow_retries=False,
        )
