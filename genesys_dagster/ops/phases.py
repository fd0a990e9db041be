"""The two phases of a stage as ops: run the rows into the journal, then seal the table from it.

Between the phases nothing is handed on but the order: the journal holds all there is, so that a run which is
re-executed from its second phase finds what the first one did. Finished work is skipped in both.
"""

import contextlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import dagster as dg

from genesys.calls.engine import all_ended, replay_rows
from genesys.calls.journal import Journal
from genesys.choices import TEACHER
from genesys.faults import CapReached, GenesysError, InfrastructureFault, NotReady
from genesys.funnel import steps_of
from genesys.lane import Lane
from genesys.live.monitor import Monitor
from genesys.live.status import kept, live_folder
from genesys.settings import Settings
from genesys.stages.stage import Stage, run_stage, seal_stage
from genesys.tables.lake import Lake, Manifest
from genesys.verifiers.runner import EXECUTING
from genesys_dagster import internals
from genesys_dagster.checks.soundness import part_problems
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.metadata import error_details, stage_metadata
from genesys_dagster.ops.kinds import TASKS, StageKind, device_tag
from genesys_dagster.ops.telling import Telling
from genesys_dagster.partitions import partition_of
from genesys_dagster.resources import BASIC
from genesys_dagster.resources.roles import RoleResource, named, opened
from genesys_dagster.resources.workbench import Workbench

DEVICE_TAG = "genesys/device"
"""Of ops and of jobs: what a deployment routes them by."""
RETRIES, RETRY_AFTER_S = 1, 10
"""For trouble that may pass (an engine that did not start). Single calls are retried where they are made."""


def run_phase(kind: StageKind, lane: Lane, settings: Settings) -> dg.OpDefinition:
    """First phase of one kind of stage in one lane."""

    @dg.op(
        name=f"{lane.name}__{kind.name}__run",
        description="Runs every row of the shard into the journal; what stands there is not done again.",
        ins={kind.after: dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        required_resource_keys=set(_needed(kind)),
        pool=kind.pool,
        tags={
            "genesys/stage": kind.name,
            DEVICE_TAG: device_tag(kind.devices(settings)),
            **settings_tags(settings),
        },
    )
    def run(context: dg.OpExecutionContext) -> dg.Output[None]:
        bench = _bench(context)
        with plain_failures(RETRIES):
            fail_if_changed(context, settings)
            todo = [stage for stage in _plan(kind, lane, settings, context) if not _done(stage, _lake(context))]
            for stage in todo:
                context.log.info(f"{stage.asset} {stage.partition} {stage.campaign}: running")
            if todo:
                monitor = bench.monitor(context.run_id, todo)
                with kept(monitor, live_folder(settings.path("{state}"))):
                    bench.run(_run_all(todo, kind, lane, context, bench, monitor), tick=Telling(context, monitor).tick)
        made, replayed = bench.calls(context.run_id, f"{lane.name}/{kind.name}")
        return dg.Output(
            None, metadata={"campaigns run": len(todo), "calls made": made, "answered from the journal": replayed}
        )

    return run


def seal_phase(kind: StageKind, lane: Lane, settings: Settings) -> dg.OpDefinition:
    """Second phase of one kind of stage in one lane; what it returns describes the materialization."""

    @dg.op(
        name=f"{lane.name}__{kind.name}__seal",
        description="Reads every row from the journal in order, writes the table, and records what became of the rows.",
        ins={"ran": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        required_resource_keys=set(_needed(kind)),
        tags={"genesys/stage": kind.name},
    )
    def seal(context: dg.OpExecutionContext) -> dg.Output[None]:
        lake = _lake(context)
        with plain_failures():
            plan = _plan(kind, lane, settings, context)
            # What a run before left is read whole, wherever it stands: the journal makes what was damaged again.
            todo = [stage for stage in plan if not _done(stage, lake, every_byte=True)]
            if todo:
                _bench(context).run(_seal_all(todo, kind, context))
            manifest = lake.need(f"{lane.name}/{kind.name}", partition_of(context, lane).name)
        _fail_if_nothing_was_reached(lake, manifest)
        metadata = stage_metadata(
            lake,
            manifest,
            kind,
            lane=lane.name,
            prices=settings.prices,
            calls=_bench(context).calls(context.run_id, manifest.asset),
            skipped=not todo,
            steps=steps_of(lane) if kind.name == TASKS.name else (),
        )
        with internals.unsettled_features():
            return dg.Output(None, metadata=metadata, data_version=dg.DataVersion(manifest.made_version))

    return seal


@contextlib.contextmanager
def plain_failures(retries: int = 0) -> Iterator[None]:
    """The library's errors say what to do; a stack trace around them helps nobody. Only passing trouble is retried.

    Asked for here and not by a ``RetryPolicy``: Dagster applies that to interrupts too, so that a run which a person
    terminates would start again.
    """
    try:
        yield
    except GenesysError as error:
        if retries and isinstance(error, InfrastructureFault) and not (error.fatal or error.final):
            raise dg.RetryRequested(max_retries=retries, seconds_to_wait=RETRY_AFTER_S) from error
        metadata = {internals.NOT_RUN: True} if isinstance(error, NotReady) else None
        raise dg.Failure(str(error), metadata=metadata, allow_retries=False) from error


async def _run_all(
    todo: list[Stage[Any]],
    kind: StageKind,
    lane: Lane,
    context: dg.OpExecutionContext,
    bench: Workbench,
    monitor: Monitor,
) -> None:
    if kind.verifies:
        await _fail_if_not_ready(todo, kind, lane, context, bench)
    by_teacher = {name: [stage for stage in todo if stage.teacher == name] for name in _teachers(todo)}
    # Endpoints are asked side by side, so that none of them waits for another's last answers. Engines take turns: each
    # wants the machine's GPUs for itself.
    turns: list[list[str]] = [[]]
    for name in by_teacher:
        engine = TEACHER in kind.roles and _roles(kind, context, name)[TEACHER].chosen.kind == "vllm"
        (turns.append([name]) if engine else turns[0].append(name))
    for names in turns:
        await all_ended(_run_of_teacher(by_teacher[name], kind, context, bench, monitor) for name in names)


async def _run_of_teacher(
    todo: list[Stage[Any]], kind: StageKind, context: dg.OpExecutionContext, bench: Workbench, monitor: Monitor
) -> None:
    """Stages that ask the same teacher, side by side: the last answers of one hold up none of the others."""
    journal: Journal = context.resources.journal
    async with AsyncExitStack() as stack:
        roles = await opened(_roles(kind, context, todo[0].teacher), stack, bench.verifiers)
        monitor.ask(roles, todo[0].teacher)
        running = (run_stage(stage, journal, roles, progress=monitor.progress()) for stage in todo)
        if TEACHER in kind.roles:
            await all_ended(running)
        else:  # where rows are worked at here, side by side they would only take more memory
            for stage in running:
                await stage


def _teachers(stages: list[Stage[Any]]) -> list[str]:
    """Whom the stages ask, each once, in their order."""
    return list(dict.fromkeys(stage.teacher for stage in stages))


async def _fail_if_not_ready(
    todo: list[Stage[Any]], kind: StageKind, lane: Lane, context: dg.OpExecutionContext, bench: Workbench
) -> None:
    """Say once what is missing, instead of in every row; what the journal holds already needs nothing.

    Raises:
        NotReady: A verifier cannot work here, and some row has no verdict yet.
    """
    missing, some_can_go_on = await _missing(kind, lane, context, bench)
    if not missing:
        return
    if some_can_go_on:  # rows of the other task types say what is missing
        context.log.warning("some task types cannot be verified here, the others go on:\n" + "\n".join(missing))
        return
    journal: Journal = context.resources.journal
    for stage in todo:
        roles = named(_roles(kind, context, stage.teacher), bench.verifiers)
        async for _, outcome, _ in replay_rows(stage.work, journal.segment(stage.segment), roles):
            if outcome.status == "errored":
                raise NotReady("\n".join(missing))


async def _missing(
    kind: StageKind, lane: Lane, context: dg.OpExecutionContext, bench: Workbench
) -> tuple[list[str], bool]:
    """What this partition needs and this machine lacks, and whether some of its rows can be worked at all the same."""
    partition, ready = partition_of(context, lane), bench.verifiers.ready
    if lane.executes and kind.executes and (problem := await ready(EXECUTING, partition.languages)):
        return [problem], False
    types = kind.types(_lake(context), lane, partition.name)
    missing = [problem for task_type in types if (problem := await ready(task_type, partition.languages))]
    return missing, len(missing) < len(types)


async def _seal_all(todo: list[Stage[Any]], kind: StageKind, context: dg.OpExecutionContext) -> None:
    journal: Journal = context.resources.journal
    for stage in todo:
        roles = named(_roles(kind, context, stage.teacher), _bench(context).verifiers)
        await seal_stage(stage, _lake(context), journal, roles, run_id=context.run_id)


def _plan(kind: StageKind, lane: Lane, settings: Settings, context: dg.OpExecutionContext) -> list[Stage[Any]]:
    partition = partition_of(context, lane)
    return kind.plan(settings, _lake(context), lane, partition.name, _bench(context).verifiers)


def _done(stage: Stage[Any], lake: Lake, *, every_byte: bool = False) -> bool:
    """Whether there is nothing to do: the same work was finished, and what was made of it is still sound."""
    part = stage.finished(lake)
    return part is not None and not part_problems(lake, stage.asset, stage.partition, part, every_byte=every_byte)


def _fail_if_nothing_was_reached(lake: Lake, manifest: Manifest) -> None:
    counts = manifest.counts
    if counts.errored and counts.errored.total() == counts.rows:
        reasons = "\n".join(f"- {detail} ({count} rows)" for detail, count in error_details(lake, manifest)[:5])
        raise dg.Failure(
            f"No row of {manifest.asset} {manifest.partition} could be done; nothing is lost, and the next run tries "
            f"them again. Reasons:\n{reasons}",
            metadata={internals.NOT_RUN: True} if set(counts.errored) == {CapReached.reason} else None,
            allow_retries=False,
        )


def _needed(kind: StageKind) -> frozenset[str]:
    return BASIC | {"journal", "workbench", *kind.roles}


def _lake(context: dg.OpExecutionContext) -> Lake:
    lake: Lake = context.resources.lake
    return lake


def _bench(context: dg.OpExecutionContext) -> Workbench:
    bench: Workbench = context.resources.workbench
    return bench


def _roles(kind: StageKind, context: dg.OpExecutionContext, teacher: str) -> dict[str, RoleResource]:
    """Who plays in a stage that asks this teacher."""
    return {name: getattr(context.resources, name).played_by(teacher) for name in kind.roles}
