"""Load never becomes a verdict: beside others, beside another run, on a machine with too much to do."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from genesys.job import Limits, RunResult
from genesys.sandbox.sandbox import LENIENCE
from tests.support.sandbox import job, opened

# Uses as much CPU time as its input says, by its own clock.
_BURN = "import time\nend = float(input())\nwhile time.process_time() < end: pass\nprint('done')"


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Three times as many busy processes as cores."""
    count = 3 * len(os.sched_getaffinity(0))
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.mark.parametrize("isolation", [pytest.param("docker", marks=pytest.mark.docker), "process"])
def test_a_program_within_its_limits_passes_on_a_busy_machine(isolation: str, busy_machine: None) -> None:
    with opened(isolation, slots=1) as sandbox:
        limits = Limits(cpu_s=1.0, wall_s=0.65, memory_mb=256)
        result = sandbox.execute(job("python", _BURN, "0.6", limits=limits)).runs[0]

    assert (result.end, result.stdout) == ("exit", b"done\n")


@pytest.mark.parametrize("isolation", [pytest.param("docker", marks=pytest.mark.docker), "process"])
def test_what_ends_near_its_limit_is_run_again_alone_and_the_rest_is_not(isolation: str) -> None:
    limits, seen = Limits(cpu_s=0.4, wall_s=5, memory_mb=256), []

    def watch(result: RunResult) -> bool:
        seen.append((result.index, result.end))
        return True

    with opened(isolation, slots=1) as sandbox:
        near = 0.4 * (1 + LENIENCE) / 2
        execution = sandbox.execute(job("python", _BURN, "0.05", str(near), "0.05", "9", "0.05", limits=limits), watch)

    ends = ["exit", "cpu_limit", "exit", "cpu_limit", "exit"]
    assert [run.end for run in execution.runs] == ends
    assert seen == list(enumerate(ends))
    assert 0.4 < execution.runs[1].cpu_s < near  # stopped at its own limit, alone
    assert execution.runs[3].cpu_s > 0.4 * LENIENCE  # far beyond it: once was enough


def _verdicts(results: multiprocessing.Queue[list[str]]) -> None:
    with opened("process", slots=2) as sandbox:
        limits = Limits(cpu_s=0.3, wall_s=3, memory_mb=256)
        ends: list[list[str]] = [[] for _ in range(4)]

        def run(number: int) -> None:
            inputs = ["0.2", "0.02", "0.24", "1", "0.02"]
            ends[number] = [r.end for r in sandbox.execute(job("python", _BURN, *inputs, limits=limits)).runs]

        threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.put([*ends[0], *ends[1], *ends[2], *ends[3]])


def test_two_runs_at_once_give_the_verdicts_of_one() -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[str]] = context.Queue()
    runs = [context.Process(target=_verdicts, args=(results,)) for _ in range(2)]
    started = time.monotonic()
    for run in runs:
        run.start()
    found = [results.get(timeout=120) for _ in runs]
    for run in runs:
        run.join()

    assert found == [["exit", "exit", "exit", "cpu_limit", "exit"] * 4] * 2
    assert time.monotonic() - started < 60
