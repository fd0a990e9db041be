"""A sandbox for functions that stand in tests: Python in this very process, other languages by what their code says.

Programs of the grammar end, and so do the flawed ones but for one that is told by its loop. Nothing of this is safe.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from genesys.hashing import digest
from genesys.job import Compiled, Execution, Job, RunResult


class RunsHere:
    """Stands for the verifier of code: it executes, and verifies nothing."""

    max_parallel = 4
    timeout = None
    version = "here"
    jobs: ClassVar[int] = 0

    @classmethod
    def execution_place(cls, settings: Any) -> str:
        return "here"

    def execute(self, job: Job) -> Execution:
        RunsHere.jobs += 1
        if job.language != "python":
            texts = (digest([job.source.decode(), run.stdin.decode()], 20).encode() for run in job.runs)
            runs = [RunResult(index, "exit", exit_code=0, stdout=text) for index, text in enumerate(texts)]
            return Execution(Compiled(ok=True), tuple(runs), "here")
        try:
            code = _compiled(job.source)
        except SyntaxError as error:
            return Execution(Compiled(ok=False, message=str(error)), (), "here")
        names: dict[str, Any] = {}
        exec(code, names)  # noqa: S102 - of the grammar in tests
        found: list[RunResult] = []
        for index, run in enumerate(job.runs):
            if found and not found[-1].succeeded:
                found.append(RunResult(index, "not_run"))
                continue
            found.append(_ran(index, b"while True" in job.source, names, run.stdin.decode()))
        return Execution(Compiled(ok=True), tuple(found), "here")


@functools.lru_cache(64)
def _compiled(source: bytes) -> Any:
    return compile(source.partition(b"\nimport sys as _sys")[0], "function", "exec")


def _ran(index: int, is_endless: bool, names: dict[str, Any], text: str) -> RunResult:
    if is_endless:
        return RunResult(index, "cpu_limit")
    try:
        return RunResult(index, "exit", exit_code=0, stdout=names["transform"](text).encode())
    except Exception as error:
        return RunResult(index, "exit", exit_code=1, stderr=str(error).encode())
