"""The side of a worker process; started by ``pool``, it talks JSON lines over pipes.

It is run as ``python -m MODULE CPU_SECONDS MEMORY_BYTES PARENT_PID``, MODULE calling ``main``. What a question makes it
do is bounded by the kernel: CPU time for each question, and address space. There is no timer and no signal handler in
here, because neither stops a long operation of a library in C.
"""

from __future__ import annotations

import json
import math
import os
import re
import resource
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

_ORPHAN_CHECK_S = 5.0

Answer = Callable[[dict[str, Any], int], dict[str, Any]]
"""Question and CPU seconds for it -> reply."""


def main(answer: Answer) -> None:
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
    serve(answer, replies, cpu_s, parent, memory_bytes)


def serve(answer: Answer, replies: BinaryIO, cpu_s: int, parent: int, memory_bytes: int) -> None:
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
            reply = _answered(answer, json.loads(line), cpu_s)
            # A process that has grown once is replaced before its next question meets the limit by no fault of its own.
            reply["retire"] = peak_memory(memory_bytes // 2) > memory_bytes // 2
            send(replies, reply)


def _answered(answer: Answer, question: dict[str, Any], cpu_s: int) -> dict[str, Any]:
    """The reply to a question under a CPU limit of its own; ``{"memory": True}`` when memory ran out."""
    limit_cpu(cpu_s)
    try:
        return answer(question, cpu_s)
    except MemoryError:
        return {"memory": True}


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
