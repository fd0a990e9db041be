"""Status files: there while a run lives, small, and no trouble to it whatever happens to them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesys.live import status
from genesys.live.monitor import Monitor
from genesys.live.status import kept, views_in
from genesys.live.view import RunView
from genesys.outcomes import accepted, errored, rejected
from tests.support.waiting import wait_until


def monitor(stage: str = "generations", total: int | None = 10) -> Monitor:
    made = Monitor("run-1", lane="math", shard="math-00000", stage=stage, total=total)
    counts = made.progress().counts
    for outcome in (accepted({}), rejected("wrong answer"), errored("infrastructure")):
        counts.add(outcome)
    return made


def test_a_run_is_seen_while_it_goes_and_a_while_after_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "live"
    watched = monitor()
    with kept(watched, folder, every=0.02):
        wait_until(lambda: bool(views_in(folder)), 10)
        (view,) = views_in(folder)
        assert (view.state, view.name, view.stage, view.pid) == ("running", "math-00000", "generations", os.getpid())
        assert (view.rows, view.total, view.accepted, view.waiting) == (3, 10, 1, 7)
        assert (view.rejected, view.errored) == ({"wrong answer": 1}, {"infrastructure": 1})
        watched.progresses[0].counts.add(accepted({}))
        wait_until(lambda: views_in(folder)[0].rows == 4, 10)
    assert [view.state for view in views_in(folder)] == ["ended"]
    assert [path.name for path in folder.iterdir()] == ["run-1-generations.json"]
    monkeypatch.setattr(status, "SHOWN_S", 0.0)
    assert views_in(folder) == []
    with kept(monitor("verifications"), folder, every=0.02):
        wait_until(lambda: not (folder / "run-1-generations.json").exists(), 10)


def test_a_run_that_is_stopped_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), kept(monitor(), tmp_path, every=0.02):
        raise KeyboardInterrupt
    assert [view.state for view in views_in(tmp_path)] == ["failed"]


KILLED = """
import os, sys
from pathlib import Path
from genesys.live.monitor import Monitor
from genesys.live.status import kept, views_in
with kept(Monitor("run-2", stage="tasks"), Path(sys.argv[1]), every=0.02):
    while not views_in(Path(sys.argv[1])):
        pass
    print("there", flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_is_not_shown_as_running(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        assert [view.state for view in views_in(tmp_path)] == ["running"]
        process.kill()
    assert [view.state for view in views_in(tmp_path)] == ["killed"]
    long_ago = time.time() - 2 * status.SHOWN_S
    for path in tmp_path.iterdir():
        text = path.read_text()
        if text:
            view = RunView.model_validate_json(text).model_copy(update={"seen_at": long_ago})
            path.write_text(view.model_dump_json())
        os.utime(path, (long_ago, long_ago))
    assert views_in(tmp_path) == [], "not for ever"
    with kept(monitor(), tmp_path, every=0.02):
        wait_until(lambda: not list(tmp_path.glob("run-2*")), 10)


def test_a_folder_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("a file where the folder should be")
    with kept(monitor(), tmp_path / "live", every=0.01):
        time.sleep(0.05)


def test_a_disk_that_is_full_for_a_while_harms_nobody(tmp_path: Path) -> None:
    watched = monitor()
    with kept(watched, tmp_path, every=0.01):
        wait_until(lambda: bool(views_in(tmp_path)), 10)
        path = tmp_path / "run-1-generations.tmp"
        wait_until(lambda: _is_taken(path), 10)
        time.sleep(0.05)
        watched.progresses[0].counts.add(accepted({}))
    assert views_in(tmp_path) == [] or views_in(tmp_path)[0].state != "running"


def _is_taken(path: Path) -> bool:
    """Put a folder where the file is to be written: as good as a full disk, also for root."""
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def test_what_another_version_wrote_or_half_of_it_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"run_id": "x"}')
    (tmp_path / "b.json").write_text('{"run_id": "x", "started')
    (tmp_path / "c.json").write_text("")
    assert views_in(tmp_path) == []
    assert views_in(tmp_path / "nowhere") == []
