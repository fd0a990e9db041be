"""Which processes run below another one, and whether they are gone; Linux only, through /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

Processes = dict[int, str]
"""Process id -> when it started, in clock ticks since boot; together they name a process for good."""


def _stats() -> dict[int, tuple[int, str]]:
    """Give (parent, start) of every live process."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                found[int(entry.name)] = (int(fields[1]), fields[19])
    return found


def descendants(root: int) -> Processes:
    """Give all live processes below a process, without itself."""
    stats = _stats()
    found: set[int] = set()
    grown = {pid for pid, (parent, _) in stats.items() if parent == root}
    while grown != found:
        found = grown
        grown = found | {pid for pid, (parent, _) in stats.items() if parent in found}
    return {pid: stats[pid][1] for pid in found}


def still_alive(processes: Processes) -> set[int]:
    """Give those that still run, not mistaking a new process of the same number for an old one."""
    stats = _stats()
    return {pid for pid, start in processes.items() if pid in stats and stats[pid][1] == start}


def seconds_until_gone(processes: Processes, limit: float) -> float:
    """Wait until all have ended and tell how long it took; fail at the limit."""
    began = time.monotonic()
    while left := still_alive(processes):
        assert time.monotonic() - began < limit, f"still alive after {limit} s: {left}"
        time.sleep(0.1)
    return time.monotonic() - began


def marked(text: str) -> Processes:
    """Give all live processes in whose environment a text stands, without this one."""
    found = {}
    for pid, (_, start) in _stats().items():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if text.encode() in environment and pid != os.getpid():
            found[pid] = start
    return found
