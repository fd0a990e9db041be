"""Cores are shared by all runs of the machine: never more programs at once, and one that must be alone is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest

from genesys.calls.slots import slots_on_this_host
from genesys.faults import InfrastructureFault
from genesys.sandbox.cores import Cores

_USER = """
import sys, time
from genesys.sandbox.cores import Cores
cores = Cores(sys.argv[1], 2)
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[2])
with open(sys.argv[3], "a", buffering=1) as log:
    while time.monotonic() < end:
        with cores.all() if sys.argv[4] == "all" else cores.one():
            log.write(f"{time.monotonic():.6f} +{sys.argv[4]}\\n")
            time.sleep(0.01)
            log.write(f"{time.monotonic():.6f} -{sys.argv[4]}\\n")
"""


def test_processes_together_never_have_more_than_there_are_and_one_alone_is_alone(tmp_path: Path) -> None:
    name, log = uuid.uuid4().hex, tmp_path / "log"
    kinds = ["one", "one", "one", "all"]
    users = [subprocess.Popen([sys.executable, "-c", _USER, name, "2", str(log), kind]) for kind in kinds]
    assert [user.wait(60) for user in users] == [0] * 4

    running, most = {"one": 0, "all": 0}, {"one": 0, "all": 0}
    for _, event in sorted(line.split() for line in log.read_text().splitlines()):
        running[event[1:]] += 1 if event[0] == "+" else -1
        most = {kind: max(most[kind], running[kind]) for kind in most}
        assert running["one"] <= 2
        assert running["all"] <= 1
        assert not (running["one"] and running["all"])
    assert most == {"one": 2, "all": 1}  # both are used, and whoever waits to be alone gets there


def test_threads_of_one_process_count_like_processes() -> None:
    cores, running, most = Cores(uuid.uuid4().hex, 2), [0], [0]
    lock = threading.Lock()

    def use() -> None:
        for _ in range(20):
            with cores.one():
                with lock:
                    running[0] += 1
                    most[0] = max(most[0], running[0])
                time.sleep(0.001)
                with lock:
                    running[0] -= 1

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [2]


def test_a_killed_process_gives_its_cores_back() -> None:
    name = uuid.uuid4().hex
    holder = subprocess.Popen(
        [sys.executable, "-c", _USER.replace("time.sleep(0.01)", "time.sleep(60)"), name, "60", "/dev/null", "all"],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    time.sleep(0.3)
    holder.kill()
    holder.wait()
    cores = Cores(name, 2)
    with cores.one():
        pass
    with cores.all():
        pass


@pytest.mark.parametrize("kind", ["another's", "a file", "a link"])
def test_a_place_for_locks_that_is_not_ours_is_not_used(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place, elsewhere = tmp_path / f"genesys-{os.getuid()}", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if kind == "another's":
        if os.getuid() != 0:
            pytest.skip("needs root, to have a folder be another user's")
        place.mkdir(mode=0o777)
        os.chown(place, 65_534, 65_534)
    elif kind == "a file":
        place.touch()
    else:
        place.symlink_to(elsewhere)

    with pytest.raises(InfrastructureFault, match=rf"{place}.*TMPDIR"):
        Cores("any", 1)
    assert slots_on_this_host("any", 1) is None
    assert not list(elsewhere.iterdir())
