"""Responses of a shard become verdicts: what a verifier gets to read, and what its verdict comes to.

``genesys verify`` judges by the same function, without tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.choices import Acceptance
from genesys.columns import VERIFICATIONS, as_text
from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.lake import Lake, Part
from genesys.lane import Lane
from genesys.outcomes import Outcome, accepted, rejected
from genesys.schemas import parse_info
from genesys.stages.generations import generations_asset, rendering
from genesys.stages.stage import MEASURED, Stage
from genesys.stages.tasks import tasks_asset
from genesys.verifiers.runner import VerifierRunner

Row = dict[str, Any]

VERIFICATION_VERSION = "1"


def verifications_asset(lane: Lane) -> str:
    """The table of verdicts."""
    return f"{lane.name}/verifications"


def verifications_stages(
    lake: Lake, lane: Lane, shard: str, *, runner: VerifierRunner, acceptance: Acceptance
) -> list[Stage[Row]]:
    """Responses of a shard -> verdicts, one stage for each campaign of generations."""
    tasks = lake.need(tasks_asset(lane), shard)
    task_types = sorted(set(lake.frame(tasks_asset(lane), shard, ["task_type"]).to_series().to_list()))
    versions = {f"verifier:{kind}": verifier_identity(runner, kind) for kind in task_types}
    generations = lake.need(generations_asset(lane), shard)
    return [
        _verifications_stage(lake, lane, shard, campaign, part, tasks.data_version, versions, acceptance, runner)
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
    versions: dict[str, str],
    acceptance: Acceptance,
    runner: VerifierRunner,
) -> Stage[Row]:
    async def function(record: Row, calls: Calls) -> Outcome:
        return await verify_row(record, calls, runner=runner, acceptance=acceptance)

    return Stage(
        asset=verifications_asset(lane),
        partition=shard,
        campaign=campaign,
        schema=VERIFICATIONS,
        work=Work(
            rows=lambda: responses(lake, lane, shard, campaign),
            row_id=lambda record: str(record["response_id"]),
            function=function,
        ),
        inputs={
            f"{tasks_asset(lane)}/{shard}": tasks_version,
            f"{generations_asset(lane)}/{shard}/{campaign}": part.data.sha256,
        },
        versions={"verify": VERIFICATION_VERSION, **versions},
        settings={"acceptance": acceptance.model_dump()},
    )


def responses(lake: Lake, lane: Lane, shard: str, campaign: str | None = None) -> Iterator[Row]:
    """Whole responses in Genesys' fields: generations joined with their tasks, in the order of the generations.

    A response to an earlier content of its task has no task to be judged by and is passed over.
    """
    tasks = {row["problem_id"]: row for row in lake.rows(tasks_asset(lane), shard)}
    for generation in lake.rows(generations_asset(lane), shard, campaign=campaign):
        task = tasks.get(generation["problem_id"])
        if task is not None and task["task_hash"] == generation["task_hash"]:
            yield response_record(task, generation)


TASK_FIELDS = (
    "problem_id",
    "source",
    "task_type",
    "in_source_id",
    "prompt",
    "gold_standard_solution",
    "hf_dataset_name",
)
GENERATION_FIELDS = ("response_id", "model_name", "finish_reason", "teacher_id", "campaign", "sample_index", "call_key")


def response_record(task: Row, generation: Row) -> Row:
    """One whole response: what a verifier reads."""
    return {
        **{name: task[name] for name in TASK_FIELDS},
        **{name: generation[name] for name in GENERATION_FIELDS},
        "task_hash": task["task_hash"],
        "verification_info": parse_info(task["verification_info"]),
        "metadata": parse_info(task["metadata"]),
        "llm_response": rendering(generation),
        "generation_config": parse_info(generation["generation_config"]),
    }


async def verify_row(record: Row, calls: Calls, *, runner: VerifierRunner, acceptance: Acceptance) -> Outcome:
    """One response -> one verdict. A fault of the task or of the response is a verdict without a score."""
    score, info, reason = await verdict_on(record, calls, acceptance)
    info = without_measured(info)
    is_accepted = reason is None
    name, version = runner.identity(runner.response_kind(record["task_type"]))
    row = {
        "response_id": record["response_id"],
        "problem_id": record["problem_id"],
        "task_hash": record["task_hash"],
        "campaign": record["campaign"],
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


async def verdict_on(record: Row, calls: Calls, acceptance: Acceptance) -> tuple[float | None, Row, str | None]:
    """Score, verification_result_info, and why it is not accepted (None: it is)."""
    try:
        verdict = await calls.verify_response(record)
        score, info, fault = verdict["score"], verdict["verification_result_info"], None
    except (TaskFault, ResponseFault) as error:
        score, info = None, {"fault": str(error)}
        fault = "task fault" if isinstance(error, TaskFault) else "response fault"
    if acceptance.accepts(record["task_type"], score):
        return score, info, None
    return score, info, str(fault or info.get("reason") or _reason(score, str(info.get("rule", ""))))


def without_measured(info: Row) -> Row:
    """A verdict's info as the table keeps it: what varies from run to run stands in the timings beside it."""
    return {name: value for name, value in info.items() if name != MEASURED}


def _reason(score: float | None, rule: str) -> str:
    """In words that can be counted, from the verifier's rule: ``boxed/time-limit`` ends in how it was decided."""
    decided = rule.rpartition("/")[2]
    if decided in ("no-answer", "time-limit", "worker-died"):
        return decided.replace("-", " ")
    if score is None:
        return "no score"
    return "wrong answer" if score == 0 else "score too low"
