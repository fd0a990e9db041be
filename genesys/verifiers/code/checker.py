"""A task's own checker: an untrusted program that says whether an output is right, run as a job of its own.

The convention is that of open-r1/codeforces' ``generated_checker``: the program is called with the names of three files
in its folder, ``input.txt correct_output.txt solution_output.txt``, and the last word of its standard output is the
score, from 0 to 1; 1 passes. Expected outputs enter this job alone, never that of the response's program.

Many checkers read an output as the task wants it written, and fail on any other. One that fails is asked about the
expected output then: if it takes that, the checker works, and what it failed on is a wrong output.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from genesys.faults import TaskFault
from genesys.job import Execution, Job, Limits, Run, RunResult, Watcher
from genesys.verifiers.code.tests import Checker

FILES = ("input.txt", "correct_output.txt", "solution_output.txt")
LIMITS = Limits(cpu_s=20.0, wall_s=60.0, memory_mb=1024, output_bytes=64 << 10)
"""Of a checker, whatever the task's limits are, which were made for solutions."""
_BATCH_BYTES = 32 << 20
_SAYS_CHARS = 500


class Executes(Protocol):
    """What the sandbox can do, as far as verifying code needs it."""

    def execute(self, job: Job, watch: Watcher | None = None, *, alone: bool = False) -> Execution:
        """Run a job; see ``genesys.sandbox.sandbox``."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True)
class Claim:
    """An output that the checker is to judge.

    Args:
        index: Of the test.
        given: The test's input.
        expected: The task's own output.
        got: What the response's program wrote.
    """

    index: int
    given: bytes
    expected: bytes
    got: bytes

    def size(self) -> int:
        """Bytes that the sandbox is given."""
        return len(self.given) + len(self.expected) + len(self.got)

    def run(self) -> Run:
        """The checker's run."""
        return Run(files=dict(zip(FILES, (self.given, self.expected, self.got), strict=True)), argv=FILES)


def check(sandbox: Executes, checker: Checker, claims: Sequence[Claim], told: Callable[[Claim, bool], bool]) -> None:
    """Ask the checker about each output.

    Args:
        sandbox: Where it is run.
        checker: The task's checker.
        claims: The outputs.
        told: Told of each claim whether it is right; returns False to stop there.

    Raises:
        TaskFault: The checker does not compile, crosses its limits, or fails on an output and does not take the
            expected one either: nothing is known of the response then.
        InfrastructureFault: The sandbox broke.
    """
    failures: dict[int, TaskFault] = {}

    def asked(claim: Claim, result: RunResult) -> bool:
        try:
            is_right = _is_right(result, claim.index)
        except _Failed as failure:
            is_right, failures[claim.index] = False, failure
        return told(claim, is_right)

    def asked_again(claim: Claim, result: RunResult) -> bool:
        with contextlib.suppress(TaskFault):
            if _is_right(result, claim.index):
                return True
        raise failures[claim.index]

    _ask(sandbox, checker, claims, asked)
    again = [dataclasses.replace(claim, got=claim.expected) for claim in claims if claim.index in failures]
    _ask(sandbox, checker, again, asked_again)


class _Failed(TaskFault):
    """The checker ended by itself and said no score."""


def _ask(
    sandbox: Executes, checker: Checker, claims: Sequence[Claim], told: Callable[[Claim, RunResult], bool]
) -> None:
    """Run the checker on each claim until ``told`` wants no more; what ``told`` raises is raised."""
    for batch in _batches(claims):
        listener = _Listener(batch, told)
        job = Job(checker.language, checker.source.encode(errors="replace"), tuple(map(Claim.run, batch)), LIMITS)
        execution = sandbox.execute(job, listener)
        if not execution.compiled.ok:
            raise TaskFault(f"verification_info.checker does not compile: {execution.compiled.message[:_SAYS_CHARS]}")
        if listener.fault is not None:
            raise listener.fault
        if listener.is_stopped:
            return


class _Listener:
    """Hears the checker's runs as they end."""

    def __init__(self, batch: Sequence[Claim], told: Callable[[Claim, RunResult], bool]) -> None:
        self._batch, self._told = batch, told
        self.is_stopped = False
        self.fault: TaskFault | None = None
        """Kept, not raised: the sandbox is between us and whoever asked, and would take it for its own."""

    def __call__(self, result: RunResult) -> bool:
        try:
            self.is_stopped = not self._told(self._batch[result.index], result)
        except TaskFault as fault:
            self.fault = fault
        return not self.is_stopped and self.fault is None


def _is_right(result: RunResult, index: int) -> bool:
    """The verdict of one run of the checker.

    A score that was printed counts whatever the exit code, since checkers of several schools end with another one
    where they reject.

    Raises:
        TaskFault: It gave none; ``_Failed`` where it ended by itself. A limit may be too tight for a right output too.
    """
    words = result.stdout.decode(errors="replace").split()
    score = _score(words[-1]) if words and result.end == "exit" and result.signal is None else None
    if score is None or (result.exit_code != 0 and score >= 1):
        end = f"exit code {result.exit_code}" if result.end == "exit" else result.end
        said = (result.stderr or result.stdout).decode(errors="replace").strip()[-_SAYS_CHARS:]
        raise (_Failed if result.end == "exit" else TaskFault)(
            f"verification_info.checker gave no verdict on the output of test_cases[{index}] ({end}): {said!r}. "
            "It has to print a score from 0 to 1 as its last word."
        )
    return score >= 1


def _score(word: str) -> float | None:
    try:
        score = float(word)
    except ValueError:
        return None
    return score if 0 <= score <= 1 else None


def _batches(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Jobs of bounded size: each test brings its input and two outputs."""
    batch: list[Claim] = []
    size = 0
    for claim in claims:
        if batch and size + claim.size() > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(claim)
        size += claim.size()
    if batch:
        yield batch
