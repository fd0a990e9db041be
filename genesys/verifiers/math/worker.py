"""The process that compares answers; started by ``pool``, it talks JSON lines over pipes.

``comparison`` goes first; what it cannot read goes to Math-Verify and SymPy, which are imported when that happens.

It is run as ``python -m genesys.verifiers.math.worker CPU_SECONDS MEMORY_BYTES PARENT_PID``. What an answer makes
SymPy do is bounded by the kernel: CPU time for each question, and address space. There is no timer and no signal
handler in here, because neither stops a long operation on big integers.
"""

from __future__ import annotations

import functools
import json
import logging
import math
import os
import re
import resource
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from genesys.verifiers.math.comparison import compare_answers, is_for_algebra
from genesys.verifiers.math.context import Context
from genesys.verifiers.math.decision import Decision

_ORPHAN_CHECK_S = 5.0


def main() -> None:
    """Answer questions until standard input ends or the parent is gone."""
    cpu_s, memory_bytes, parent = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # Libraries print to standard output now and then; the protocol gets the pipe for itself.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    # Only now, so that an error while loading is still readable by the parent.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    send(replies, {"ready": True})
    serve(replies, cpu_s, parent, memory_bytes)


@functools.cache
def load_algebra() -> Callable[[str, str], bool]:
    """Import Math-Verify, which takes seconds, and give the function that compares a gold with an answer."""
    from math_verify import LatexExtractionConfig, parse, verify
    from sympy.core.random import seed

    logging.disable(logging.CRITICAL)  # it warns at each call that its own time limit is off
    # Boxes have been read already, and the texts are wrapped as one formula, so only formulas are looked for.
    target = [LatexExtractionConfig(boxed_match_priority=-1)]

    def read(text: str) -> list[Any]:
        return list(parse(f"${text}$", extraction_config=target, parsing_timeout=None, raise_on_error=True))

    def compare(gold: str, answer: str) -> bool:
        seed(0)  # SymPy tries random points; which ones must not depend on the questions before
        return bool(
            verify(read(gold), read(answer), allow_set_relation_comp=True, timeout_seconds=None, raise_on_error=True)
        )

    return compare


def serve(replies: BinaryIO, cpu_s: int, parent: int, memory_bytes: int) -> None:
    """Read one question a line, reply one line each."""
    buffered = b""
    while True:
        ready, _, _ = select.select([0], [], [], _ORPHAN_CHECK_S)
        if not ready:
            # The pipe stays open where a fork of the parent holds it too, so the end of input alone is no proof.
            if os.getppid() != parent:
                return
            continue
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return
        buffered += chunk
        *lines, buffered = buffered.split(b"\n")
        for line in lines:
            reply = answer_question(json.loads(line), cpu_s)
            # A process that has grown once is replaced before its next question meets the limit by no fault of its own.
            reply["retire"] = peak_memory(memory_bytes // 2) > memory_bytes // 2
            send(replies, reply)


def answer_question(question: dict[str, Any], cpu_s: int) -> dict[str, Any]:
    """Compare an answer with its golds under a CPU limit of its own.

    Args:
        question: ``{"pairs": [[gold, answer], ...], "prompt": text}``.
        cpu_s: CPU seconds for all pairs together. Beyond them the kernel ends this process with SIGXCPU.

    Returns:
        ``{"match": index of the first pair that is equal, or None, "rule": what decided}``, or ``{"memory": True}``
        when memory ran out.
    """
    limit_cpu(cpu_s)
    context = _context(question["prompt"])
    first: Decision | None = None
    for index, (gold, answer) in enumerate(question["pairs"]):
        try:
            decision = decide(gold, answer, context, cpu_s)
        except MemoryError:
            return {"memory": True}
        if decision.equal:
            return {"match": index, "rule": decision.rule}
        first = first or decision
    return {"match": None, "rule": first.rule if first else "none"}


@functools.lru_cache(maxsize=256)
def _context(prompt: str) -> Context:
    """One for all samples of a task, so that its prompt is read once."""
    return Context(prompt)


def decide(gold: str, answer: str, context: Context, cpu_s: int) -> Decision:
    """The decision on one pair: our own reading, else computer algebra.

    Raises:
        MemoryError: As it says.
    """
    try:
        decision = compare_answers(gold, answer, context)
    except MemoryError:
        raise
    except Exception:  # an answer that our reader falls over is one that it cannot read
        decision = None
    if decision is not None:
        return decision
    if not is_for_algebra(gold, answer):
        return Decision(False, "unreadable")
    algebra = load_algebra()
    limit_cpu(cpu_s)  # its import took seconds that are not the answer's
    try:
        return Decision(algebra(gold, answer), "math-verify")
    except MemoryError:
        raise
    except Exception:  # SymPy raises of all kinds on odd input: not shown equal, which is the verdict
        return Decision(False, "math-verify")


def limit_cpu(cpu_s: int) -> None:
    """Let the kernel end this process after so many more seconds of CPU time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime) + cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def peak_memory(doubtful: int) -> int:
    """The most memory this process has held, in bytes.

    The kernel counts in what its parent held when it started this process, which may be more than all of this one: a
    value above ``doubtful`` is looked up where it is counted from the start of this program.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if peak <= doubtful:
        return peak
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return peak
    own = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(own[1]) * 1024 if own else peak


def send(replies: BinaryIO, reply: dict[str, Any]) -> None:
    """Write one line; a parent that is gone ends this process quietly."""
    try:
        replies.write(json.dumps(reply).encode() + b"\n")
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
