"""``Calls.execute``: a program's run in the sandbox as a durable call. What is run stands in ``genesys.job``.

A call's key covers the program, its inputs, its limits and where it is executed, which is known without a sandbox: so
a replay needs none. Times, memory and what compilers and programs write to standard error vary from run to run; they
stand in the journal under ``measured`` and are nothing that a row function is given.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from genesys.calls.entry import Entry
from genesys.calls.roles import Roles
from genesys.faults import InfrastructureFault, TaskFault
from genesys.hashing import digest
from genesys.job import End, Execution, Job, Run, RunResult

EXECUTION = "execution"
_STDERR_CHARS = 2000


@dataclass(frozen=True)
class Ran:
    """What came of one run, the same each time: see ``genesys.job.RunResult``."""

    end: End
    exit_code: int | None = None
    signal: int | None = None
    stdout: bytes = b""
    value: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, and well."""
        return self.end == "exit" and self.exit_code == 0


@dataclass(frozen=True)
class Executed:
    """What came of a program.

    Args:
        compiled: Whether it compiles; if not, no run took place and ``runs`` is empty.
        runs: One for each that was asked for, in their order.
        isolation: Who kept it in: ``container`` or ``process``.
        toolchain: A fingerprint of compilers and interpreters.
        key: Of the call.
    """

    compiled: bool
    runs: tuple[Ran, ...]
    isolation: str
    toolchain: str
    key: str


class Caller(Protocol):
    """The row whose call it is: ``genesys.calls.context.Calls``."""

    roles: Roles
    trial_base: int

    async def durable(
        self,
        kind: str,
        name: str,
        payload: dict[str, Any],
        make: Callable[[], Awaitable[dict[str, Any]]],
        *,
        trial: int,
    ) -> Entry:
        """The finished call for a payload."""
        ...


async def execute(calls: Caller, job: Job, trial: int) -> Executed:
    """Run a program, or read what came of it when it was run; trials differ in their processes and seeds of hashes.

    Raises:
        TaskFault: The files of a run have no room in the sandbox.
        InfrastructureFault: There is no sandbox, or it broke; never an outcome.
    """
    runner = calls.roles.verifiers
    if runner is None:
        raise InfrastructureFault("no verifiers are set up, whose sandbox would run the program", final=True)
    trial += calls.trial_base
    job = dataclasses.replace(job, hash_seed=trial)

    async def make() -> dict[str, Any]:
        try:
            return _result(await runner.execute(job))
        except TaskFault as fault:
            return {"fault": str(fault)}  # as good as a result: a replay must come to the same end

    payload = _payload(job, runner.execution_place())
    entry = await calls.durable(EXECUTION, job.language, payload, make, trial=trial)
    return _read(entry)


def _payload(job: Job, place: str) -> dict[str, Any]:
    """All that decides what comes of a job."""
    return {
        "place": place,
        "language": job.language,
        "source": _packed(job.source),
        "limits": dataclasses.asdict(job.limits),
        "runs": [_run(run) for run in job.runs],
        **({"stop_at_failure": True} if job.stop_at_failure else {}),
    }


def _run(run: Run) -> dict[str, Any]:
    """One run, without what it does not have."""
    said = {
        "stdin": _packed(run.stdin),
        "files": {name: _packed(content) for name, content in run.files.items()},
        "collect": list(run.collect),
        "call": dataclasses.asdict(run.call) if run.call else None,
        "argv": list(run.argv),
    }
    return {name: value for name, value in said.items() if value}


def _result(execution: Execution) -> dict[str, Any]:
    """A call's result as the journal keeps it."""
    compiled, runs = execution.compiled, execution.runs
    return {
        "compiled": compiled.ok,
        "runs": [_kept(run) for run in runs if compiled.ok],
        "isolation": execution.isolation,
        "toolchain": digest(["toolchain", execution.toolchain], 16),
        "measured": {
            "endpoint": f"{execution.isolation} {execution.image}".rstrip(),
            "compile_s": round(compiled.seconds, 4),
            "compile_cached": compiled.cached,
            "compile_message": "" if compiled.ok else compiled.message[:_STDERR_CHARS],
            "cpu_s": [round(run.cpu_s, 4) for run in runs],
            "wall_s": [round(run.wall_s, 4) for run in runs],
            "memory_mb": [round(run.memory_mb, 1) for run in runs],
            "stderr": next((run.stderr.decode(errors="replace")[:_STDERR_CHARS] for run in runs if run.stderr), ""),
        },
    }


def _kept(run: RunResult) -> dict[str, Any]:
    """What a run comes to each time; how much of its output had gone out when a limit stopped it is chance."""
    if run.end != "exit":
        return {"end": run.end}
    return {
        "end": run.end,
        "exit_code": run.exit_code,
        "signal": run.signal,
        "stdout": _packed(run.stdout),
        "value": run.value,
        "files": {name: _packed(content) for name, content in run.files.items()},
    }


def _read(entry: Entry) -> Executed:
    result = entry.result
    if "fault" in result:
        raise TaskFault(result["fault"])
    runs = tuple(
        Ran(
            end=run["end"],
            exit_code=run.get("exit_code"),
            signal=run.get("signal"),
            stdout=_unpacked(run.get("stdout", "")),
            value=run.get("value"),
            files={name: _unpacked(content) for name, content in run.get("files", {}).items()},
        )
        for run in result["runs"]
    )
    return Executed(result["compiled"], runs, result["isolation"], result["toolchain"], entry.key)


def _packed(content: bytes) -> str | dict[str, str]:
    """Bytes in JSON: as text if they are that."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _unpacked(content: str | dict[str, str]) -> bytes:
    return base64.b64decode(content["base64"]) if isinstance(content, dict) else content.encode()
