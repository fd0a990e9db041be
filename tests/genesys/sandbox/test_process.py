"""Isolation ``process``: nothing is left behind, not even by a kill, and what the machine allows is taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesys.job import Limits
from genesys.settings import SandboxSettings
from tests.support.processes import descendants, seconds_until_gone
from tests.support.sandbox import job, opened

_HOST = """
from tests.support.sandbox import job, settings
from genesys.job import Limits
from genesys.sandbox.sandbox import open_sandbox
with open_sandbox(settings("process")) as sandbox:
    print(sandbox.execute(job("python", "import os; print(os.getcwd())")).runs[0].stdout.decode(), end="", flush=True)
    source = "import os, time\\nif os.fork() == 0: os.setsid()\\nopen('f', 'w').write('x')\\nwhile True: time.sleep(1)"
    sandbox.execute(job("python", source, limits=Limits(cpu_s=60, wall_s=60)))
"""


def _folder(said: str) -> Path:
    """The sandbox's folder, by where a program of its ran; other tests have sandboxes of their own meanwhile."""
    (found,) = [path for path in Path(said.strip()).parents if path.name.startswith("genesys-sandbox-")]
    assert found.exists()
    return found


def test_a_kill_of_the_host_leaves_no_process_and_no_folder() -> None:
    host = subprocess.Popen([sys.executable, "-c", _HOST], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    folder = _folder(host.stdout.readline())
    time.sleep(0.5)
    family = descendants(host.pid)
    assert len(family) >= 3  # runner, launcher, program
    host.kill()
    host.wait()

    seconds_until_gone(family, 10)
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


def test_nothing_is_left_after_close() -> None:
    others = descendants(os.getpid())
    with opened("process", slots=1) as sandbox:
        ran = sandbox.execute(job("python", "import os\nopen('a', 'w').write('x')\nprint(os.getcwd())"))
        folder = _folder(ran.runs[0].stdout.decode())
        family = {pid: start for pid, start in descendants(os.getpid()).items() if pid not in others}
        assert family
    seconds_until_gone(family, 5)
    assert not folder.exists()


def test_a_program_that_leaves_processes_is_told_from_one_that_does_not() -> None:
    daemon = "import os, time\nif os.fork() == 0:\n  os.setsid()\n  os.fork() or time.sleep(9)\n  os._exit(0)\nprint(1)"
    with opened("process", slots=1) as sandbox:
        others = descendants(os.getpid())
        assert sandbox.execute(job("python", daemon)).runs[0].stdout == b"1\n"
        left = {pid: start for pid, start in descendants(os.getpid()).items() if pid not in others}
        assert sandbox.execute(job("python", "print(2)")).runs[0].stdout == b"2\n"
    seconds_until_gone(left, 5)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make other users")
def test_as_root_programs_are_somebody_else_and_without_a_network() -> None:
    source = """
import os, socket
print(os.getuid() == 0, os.getgid() == 0, os.getgroups())
try:
    open('/etc/shadow').read()
except PermissionError:
    print("no shadow")
try:
    socket.create_connection(("127.0.0.1", int(input())), 1)
except OSError as error:
    print(type(error).__name__)
"""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server, opened("process", slots=1) as sandbox:
        port = server.getsockname()[1]
        result = sandbox.execute(job("python", source, str(port), limits=Limits(2, 5, 256))).runs[0]
    said = result.stdout.decode().splitlines()
    assert said[:2] == ["False False []", "no shadow"]
    assert said[2:] in (["OSError"], ["ConnectionRefusedError"])  # its own, empty loopback


def test_the_environment_of_the_host_is_not_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    source = "import os\nprint(dict(os.environ))\nprint(open(f'/proc/{os.getppid()}/environ').read())"
    with opened("process", slots=1) as sandbox:
        result = sandbox.execute(job("python", source)).runs[0]
    assert b"PATH" in result.stdout
    assert b"sk-secret" not in result.stdout


def test_process_isolation_is_chosen_and_never_fallen_back_to() -> None:
    assert SandboxSettings().isolation == "docker"
