"""Responses of a shard become verdicts: what a verdict comes to. What a verifier reads stands in ``records``.

Every response of the generations ends here, so that both tables' rows add up.
``genesys verify`` judges by the same function, without tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.choices import Acceptance
from genesys.faults import InfrastructureFault
from genesys.lane import Lane
from genesys.outcomes import Outcome, accepted, rejected
from genesys.recipe import Recipe
from genesys.schemas import as_text
from genesys.stages.generations import generations_asset
from genesys.stages.records import ResponseRow, responses, subject_of
from genesys.stages.stage import Stage
from genesys.stages.tasks import tasks_asset
from genesys.stages.verdicts import verdict_on, without_measured
from genesys.tables.columns import VERIFICATIONS
from genesys.tables.lake import Lake, Part
from genesys.verifiers.runner import VerifierRunner

Row = dict[str, Any]

VERIFICATION_VERSION = "2"
STALE_TASK = "stale task"
"""The end of a response to a task that is gone, or has other content since: there is nothing to judge it by."""


def verifications_asset(lane: Lane) -> str:
    """The table of verdicts."""
    return f"{lane.name}/verifications"


def verifications_recipe(task_types: Iterable[str], *, runner: VerifierRunner, acceptance: Acceptance) -> Recipe:
    """What decides the verdicts on responses to tasks of these types, besides the responses."""
    versions = {f"verifier:{kind}": verifier_identity(runner, kind) for kind in sorted(set(task_types))}
    return Recipe({"verify": VERIFICATION_VERSION, **versions}, {"acceptance": acceptance.model_dump()})


def verifications_stages(
    lake: Lake, lane: Lane, shard: str, *, runner: VerifierRunner, acceptance: Acceptance
) -> list[Stage[ResponseRow]]:
    """Responses of a shard -> verdicts, one stage for each campaign of generations."""
    tasks = lake.need(tasks_asset(lane), shard)
    task_types = lake.frame(tasks_asset(lane), shard, ["task_type"]).to_series().to_list()
    recipe = verifications_recipe(task_types, runner=runner, acceptance=acceptance)
    generations = lake.need(generations_asset(lane), shard)
    return [
        _verifications_stage(lake, lane, shard, campaign, part, tasks.data_version, recipe, acceptance, runner)
        for campaign, part in generations.parts.items()
    ]


def verifier_identity(runner: VerifierRunner, task_type: str) -> str:
    """``name@version`` of a task type's verifier; rows of a type that has none end as errored, one by one."""
    try:
        return "@".join(runner.identity(runner.response_kind(task_type)))
    except InfrastructureFault:
        return "none"


def _verifications_stage(
    lake: Lake,
    lane: Lane,
    shard: str,
    campaign: str,
    part: Part,
    tasks_version: str,
    recipe: Recipe,
    acceptance: Acceptance,
    runner: VerifierRunner,
) -> Stage[ResponseRow]:
    async def function(response: ResponseRow, calls: Calls) -> Outcome:
        return await verify_row(response, calls, runner=runner, acceptance=acceptance)

    return Stage(
        asset=verifications_asset(lane),
        partition=shard,
        campaign=campaign,
        schema=VERIFICATIONS,
        work=Work(
            rows=lambda: responses(lake, lane, shard, campaign),
            row_id=lambda response: str(response.generation["response_id"]),
            function=function,
            total=part.data.rows,
        ),
        inputs={
            f"{tasks_asset(lane)}/{shard}": tasks_version,
            f"{generations_asset(lane)}/{shard}/{campaign}": part.data.sha256,
        },
        versions=recipe.versions,
        settings=recipe.settings,
    )


async def verify_row(response: ResponseRow, calls: Calls, *, runner: VerifierRunner, acceptance: Acceptance) -> Outcome:
    """One response -> one verdict. A fault of the task or of the response is a verdict without a score."""
    generation = response.generation
    if response.task is None:
        return rejected(STALE_TASK, f"{generation['problem_id']} is no task any more, or has other content since")
    subject = subject_of(response.task, generation)
    score, info, reason = await verdict_on(subject, calls, acceptance)
    info = without_measured(info)
    is_accepted = reason is None
    name, version = runner.identity(runner.response_kind(subject.task_type))
    row = {
        **{column: generation[column] for column in ("response_id", "problem_id", "task_hash", "campaign")},
        "score": score,
        "accepted": is_accepted,
        "reason": reason,
        **{name: _shown(info.get(name)) for name in ("rule", "extracted_answer", "canonical_answer")},
        "verification_result_info": as_text(info),
        "verifier": name,
        "verifier_version": version,
        "call_key": calls.entries[-1].key,
    }
    return accepted(row) if reason is None else rejected(reason, None, row)


def _shown(value: Any) -> str | None:
    """What a verifier gives as an answer or a rule, for a column of text: some give a number or a list."""
    return value if value is None or isinstance(value, str) else as_text(value)
