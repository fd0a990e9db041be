"""Golds that the check of the judges put before them, as cases of error rates: from its recorded answers, at no cost.

The check (docs/judging.md) gives judges a task's own gold, and another task's. What it has not asked yet is no case
here: nobody is asked in this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.lane import Lane
from genesys.quality.error_rates import GOLDS, SWAPPED, Case
from genesys.quality.judge_calibration import Trial, calibrate
from genesys.settings import Settings
from genesys.stages.tasks import tasks_asset
from genesys.tables.lake import Lake
from genesys.teachers.casting import with_named_judges
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.panel import Panel
from genesys.verifiers.runner import VerifierRunner

SUFFIX = ".judges"
"""Behind a shard's name: the journal's segment of the check."""


async def judged_cases(
    lake: Lake, lanes: Iterable[Lane], journal: Journal, settings: Settings, runner: VerifierRunner
) -> list[Case]:
    """The cases of all shards whose judges were tried, in the order of lanes and shards.

    Raises:
        InfrastructureFault: The journal cannot be read.
    """
    found: list[Case] = []
    names = set(journal.names())
    roles = with_named_judges(Roles(verifiers=runner), settings)
    threshold = Panel.of(settings).rules.threshold
    for lane, shard in _shards(lake, lanes):
        if f"{lane.name}/{shard}{SUFFIX}" not in names:
            continue
        segment = journal.segment(f"{lane.name}/{shard}{SUFFIX}")
        tasks = [row for row in lake.rows(tasks_asset(lane), shard) if row["task_type"] == JUDGED]
        calibration = await calibrate(
            tasks,
            partial(Calls, segment=segment, roles=roles, replay=True),
            size=settings.judging.sample,
            threshold=threshold,
        )
        found += [_case(lane, trial, threshold) for trial in calibration.trials if not trial.trouble]
    return found


def _shards(lake: Lake, lanes: Iterable[Lane]) -> Iterator[tuple[Lane, str]]:
    for lane in sorted(lanes, key=lambda lane: lane.name):
        for shard in sorted(lake.partitions(tasks_asset(lane))):
            yield lane, shard


def _case(lane: Lane, trial: Trial, threshold: float) -> Case:
    opinion = None if trial.score is None else trial.score >= threshold
    if trial.answer == "own gold":
        return Case(lane.name, JUDGED, "wrong reject", GOLDS, trial.problem_id, True, opinion=opinion)
    return Case(lane.name, JUDGED, "wrong accept", SWAPPED, trial.problem_id, False, opinion=opinion)
