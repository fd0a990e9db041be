"""Speaks the launcher's protocol inside the container: runs cases warm, and those that ask for it in a cold node too.

Only the standard library, and no import of the project: it is copied into the image alone. Reads ``/tmp/cases.json``
({"launcher": argv, "cases": [...]}), writes the results to standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

USER = 20_001
HOME = Path("/tmp/home")  # noqa: S108
ENV = {"PATH": "/usr/bin:/bin", "HOME": str(HOME), "LANG": "C.UTF-8"}
LIMITS = {"cpu": 12, "data": 1280 << 20, "fsize": 64 << 20, "nproc": 64, "nofile": 256, "stack": 256 << 20, "core": 0}
WALL_S = 120
"""Far above the CPU time that a case may use: it is there for one that hangs, and says nothing of a loaded machine."""


class Launcher:
    """One launcher process and our end of its socket."""

    def __init__(self, argv: list[str]) -> None:
        """Start it."""
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def prepare() -> None:
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)

        null = subprocess.DEVNULL
        self.process = subprocess.Popen(argv, stdin=null, stdout=null, preexec_fn=prepare, close_fds=False, env=ENV)
        theirs.close()

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """One case, as the runner would have it run."""
        stdin, pipes = standard_input(case), [user_pipe() for _ in range(3 if case.get("call") else 2)]
        request = {
            "mode": "javascript", "uid": USER, "gid": USER, "cwd": str(HOME), "source": case["path"], "env": ENV,
            "argv": case.get("argv", []), "call": case.get("call"), "limits": LIMITS | case.get("limits", {}),
        }  # fmt: skip
        started = time.perf_counter()
        socket.send_fds(self.link, [json.dumps(request).encode()], [stdin, *(write for _, write in pipes)])
        for fd in (stdin, *(write for _, write in pipes)):
            os.close(fd)
        told, texts = self._watch([read for read, _ in pipes], started + case.get("wall", WALL_S))
        said = {"stdout": texts[0], "stderr": texts[1], "value": texts[2] if len(texts) > 2 else b""}
        return {
            **{name: text.decode(errors="replace") for name, text in said.items()},
            "code": os.waitstatus_to_exitcode(told["status"]), "stopped": told["stopped"], "pid": told["pid"],
            "ms": (time.perf_counter() - started) * 1000,
            "cpu_s": told["utime"] + told["stime"], "maxrss": told["maxrss"],
        }  # fmt: skip

    def _watch(self, pipes: list[int], until: float) -> tuple[dict[str, Any], list[bytes]]:
        texts, told = {fd: bytearray() for fd in pipes}, {"stopped": False}
        poll = select.poll()
        for fd in (*pipes, self.link.fileno()):
            poll.register(fd, select.POLLIN)
        waiting = {*pipes, self.link.fileno()}
        while waiting:
            for fd, _ in poll.poll(50):
                if fd == self.link.fileno():
                    told |= json.loads(self.link.recv(1 << 16))
                    done = "status" in told
                else:
                    data = os.read(fd, 1 << 18)
                    texts[fd] += data
                    done = not data
                if done:
                    waiting.discard(fd)
                    poll.unregister(fd)
            if time.perf_counter() > until and "pid" in told and not told["stopped"]:
                told["stopped"] = True
                with contextlib.suppress(ProcessLookupError), as_user():
                    os.killpg(told["pid"], 9)
        for fd in pipes:
            os.close(fd)
        return told, [bytes(text) for text in texts.values()]


@contextlib.contextmanager
def as_user() -> Iterator[None]:
    """Whose pipes a program can open as its /dev/stdout, and who may kill it."""
    os.setegid(USER)
    os.seteuid(USER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def user_pipe() -> tuple[int, int]:
    """A pipe that belongs to the program's user."""
    with as_user():
        return os.pipe()


def standard_input(case: dict[str, Any]) -> int:
    """A file, or the end of a pipe that another process fills."""
    content = case.get("stdin", "").encode()
    if not case.get("piped"):
        fd = os.memfd_create("stdin")
        os.write(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
        return fd
    read, write = user_pipe()
    if os.fork() == 0:
        with contextlib.suppress(BrokenPipeError):
            os.close(read)
            while content:
                content = content[os.write(write, content) :]
        os._exit(0)
    os.close(write)
    return read


def cold(case: dict[str, Any]) -> dict[str, Any]:
    """The same case by ``node program.js``, as the same user."""
    stdin, (out_read, out_write), (err_read, err_write) = standard_input(case), user_pipe(), user_pipe()
    started = time.perf_counter()
    process = subprocess.Popen(
        ["node", case["path"], *case.get("argv", [])],
        executable="/usr/bin/node",
        stdin=stdin, stdout=out_write, stderr=err_write, env=ENV, cwd=HOME, user=USER, group=USER, extra_groups=[],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)), start_new_session=True,
    )  # fmt: skip
    for fd in (stdin, out_write, err_write):
        os.close(fd)
    if os.fork() == 0:  # somebody has to empty the one while the other is read
        while os.read(err_read, 1 << 18):
            pass
        os._exit(0)
    os.close(err_read)
    with os.fdopen(out_read, "rb") as file:
        out = file.read()
    code = process.wait()
    return {"stdout": out.decode(errors="replace"), "code": code, "ms": (time.perf_counter() - started) * 1000}


def main() -> None:
    """Everything in ``/tmp/cases.json``."""
    job = json.loads(Path("/tmp/cases.json").read_text())  # noqa: S108
    HOME.mkdir()
    HOME.chmod(0o777)
    launcher = Launcher(job["launcher"])
    results = []
    for number, case in enumerate(job["cases"]):
        folder = Path(f"/tmp/program-{number}")  # noqa: S108
        folder.mkdir()
        case["path"] = str(folder / case.get("file", "solution.js"))
        Path(case["path"]).write_text(case["source"], newline="")
        result = {"warm": launcher.run(case), "launcher": launcher.process.pid}
        for _ in range(case.get("times", 1) - 1):
            again = launcher.run(case)
            result.setdefault("ms", []).append(again["ms"])
            result["warm"] = again
        if case.get("cold"):
            result["cold"] = cold(case)
        results.append(result)
    status = Path(f"/proc/{launcher.process.pid}/status").read_text()
    threads = len(list(Path(f"/proc/{launcher.process.pid}/task").iterdir()))
    fds = len(list(Path(f"/proc/{launcher.process.pid}/fd").iterdir()))
    launcher.link.close()
    ended = launcher.process.wait(5)
    json.dump({"results": results, "status": status, "threads": threads, "fds": fds, "ended": ended}, sys.stdout)


if __name__ == "__main__":
    main()
