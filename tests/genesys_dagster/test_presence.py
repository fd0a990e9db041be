"""A run whose process was killed is told from one that works, and gives back what it held."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from genesys_dagster import internals
from genesys_dagster.presence import present, sweep

TOP = Path(__file__).parents[2]
WORKER = """
import sys, time
from pathlib import Path
import dagster as dg
from genesys_dagster import internals
from genesys_dagster.presence import present

@dg.op(pool="teacher")
def wait():
    print("ready", flush=True)
    time.sleep(600)

@dg.job
def waiting():
    wait()

with internals.instance_of(Path(sys.argv[1]), keep_output=False) as instance, present(instance, sys.argv[2]):
    waiting.execute_in_process(instance=instance, run_id=sys.argv[2])
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


def test_a_run_without_a_mark_has_time_to_make_one(
    home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.job
    def nothing() -> None:
        pass

    run = instance.create_run_for_job(nothing, status=dg.DagsterRunStatus.STARTED)
    assert sweep(instance) == []
    monkeypatch.setattr("genesys_dagster.presence.GRACE", 0.0)
    assert sweep(instance) == [run.run_id]
