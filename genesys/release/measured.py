"""``dataset/measured``: what filters know of every verified response, shard by shard, kept until a shard changes.

What is measured stands in ``measuring``; here is which shards are to be measured, by how many processes, and that tasks
whose gold is disputed are listed beside. Whether a source row was withdrawn since is no part of it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genesys.lane import Lane
from genesys.partition import Partition
from genesys.quality.disputes import Ballot
from genesys.quality.same_answers import SameAnswers
from genesys.recipe import Recipe
from genesys.release.disputed import COMPANION, DISPUTED, Shard
from genesys.release.measuring import ASSET, BALLOTS, Measuring, ShardJob, lane_named, measure_shard
from genesys.release.processes import in_processes, processes_for
from genesys.release.text_measures import TextMeasures
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import Lake, Part

CAMPAIGN = "all"
VERSION = "1"
WORTH_PROCESSES = 4000
"""Responses to be measured from which on further processes are started, where nobody says how many."""


@dataclass(frozen=True)
class MeasuredShard:
    """One shard as it was measured."""

    lane: str
    shard: str
    part: Part

    @property
    def partition(self) -> str:
        """Of ``dataset/measured``."""
        return f"{self.lane}.{self.shard}"


def measured_recipe(lanes: Iterable[Lane], measures: TextMeasures, same: SameAnswers) -> Recipe:
    """What decides the measures, besides the tables of the lanes."""
    versions = same.versions(task_type for lane in lanes for task_type in lane.task_types)
    comparisons = {f"same_answer:{task_type}": version for task_type, version in versions.items()}
    rule = measures.disputes
    return Recipe(
        {"measured": VERSION} | measures.versions | comparisons,
        measures.recipe | {"disputes": {"votes": rule.votes, "share": rule.share}},
    )


def shards_of(lake: Lake, lanes: Iterable[Lane]) -> list[tuple[Lane, str]]:
    """Every shard that has verdicts, by lane and name."""
    ordered = sorted(lanes, key=lambda lane: lane.name)
    return [(lane, shard) for lane in ordered for shard in lake.partitions(verifications_asset(lane))]


def inputs_of(lake: Lake, shards: Sequence[tuple[Lane, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """By lane and shard, the data version of each table that is read; one that is not there is no input."""
    tables = (tasks_asset, generations_asset, verifications_asset)
    names = {(lane.name, shard): [f"{table(lane)}/{shard}" for table in tables] for lane, shard in shards}
    found = lake.versions_of(name for each in names.values() for name in each)
    return {
        place: {name: version for name in each if (version := found[name]) is not None} for place, each in names.items()
    }


def measure(
    lake: Lake,
    shards: Sequence[tuple[Lane, str]],
    inputs: Mapping[tuple[str, str], Mapping[str, str]],
    measures: TextMeasures,
    same: SameAnswers,
    *,
    revisions: Mapping[str, str],
    run_id: str = "",
) -> list[MeasuredShard]:
    """Measure what changed.

    Args:
        lake: Where the tables stand.
        shards: All that are wanted.
        inputs: Of each, as ``inputs_of`` gives them.
        measures: What is told of texts.
        same: Finds equal answers in different spellings.
        revisions: Of what is read besides the lake.
        run_id: For the manifests.

    Returns:
        All shards in their order, as they stand measured now.
    """
    recipe = measured_recipe([lane for lane, _ in shards], measures, same)
    jobs = [_job(lane, shard, inputs[lane.name, shard], recipe, revisions) for lane, shard in shards]
    found = lake.manifests((ASSET, job.partition) for job in jobs)
    standing: dict[str, Part] = {}
    for job in jobs:
        manifest = found[ASSET, job.partition]
        part = manifest.parts.get(CAMPAIGN) if manifest else None
        if part is not None and part.fingerprint == job.fingerprint:
            standing[job.partition] = part
    missing = [job for job in jobs if job.partition not in standing]
    for job, part in in_processes(measure_shard, Measuring(lake, measures), missing, _workers(lake, measures, missing)):
        part = _with_disputes(lake, job, part, measures, same)
        part = part.model_copy(
            update={"versions": recipe.versions, "settings": recipe.settings, "run_id": run_id, "made_at": time.time()}
        )
        lake.publish(ASSET, job.partition, {CAMPAIGN: part})
        standing[job.partition] = part
    return [MeasuredShard(job.lane, job.shard, standing[job.partition]) for job in jobs]


def _job(lane: Lane, shard: str, inputs: Mapping[str, str], recipe: Recipe, revisions: Mapping[str, str]) -> ShardJob:
    fingerprint = recipe.fingerprint([inputs, dict(revisions)])
    return ShardJob(lane.name, shard, Partition.of(lane, shard).language, fingerprint, inputs)


def _workers(lake: Lake, measures: TextMeasures, jobs: Sequence[ShardJob]) -> int:
    """How many processes are worth their start."""
    wanted = measures.settings.release.workers
    if wanted:
        return wanted
    manifests = lake.manifests((f"{job.lane}/verifications", job.shard) for job in jobs).values()
    rows = sum(part.data.rows for manifest in manifests if manifest for part in manifest.parts.values())
    return processes_for(wanted) if rows >= WORTH_PROCESSES else 1


def _with_disputes(lake: Lake, job: ShardJob, part: Part, measures: TextMeasures, same: SameAnswers) -> Part:
    """Votes are counted here, since comparing answers takes verifiers that only this process may know."""
    rows = list(_disputed(lake, job, part, measures, same)) if part.companions[BALLOTS].rows else []
    file = lake.write(ASSET, job.partition, DISPUTED, rows)
    return part.model_copy(update={"companions": part.companions | {COMPANION: file}})


def _disputed(
    lake: Lake, job: ShardJob, part: Part, measures: TextMeasures, same: SameAnswers
) -> Iterator[dict[str, object]]:
    ballots: dict[str, list[Ballot]] = defaultdict(list)
    for row in lake.file_rows(ASSET, job.partition, part.companions[BALLOTS]):
        ballots[row.pop("problem_id")].append(Ballot(**row))
    shard = Shard(lake, lane_named(job.lane), job.shard, measures.disputes)
    yield from map(shard.row, shard.counted(ballots, same))
