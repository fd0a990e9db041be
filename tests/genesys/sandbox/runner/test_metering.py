"""A container's account, in both kinds of control groups: what is read of it, and that ours is taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesys.sandbox.runner.metering import Account, Meter

MB = 1 << 20
_IDLE = "import sys; held = bytearray(64 << 20); print(flush=True); sys.stdin.read()"


class Group:
    """The files of a control group, as the kernel writes them."""

    def __init__(self, root: Path, version: int) -> None:
        self._version = version
        names = {1: ("cpuacct/cpuacct.usage", "memory/memory.stat"), 2: ("cpu.stat", "memory.stat")}[version]
        self._cpu, self._memory = (root / name for name in names)
        for path in (self._cpu, self._memory):
            path.parent.mkdir(exist_ok=True)
        if version == 2:
            (root / "cgroup.type").write_text("domain\n")

    def counts(self, cpu_s: float, memory_mb: int) -> None:
        if self._version == 1:
            self._cpu.write_text(f"{round(cpu_s * 1e9)}\n")
            self._memory.write_text(f"cache 1\nrss 2\nrss_huge 0\ntotal_cache 3\ntotal_rss {memory_mb * MB}\n")
        else:
            self._cpu.write_text(f"usage_usec {round(cpu_s * 1e6)}\nuser_usec 7\nsystem_usec 8\n")
            self._memory.write_text(f"anon {memory_mb * MB}\nfile 9\nworkingset_refault_anon 5\n")


@pytest.mark.parametrize("version", [1, 2])
def test_a_run_is_what_the_account_gained_less_what_was_ours(tmp_path: Path, version: int) -> None:
    group = Group(tmp_path, version)
    group.counts(100.0, 0)
    meter = Meter(Account(tmp_path), ())
    group.counts(103.0, 2000)
    began = time.process_time()
    while time.process_time() - began < 0.2:
        pass

    assert 1.5 < meter.cpu_s() < 2.81
    assert 2000 - 1500 < meter.look_at_memory() < 2000
    group.counts(103.0, 0)
    meter.look_at_memory()
    assert meter.most_memory_mb > 500, "the most that was seen, not the last"


def test_launchers_are_ours(tmp_path: Path) -> None:
    group = Group(tmp_path, 2)
    group.counts(0.0, 1000)
    with subprocess.Popen([sys.executable, "-c", _IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        launcher.stdout.readline()
        without, with_it = (Meter(Account(tmp_path), ours).look_at_memory() for ours in ((), (launcher.pid,)))
        launcher.communicate()
    assert without - with_it > 60


def test_the_topmost_group_is_the_whole_machine_and_is_not_read(tmp_path: Path) -> None:
    Group(tmp_path, 2).counts(5.0, 100)
    (tmp_path / "cgroup.type").unlink()
    account = Account(tmp_path)
    assert (account.cpu_s(), account.memory_mb()) == (None, None)


@pytest.mark.parametrize("has_account", [True, False])
def test_where_nobody_counts_a_run_is_its_first_process(tmp_path: Path, has_account: bool) -> None:
    meter = Meter(Account(tmp_path) if has_account else None, ())
    assert meter.cpu_s() == 0.0
    assert meter.look_at_memory() == meter.most_memory_mb == 0.0
    assert meter.cpu_s(os.getpid()) == pytest.approx(time.process_time(), abs=0.5)
