"""The runner's end of a launcher: starts it, hands it one program at a time, hears how that ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
_STACK_KB = 1 << 20
"""Stack that a launcher is started with: it decides where the kernel puts a forked child's memory, and so how far a
stack can grow whatever the child's own limit is."""


NODE_LAUNCHER = Path("/opt/genesys/node/launcher")
"""In the image; elsewhere JavaScript runs in a cold node."""


class LauncherDied(Exception):
    """A launcher is gone; in a container no program can do that to it."""


class Launcher:
    """One launcher process."""

    def __init__(self, argv: list[str], env: dict[str, str]) -> None:
        """Start it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, _KIND)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _START, str(theirs.fileno()), str(_STACK_KB), *argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=env,
                pass_fds=(theirs.fileno(),),
                cwd="/",
            )
        self._socket = ours

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def fileno(self) -> int:
        """Readable when it has something to say."""
        return self._socket.fileno()

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        """Have a program started.

        Raises:
            LauncherDied: It cannot be asked.
        """
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], fds)
        except OSError as error:
            raise LauncherDied(str(error)) from error

    def hear(self) -> dict[str, Any]:
        """What it says next: the pid, then how the program ended.

        Raises:
            LauncherDied: It is gone.
        """
        try:
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise LauncherDied(str(error)) from error
        if not data:
            raise LauncherDied(f"launcher {self.pid} ended")
        answer: dict[str, Any] = json.loads(data)
        if "error" in answer:
            raise LauncherDied(answer["error"])
        return answer

    def close(self) -> None:
        """End it, if it has not ended."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError, subprocess.TimeoutExpired):
            self._process.wait(5)


_START = """
import os, resource, sys
fd, stack = int(sys.argv[1]), int(sys.argv[2]) * 1024
hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
try:
    resource.setrlimit(resource.RLIMIT_STACK, (stack if hard < 0 else min(stack, hard), hard))
except (ValueError, OSError):
    pass
if fd != 3:
    os.dup2(fd, 3)
    os.close(fd)
os.set_inheritable(3, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Launchers:
    """One launcher of each kind, started when it is first needed; for Python one for each seed of its hashes."""

    def __init__(self, package_root: Path) -> None:
        """``package_root`` is the folder in which ``genesys`` stands."""
        self._package_root = package_root
        self._running: dict[tuple[str, int], Launcher] = {}

    def get(self, kind: str, hash_seed: int = 0) -> Launcher:
        """The launcher for ``python`` (and for whatever is a file to execute) or for ``javascript``."""
        place = _place(kind, hash_seed)
        if place not in self._running:
            if kind == "javascript":
                argv = [str(NODE_LAUNCHER), str(NODE_LAUNCHER.with_suffix(".js"))]
                self._running[place] = Launcher(argv, program_env(Path("/")))
            else:
                self._keep_one_seeded()
                self._running[place] = _python_launcher(self._package_root, hash_seed)
        return self._running[place]

    def lose(self, kind: str, hash_seed: int = 0) -> None:
        """Forget one that has died."""
        self._running.pop(_place(kind, hash_seed)).close()

    def _keep_one_seeded(self) -> None:
        """End Python launchers of other seeds than 0: each is an interpreter's worth of memory."""
        for place in [place for place in self._running if place[1]]:
            self._running.pop(place).close()

    @property
    def pids(self) -> set[int]:
        """Their processes."""
        return {launcher.pid for launcher in self._running.values()}

    def close(self) -> None:
        """End all."""
        for launcher in self._running.values():
            launcher.close()


def _place(kind: str, hash_seed: int) -> tuple[str, int]:
    """Where a launcher is kept: Node has no seed that a program can see."""
    return kind, 0 if kind == "javascript" else hash_seed


def _python_launcher(package_root: Path, hash_seed: int) -> Launcher:
    """The launcher for Python programs and for whatever is a file to execute."""
    code = f"import sys; sys.path.insert(0, {str(package_root)!r}); from genesys.sandbox.runner import launcher; "
    code += "sys.path[:] = [p for p in sys.path if p not in ('', sys.path[0])]; launcher.main()"
    # Equal hashes in every child, so that a program that prints a set prints the same one twice.
    env = {"PYTHONHASHSEED": str(hash_seed), "LANG": "C.UTF-8", "PATH": _PATH}
    return Launcher([sys.executable, "-s", "-c", code], env)


_PATH = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")


def program_env(home: Path, hash_seed: int = 0) -> dict[str, str]:
    """All that a program finds in its environment."""
    seed = str(hash_seed)
    return {"PATH": _PATH, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PYTHONHASHSEED": seed}
