"""Other verifiers than ours for the same tasks, independent of them: where both differ, one of them is wrong.

They decide no verdict that is published. For programs the second opinion is a second execution, for judges what one of
them said alone: neither needs a verifier of its own.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, ClassVar

from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.kinds import MATH, OUTPUT, OUTPUT_READ
from genesys.verifiers.math_verifier import read_golds
from genesys.verifiers.thinking import after_thinking
from genesys.workers.pool import Job, Pool, WorkerDeath

_JOB = Job("a second opinion on mathematics", lambda: "genesys.quality.plain_math", "math-verify and sympy")
_WORKERS = min(2, os.cpu_count() or 2)
_TAIL = 20_000
"""Characters of an answer's end that are read: its final answer stands there."""
_MOST_OBJECTS = 50


class PlainMathVerifier(BaseVerifier):
    """Math-Verify as it comes on the whole answer; no score where it cannot read gold or answer, or takes too long."""

    max_parallel = _WORKERS
    timeout = 600.0
    cpu_limit_s: ClassVar[int] = 5
    memory_limit_bytes: ClassVar[int] = 2 << 30
    rests_on = (
        "genesys.quality.plain_math",
        "genesys.verifiers.math.answer",
        "genesys.verifiers.math_verifier",
        "genesys.verifiers.thinking",
        "dist:math-verify",
        "dist:sympy",
        "dist:latex2sympy2-extended",
    )

    def __init__(self) -> None:
        """Start no process yet."""
        self._pool: Pool | None = None
        self._lock = threading.Lock()

    def verify(self, result: Any) -> dict[str, Any]:
        """Score 1 or 0, or none.

        Raises:
            TaskFault: The task has no gold.
            InfrastructureFault: Workers cannot be started.
        """
        golds = read_golds((result["verification_info"] or {}).get("ground_truth"))
        question = {"golds": golds, "response": after_thinking(result["llm_response"])[-_TAIL:]}
        try:
            equal = self._workers().ask(question)["equal"] if question["response"] else False
        except WorkerDeath as death:
            if death.cause == "outside":
                raise
            equal = None
        except KeyError:  # it ran out of memory
            equal = None
        return {"score": None if equal is None else float(equal), "verification_result_info": {"rule": "math-verify"}}

    def shutdown(self) -> None:
        """End the worker processes."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _workers(self) -> Pool:
        with self._lock:
            if self._pool is None:
                self._pool = Pool(_JOB, _WORKERS, self.cpu_limit_s, self.memory_limit_bytes)
            return self._pool


class StrictOutputVerifier(BaseVerifier):
    """The last object with ``output`` that the standard library's JSON reads: its text is the gold, or it is not."""

    max_parallel = 32
    timeout = 30.0
    rests_on = ("genesys.verifiers.thinking",)

    def verify(self, result: Any) -> dict[str, Any]:
        """Score 1 or 0."""
        truth = result["verification_info"].get("ground_truth")
        said = _last_output(after_thinking(result["llm_response"]))
        same = said is not None and truth in (said, said if isinstance(said, str) else json.dumps(said))
        return {"score": float(same), "verification_result_info": {"rule": "strict"}}


def _last_output(text: str) -> Any:
    decoder, end = json.JSONDecoder(), len(text)
    for _ in range(_MOST_OBJECTS):
        end = text.rfind("{", 0, end)
        if end < 0:
            break
        try:
            value, _ = decoder.raw_decode(text, end)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "output" in value:
            return value["output"]
    return None


PREFIX = "second:"
"""Before a task type: the kind of verifier that gives a second opinion on it."""
SECOND: dict[str, type[BaseVerifier]] = {
    f"{PREFIX}{MATH}": PlainMathVerifier,
    f"{PREFIX}{OUTPUT}": StrictOutputVerifier,
    f"{PREFIX}{OUTPUT_READ}": StrictOutputVerifier,
}
