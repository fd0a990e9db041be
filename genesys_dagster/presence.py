"""Whether a run's process still lives, and what to do about runs whose process was killed.

A process that is killed leaves its run "in progress" for ever: it fills a place in the run queue, may hold pool slots
that the next run then waits for, and looks busy in the UI. Dagster's own launcher for one machine cannot tell. Here a
run holds a lock on a file while it works; the kernel lets go of it however the process ends. For one machine with its
own DAGSTER_HOME; a deployment's run launcher checks the health of its own workers.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from genesys_dagster import internals

GRACE = 600.0
"""Seconds after which a run without any mark is taken for dead: a live one makes its mark within seconds."""


@contextlib.contextmanager
def present(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the run's mark. A run's launcher and its resources may hold it together."""
    home = internals.home_of(instance)
    if home is None:
        yield
        return
    path = _mark(home, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as mark:
        fcntl.flock(mark, fcntl.LOCK_SH)
        try:
            yield
        finally:
            # Whoever lets go last takes the file away.
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)


def sweep(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone, and give back all slots that no living run holds.

    Returns:
        The runs that were marked as failed.
    """
    home = internals.home_of(instance)
    if home is None:
        return []
    dead = []
    for run in internals.runs_in_progress(instance):
        if not _lives(home, instance, run.run_id):
            internals.mark_dead(
                instance, run, "The process of this run ended without a word (killed, or out of memory)."
            )
            dead.append(run.run_id)
            _mark(home, run.run_id).unlink(missing_ok=True)
    living = {run.run_id for run in internals.runs_in_progress(instance)}
    for run_id in internals.runs_with_slots(instance) - living:
        internals.free_slots(instance, run_id)
    return dead


def _lives(home: Path, instance: dg.DagsterInstance, run_id: str) -> bool:
    try:
        with _mark(home, run_id).open("r+") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        record = instance.get_run_record_by_id(run_id)
        return record is not None and time.time() - record.update_timestamp.timestamp() < GRACE
    except BlockingIOError:
        return True
    return False


def _mark(home: Path, run_id: str) -> Path:
    return home / "present" / run_id
