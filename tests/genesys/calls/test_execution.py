"""Programs as durable calls: run once, in other processes for another trial, replayed without a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from genesys.calls.context import Calls, CallStats, NotJournalled, Roles
from genesys.calls.execution import EXECUTION
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.faults import InfrastructureFault, RepeatedCall, TaskFault
from genesys.job import Compiled, Execution, FunctionCall, Job, Limits, Run, RunResult
from genesys.settings import load_settings
from genesys.stages.stage import _timing
from genesys.verifiers.runner import VerifierRunner

REPO = Path(__file__).parents[3]
JOB = Job("python", b"print(input()[::-1])", (Run(b"abc"), Run(b"")), Limits(cpu_s=1.0))


class Executes:
    """Stands for the verifier of code: says what it ran, and does not run it."""

    max_parallel = 3
    timeout = None
    version = "1"
    jobs: ClassVar[list[Job]] = []
    trouble: ClassVar[Exception | None] = None
    answer: ClassVar[Execution]
    running: ClassVar[int] = 0
    most: ClassVar[int] = 0
    lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def execution_place(cls, settings: Any) -> str:
        return "here"

    def execute(self, job: Job) -> Execution:
        with self.lock:
            self.jobs.append(job)
            Executes.running += 1
            Executes.most = max(self.most, self.running)
        time.sleep(0.02)
        with self.lock:
            Executes.running -= 1
        if self.trouble is not None:
            raise self.trouble
        return self.answer


@pytest.fixture(autouse=True)
def _anew() -> None:
    Executes.jobs, Executes.trouble, Executes.most = [], None, 0
    runs = (
        RunResult(0, "exit", exit_code=0, stdout=b"cba\n", stderr=b"noise", cpu_s=0.1, memory_mb=9.0),
        RunResult(1, "exit", exit_code=1, stdout=b"\xff\xfe", value='"x"', files={"f": b"\x80"}),
    )
    Executes.answer = Execution(Compiled(ok=True, seconds=0.5), runs, "container", {"python": "3.13"}, "sha")


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    with Journal(tmp_path / "journal") as journal:
        yield journal.segment("s")


def calls_of(segment: Segment, verifiers: Any = None, **more: Any) -> Calls:
    runner = verifiers or VerifierRunner({"verifiable_code": Executes})
    return Calls("row", segment, Roles(verifiers=runner), **more)


async def test_a_program_is_run_once_and_answered_from_the_journal_for_ever_after(segment: Segment) -> None:
    first = await calls_of(segment).execute(JOB)
    again = await calls_of(segment).execute(JOB)
    assert first == again
    assert len(Executes.jobs) == 1
    assert [(run.end, run.exit_code, run.succeeded, run.stdout) for run in first.runs] == [
        ("exit", 0, True, b"cba\n"),
        ("exit", 1, False, b"\xff\xfe"),
    ]
    assert (first.runs[1].value, first.runs[1].files) == ('"x"', {"f": b"\x80"})
    assert (first.compiled, first.isolation) == (True, "container")


async def test_a_replay_needs_no_sandbox(segment: Segment) -> None:
    await calls_of(segment).execute(JOB)

    class Gone:
        def execution_place(self) -> str:
            return "here"

    stats = CallStats()
    replayed = await calls_of(segment, Gone(), replay=True, stats=stats).execute(JOB)
    assert replayed.runs[0].stdout == b"cba\n"
    assert (stats.made, stats.replayed) == (0, 1)
    with pytest.raises(NotJournalled):
        await calls_of(segment, Gone(), replay=True).execute(JOB, 1)


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, source=b"print(1)"),
        replace(JOB, language="javascript"),
        replace(JOB, limits=Limits(cpu_s=2.0)),
        replace(JOB, runs=(Run(b"abd"), Run(b""))),
        replace(JOB, runs=JOB.runs[:1]),
        replace(JOB, runs=(Run(b"abc", files={"a": b""}), Run(b""))),
        replace(JOB, runs=(Run(b"abc", argv=("x",)), Run(b""))),
        replace(JOB, runs=(Run(b"abc", collect=("x",)), Run(b""))),
        replace(JOB, runs=(Run(call=FunctionCall("f", ("abc",))), Run(b""))),
    ],
)
async def test_whatever_decides_what_comes_of_a_program_is_in_its_key(segment: Segment, other: Job) -> None:
    calls = calls_of(segment)
    assert (await calls.execute(JOB)).key != (await calls.execute(other)).key
    assert len(Executes.jobs) == 2


async def test_another_place_is_another_key(segment: Segment) -> None:
    first = await calls_of(segment).execute(JOB)
    elsewhere = type("Elsewhere", (Executes,), {"execution_place": classmethod(lambda cls, settings: "there")})
    assert first.key != (await calls_of(segment, VerifierRunner({"verifiable_code": elsewhere})).execute(JOB)).key


async def test_trials_are_run_each_with_a_seed_of_hashes_of_its_own(segment: Segment) -> None:
    calls = calls_of(segment)
    await calls.execute(JOB, 0)
    await calls.execute(JOB, 1)
    assert [job.hash_seed for job in Executes.jobs] == [0, 1]
    with pytest.raises(RepeatedCall):
        await calls.execute(JOB, 1)


async def test_what_varies_from_run_to_run_is_apart_from_what_a_row_is_given(segment: Segment) -> None:
    calls = calls_of(segment)
    first = await calls.execute(JOB)
    slower = replace(Executes.answer.runs[0], cpu_s=0.4, stderr=b"other", memory_mb=11.0)
    Executes.answer = replace(Executes.answer, runs=(slower, Executes.answer.runs[1]))
    second = await calls.execute(JOB, 1)
    assert first.runs == second.runs
    (entry, _) = calls.entries
    assert (entry.kind, entry.name) == (EXECUTION, "python")
    timing = _timing(entry)
    assert timing["endpoint"] == "container sha"
    assert '"cpu_s": [0.1, 0.0]' in timing["measured"]


async def test_a_run_that_a_limit_stopped_says_nothing_of_its_output(segment: Segment) -> None:
    cut = RunResult(0, "cpu_limit", signal=9, stdout=b"as far as it came")
    Executes.answer = replace(Executes.answer, runs=(cut,))
    said = await calls_of(segment).execute(replace(JOB, runs=JOB.runs[:1]))
    assert (said.runs[0].end, said.runs[0].stdout, said.runs[0].signal) == ("cpu_limit", b"", None)


async def test_a_program_that_does_not_compile_has_no_runs(segment: Segment) -> None:
    Executes.answer = Execution(Compiled(ok=False, message="no such name"), (RunResult(0, "not_run"),), "container")
    said = await calls_of(segment).execute(JOB)
    assert (said.compiled, said.runs) == (False, ())


async def test_trouble_with_the_sandbox_is_never_an_outcome(segment: Segment) -> None:
    Executes.trouble = InfrastructureFault("the engine is away")
    with pytest.raises(InfrastructureFault, match="engine is away"):
        await calls_of(segment).execute(JOB)
    Executes.trouble = ZeroDivisionError("a mistake of ours")
    with pytest.raises(InfrastructureFault, match="a mistake of ours"):
        await calls_of(segment).execute(JOB)
    Executes.trouble = None
    assert (await calls_of(segment).execute(JOB)).compiled
    assert len(Executes.jobs) == 3


async def test_a_fault_of_the_task_is_journalled_and_raised_again(segment: Segment) -> None:
    Executes.trouble = TaskFault("its files have no room")
    for _ in range(2):
        with pytest.raises(TaskFault, match="no room"):
            await calls_of(segment).execute(JOB)
    assert len(Executes.jobs) == 1


async def test_no_more_at_once_than_the_verifier_of_code_takes(segment: Segment) -> None:
    import asyncio

    calls = calls_of(segment)
    jobs = [replace(JOB, source=b"%d" % number) for number in range(12)]
    await asyncio.gather(*(calls.execute(job) for job in jobs))
    assert 1 < Executes.most <= Executes.max_parallel


async def test_without_a_verifier_that_runs_programs_it_is_said_plainly(segment: Segment) -> None:
    class Reads:
        version = "1"

    with pytest.raises(InfrastructureFault, match="runs no programs"):
        await calls_of(segment, VerifierRunner({"verifiable_code": Reads})).execute(JOB)
    with pytest.raises(InfrastructureFault, match="no verifiers"):
        await Calls("row", segment, Roles()).execute(JOB)


def test_killed_and_started_again_it_runs_no_program_twice_that_was_answered(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.drive_executions", str(tmp_path), "12"]
    said: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        answered = []
        for line in process.stdout:
            answered.append(line)
            if len(answered) == len(said) + 3:
                process.kill()
                break
        process.communicate()
        assert answered[: len(said)] == said, "what was answered is answered so again"
        said = answered
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{number} {f'program {number}'[::-1]}" for number in range(12)]
    ran = (tmp_path / "ran").read_text().splitlines()
    assert set(ran) == {f"program {number}" for number in range(12)}
    assert len(ran) <= 12 + 3, "at most what was under way when it was killed is run again"


WHO = b"import os\nprint(os.getppid(), os.environ['PYTHONHASHSEED'], ''.join(set('abcdefghijklmnop')))"


@pytest.mark.parametrize("isolation", ["process", pytest.param("docker", marks=pytest.mark.docker)])
async def test_two_trials_are_processes_of_their_own_with_other_hashes(segment: Segment, isolation: str) -> None:
    """A program is forked from a warm interpreter; another trial from another one, else both had the same hashes."""
    from genesys.sandbox.sandbox import missing

    network = os.environ.get("GENESYS__SANDBOX__BUILD_NETWORK", "host")
    settings = load_settings(None, sandbox={"isolation": isolation, "build_network": network, "slots": 1})
    if isolation == "docker" and (reason := missing(settings.sandbox)):
        pytest.skip(reason)
    async with VerifierRunner(settings=settings) as runner:
        calls = calls_of(segment, runner)
        job = Job("python", WHO, (Run(), Run()))
        first, second = [(await calls.execute(job, trial)).runs for trial in (0, 1)]
    assert first[0].stdout == first[1].stdout, "of one trial all hashes are the same"
    (parent, seed, order), (other_parent, other_seed, other_order) = first[0].stdout.split(), second[0].stdout.split()
    assert parent != other_parent
    assert (seed, other_seed) == (b"0", b"1")
    assert order != other_order
