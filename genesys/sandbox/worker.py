"""A worker: one runner to which jobs are handed, wherever it runs. Speaks frames and keeps deadlines.

``container.ContainerWorker`` and ``process.ProcessWorker`` say how a runner is started, reached and ended.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genesys.job import Compiled, Job, Run, RunResult
from genesys.sandbox.runner.frames import BadFrame, Frame, FrameReader, encode
from genesys.sandbox.runner.languages import COMPILER_WALL_S
from genesys.sandbox.runner.running import MOST_STARVED

START_LIMIT_S = 60.0
_SLACK_S = 20.0
"""What a loaded machine may need beyond a program's own wall time before a runner counts as dead."""
_PIECE = 1 << 20


class WorkerDied(Exception):
    """The runner is gone or makes no sense any more; what became of its job is not known."""


@dataclass(frozen=True)
class Done:
    """A job's end."""

    compiled: Compiled
    binary: bytes | None
    tainted: str
    """Why this worker should take no further job; empty if it may."""
    refused: str
    """Why the next of its runs cannot take place anywhere; empty if all could."""


class Worker(ABC):
    """One runner. Not thread-safe: whoever took it from the pool has it alone."""

    isolation = ""
    image = ""

    def __init__(self) -> None:
        """Not started yet."""
        self._reader, self._frames = FrameReader(), deque[Frame]()
        self.toolchain: dict[str, str] = {}
        self.jobs = 0
        self.tainted = ""
        """Why it should take no further job; empty if it may."""

    @abstractmethod
    def _write(self, data: bytes, deadline: float) -> None:
        """Send all of it. Raises WorkerDied."""

    @abstractmethod
    def _read(self, deadline: float) -> bytes:
        """Some bytes that came. Raises WorkerDied at the end of the stream or at the deadline."""

    @abstractmethod
    def is_alive(self) -> bool:
        """Whether it is worth giving a job to; it may die a moment later."""

    @abstractmethod
    def close(self) -> None:
        """End it and whatever it holds, in whatever state it is. Never raises."""

    def greet(self) -> None:
        """Wait until it is ready.

        Raises:
            WorkerDied: It is not, within ``START_LIMIT_S``.
        """
        header, _ = self._next(time.monotonic() + START_LIMIT_S)
        self.toolchain = header["toolchain"]

    def do(self, job: Job, binary: bytes | None, on_run: Callable[[RunResult], bool]) -> Done:
        """Have a job done.

        Args:
            job: The job.
            binary: What its program was compiled to before, if it was.
            on_run: Told of each run as it ends; False stops the job after it.

        Raises:
            WorkerDied: No more can be said.
        """
        self.jobs += 1
        wall_s = job.limits.wall_s * MOST_STARVED + _SLACK_S
        self._write(_job_frame(job, binary), time.monotonic() + wall_s)
        header, blobs = self._next(time.monotonic() + COMPILER_WALL_S * MOST_STARVED + _SLACK_S)
        compiled = Compiled(
            ok=header["ok"],
            message=header["message"],
            seconds=header["seconds"],
            cached=header["cached"],
            end=header["end"],
        )
        stopped = False
        while True:
            header, rest = self._next(time.monotonic() + wall_s)
            if header["say"] == "done":
                return Done(compiled, blobs[0] if blobs else None, header["tainted"], header["refused"])
            if not stopped and not on_run(_result(header, rest)):
                stopped = True
                self._write(encode({"do": "stop"}), time.monotonic() + _SLACK_S)

    def _next(self, deadline: float) -> Frame:
        try:
            while not self._frames:
                self._frames.extend(self._reader.feed(self._read(deadline)))
        except (BadFrame, ValueError, KeyError) as error:
            raise WorkerDied(f"the runner speaks nonsense: {error}") from error
        return self._frames.popleft()


def _job_frame(job: Job, binary: bytes | None) -> bytes:
    limits = job.limits
    header = {
        "do": "job",
        "language": job.language,
        "hash_seed": job.hash_seed,
        "has_binary": binary is not None,
        "limits": {
            "cpu_s": limits.cpu_s,
            "wall_s": limits.wall_s,
            "memory_mb": limits.memory_mb,
            "output_bytes": limits.output_bytes,
        },
        "runs": [_run_header(run) for run in job.runs],
    }
    blobs = [job.source] + ([binary] if binary is not None else [])
    for run in job.runs:
        blobs += [_stdin(run), *run.files.values()]
    return encode(header, blobs)


def _run_header(run: Run) -> dict[str, Any]:
    for name in (*run.files, *run.collect):
        if not name or name in (".", "..") or "/" in name or "\0" in name:
            raise ValueError(f"{name!r} is no plain file name")
    return {
        "files": list(run.files),
        "collect": list(run.collect),
        "call": run.call.name if run.call else None,
        "argv": list(run.argv),
    }


def _stdin(run: Run) -> bytes:
    return json.dumps(list(run.call.args)).encode() if run.call else run.stdin


def _result(header: dict[str, Any], blobs: list[bytes]) -> RunResult:
    stdout, stderr, *others = blobs
    value = others.pop(0).decode(errors="replace") if header["has_value"] else None
    return RunResult(
        index=header["index"],
        end=header["end"],
        exit_code=header["exit_code"],
        signal=header["signal"],
        stdout=stdout,
        stderr=stderr,
        value=value,
        files=dict(zip(header["files"], others, strict=True)),
        cpu_s=header["cpu_s"],
        wall_s=header["wall_s"],
        memory_mb=header["memory_mb"],
    )
