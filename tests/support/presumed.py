"""Verifiers where no program is run: a gold is presumed to be right, and what is meant to fail to be wrong."""

from __future__ import annotations

from typing import Any

from genesys.calls.context import Calls
from genesys.verifiers.runner import VerifierRunner


class PresumedPrograms:
    """All verifiers but that of programs, which says at once what curation expects."""

    def __init__(self, runner: VerifierRunner) -> None:
        self._runner = runner

    def identity(self, task_type: str) -> tuple[str, str]:
        return self._runner.identity(task_type)

    def response_kind(self, task_type: str) -> str:
        return self._runner.response_kind(task_type)

    async def verify(self, record: dict[str, Any], calls: Calls | None = None, *, kind: str = "") -> dict[str, Any]:
        if record["task_type"] != "verifiable_code":
            return await self._runner.verify(record, calls, kind=kind)
        is_wrong = record["verification_info"].get("stop_at_first_failure", False)
        tests = [{"verdict": "wrong_answer" if is_wrong else "passed"}]
        return {"score": float(not is_wrong), "verification_result_info": {"tests": tests}}
