"""``Sandbox``: a job in, what came of it out, whatever happens to containers and engines meanwhile.

A time-out near its limit is run again with the machine to itself, so that load never becomes a verdict; a runner or an
engine that dies costs its job another start, and when that does not help an InfrastructureFault, never a result.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import tenacity

from genesys.faults import InfrastructureFault, TaskFault
from genesys.job import Compiled, Execution, Job, RunResult, Watcher
from genesys.sandbox import image
from genesys.sandbox.binaries import Binaries, cache_folder
from genesys.sandbox.container import ContainerWorker, connect, sweep
from genesys.sandbox.cores import Cores
from genesys.sandbox.isolation import isolation_of
from genesys.sandbox.pool import Pool
from genesys.sandbox.process import ProcessWorker, interpreter
from genesys.sandbox.worker import Worker, WorkerDied
from genesys.settings import SandboxSettings

LENIENCE = 1.5
"""Beside others a run may use so many times its CPU limit; what ends between the two is run again alone."""
_SURE_AFTER = 2
"""Wall-time limits of one job that were confirmed alone: the later ones are believed."""
_DEATHS = 5
"""Workers that one run of a job may lose before nobody else is tried."""
_PATIENCE_S = 90.0
"""How long an engine may be away, to be restarted say, before the job is given up."""


class Sandbox:
    """Runs untrusted programs. Thread-safe; as many at once as there are cores, over all processes of this host."""

    def __init__(
        self,
        open_worker: Callable[[], Worker],
        cores: Cores,
        binaries: Binaries | None,
        *,
        jobs_per_worker: int,
        memory_mb: int,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """``open_sandbox`` makes one from the settings.

        Args:
            open_worker: Starts a worker; raises WorkerDied.
            cores: How many programs run at once.
            binaries: Compiled programs; None keeps none.
            jobs_per_worker: A worker is replaced after so many jobs.
            memory_mb: The most that one run may be given.
            on_close: Called when all workers are gone.
        """
        self._cores, self._binaries, self._memory_mb, self._on_close = cores, binaries, memory_mb, on_close
        self._pool = Pool(open_worker, cores.count, jobs_per_worker)
        self.slots = cores.count

    def __enter__(self) -> Self:
        """For ``with``, which ends in ``close``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def execute(self, job: Job, watch: Watcher | None = None, *, alone: bool = False) -> Execution:
        """Run a job.

        Args:
            job: The program and its runs.
            watch: Told of each run as it ends, in order, outputs and all; False stops the job there. With a watcher
                the outputs are not kept in the result, so that memory is bounded by one run's.
            alone: Run with nothing else beside it on this machine.

        Raises:
            InfrastructureFault: No worker could do it; nothing is known of the program.
            TaskFault: The files of a run have no room in the sandbox.
            ValueError: A file's name is a path.
        """
        limits = dataclasses.replace(job.limits, memory_mb=min(job.limits.memory_mb, self._memory_mb * 3 // 4))
        course = _Course(dataclasses.replace(job, limits=limits), watch)
        while not course.over:
            exclusive = alone or course.doubtful
            with self._cores.all() if exclusive else self._cores.one():
                self._go_on(course, exclusive=exclusive)
        return course.execution()

    def close(self) -> None:
        """End all containers and wait until they are gone; jobs that are running get an InfrastructureFault."""
        self._pool.close()
        self._cores.close()
        self._on_close()

    def _go_on(self, course: _Course, *, exclusive: bool) -> None:
        """Let a worker take the course as far as it gets."""
        worker = self._worker()
        dead = True
        try:
            binary = self._binaries.get(course.job) if self._binaries else None
            done = worker.do(course.rest(exclusive), binary, lambda result: course.take(result, exclusive))
            worker.tainted, dead = done.tainted, False
        except WorkerDied as death:
            course.lost_worker(death)
            return
        finally:
            self._pool.give_back(worker, dead=dead)
        if done.compiled.end == "wall_limit" and not exclusive:
            course.doubtful = True  # it was the machine that gave the compiler no time, or may have been
            return
        course.heard(done.compiled, worker)
        if done.refused:
            raise TaskFault(f"run {course.ran} cannot take place: {done.refused}. Give it smaller files.")
        if done.binary and self._binaries:
            self._binaries.keep(course.job, done.binary)

    def _worker(self) -> Worker:
        """A worker, as soon as one can be had: an engine that is being restarted is waited for.

        Raises:
            InfrastructureFault: None within ``_PATIENCE_S``.
        """
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(WorkerDied),
            stop=tenacity.stop_after_delay(_PATIENCE_S),
            wait=tenacity.wait_exponential(multiplier=0.2, max=5),
            reraise=True,
        )
        try:
            return waiting(self._pool.take)
        except WorkerDied as death:
            raise InfrastructureFault(f"the sandbox cannot start: {death}") from death


class _Course:
    """How far a job has come: survives workers, and tells the watcher of each run once."""

    def __init__(self, job: Job, watch: Watcher | None) -> None:
        self.job, self._watch = job, watch
        self.doubtful = False
        """The next run ended at a limit beside others, and is now run alone."""
        self.deaths_at = (0, 0)
        self._results: list[RunResult] = []
        self._compiled: Compiled | None = None
        self._stopped = False
        self._confirmed = 0
        self._worker: tuple[str, dict[str, str], str] = ("", {}, "")

    @property
    def over(self) -> bool:
        """Whether nothing is left to run."""
        if self._compiled is None:
            return False
        return not self._compiled.ok or self._stopped or len(self._results) == len(self.job.runs)

    @property
    def ran(self) -> int:
        """How many runs have ended."""
        return len(self._results)

    def rest(self, exclusive: bool) -> Job:
        """What the next worker is to do."""
        start = len(self._results)
        limits = self.job.limits
        if not exclusive:
            limits = dataclasses.replace(limits, cpu_s=limits.cpu_s * LENIENCE, wall_s=limits.wall_s * LENIENCE)
        end = start + 1 if self.doubtful else None
        return dataclasses.replace(self.job, runs=self.job.runs[start:end], limits=limits)

    def take(self, result: RunResult, exclusive: bool) -> bool:
        """A run has ended; whether the worker is to go on."""
        if exclusive:
            self._confirmed += result.end == "wall_limit"
            self.doubtful = False
        elif self._may_be_load(result):
            self.doubtful = True
            return False
        result = dataclasses.replace(result, index=len(self._results))
        self._results.append(
            result if self._watch is None else dataclasses.replace(result, stdout=b"", value=None, files={})
        )
        self._stopped = self._watch is not None and not self._watch(result)
        self._stopped = self._stopped or (self.job.stop_at_failure and not result.succeeded)
        return not self._stopped

    def _may_be_load(self, result: RunResult) -> bool:
        """Whether a run that others ran beside might have kept its limits alone."""
        if result.end == "wall_limit":
            return self._confirmed < _SURE_AFTER
        return result.end != "cpu_limit" and result.cpu_s > self.job.limits.cpu_s

    def heard(self, compiled: Compiled, worker: Worker) -> None:
        """A worker came to the end of what it was given."""
        self._compiled = self._compiled or compiled
        self._worker = (worker.isolation, worker.toolchain, worker.image)

    def lost_worker(self, death: WorkerDied) -> None:
        """Count the workers that this run has cost.

        Raises:
            InfrastructureFault: Too many.
        """
        at, deaths = self.deaths_at
        deaths = deaths + 1 if at == len(self._results) else 1
        self.deaths_at = (len(self._results), deaths)
        if deaths >= _DEATHS:
            raise InfrastructureFault(
                f"the sandbox lost {deaths} workers over run {at} of a {self.job.language} program: {death}"
            ) from death

    def execution(self) -> Execution:
        """What came of it."""
        assert self._compiled is not None  # noqa: S101 - the course is over
        ran = len(self._results) if self._compiled.ok else len(self.job.runs)
        rest = [RunResult(index, "not_run") for index in range(ran, len(self.job.runs))]
        isolation, toolchain, image_id = self._worker
        return Execution(self._compiled, (*self._results, *rest), isolation, toolchain, image_id)


def open_sandbox(settings: SandboxSettings, progress: image.Progress | None = None) -> Sandbox:
    """The sandbox that the settings mean.

    Args:
        settings: ``[sandbox]`` of ``genesys.toml``.
        progress: Told of the lines of the image's build, if it must be built.

    Raises:
        InfrastructureFault: There is no engine, no image, or no interpreter that will do.
    """
    if isolation_of(settings) == "process":
        interpreter()
        cores = Cores("this machine", settings.slots or len(os.sched_getaffinity(0)))
        return Sandbox(ProcessWorker, cores, None, jobs_per_worker=settings.jobs_per_container, memory_mb=1 << 20)
    client = connect(settings)
    image_id = image.ensure_image(client, settings, progress)
    sweep(client)
    engine = client.info()
    cores = Cores(f"engine {engine['ID']}", settings.slots or int(engine["NCPU"]))
    binaries = Binaries(Path(cache_folder()), f"{image_id} {engine['Architecture']}")
    return Sandbox(
        lambda: ContainerWorker(client, image_id, settings),
        cores,
        binaries,
        jobs_per_worker=settings.jobs_per_container,
        memory_mb=settings.memory_mb,
        on_close=client.close,
    )


def missing(settings: SandboxSettings) -> str | None:
    """Why programs cannot be run with these settings, and how that is mended; None if they can."""
    try:
        if isolation_of(settings) == "process":
            interpreter()
        else:
            connect(settings).close()
    except InfrastructureFault as fault:
        return str(fault)
    return None
