"""What the sandbox is asked to run and what it tells of it: facts alone, no verdict and no expected output.

A job is one program and all the runs of it. Expected outputs never enter a sandbox: whoever asked compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Language = Literal["python", "javascript", "cpp", "rust"]
LANGUAGES: tuple[Language, ...] = ("python", "javascript", "cpp", "rust")

End = Literal["exit", "cpu_limit", "wall_limit", "memory_limit", "output_limit", "not_run"]
"""How a run ended. ``exit``: by itself, whatever its exit code or signal; a limit: it was stopped for crossing it."""


@dataclass(frozen=True)
class Limits:
    """What one run of a program may use.

    Args:
        cpu_s: Seconds of CPU time of all its processes together; a run that uses more ends as ``cpu_limit``.
        wall_s: Seconds of wall time, the backstop for a program that sleeps.
        memory_mb: Mebibytes of memory, of all its processes together.
        output_bytes: Bytes of standard output; a run that writes more ends as ``output_limit``.
    """

    cpu_s: float = 10.0
    wall_s: float = 30.0
    memory_mb: int = 512
    output_bytes: int = 1 << 20


@dataclass(frozen=True)
class FunctionCall:
    """A call of a function that the program defines (Python and JavaScript): arguments as JSON values."""

    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Run:
    """One run of the program.

    Args:
        stdin: What stands on its standard input, whole.
        files: Files in its folder, by plain name.
        collect: Names of files in its folder that are wanted back.
        call: Instead of running the program as a whole: call this function of it, and hand back what it returns.
        argv: Words after the program's name.
    """

    stdin: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    collect: tuple[str, ...] = ()
    call: FunctionCall | None = None
    argv: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """One program, and all the runs of it. Runs are independent: each starts the program afresh in an empty folder.

    ``hash_seed`` is that of Python's hashes: equal for all programs, so that one that prints a set prints the same one
    twice, but where somebody wants to know whether it would. ``stop_at_failure``: what comes after a run that did not
    end well is not run.
    """

    language: Language
    source: bytes
    runs: tuple[Run, ...]
    limits: Limits = Limits()
    hash_seed: int = 0
    stop_at_failure: bool = False


@dataclass(frozen=True)
class Compiled:
    """What the compiler said. Python is compiled too: a program that does not parse ends here."""

    ok: bool
    message: str = ""
    """The beginning of what the compiler printed."""
    seconds: float = 0.0
    cached: bool = False
    end: End = "exit"


@dataclass(frozen=True)
class RunResult:
    """What came of one run.

    Args:
        index: Which one, from 0.
        end: How it ended.
        exit_code: Its exit code; None where a signal ended it or it was stopped.
        signal: The signal that ended it, if one did.
        stdout: What it wrote, up to the limit.
        stderr: The beginning of what it wrote there.
        value: For a function call: what the function returned, as JSON text; None if it did not return.
        files: The files that were wanted and are there.
        cpu_s: Seconds of CPU time.
        wall_s: Seconds of wall time.
        memory_mb: Mebibytes at its largest.
    """

    index: int
    end: End
    exit_code: int | None = None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    value: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, and well."""
        return self.end == "exit" and self.exit_code == 0


@dataclass(frozen=True)
class Execution:
    """What came of a job: ``runs`` are in order, one for each run that was asked for.

    Args:
        compiled: If it is not ``ok``, no run took place and ``runs`` is empty.
        runs: Those after an early stop have the end ``not_run``. Where a watcher was told of the outputs, they are not
            kept here.
        isolation: Who kept the program in: ``container`` or ``process``.
        toolchain: Versions of compilers and interpreters, by name.
        image: The image's id; empty for ``process``.
    """

    compiled: Compiled
    runs: tuple[RunResult, ...] = ()
    isolation: str = "container"
    toolchain: dict[str, str] = field(default_factory=dict)
    image: str = ""


Watcher = Callable[[RunResult], bool]
"""Told of each run as it ends, in order; returns False to stop the job there (the rest is ``not_run``)."""
