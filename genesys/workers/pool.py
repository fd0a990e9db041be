"""Worker processes for untrusted texts: started when needed, ended at the limit, blamed only for their own deaths.

Why not ``multiprocessing`` (or a pool on top of it): a spawned child imports the parent's main module again, which
under Dagster costs seconds for each worker and runs a user's unguarded script twice; and such pools limit wall time
only, so that on a loaded machine an answer would be called wrong because others were computing. Here the kernel limits
CPU time, and the exit status tells whose fault a death was. What is asked and answered is the caller's, in JSON; the
side of the process stands in ``serving``.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from genesys.faults import InfrastructureFault

_START_LIMIT_S = 120.0
_WALL_PER_CPU_SECOND = 8  # patience for a loaded machine; the verdict rests on CPU time
_OWN_DEATHS = 2
_OUTSIDE_DEATHS = 4
# Signals by which a process falls over its own work: out of memory inside a C library, stack overflow.
_OWN_SIGNALS = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
# What a worker sees of our environment. It gets untrusted text, and keys have no business near it.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")


@dataclass(frozen=True)
class Job:
    """What workers are for.

    Attributes:
        what: In messages, as in ``comparing mathematics``.
        module: What a worker runs, with its ``serving.main``. Asked for when one starts.
        needs: What has to be installed for it, in words.
    """

    what: str
    module: Callable[[], str]
    needs: str


class WorkerDeath(Exception):
    """A worker ended without a reply; ``cause`` is ``time-limit``, ``worker-died`` (its own doing) or ``outside``."""

    def __init__(self, cause: Literal["time-limit", "worker-died", "outside"], detail: str) -> None:
        """Keep the cause for the pool and the detail for people."""
        super().__init__(detail)
        self.cause = cause


class Worker:
    """One process and its pipes."""

    def __init__(self, job: Job, cpu_s: int, memory_bytes: int) -> None:
        """Start the process and wait until it is ready.

        Raises:
            InfrastructureFault: It did not come up; the message holds the end of what it printed.
        """
        self._wall_s = float(cpu_s * _WALL_PER_CPU_SECOND)
        self._buffer = b""
        # -P keeps the working directory off the child's path. A session of its own keeps Ctrl-C for the parent, which
        # then ends its workers in good order; without that every answer in flight would look like a killed worker.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", job.module(), str(cpu_s), str(memory_bytes), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
            bufsize=0,
        )
        self._questions, self._replies, self._errors = map(
            _opened, (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        try:
            self._read(_START_LIMIT_S)
        except WorkerDeath as death:
            raise InfrastructureFault(
                f"A worker process for {job.what} did not start ({death}). Check that {job.needs} are installed for "
                f"{sys.executable} and that memory is not exhausted. It printed: {self._printed()}"
            ) from death

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send one question and wait for its reply.

        Raises:
            WorkerDeath: The process ended, or was silent for so long that it was killed.
        """
        unsent = memoryview(json.dumps(question).encode() + b"\n")
        try:
            while unsent:
                unsent = unsent[os.write(self._questions.fileno(), unsent) :]
        except OSError:
            raise self._death() from None
        return self._read(self._wall_s)

    def end(self) -> None:
        """Kill the process and release its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._questions, self._replies, self._errors):
            pipe.close()

    def kill(self) -> None:
        """Kill the process only; whoever waits for its reply sees its end and releases the rest."""
        self._process.kill()

    def _read(self, limit_s: float) -> dict[str, Any]:
        """One reply line within the limit; poll, because select cannot take file numbers above 1,023."""
        poll = select.poll()
        poll.register(self._replies, select.POLLIN | select.POLLHUP)
        deadline = time.monotonic() + limit_s
        while b"\n" not in self._buffer:
            left_ms = (deadline - time.monotonic()) * 1000
            if left_ms <= 0 or not poll.poll(left_ms):
                self._process.kill()
                self._process.wait()
                # Silent, yet within its CPU limit: the machine is overloaded, and nothing is known about the answer.
                raise WorkerDeath("outside", f"it was silent for {limit_s:.0f} s")
            chunk = os.read(self._replies.fileno(), 1 << 16)
            if not chunk:
                raise self._death()
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _death(self) -> WorkerDeath:
        """Whose doing the end of this process was, by its exit status."""
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if status == -signal.SIGXCPU:
            return WorkerDeath("time-limit", "it used up its CPU time")
        if status < 0 and -status in _OWN_SIGNALS:
            return WorkerDeath("worker-died", f"it died of {signal.Signals(-status).name}")
        what = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return WorkerDeath("outside", f"it was ended by {what}")

    def _printed(self) -> str:
        """The end of what the process printed before it was ready."""
        if self._process.poll() is None:
            return "(nothing)"
        return self._errors.read().decode(errors="replace")[-800:].strip() or "(nothing)"


def _environment() -> dict[str, str]:
    """What a worker sees: a few harmless names, and the places where this process finds its modules."""
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    places = [*sys.path, str(Path(__file__).parents[2])]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(str(Path(place).resolve()) for place in places))
    # Orders that follow hashes, as that of SymPy's terms, shall be the same each time.
    environment["PYTHONHASHSEED"] = "0"
    return environment


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    """A pipe that Popen was asked for, for the type checker."""
    if pipe is None:
        raise RuntimeError("Popen gave no pipe")
    return pipe


class Pool:
    """A few workers, each with one question at a time; may be used from several threads."""

    def __init__(self, job: Job, size: int, cpu_s: int, memory_bytes: int) -> None:
        """Start nothing yet.

        Args:
            job: What the workers do.
            size: How many workers may run at once.
            cpu_s: CPU seconds for one question.
            memory_bytes: Address space for one worker.
        """
        self._job = job
        self._cpu_s = cpu_s
        self._memory_bytes = memory_bytes
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False
        self.owner = os.getpid()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """A worker's reply.

        A question over which a worker dies by its own doing (CPU time, memory) gets a second try in a fresh worker,
        where nothing of earlier ones is left; the second death is told. A worker that is killed from outside says
        nothing about the question, which is simply asked again.

        Raises:
            WorkerDeath: Of ``time-limit`` or ``worker-died``: the question's own doing.
            InfrastructureFault: Workers do not start, or are killed from outside again and again.
        """
        with self._slots:
            own = outside = 0
            while True:
                try:
                    return self._once(question, fresh=own > 0)
                except WorkerDeath as death:
                    if death.cause == "outside":
                        outside += 1
                        self._check_outside(outside, death)
                    else:
                        own += 1
                        if own == _OWN_DEATHS:
                            raise

    def close(self) -> None:
        """End all workers; whoever still waits for a reply gets an InfrastructureFault."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for worker in busy:
            worker.kill()
        for worker in idle:
            worker.end()

    def _once(self, question: dict[str, Any], *, fresh: bool) -> dict[str, Any]:
        worker = self._take(fresh=fresh)
        healthy = False
        try:
            reply = worker.ask(question)
            if reply.get("memory"):
                raise WorkerDeath("worker-died", "it ran out of memory")
            healthy = not reply.pop("retire")
        finally:
            self._give_back(worker, healthy=healthy)
        return reply

    def _take(self, *, fresh: bool) -> Worker:
        self._check_open()
        with self._lock:
            worker = self._idle.pop() if self._idle and not fresh else None
            # A fresh worker beside the idle ones would be one process more than the size allows.
            spare = self._idle.pop() if fresh and self._idle else None
        if spare is not None:
            spare.end()
        worker = worker or Worker(self._job, self._cpu_s, self._memory_bytes)
        with self._lock:
            self._busy.add(worker)
            closed = self._closed
        if closed:
            self._give_back(worker, healthy=False)
        self._check_open()
        return worker

    def _give_back(self, worker: Worker, *, healthy: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            keep = healthy and not self._closed
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.end()

    def _check_open(self) -> None:
        if self._closed:
            raise InfrastructureFault(
                f"The workers for {self._job.what} were shut down while this was waiting: try again."
            )

    def _check_outside(self, times: int, death: WorkerDeath) -> None:
        """Give up on a question whose workers keep being ended by others."""
        self._check_open()
        if times >= _OUTSIDE_DEATHS:
            raise InfrastructureFault(
                f"A worker process for {self._job.what} was lost {times} times over one text, not by its own doing "
                f"(last: {death}). The machine is short of memory or CPU time, or something kills the workers; "
                "run fewer things beside it and try again.",
                overload=True,
            )
