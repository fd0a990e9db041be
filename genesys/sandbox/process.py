"""Isolation ``process``: the runner as a plain process of this machine. For programs that one would run by hand anyway.

Limits hold as in a container; as root each program runs as a user of its own, and without a network where the kernel
allows that. It can read whatever all users of the machine can read.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

from genesys.faults import InfrastructureFault
from genesys.sandbox.worker import Worker, WorkerDied

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_END_LIMIT_S = 5.0


class ProcessWorker(Worker):
    """A runner in a process of its own, spoken to over two pipes."""

    isolation = "process"

    def __init__(self) -> None:
        """Start it."""
        super().__init__()
        code = f"import sys; sys.path.insert(0, {str(_PACKAGE_ROOT)!r}); "
        code += "from genesys.sandbox.runner.main import main; main()"
        self._process = subprocess.Popen(
            [interpreter(), "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            start_new_session=True,  # Ctrl-C goes to the host alone, which then closes the pipe
        )
        assert self._process.stdin is not None  # noqa: S101 - both were asked for
        assert self._process.stdout is not None  # noqa: S101
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)

    def _write(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            if not select.select([], [self._in], [], max(0.0, deadline - time.monotonic()))[1]:
                raise WorkerDied("the runner takes nothing in")
            try:
                view = view[os.write(self._in, view[:65536]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise WorkerDied(str(error)) from error

    def _read(self, deadline: float) -> bytes:
        if not select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise WorkerDied("the runner says nothing")
        data = os.read(self._out, 1 << 20)
        if not data:
            raise WorkerDied(f"the runner ended with code {self._process.poll()}")
        return data

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """Close its input, which ends it; kill it if that does not help."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def interpreter() -> str:
    """The Python that runs the runner: this one, unless we are root and other users cannot read its library.

    Raises:
        InfrastructureFault: None will do.
    """
    if os.getuid() != 0 or _readable_by_all(Path(os.__file__)):
        return sys.executable
    for name in ("python3.13", "python3.12", "python3.11"):
        command = shutil.which(name, path="/usr/local/bin:/usr/bin")
        if command and _readable_by_all(Path(command)):
            return command
    raise InfrastructureFault(
        f"isolation = process cannot run here: as root, programs run as a user of their own, who cannot read this "
        f"interpreter's library ({os.__file__}), and there is no Python 3.11 to 3.13 in /usr/bin. Install one, run as "
        "another user than root, or use Docker.",
        final=True,
    )


def _readable_by_all(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
