"""One run of one program: started by a launcher, watched against its limits, its output taken up to a cap.

Says what happened and judges nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from genesys.sandbox.runner.host import Host
from genesys.sandbox.runner.languages import LARGEST_BINARY
from genesys.sandbox.runner.launching import Launcher
from genesys.sandbox.runner.metering import Meter, in_line_s, process_cpu_s
from genesys.sandbox.runner.users import User

_CHUNK = 1 << 18
_STDERR_KEPT = 8192
_STDERR_MOST = 64 << 20
"""A program that writes more to standard error than this is stopped like one that floods standard output."""
_VALUE_MOST = 4 << 20
MOST_STARVED = 4.0
"""A run that a loaded machine gives no core gets so many times its wall time at most."""
_GRACE_S = 1.0
"""How long a launcher may take to fork."""
_LOOK_S = 0.1
"""A run is looked at so often; what it was like in between is not seen, but for its first process's memory."""
_OUT_OF_MEMORY = (
    b"MemoryError",
    b"std::bad_alloc",
    b"memory allocation of",
    b"heap out of memory",
    b"Cannot allocate",
    b"Array buffer allocation failed",
)


@dataclass
class Stream:
    """One output of a program: what is kept of it, and how much it may be in all."""

    kept_bytes: int
    most_bytes: int
    kept: bytearray = field(default_factory=bytearray)
    seen: int = 0

    def take(self, data: bytes) -> bool:
        """Add what came; whether it is still within its cap."""
        self.seen += len(data)
        self.kept += data[: max(0, self.kept_bytes - len(self.kept))]
        return self.seen <= self.most_bytes


@dataclass
class Ended:
    """How a run ended, in the words of ``genesys.job``."""

    end: str
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    value: bytes | None
    cpu_s: float
    wall_s: float
    memory_mb: float

    @property
    def facts(self) -> dict[str, Any]:
        """Without the outputs."""
        names = ("end", "exit_code", "signal", "cpu_s", "wall_s", "memory_mb")
        return {name: getattr(self, name) for name in names}


@dataclass
class Watched:
    """What a run may use, and who is told when its time is over."""

    cpu_s: float
    wall_s: float
    memory_mb: float
    output_bytes: int
    meter: Callable[[], Meter]
    """Begins to count what the run uses."""
    end_strangers: Callable[[], None]
    """Ends everything that the run started, itself included."""
    host: Host
    """May say something meanwhile, or be gone; and is to be told in time of what came before."""


def run(launcher: Launcher, user: User, request: dict[str, Any], stdin: bytes, limits: Watched) -> Ended:
    """Run one program to its end, or to that of its limits.

    Raises:
        LauncherDied: The launcher is gone, and what became of the program is not known.
        EOFError: The host is gone.
    """
    wants_value = request["mode"] == "compile" or request.get("call") is not None
    streams: dict[int, Stream] = {}
    theirs = [_file_of(stdin)]
    caps = [Stream(limits.output_bytes, limits.output_bytes), Stream(_STDERR_KEPT, _STDERR_MOST)]
    if wants_value:
        most = LARGEST_BINARY if request["mode"] == "compile" else _VALUE_MOST
        caps.append(Stream(most, most))
    with user.files():  # else a program could not open its own /dev/stdout
        for stream in caps:
            read_end, write_end = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
            os.set_blocking(read_end, False)
            streams[read_end] = stream
            theirs.append(write_end)
    started, killed_before, meter = time.monotonic(), _oom_kills(), limits.meter()
    try:
        launcher.start(request, theirs)
    finally:
        for fd in theirs:
            os.close(fd)
    try:
        end, answer = _watch(launcher, streams, limits, meter, started)
        wall_s, cpu_s = time.monotonic() - started, max(meter.cpu_s(), answer["utime"] + answer["stime"])
        limits.end_strangers()  # before the last of the output, which they might hold open
        for fd, stream in streams.items():
            if not _drain(fd, stream) and end == "exit":
                end = "output_limit"
    finally:
        for fd in streams:
            os.close(fd)
    used = (cpu_s, wall_s, max(meter.most_memory_mb, answer["maxrss"] / 1024))
    return _ended(end, answer["status"], list(streams.values()), used, limits, killed_before)


def _watch(
    launcher: Launcher, streams: dict[int, Stream], limits: Watched, meter: Meter, started: float
) -> tuple[str, dict[str, Any]]:
    """Until the program has ended: its first end (``exit`` if no limit stopped it), and what the launcher said."""
    end, pid = "exit", None
    poll = select.poll()
    for fd in (*streams, launcher.fileno(), limits.host.fileno()):
        poll.register(fd, select.POLLIN)
    look_at = started + min(_LOOK_S, limits.cpu_s, limits.wall_s)
    while True:
        wait_s = look_at - time.monotonic() if pid is not None else _GRACE_S
        for fd, event in poll.poll(max(1.0, min(wait_s, limits.host.flush_in_time()) * 1000)):
            if fd == launcher.fileno():
                answer = launcher.hear()
                if "status" in answer:
                    return end, answer
                pid = answer["pid"]
            elif fd in streams:
                if not _drain(fd, streams[fd], whole=False) and end == "exit":
                    end = "output_limit"
                if event & select.POLLHUP and not event & select.POLLIN:
                    poll.unregister(fd)
            elif limits.host.hear():
                raise EOFError
        if end == "exit" and pid is not None and time.monotonic() >= look_at:
            end, wait_s = _left(pid, limits, meter, started)
            look_at = time.monotonic() + wait_s
        if end != "exit":
            _stop(pid, limits)
            look_at = time.monotonic() + 0.02


def _left(pid: int, limits: Watched, meter: Meter, started: float) -> tuple[str, float]:
    """``exit`` while a run keeps its limits, and how long it is good to wait before looking again."""
    elapsed, cpu_s = time.monotonic() - started, meter.cpu_s(pid)
    wall_left = limits.wall_s - elapsed
    if wall_left <= 0:
        # Time in which it wanted a core and got none is the machine's, up to a point; its own, where others of the same
        # run were at work meanwhile.
        starved_s = max(0.0, in_line_s(pid) - (cpu_s - process_cpu_s(pid)))
        wall_left = min(limits.wall_s + starved_s, limits.wall_s * MOST_STARVED) - elapsed
    cpu_left = limits.cpu_s - cpu_s
    if cpu_left <= 0:
        return "cpu_limit", 0.0
    if wall_left <= 0:
        return "wall_limit", 0.0
    if meter.look_at_memory() > limits.memory_mb:
        return "memory_limit", 0.0
    return "exit", min(wall_left, cpu_left, _LOOK_S) + 0.001


def _stop(pid: int | None, limits: Watched) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    limits.end_strangers()


def _drain(fd: int, stream: Stream, *, whole: bool = True) -> bool:
    """Read what is there; whether the stream is within its cap."""
    within = stream.seen <= stream.most_bytes
    with contextlib.suppress(BlockingIOError):
        while data := os.read(fd, _CHUNK):
            within = stream.take(data)
            if not whole or not within:
                break
    return within


def _ended(
    end: str,
    status: int,
    streams: list[Stream],
    used: tuple[float, float, float],
    limits: Watched,
    killed_before: int,
) -> Ended:
    """What it comes to; ``used`` is CPU time, wall time and memory."""
    by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    cpu_s, _, memory_mb = used
    out, err = streams[0], streams[1]
    value = bytes(streams[2].kept) if len(streams) > 2 and streams[2].kept else None
    failed = exit_code != 0
    if memory_mb > limits.memory_mb:
        end = "memory_limit"  # whatever stopped it after that
    elif end == "exit" and (cpu_s > limits.cpu_s or by_signal == signal.SIGXCPU):
        end = "cpu_limit"
    elif (
        end == "exit" and failed and (_oom_kills() > killed_before or any(sign in err.kept for sign in _OUT_OF_MEMORY))
    ):
        end = "memory_limit"
    return Ended(end, exit_code, by_signal, bytes(out.kept), bytes(err.kept), value, *used)


def _oom_kills() -> int:
    """How often the kernel has killed a process of this container for its memory."""
    for path in ("/sys/fs/cgroup/memory/memory.oom_control", "/sys/fs/cgroup/memory.events"):
        with contextlib.suppress(OSError), open(path) as file:  # noqa: PTH123
            for line in file:
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0


def _file_of(content: bytes) -> int:
    """An open file that holds ``content``, anew for each run and without a name."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        os.lseek(fd, 0, os.SEEK_SET)
        return fd
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return os.dup(file.fileno())
