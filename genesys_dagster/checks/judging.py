"""The check of the judges on ``<lane>/verifications``: golds put before them.

What they must make of these stands in ``genesys.quality.judge_calibration``. The check only warns: verdicts stand as
they are, and a person has to look at the judge.
"""

from contextlib import AsyncExitStack
from typing import Any

import dagster as dg

from genesys.calls.context import Calls, CallStats, Roles
from genesys.calls.journal import Journal
from genesys.lane import Lane
from genesys.quality.judge_calibration import Calibration, calibrate
from genesys.settings import Settings
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import Lake
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.panel import Panel
from genesys_dagster import internals
from genesys_dagster.markdown import markdown_table
from genesys_dagster.ops.phases import plain_failures
from genesys_dagster.partitions import partition_of, partitions_def
from genesys_dagster.resources import BASIC
from genesys_dagster.resources.roles import JUDGE, opened
from genesys_dagster.resources.workbench import Workbench

CHECK = "judges"
DESCRIPTION = (
    "Judges score the gold itself high and the gold of another task low, on a sample of the shard. This is no measure "
    "of their accuracy, for which labels by people are needed."
)


def judging_check(lane: Lane, settings: Settings) -> dg.AssetChecksDefinition:
    """The check of one lane; a shard without judged tasks passes it at once, and it says so."""
    key = dg.AssetKey(verifications_asset(lane).split("/"))
    with internals.unsettled_features():
        spec = dg.AssetCheckSpec(
            CHECK, asset=key, description=DESCRIPTION, blocking=False, partitions_def=partitions_def(lane)
        )

    @dg.multi_asset_check(
        name=f"{lane.name}__verifications__{CHECK}",
        specs=[spec],
        required_resource_keys={*BASIC, "journal", "workbench", JUDGE},
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake: Lake = context.resources.lake
        shard = partition_of(context, lane).name
        judged = lake.frame(tasks_asset(lane), shard, ["task_type"])["task_type"].eq(JUDGED).sum()
        if not judged:
            return _not_run(key, "no task of this shard is judged")
        bench: Workbench = context.resources.workbench
        with plain_failures():
            if (missing := bench.run(bench.verifiers.ready(JUDGED))) is not None:
                return _not_run(key, missing)
            stats = CallStats()
            found = bench.run(_calibrated(lane, settings, context, stats))
        return _result(key, found, int(judged), stats)

    return check


async def _calibrated(
    lane: Lane, settings: Settings, context: dg.AssetCheckExecutionContext, stats: CallStats
) -> Calibration:
    lake: Lake = context.resources.lake
    journal: Journal = context.resources.journal
    shard = partition_of(context, lane).name
    segment = journal.segment(f"{lane.name}/{shard}.{CHECK}")
    async with AsyncExitStack() as stack:
        bench: Workbench = context.resources.workbench
        roles: Roles = await opened({JUDGE: context.resources.judge}, stack, bench.verifiers)
        return await calibrate(
            [row for row in lake.rows(tasks_asset(lane), shard) if row["task_type"] == JUDGED],
            lambda row_id: Calls(row_id, segment, roles, stats=stats),
            size=settings.judging.sample,
            threshold=Panel.of(settings).rules.threshold,
        )


def _not_run(key: dg.AssetKey, why: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=True, asset_key=key, check_name=CHECK, description=f"Not run: {why}", metadata={"not_run": why}
    )


def _result(key: dg.AssetKey, found: Calibration, judged: int, stats: CallStats) -> dg.AssetCheckResult:
    tried = [trial for trial in found.trials if not trial.trouble]
    if not tried:
        return _not_run(key, "; ".join(found.untried[:3]) or "no judged task of this shard has a gold")
    rows = [(trial.problem_id, trial.answer, trial.score, trial.why or trial.trouble) for trial in found.trials]
    figures: dict[str, Any] = {"own_gold_score": found.mean("own gold"), "other_gold_score": found.mean("another gold")}
    return dg.AssetCheckResult(
        passed=not found.problems,
        asset_key=key,
        check_name=CHECK,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(found.problems[:3]) or None,
        metadata={
            **{name: value for name, value in figures.items() if value is not None},
            "judged_tasks": judged,
            "answers_tried": len(tried),
            "not_tried": len(found.untried),
            "calls_made": stats.made,
            "sample": markdown_table(("problem", "answer", "score", "why"), rows),
        },
    )
