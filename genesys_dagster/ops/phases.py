"""The two phases of a stage as ops: run the rows into the journal, then seal the table from it.

Between the phases nothing is handed on but the order: the journal holds all there is, so that a run which is
re-executed from its second phase finds what the first one did. Finished work is skipped in both.
"""

import contextlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import dagster as dg

from genesys.calls.engine import replay_rows
from genesys.calls.journal import Journal
from genesys.faults import GenesysError, InfrastructureFault, NotReady
from genesys.lane import Lane
from genesys.settings import Settings
from genesys.stages.stage import Stage, run_stage, seal_stage
from genesys.tables.lake import Lake, Manifest
from genesys_dagster import internals
from genesys_dagster.checks.soundness import part_problems
from genesys_dagster.loaded import fail_if_changed, settings_tags
from genesys_dagster.metadata import error_details, stage_metadata
from genesys_dagster.ops.kinds import StageKind, device_tag
from genesys_dagster.partitions import shard_of
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
                bench.run(_run_all(todo, kind, lane, context, bench))
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
            manifest = lake.need(f"{lane.name}/{kind.name}", shard_of(context))
        _fail_if_nothing_was_reached(lake, manifest)
        metadata = stage_metadata(
            lake,
            manifest,
            kind,
            lane=lane.name,
            role=getattr(settings, kind.role),
            calls=_bench(context).calls(context.run_id, manifest.asset),
            skipped=not todo,
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
    todo: list[Stage[Any]], kind: StageKind, lane: Lane, context: dg.OpExecutionContext, bench: Workbench
) -> None:
    journal: Journal = context.resources.journal
    if kind.verifies:
        await _fail_if_not_ready(todo, kind, lane, context, bench)
    async with AsyncExitStack() as stack:
        roles = await opened(_roles(kind, context), stack, bench.verifiers)
        for stage in todo:
            await run_stage(stage, journal, roles, progress=bench.progress(context.run_id, stage))


async def _fail_if_not_ready(
    todo: list[Stage[Any]], kind: StageKind, lane: Lane, context: dg.OpExecutionContext, bench: Workbench
) -> None:
    """Say once what is missing, instead of in every row; what the journal holds already needs nothing.

    Raises:
        NotReady: A verifier cannot work here, and some row has no verdict yet.
    """
    missing = [problem for task_type in lane.task_types if (problem := await bench.verifiers.ready(task_type))]
    if not missing:
        return
    journal: Journal = context.resources.journal
    roles = named(_roles(kind, context), bench.verifiers)
    for stage in todo:
        async for _, outcome, _ in replay_rows(stage.work, journal.segment(stage.segment), roles):
            if outcome.status == "errored":
                raise NotReady("\n".join(missing))


async def _seal_all(todo: list[Stage[Any]], kind: StageKind, context: dg.OpExecutionContext) -> None:
    journal: Journal = context.resources.journal
    roles = named(_roles(kind, context), _bench(context).verifiers)
    for stage in todo:
        await seal_stage(stage, _lake(context), journal, roles, run_id=context.run_id)


def _plan(kind: StageKind, lane: Lane, settings: Settings, context: dg.OpExecutionContext) -> list[Stage[Any]]:
    return kind.plan(settings, _lake(context), lane, shard_of(context), _bench(context).verifiers)


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


def _roles(kind: StageKind, context: dg.OpExecutionContext) -> dict[str, RoleResource]:
    return {name: getattr(context.resources, name) for name in kind.roles}
