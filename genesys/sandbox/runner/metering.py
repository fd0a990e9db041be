"""What a run uses, all its processes together: the kernel's account of the container, less what is ours.

Nobody keeps such an account outside a container: there a run's CPU time is that of its first process and of those that
it has waited for. Nothing is judged here.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
# Of both kinds of control groups: file, the word before the number, unit.
_CPU = (("cpuacct/cpuacct.usage", b"", 1e-9), ("cpu.stat", b"usage_usec ", 1e-6))
_MEMORY = (("memory/memory.stat", b"total_rss ", 2.0**-20), ("memory.stat", b"anon ", 2.0**-20))
_PAGES_PER_MB = (1 << 20) / os.sysconf("SC_PAGE_SIZE")


class Account:
    """The kernel's counters for all processes of this container, in files that stay open: a look costs microseconds."""

    def __init__(self, root: Path = _ROOT) -> None:
        """``root`` is where control groups are mounted. A counter that is not there counts nothing."""
        self._cpu, self._memory = _counter(root, _CPU), _counter(root, _MEMORY)

    def cpu_s(self) -> float | None:
        """Seconds of CPU time so far."""
        return _read(self._cpu)

    def memory_mb(self) -> float | None:
        """Mebibytes now, pages of files and shared memory left out."""
        return _read(self._memory)


class Meter:
    """One run's share of an account, from when this is made."""

    def __init__(self, account: Account | None, ours: Iterable[int]) -> None:
        """``ours`` are the processes that are no part of the run: launchers, besides this one."""
        self._account, self._ours = account, (os.getpid(), *ours)
        self.most_memory_mb = 0.0
        """The most that any look has seen of all processes together; 0 where nobody counts."""
        self._before = self._others_cpu()

    def cpu_s(self, first: int | None = None) -> float:
        """CPU time of all processes of the run so far; without an account that of the ``first`` one, if it lives."""
        now = self._others_cpu()
        counted = now - self._before if now is not None and self._before is not None else 0.0
        return max(counted, process_cpu_s(first) if first is not None else 0.0)

    def look_at_memory(self) -> float:
        """Mebibytes that all processes of the run hold now; 0 where nobody counts."""
        held = self._account.memory_mb() if self._account else None
        if held is None:
            return 0.0
        held -= sum(map(_own_memory_mb, self._ours))
        self.most_memory_mb = max(self.most_memory_mb, held)
        return held

    def _others_cpu(self) -> float | None:
        # Ours first: to look at a process's clock brings the account up to date with it.
        ours = sum(map(process_cpu_s, self._ours)) if self._account else 0.0
        counted = self._account.cpu_s() if self._account else None
        return None if counted is None else counted - ours


def process_cpu_s(pid: int) -> float:
    """CPU time of a process, all threads together, to the microsecond (``clock_getcpuclockid``); 0 if it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def in_line_s(pid: int) -> float:
    """How long a process has stood in line for a core; 0 where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:  # noqa: PTH123
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _own_memory_mb(pid: int) -> float:
    """What a process holds that is of no file and no other's."""
    try:
        with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
            _, resident, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return 0.0
    return (resident - shared) / _PAGES_PER_MB


_Counter = tuple[int, bytes, float]


def _counter(root: Path, places: Iterable[tuple[str, bytes, float]]) -> _Counter | None:
    for name, word, unit in places:
        # In the second kind the files of the topmost group count the whole machine; only others have a type.
        if "/" in name or (root / "cgroup.type").exists():
            with contextlib.suppress(OSError):
                return os.open(root / name, os.O_RDONLY | os.O_CLOEXEC), b"\n" + word, unit
    return None


def _read(counter: _Counter | None) -> float | None:
    if counter is None:
        return None
    fd, word, unit = counter
    text = b"\n" + os.pread(fd, 1 << 14, 0)
    return int(text[text.index(word) + len(word) :].split(None, 1)[0]) * unit
