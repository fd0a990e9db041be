"""Whether a run's process still lives, and what to do about runs whose process was killed.

A process that is killed leaves its run "in progress" for ever: it fills a place in the run queue, may hold pool slots
that the next run then waits for, and looks busy in the UI. Dagster's own launcher for one machine cannot tell. Here a
run holds a lock on a file while it works; the kernel lets go of it however the process ends.

Such a file says something of the runs of its own machine and DAGSTER_HOME alone, while a team's run storage holds those
of others too. Hence a run carries where its mark is, and only runs of this very place are judged. A deployment's run
launcher checks the health of its own workers.
"""

import contextlib
import fcntl
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from genesys_dagster import internals

GRACE = 600.0
"""Seconds after which a run without any mark is taken for dead: a live one makes its mark within seconds."""
PLACE_TAG = "genesys/place"
"""Of runs: machine and DAGSTER_HOME where the mark is."""


def place_tags(instance: dg.DagsterInstance) -> dict[str, str]:
    """Tags of a run that holds its mark here; none where marks cannot be kept."""
    home = internals.home_of(instance)
    return {} if home is None else {PLACE_TAG: f"{socket.gethostname()}:{home.resolve()}"}


@contextlib.contextmanager
def present(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the run's mark. A run's launcher and its resources may hold it together.

    The run itself has to carry ``place_tags``, else nobody but the only user of a storage may judge it.
    """
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
    """Mark runs of this place as failed whose process is gone, and give back all slots of runs that have ended.

    Returns:
        The runs that were marked as failed.
    """
    home = internals.home_of(instance)
    if home is None:
        return []
    dead = []
    for run in internals.runs_in_progress(instance):
        if _is_ours(run, instance) and not _lives(home, instance, run.run_id):
            internals.mark_dead(
                instance, run, "The process of this run ended without a word (killed, or out of memory)."
            )
            dead.append(run.run_id)
            _mark(home, run.run_id).unlink(missing_ok=True)
    # In this order: a run that takes its slot now is not among the holders yet, and keeps it.
    holders = internals.runs_with_slots(instance)
    for run_id in holders - {run.run_id for run in internals.runs_in_progress(instance)}:
        internals.free_slots(instance, run_id)
    return dead


def _is_ours(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool:
    """Whether the run's mark would be here. One that carries no place yet can be anybody's in a storage of several."""
    place = run.tags.get(PLACE_TAG)
    return internals.is_alone(instance) if place is None else place == place_tags(instance)[PLACE_TAG]


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
