"""A worker of genesys.verifiers.math.worker with a comparison that falls over in the ways an answer can cause."""

import os
import signal
from pathlib import Path

from genesys.verifiers.math import worker
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision


def decide(gold: str, answer: str, context: Context, cpu_s: int) -> Decision:
    """Do what the answer says, else compare the texts."""
    if answer == "needs memory":
        bytearray(64 << 30)  # beyond the limit on address space
    if answer == "overflows the stack":
        os.kill(os.getpid(), signal.SIGSEGV)
    if answer == "aborts":
        os.abort()
    if gold.startswith("once ") and not (seen := Path(gold.removeprefix("once "))).exists():
        seen.touch()
        os.abort()
    return Decision(gold == answer, "text")


if __name__ == "__main__":
    worker.decide = decide
    worker.main()
