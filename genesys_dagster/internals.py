"""Every name of Dagster that is not public API, in one place: what breaks with a new Dagster release breaks here."""

import contextlib
import functools
import sqlite3
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy
import sqlalchemy.exc
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage

DATABASE_ERRORS = (sqlalchemy.exc.OperationalError, sqlite3.OperationalError)
"""What an instance's database raises when it cannot be written; Dagster hands on its library's own errors."""
IN_PROGRESS = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
UNDER_WAY = (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, *IN_PROGRESS)


@contextlib.contextmanager
def unsettled_features() -> Iterator[None]:
    """Use on purpose what Dagster may still change: external observables, an op's data version, partitioned checks.

    Partitioned checks hold in single-partition runs, which is how they are used here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield


def instance_of(home: Path, *, keep_output: bool) -> dg.DagsterInstance:
    """The persistent instance of a DAGSTER_HOME.

    Args:
        home: Folder with a dagster.yaml.
        keep_output: Whether what steps print is kept in files. That redirects the whole process's output while a step
            runs, which a command with a progress display cannot have.
    """
    _keep_engines()
    nowhere = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    overrides = None if keep_output else {"compute_logs": nowhere}
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=overrides))


@functools.cache
def _keep_engines() -> None:
    """Give queries to the same SQLite file the same engine.

    Dagster makes a new one for each of a run's hundreds of queries, which then compiles every statement anew: a fifth
    of the time of a run in which there is little to do. A connection is opened and closed for each query as before.
    """

    @functools.lru_cache(maxsize=16)
    def engine(url: str, arguments: tuple[tuple[str, Any], ...], options: tuple[tuple[str, Any], ...]) -> Any:
        return sqlalchemy.create_engine(url, connect_args=dict(arguments), **dict(options))

    def create_engine(url: str, *, connect_args: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return engine(url, tuple((connect_args or {}).items()), tuple(options.items()))

    modules: tuple[Any, ...] = (sqlite_event_log, sqlite_run_storage)
    for module in modules:
        module.create_engine = create_engine


def database_text(error: Exception) -> str:
    """What the database itself said, without the statement."""
    return str(getattr(error, "orig", None) or error)


def home_of(instance: dg.DagsterInstance) -> Path | None:
    """The instance's folder; None for one that lives in memory."""
    return Path(instance.root_directory) if instance.is_persistent else None


def is_alone(instance: dg.DagsterInstance) -> bool:
    """Whether all its runs are of this machine: kept in files below its own folder, and started by itself."""
    home = home_of(instance)
    if home is None or not isinstance(instance.run_launcher, DefaultRunLauncher):
        return False
    storage = instance.get_ref().run_storage_data
    place = storage.config_dict.get("base_dir") if storage else None
    return place is not None and Path(place).resolve().is_relative_to(home.resolve())


def op_tags_at_launch(instance: dg.DagsterInstance, run: dg.DagsterRun, tag: str) -> set[str]:
    """Values of a tag in the ops of a run, as whoever launched it had them loaded."""
    if run.job_snapshot_id is None:
        return set()
    ops = instance.get_job_snapshot(run.job_snapshot_id).node_defs_snapshot.op_def_snaps
    return {op.tags[tag] for op in ops if tag in op.tags}


DATA_VERSION = "dagster/data_version"


def observed_versions(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, str]:
    """Data version of each partition as it was last observed, in one query."""
    found = instance.event_log_storage.get_latest_tags_by_partition(
        key, dg.DagsterEventType.ASSET_OBSERVATION, [DATA_VERSION]
    )
    return {partition: tags[DATA_VERSION] for partition, tags in found.items() if DATA_VERSION in tags}


def free_slots(instance: dg.DagsterInstance, run_id: str) -> None:
    """Give back the pool slots that a dead run still holds."""
    if instance.event_log_storage.supports_global_concurrency_limits:
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)


def runs_with_slots(instance: dg.DagsterInstance) -> set[str]:
    """Runs that hold pool slots or wait for one."""
    if not instance.event_log_storage.supports_global_concurrency_limits:
        return set()
    return set(instance.event_log_storage.get_concurrency_run_ids())


def runs_in_progress(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs of which the instance thinks that a process works on them."""
    return list(instance.get_runs(filters=dg.RunsFilter(statuses=list(IN_PROGRESS))))


def mark_dead(instance: dg.DagsterInstance, run: dg.DagsterRun, why: str) -> None:
    """Record that a run's process ended without a word."""
    instance.report_run_failed(run, why)


def failure_text(event: dg.DagsterEvent) -> str:
    """Why a step failed, without Dagster's words around it."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "failed"


NOT_RUN = "not run"
"""Metadata of a failure: nothing went wrong, something that the work needs is not on this machine."""


def is_not_run(event: dg.DagsterEvent) -> bool:
    """Whether a step failed since something that it needs is missing."""
    data = event.step_failure_data.user_failure_data
    return data is not None and NOT_RUN in data.metadata


def interrupted(events: Iterable[dg.DagsterEvent]) -> bool:
    """Whether a run here was stopped by a signal, which Dagster records as a failure and does not hand on."""
    names = {dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__}
    for event in events:
        if event.is_step_failure and event.step_failure_data.error and event.step_failure_data.error.cls_name in names:
            return True
        if event.is_job_failure and "interrupted" in (event.message or ""):
            return True
    return False
