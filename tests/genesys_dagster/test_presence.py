"""A run whose process was killed is told from one that works, and gives back what it held."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from genesys_dagster import internals
from genesys_dagster.definitions import build_defs
from genesys_dagster.presence import PLACE_TAG, place_tags, present, sweep
from tests.genesys_dagster.conftest import Graph, sums_settings

TOP = Path(__file__).parents[2]
WORKER = """
import sys, time
from pathlib import Path
import dagster as dg
from genesys_dagster import internals
from genesys_dagster.presence import place_tags, present

@dg.op(pool="teacher")
def wait():
    print("ready", flush=True)
    time.sleep(600)

@dg.job
def waiting():
    wait()

with internals.instance_of(Path(sys.argv[1]), keep_output=False) as instance, present(instance, sys.argv[2]):
    waiting.execute_in_process(instance=instance, run_id=sys.argv[2], tags=place_tags(instance))
"""
RUN_ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text((TOP / "dagster.yaml").read_text())
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with internals.instance_of(home, keep_output=False) as instance:
        yield instance


def test_a_killed_run_is_marked_and_its_slot_is_free(home: Path, instance: dg.DagsterInstance) -> None:
    command = [sys.executable, "-c", WORKER, str(home), RUN_ID]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
            assert sweep(instance) == [], "it lives"
            assert internals.runs_with_slots(instance) == {RUN_ID}
        finally:
            worker.kill()
    assert sweep(instance) == [RUN_ID]
    run = instance.get_run_by_id(RUN_ID)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert internals.runs_with_slots(instance) == set()
    assert sweep(instance) == []
    assert list((home / "present").iterdir()) == []


def test_a_mark_may_be_held_twice_and_goes_with_the_last(home: Path, instance: dg.DagsterInstance) -> None:
    mark = home / "present" / RUN_ID
    with present(instance, RUN_ID):
        with present(instance, RUN_ID):
            pass
        assert mark.exists()
    assert not mark.exists()


@dg.job
def nothing() -> None:
    pass


def started(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    """A run in progress that holds no mark."""
    return instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def test_a_run_without_a_mark_has_time_to_make_one(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {started(instance, tags) for tags in ({}, place_tags(instance))}
    assert sweep(instance) == []
    monkeypatch.setattr("genesys_dagster.presence.GRACE", 0.0)
    assert set(sweep(instance)) == runs


def test_in_a_storage_of_several_only_runs_of_this_place_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesys_dagster.presence.GRACE", 0.0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shared = f"storage:\n  sqlite:\n    base_dir: {tmp_path / 'shared'}\n"
        (tmp_path / name / "dagster.yaml").write_text(shared)
    with (
        internals.instance_of(tmp_path / "a", keep_output=False) as mine,
        internals.instance_of(tmp_path / "b", keep_output=False) as other,
    ):
        dead = started(mine, place_tags(mine))
        elsewhere = {PLACE_TAG: f"another-machine:{tmp_path / 'b'}"}
        left = [started(mine, tags) for tags in ({}, place_tags(other), elsewhere)]
        assert sweep(mine) == [dead]
        assert {run.run_id for run in internals.runs_in_progress(mine)} == set(left)
        assert sweep(other) == [left[1]]


def test_every_op_holds_the_mark(graph: Graph) -> None:
    defs = build_defs(graph.settings)
    for job in defs.get_repository_def().get_all_jobs():
        without = [op.name for op in job.graph.iterate_op_defs() if "presence" not in op.required_resource_keys]
        assert without == [], job.name


def test_a_run_says_where_its_mark_is(sums: None, tmp_path: Path) -> None:
    with dg.instance_for_test() as other:
        job = build_defs(sums_settings(tmp_path)).resolve_job_def("sums_ledger")
        done = job.execute_in_process(instance=other)
        run = other.get_run_by_id(done.run_id)
        assert run is not None
        assert run.tags[PLACE_TAG] == place_tags(other)[PLACE_TAG]
