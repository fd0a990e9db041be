"""A step of a benchmark in a process of its own: how long it takes, and the most memory that all its processes have."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LOOK = 0.2
PAGE = 4096


def watched(arguments: list[str]) -> dict[str, Any]:
    """Run this benchmark's module with other arguments; its last line is JSON.

    Returns:
        What it said, with ``seconds``, ``cpu`` (seconds of all cores) and ``peak`` (bytes in memory, all processes
        together; pages that several of them share count several times).
    """
    begun, before, peak = time.monotonic(), _spent(), 0
    with subprocess.Popen([sys.executable, "-m", "benchmarks.release", *arguments], stdout=subprocess.PIPE) as child:
        while child.poll() is None:
            peak = max(peak, sum(map(_resident, _tree(child.pid))))
            time.sleep(LOOK)
        assert child.stdout is not None
        said = child.stdout.read().decode().strip().splitlines()
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with status {child.returncode}")
    return {**json.loads(said[-1]), "seconds": time.monotonic() - begun, "cpu": _spent() - before, "peak": peak}


def _spent() -> float:
    """Seconds of all cores that processes took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree(root: int) -> list[int]:
    """A process with all below it."""
    found = [root]
    for pid in found:
        try:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
