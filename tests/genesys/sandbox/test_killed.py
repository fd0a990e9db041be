"""Containers, host process and engine are killed in the middle of jobs: no verdict is made of it, and nothing stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesys.faults import InfrastructureFault
from genesys.job import Limits
from genesys.sandbox.container import connect, sweep
from genesys.sandbox.image import LABEL, image_name
from tests.support.machine import wait_until
from tests.support.sandbox import job, opened, settings

pytestmark = pytest.mark.docker
_SLOW_SUM = "import time\ntime.sleep(0.2)\nprint(int(input()) + 1)"
_ROOMY = Limits(cpu_s=5, wall_s=20, memory_mb=256)


def _containers(owner_pid: int, state: str = "") -> list[str]:
    client = connect(settings("docker"))
    found = client.api.containers(all=True, filters={"label": f"{LABEL}=worker"})
    client.close()
    return [c["Id"] for c in found if f" {owner_pid} " in c["Labels"][f"{LABEL}.owner"] and state in c["State"]]


def test_a_killed_container_costs_another_start_and_no_verdict() -> None:
    with opened("docker", slots=2) as sandbox:
        client = connect(settings("docker"))
        stop, kills = threading.Event(), []

        def kill_now_and_then() -> None:
            while not stop.wait(0.8):
                for found in _containers(os.getpid(), "running")[:1]:
                    try:
                        client.api.kill(found, "SIGKILL")
                        kills.append(found)
                    except Exception:  # noqa: BLE001, S112 - it went by itself
                        continue

        killer = threading.Thread(target=kill_now_and_then)
        killer.start()
        try:
            executions = [
                sandbox.execute(job("python", _SLOW_SUM, *map(str, range(6)), limits=_ROOMY)) for _ in range(4)
            ]
        finally:
            stop.set()
            killer.join()

    assert len(kills) >= 3
    for execution in executions:
        assert [run.stdout for run in execution.runs] == [b"%d\n" % (n + 1) for n in range(6)]
        assert [run.index for run in execution.runs] == list(range(6))


def test_nothing_is_left_after_close() -> None:
    with opened("docker", slots=2) as sandbox:
        sandbox.execute(job("python", "print(1)"))
        assert _containers(os.getpid())
    assert _containers(os.getpid()) == []


_HOST = """
import sys
from tests.support.sandbox import job, settings
from genesys.job import Limits
from genesys.sandbox.sandbox import open_sandbox
with open_sandbox(settings("docker")) as sandbox:
    sandbox.execute(job("python", "print(1)"))
    print("ready", flush=True)
    sandbox.execute(job("python", "import os\\nwhile True: pass", limits=Limits(cpu_s=60, wall_s=60)))
"""


def test_ten_seconds_after_a_kill_of_the_host_nothing_is_left() -> None:
    with opened("docker"):
        pass  # the image is there, or the test is skipped
    host = subprocess.Popen([sys.executable, "-c", _HOST], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    assert host.stdout.readline() == "ready\n"
    time.sleep(0.5)
    assert _containers(host.pid, "running")
    host.kill()
    host.wait()

    deadline = time.monotonic() + 10
    while left := _containers(host.pid):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


def test_a_container_that_lost_its_host_is_swept_and_no_other() -> None:
    with opened("docker", slots=1) as sandbox:
        sandbox.execute(job("python", "print(1)"))
        mine = set(_containers(os.getpid()))
        client = connect(settings("docker"))
        owner = client.api.inspect_container(next(iter(mine)))["Config"]["Labels"][f"{LABEL}.owner"]
        dead = subprocess.Popen(["true"])
        dead.wait()
        lost = client.containers.create(
            image_name(settings("docker")),
            labels={LABEL: "worker", f"{LABEL}.owner": owner.replace(f" {os.getpid()} ", f" {dead.pid} ")},
        )
        assert sweep(client) >= 1
        assert set(_containers(os.getpid())) == mine
        assert lost.id not in [c["Id"] for c in client.api.containers(all=True)]
        assert sandbox.execute(job("python", "print(2)")).runs[0].stdout == b"2\n"


COMPILERS = (
    *(
        "opt/genesys/pch",
        "usr/include",
        "usr/lib/gcc",
        "usr/lib/rustlib",
        "usr/libexec/gcc",
        "usr/share",
        "usr/bin/mold",
    ),
    *(f"usr/lib/x86_64-linux-gnu/{name}" for name in ("*.a", "libLLVM*", "librustc*")),
    "usr/bin/*-linux-gnu-*",
)
"""Three quarters of the sandbox's image, by bytes."""


class Engine:
    """A Docker engine of the test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        where = [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec", f"--pidfile={self.folder}/pid"]
        # A killed engine leaves these, and its containerd dies with it; by now the number may be somebody else's.
        for stale in ("pid", "exec/containerd/containerd.pid"):
            (self.folder / stale).unlink(missing_ok=True)
        # In a network of its own: it would take the bridge of the machine's engine away.
        command = ["unshare", "--net", "dockerd", "-H", self.address, *where, "--iptables=false", "--ip-masq=false"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(300):
            if self.docker("info").returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    def stop(self, how: int) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def take_image(self) -> None:
        """Bring the sandbox's image over from the machine's engine, without compilers: nothing is compiled here."""
        name = image_name(settings("docker"))
        told = subprocess.run(["docker", "inspect", name], capture_output=True, check=True).stdout
        config = json.loads(told)[0]["Config"]
        changes = [f"ENTRYPOINT {json.dumps(config['Entrypoint'])}", f"WORKDIR {config['WorkingDir']}"]
        changes += [f"ENV {variable}" for variable in config["Env"]]
        changes += [f"LABEL {key}={value}" for key, value in config["Labels"].items()]
        without = [f"--exclude=./{path}" for path in COMPILERS]
        pack = ["docker", "run", "--rm", "--entrypoint=tar", name, "-c", "--one-file-system", "-C/", *without, "."]
        packed = subprocess.Popen(pack, stdout=subprocess.PIPE)
        words = [word for change in changes for word in ("--change", change)]
        assert self.docker("import", *words, "-", name, stdin=packed.stdout).returncode == 0
        assert packed.wait() == 0

    def docker(self, *words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["docker", "-H", self.address, *words], capture_output=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with opened("docker"):
        pass
    if os.getuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("an engine of one's own needs root and dockerd")
    own = Engine(Path("/var/tmp") / f"genesys-test-engine-{uuid.uuid4().hex[:8]}")  # noqa: S108 - overlay needs a real disk
    own.folder.mkdir()
    try:
        own.start()
        own.take_image()
        yield own
    finally:
        own.stop(signal.SIGTERM)
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):  # a killed engine leaves its mounts
            if f" {own.folder}/" in line:
                subprocess.run(["umount", "--lazy", line.split()[1]], check=True)
        shutil.rmtree(own.folder)


@pytest.mark.slow
def test_a_killed_engine_is_waited_for_and_no_verdict_is_made_of_it(engine: Engine) -> None:
    killed = threading.Event()

    def kill_and_restart() -> None:
        time.sleep(1.0)
        engine.stop(signal.SIGKILL)
        killed.set()
        time.sleep(1.0)
        engine.start()

    with opened("docker", docker_host=engine.address, slots=1) as sandbox:
        assert sandbox.execute(job("python", "print(1)")).runs[0].stdout == b"1\n"
        restart = threading.Thread(target=kill_and_restart)
        restart.start()
        execution = sandbox.execute(job("python", _SLOW_SUM, *map(str, range(12)), limits=_ROOMY))
        restart.join()

    assert killed.is_set()
    assert [run.stdout for run in execution.runs] == [b"%d\n" % (n + 1) for n in range(12)]
    listed = ("ps", "-aq", "--filter", f"label={LABEL}=worker")
    with opened("docker", docker_host=engine.address):  # sweeps what the engine left behind
        # What it was told to remove it removes in its own time, and lists it until then.
        assert wait_until(lambda: engine.docker(*listed).stdout == b"", 10)


@pytest.mark.slow
def test_an_engine_that_stays_away_is_infrastructure(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesys.sandbox.sandbox._PATIENCE_S", 2.0)
    with opened("docker", docker_host=engine.address, slots=1) as sandbox:
        engine.stop(signal.SIGKILL)
        with pytest.raises(InfrastructureFault):
            sandbox.execute(job("python", "print(1)"))
        engine.start()
        assert sandbox.execute(job("python", "print(1)")).runs[0].stdout == b"1\n"
