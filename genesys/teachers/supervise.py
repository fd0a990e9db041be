"""Run one command and leave nothing of it behind, however the process that wanted it ends.

A script, run by file name in a bare interpreter, so only the standard library; what a vLLM engine is belongs in
`genesys.teachers.vllm_engine`.

    python -I supervise.py HOST_PID GRACE_S SCRATCH_FOLDER COMMAND...

It stands between the host and the command because neither of the two usual means is enough. PR_SET_PDEATHSIG reaches
only the direct child (vLLM's EngineCore and Worker live on when their API server is killed) and fires when the *thread*
that started it ends; a pipe held by the host is inherited by every process the host forks. This process instead watches
who its parent is, adopts what the command orphans (PR_SET_CHILD_SUBREAPER), and ends all of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
POLL_S = 0.2
LEFTOVER_S = 1.0
"""How long processes may outlive the command's own end, and shared-memory trackers all the others."""
ORPHAN_GRACE_S = 3.0
"""Grace when the host is gone: nobody waits for answers in flight any more."""


def _prctl(option: int, value: int) -> None:
    """Call prctl(2); without it (not Linux) the process group is what is left to go by."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def _processes() -> Iterator[tuple[int, int, int]]:
    """Give (pid, parent, process group) of every process that is not a zombie."""
    proc = Path("/proc")
    if not (proc / "self/stat").exists():
        command = ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as ps:
            listing = ps.communicate()[0]
        for pid, parent, group, state in (line.split(None, 3) for line in listing.splitlines()):
            if not state.startswith("Z") and int(pid) != ps.pid:
                yield int(pid), int(parent), int(group)
        return
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                # The name, in parentheses, may itself hold spaces and parentheses.
                state, parent, group = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if state not in "ZX":
                yield int(entry.name), int(parent), int(group)


def family() -> set[int]:
    """Give the ids of all live processes of the command: of this process's group, or descended from it."""
    processes = list(_processes())
    found: set[int] = set()
    grown = {pid for pid, parent, group in processes if os.getpid() == parent or os.getpgrp() == group} - {os.getpid()}
    while grown != found:
        found = grown
        grown = found | {pid for pid, parent, _ in processes if parent in found}
    return found


def _reap(leader: int) -> int | None:
    """Bury what has ended, adopted processes too, and give the leader's exit code if it was among them."""
    code = None
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == leader:
                code = os.waitstatus_to_exitcode(ended[1])
    except ChildProcessError:
        pass
    return code


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait(leader: int, seconds: float, *, only_leader: bool = False) -> None:
    """Wait until the whole family, or its leader, has ended, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _reap(leader)
        alive = family()
        if not alive or (only_leader and leader not in alive):
            return
        time.sleep(POLL_S)


def _tracks_shared_memory(pid: int) -> bool:
    """Tell multiprocessing's tracker: it frees shared memory once the others are gone, which else would leak."""
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def end(leader: int, grace: float) -> None:
    """Ask the leader to stop, and after the grace kill whatever is left of its family."""
    # The leader alone is asked: an orderly shutdown ends its children, and they would only race it.
    if leader in family():
        _kill(leader, signal.SIGTERM)
        _wait(leader, grace, only_leader=True)
    _wait(leader, LEFTOVER_S)
    for pid in family():
        if not _tracks_shared_memory(pid):
            _kill(pid, signal.SIGKILL)
    _wait(leader, LEFTOVER_S)
    while left := family():
        for pid in left:
            _kill(pid, signal.SIGKILL)
        time.sleep(POLL_S)
        _reap(leader)


def supervise(host: int, grace: float, scratch: str, command: list[str]) -> int:
    """Run the command until it ends, the host is gone or a signal asks to stop; then end all of its processes.

    Args:
        host: Process id of this process's parent.
        grace: Seconds between asking the command to stop and killing it.
        scratch: The command's folder for passing files, removed at the end.
        command: What to run. It stays in this process's group, of which this process must be the leader.

    Returns:
        The command's exit code, 0 if it was stopped.
    """
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    code = None
    try:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            # For the case that this process itself is killed. It has one thread, so forking here is safe.
            preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
        )
        while code is None and not asked and os.getppid() == host:
            time.sleep(POLL_S)
            code = _reap(server.pid)
        end(server.pid, grace if os.getppid() == host else min(grace, ORPHAN_GRACE_S))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return code or 0


if __name__ == "__main__":
    ended_with = supervise(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:])
    sys.exit(ended_with if ended_with >= 0 else 128 - ended_with)
