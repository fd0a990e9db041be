"""The three kinds of stage that every lane has, as data: pool, roles, tables, and how the library plans the work.

What the work does stands in ``genesys.stages``; how it is run stands in ``genesys_dagster.ops.phases``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from genesys.choices import TEACHER
from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.overrides import open_overrides
from genesys.recipe import Recipe
from genesys.sandbox.isolation import isolation_of
from genesys.settings import Settings
from genesys.stages.chosen import chosen_generations, chosen_generations_recipe
from genesys.stages.needed import types_of_rows, types_of_tasks
from genesys.stages.stage import Stage
from genesys.stages.tasks import gold_versions, tasks_recipe, tasks_stage
from genesys.stages.verifications import verifications_recipe, verifications_stages
from genesys.tables import columns
from genesys.tables.lake import Lake
from genesys.verifiers.registry import executes
from genesys.verifiers.runner import VerifierRunner

Planner = Callable[[Settings, Lake, Lane, str, VerifierRunner], list[Stage[Any]]]
Decides = Callable[[Settings, Lane, VerifierRunner], Recipe]


@dataclass(frozen=True)
class StageKind:
    """One kind of stage.

    Args:
        name: Last part of the asset's key.
        after: What stands before it: it carries its columns, and a change further up changes its version.
        pool: Whose slots its run phase takes.
        role: Whose tokens it pays for.
        roles: Resources that answer its calls.
        schema: Columns of its table.
        required: Columns that are never null.
        carried: Columns that come as they are from the table before it, for the column lineage.
        plan: The library's stages for a shard, one a campaign.
        recipe: What decides its table besides what it reads; the stages of the plan are made by the same.
        description: For the UI.
        kinds: Badges in the UI.
        sample: Columns shown as a sample.
        rate: What the share of accepted rows is called.
        types: Task types that occur in a shard: whose verifiers its rows may need.
        verifies: Whether its rows are put to verifiers.
        executes: Whether one of these verifiers runs programs; set by ``placed``.
    """

    name: str
    after: str
    pool: str
    role: str
    roles: tuple[str, ...]
    schema: pa.Schema
    required: tuple[str, ...]
    carried: tuple[str, ...]
    plan: Planner
    recipe: Decides
    description: str
    kinds: frozenset[str]
    sample: tuple[str, ...]
    rate: str
    types: Callable[[Lake, Lane, str], tuple[str, ...]] = types_of_tasks
    verifies: bool = False
    executes: bool = False

    def devices(self, settings: Settings) -> frozenset[str]:
        """What its run phase wants: ``gpu`` only where it starts an engine itself, ``docker`` for programs."""
        players = [getattr(settings, role) for role in self.roles if role != TEACHER]
        players += [settings.teacher_named(line.teacher) for line in settings.planned if TEACHER in self.roles]
        wanted = {"gpu"} if any(player.kind == "vllm" for player in players) else set()
        in_containers = self.executes and isolation_of(settings.sandbox) == "docker"
        return frozenset(wanted | ({"docker"} if in_containers else set()))


def _plan_tasks(settings: Settings, lake: Lake, lane: Lane, shard: str, runner: VerifierRunner) -> list[Stage[Any]]:
    versions, teachers = gold_versions(lane, runner), _teacher_ids(settings)
    decided = open_overrides(settings)
    return [tasks_stage(lake, lane, shard, verifier_versions=versions, teacher_ids=teachers, overrides=decided)]


def _tasks_recipe(settings: Settings, lane: Lane, runner: VerifierRunner) -> Recipe:
    return tasks_recipe(lane, gold_versions(lane, runner), _teacher_ids(settings))


def _teacher_ids(settings: Settings) -> dict[str, str]:
    return {"curator": settings.curator.teacher_id, "judge": settings.judge.teacher_id}


def _plan_generations(
    settings: Settings, lake: Lake, lane: Lane, shard: str, runner: VerifierRunner
) -> list[Stage[Any]]:
    return chosen_generations(settings, lake, lane, shard)


def _generations_recipe(settings: Settings, lane: Lane, runner: VerifierRunner) -> Recipe:
    return chosen_generations_recipe(settings, lane)


def _plan_verifications(
    settings: Settings, lake: Lake, lane: Lane, shard: str, runner: VerifierRunner
) -> list[Stage[Any]]:
    stages = verifications_stages(lake, lane, shard, runner=runner, acceptance=settings.acceptance)
    found = {name.partition(":")[2] for stage in stages for name in stage.versions if name.startswith("verifier:")}
    misplaced = sorted(kind for kind in found.difference(lane.task_types) if executes(kind))
    # A lane of which one type runs programs waits for the sandbox's pool with all of them, those of plug-ins too.
    if misplaced and not any(map(executes, lane.task_types)):
        raise GenesysError(
            f"{lane.name}/tasks {shard} holds tasks of type {', '.join(misplaced)}, whose verifier runs programs, and "
            f"task_types of the lane does not name it: add it there, so that programs wait for the sandbox's pool"
        )
    return [*stages]


def _verifications_recipe(settings: Settings, lane: Lane, runner: VerifierRunner) -> Recipe:
    """Of all task types of the lane; a shard need not have each."""
    return verifications_recipe(lane.task_types, runner=runner, acceptance=settings.acceptance)


TASKS = StageKind(
    name="tasks",
    after="shards",
    pool="curator",
    role="curator",
    roles=("curator", "judge"),
    schema=columns.TASKS,
    required=("problem_id", "task_hash", "row_hash", "family_id", "source", "task_type", "prompt", "verification_info"),
    carried=("problem_id", "row_hash", "source", "source_url", "revision", "license", "attribution"),
    plan=_plan_tasks,
    recipe=_tasks_recipe,
    description="Source rows of a shard, curated into tasks with a checkable answer; every dropped row has its reason.",
    kinds=frozenset({"parquet", "llm"}),
    sample=("problem_id", "task_type", "prompt", "verification_info"),
    rate="kept_rate",
    types=types_of_rows,
    verifies=True,  # golds: each has to pass its own verifier
)
GENERATIONS = StageKind(
    name="generations",
    after="tasks",
    pool="teacher",
    role="teacher",
    roles=("teacher",),
    schema=columns.GENERATIONS,
    required=(
        "response_id",
        "problem_id",
        "task_hash",
        "sample_index",
        "messages",
        "finish_reason",
        "teacher_id",
        "campaign",
        "generation_config",
        "call_key",
    ),
    carried=("problem_id", "task_hash"),
    plan=_plan_generations,
    recipe=_generations_recipe,
    description="Responses of the teacher to the tasks of a shard: several samples a task, one part a campaign.",
    kinds=frozenset({"parquet", "llm", "gpu"}),
    sample=("response_id", "problem_id", "sample_index", "finish_reason", "completion_tokens", "messages"),
    rate="answered_rate",
)
VERIFICATIONS = StageKind(
    name="verifications",
    after="generations",
    pool="verifier",
    role="judge",
    roles=("judge",),
    schema=columns.VERIFICATIONS,
    required=(
        "response_id",
        "problem_id",
        "task_hash",
        "campaign",
        "accepted",
        "verifier",
        "verifier_version",
        "call_key",
    ),
    carried=("response_id", "problem_id", "task_hash", "campaign"),
    plan=_plan_verifications,
    recipe=_verifications_recipe,
    description="Verdicts on the responses of a shard, by the verifier of their task type. Ids and verdicts, no texts.",
    kinds=frozenset({"parquet"}),
    sample=("response_id", "problem_id", "score", "accepted", "reason", "rule", "extracted_answer", "canonical_answer"),
    rate="pass_rate",
    verifies=True,
)
KINDS = (TASKS, GENERATIONS, VERIFICATIONS)
"""In the order of the lane."""

SANDBOX_POOL = "sandbox"


def placed(kind: StageKind, lane: Lane, settings: Settings) -> StageKind:
    """A kind of stage as it is in this lane: one that runs programs takes its turn in the sandbox's pool.

    An op has one pool. The curation of tasks asks the curator too, yet takes the sandbox's where it runs their golds,
    or programs that the lane wants executed: the curator's endpoint bounds its own calls, while programs of several
    runs on one machine would share its cores.
    It goes by the task types that the lane names; tasks of others whose verifier runs programs are not verified.
    Generations verify too, where the plan has a rule to stop by.
    """
    if TEACHER in kind.roles and any(line.stop for line in settings.planned):
        kind = replace(kind, roles=(*kind.roles, "judge"), verifies=True)
    curates = kind.name == TASKS.name and lane.executes
    if not curates and (not kind.verifies or not any(executes(task_type) for task_type in lane.task_types)):
        return kind
    # A teacher may answer for hours, and would hold the pool while no program runs; cores are shared by locks anyway.
    pool = kind.pool if TEACHER in kind.roles else SANDBOX_POOL
    found = replace(kind, pool=pool, executes=True, description=f"{kind.description} Programs run in the sandbox.")
    return replace(found, kinds=kind.kinds | (found.devices(settings) & {"docker"}))


def device_tag(devices: frozenset[str]) -> str:
    """Devices as one tag, by which a deployment routes ops and runs: ``cpu``, ``gpu``, ``docker`` or ``docker+gpu``."""
    return "+".join(sorted(devices)) or "cpu"
