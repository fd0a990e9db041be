"""Worker processes for comparing answers; what a worker is stands in ``genesys.workers``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from genesys.workers.pool import Job, Pool, WorkerDeath

WORKER_MODULE = "genesys.verifiers.math.worker"
_JOB = Job("comparing mathematics", lambda: WORKER_MODULE, "math-verify and sympy")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the workers say about an answer.

    Attributes:
        kind: ``equal``, ``different``, ``time-limit`` or ``worker-died``.
        match: Index of the pair that is equal, for ``equal``.
        rule: What decided.
    """

    kind: Literal["equal", "different", "time-limit", "worker-died"]
    match: int | None = None
    rule: str = ""


class WorkerPool(Pool):
    """A few workers that compare; may be used from several threads."""

    def __init__(self, size: int, cpu_s: int, memory_bytes: int) -> None:
        """Start nothing yet."""
        super().__init__(_JOB, size, cpu_s, memory_bytes)

    def compare(self, pairs: Sequence[tuple[str, str]], prompt: str = "") -> Outcome:
        """Whether the answer equals one of its golds; one over which workers die twice is not shown equal.

        Args:
            pairs: (gold, answer) as they were extracted, for each gold.
            prompt: The task's text.

        Raises:
            InfrastructureFault: Workers do not start, or are killed from outside again and again.
        """
        try:
            reply = self.ask({"pairs": [list(pair) for pair in pairs], "prompt": prompt})
        except WorkerDeath as death:
            if death.cause == "outside":
                raise
            return Outcome(death.cause, rule=death.cause)
        match = reply["match"]
        return Outcome("different" if match is None else "equal", match, str(reply.get("rule", "")))
