"""The three stages of every lane: tasks, generations, verifications. Lanes differ in data, not here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.calls.errors import InfrastructureFault, ResponseFault, TaskFault
from genesys.choices import Acceptance, Sampling
from genesys.columns import GENERATIONS, TASKS, VERIFICATIONS, as_text
from genesys.hashing import derived_seed, digest
from genesys.lake import Lake, Part
from genesys.lane import Lane, LedgerRow
from genesys.ledger import ledger_asset, ledger_rows
from genesys.outcomes import Outcome, accepted, rejected
from genesys.prompts import Prompt
from genesys.schemas import TASK_CONTENT, parse_info
from genesys.stage import MEASURED, Stage
from genesys.teachers.base import ChatAnswer, Message
from genesys.verifiers.runner import VerifierRunner

Row = dict[str, Any]

TASKS_CAMPAIGN = "curated"
GENERATION_VERSION = "1"
VERIFICATION_VERSION = "1"


# Tasks -----------------------------------------------------------------------------------------------------------


def tasks_asset(lane: Lane) -> str:
    """The table of curated tasks."""
    return f"{lane.name}/tasks"


def tasks_stage(lake: Lake, lane: Lane, shard: str, *, verifier_versions: dict[str, str]) -> Stage[LedgerRow]:
    """Ledger rows of a shard -> curated tasks.

    Args:
        lake: Where the tables stand.
        lane: Whose ``curate`` runs.
        shard: The partition.
        verifier_versions: Those that the gold preflight uses.
    """
    part = lake.need(ledger_asset(lane)).parts[shard]
    return Stage(
        asset=tasks_asset(lane),
        partition=shard,
        campaign=TASKS_CAMPAIGN,
        schema=TASKS,
        work=Work(
            rows=lambda: map(read_ledger_row, ledger_rows(lake, lane, shard)),
            row_id=lambda row: row.problem_id,
            function=lambda row, calls: curate_row(lane, row, calls),
        ),
        inputs={f"{ledger_asset(lane)}/{shard}": part.data.sha256},
        versions=lane.versions | verifier_versions,
    )


def read_ledger_row(row: Row) -> LedgerRow:
    """A row of the ledger's table as ``curate`` gets it."""
    return LedgerRow(
        problem_id=row["problem_id"],
        row_hash=row["row_hash"],
        source=row["source"],
        upstream=parse_info(row["upstream_row"]),
        revision=row["revision"],
        license=row["license"],
        attribution=row["attribution"],
        source_url=row["source_url"],
    )


async def curate_row(lane: Lane, row: LedgerRow, calls: Calls) -> Outcome:
    """The lane's ``curate``, and what every task carries whatever its lane."""
    outcome = await lane.curate(row, calls)
    records = tuple(_task_record(lane, row, record, calls) for record in outcome.records)
    return Outcome(outcome.status, outcome.reason, outcome.detail, records)


def _task_record(lane: Lane, row: LedgerRow, task: Row, calls: Calls) -> Row:
    asked = {entry.name for entry in calls.entries}
    return {
        "problem_id": row.problem_id,
        "family_id": row.problem_id,
        "parent_ids": [],
        "round": 0,
        "source": row.source,
        "hf_dataset_name": row.source,
        "source_url": row.source_url,
        "revision": row.revision,
        "license": row.license,
        "attribution": row.attribution,
        **task,
        "task_hash": digest([task.get(name) for name in TASK_CONTENT], 24),
        "row_hash": row.row_hash,
        "verification_info": as_text(task["verification_info"]),
        "metadata": as_text(task.get("metadata", {})),
        "prompt_hashes": sorted(
            f"{p.name}:{p.hash}" for p in lane.prompts if p.name in asked or not isinstance(p, Prompt)
        ),
        "call_keys": [entry.key for entry in calls.entries],
    }


# Generations -----------------------------------------------------------------------------------------------------


def generations_asset(lane: Lane) -> str:
    """The table of sampled responses."""
    return f"{lane.name}/generations"


def generations_stages(
    lake: Lake, lane: Lane, shard: str, *, teacher_id: str, model: str, sampling: Sampling, samples: int, seed: int = 0
) -> list[Stage[tuple[Row, int]]]:
    """Tasks of a shard -> ``samples`` responses each, or as many as there are if those are more.

    A campaign is one choice of teacher, sampling and prompt, and a range of samples: when more samples are wanted
    later, only those that are not there yet are a campaign of their own, and nothing is rewritten.

    Returns:
        A stage for each range of samples, the first ones first: when tasks change, all of them have something to do.
    """
    settings = {
        "teacher_id": teacher_id,
        "model": model,
        "sampling": sampling.model_dump(),
        "seed": seed,
        "system_prompt": lane.system_prompt,
    }
    ends = _ends(lake, lane, shard, digest(settings, 12), samples)
    return [
        _generations_stage(lake, lane, shard, settings, first, end)
        for first, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def generations_stage(lake: Lake, lane: Lane, shard: str, **choice: Any) -> Stage[tuple[Row, int]]:
    """The last of ``generations_stages``: the only one where no earlier campaign made fewer samples."""
    return generations_stages(lake, lane, shard, **choice)[-1]


def _ends(lake: Lake, lane: Lane, shard: str, base: str, samples: int) -> list[int]:
    """Where the ranges of samples end: those that were made with these settings, and a new one if they fall short."""
    manifest = lake.manifest(generations_asset(lane), shard)
    made = sorted(
        int(name.rpartition("-")[2]) for name in (manifest.parts if manifest else {}) if name.startswith(base)
    )
    return made if made and made[-1] >= samples else [*made, samples]


def _generations_stage(
    lake: Lake, lane: Lane, shard: str, settings: Row, first: int, end: int
) -> Stage[tuple[Row, int]]:
    campaign = f"{digest(settings, 12)}-{end:04d}"

    def rows() -> Iterator[tuple[Row, int]]:
        for task in lake.rows(tasks_asset(lane), shard, ["problem_id", "task_hash", "prompt"]):
            for index in range(first, end):
                yield task, index

    async def function(row: tuple[Row, int], calls: Calls) -> Outcome:
        return await sample_row(lane, row, calls, settings=settings, campaign=campaign)

    return Stage(
        asset=generations_asset(lane),
        partition=shard,
        campaign=campaign,
        schema=GENERATIONS,
        work=Work(rows=rows, row_id=lambda row: f"{row[0]['problem_id']}/{row[1]}", function=function),
        inputs={f"{tasks_asset(lane)}/{shard}": lake.need(tasks_asset(lane), shard).data_version},
        versions={"generate": GENERATION_VERSION},
        settings=settings | {"samples": [first, end]},
    )


async def sample_row(lane: Lane, row: tuple[Row, int], calls: Calls, *, settings: Row, campaign: str) -> Outcome:
    """One task and sample index -> one response of the campaign."""
    task, index = row
    sampled = await sample_response(task["problem_id"], lane.messages(task["prompt"]), index, calls, settings=settings)
    own = {"task_hash": task["task_hash"], "campaign": campaign}
    return accepted(sampled | own | {"generation_config": as_text(sampled["generation_config"])})


async def sample_response(
    problem_id: str, messages: tuple[Message, ...], index: int, calls: Calls, *, settings: Row
) -> Row:
    """What the teacher answers, with what identifies it; the same for lanes and for files of ``genesys generate``.

    Args:
        problem_id: With ``index`` and the settings' seed it makes the answer's own seed.
        messages: What is asked.
        index: Which of the problem's samples.
        calls: Of the row.
        settings: sampling, seed, model and teacher_id.
    """
    sampling = settings["sampling"] | {"seed": derived_seed(settings["seed"], problem_id, index)}
    answer = await calls.sample(messages, sampling, index)
    call_key = calls.entries[-1].key
    reply = {"role": "assistant", "content": answer.content, "reasoning": answer.reasoning}
    return {
        "response_id": digest([problem_id, call_key], 24),
        "problem_id": problem_id,
        "sample_index": index,
        "messages": [{"role": m.role, "content": m.content, "reasoning": None} for m in messages] + [reply],
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "model_name": answer.model or settings["model"],
        "teacher_id": settings["teacher_id"],
        "generation_config": sampling,
        "call_key": call_key,
    }


def rendering(generation: Row) -> str:
    """``llm_response`` of a generation: thinking in its marks, then the content."""
    last = generation["messages"][-1]
    return ChatAnswer(
        content=last["content"] or "", reasoning=last["reasoning"], finish_reason=generation["finish_reason"]
    ).text


# Verifications ---------------------------------------------------------------------------------------------------


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
        **{name: info.get(name) for name in ("rule", "extracted_answer", "canonical_answer")},
        "verification_result_info": as_text(info),
        "verifier": name,
        "verifier_version": version,
        "call_key": calls.entries[-1].key,
    }
    return accepted(row) if reason is None else rejected(reason, None, row)


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
