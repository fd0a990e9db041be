"""Programs that misbehave: each is contained, has its own right result, and leaves the next job and the machine alone.

What each tries stands in ``attacks/``, what must come of it in ``attack_cases``. That an attack can do harm at all is
shown for those that are safe to let, with a runner that has no protection.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import TaskFault
from genesys.job import Compiled, Execution, Job, Run, RunResult
from genesys.sandbox.sandbox import open_sandbox
from genesys.settings import Settings
from tests.genesys.sandbox import attack_cases, unprotected
from tests.genesys.sandbox.attack_cases import ATTACKS, SHOWN
from tests.genesys.sandbox.attacking import CALLED, Attack, Scene, call_job, faults_of_good, good_job
from tests.genesys.sandbox.conftest import SECRET_VARIABLE, Arena
from tests.support import machine
from tests.support.sandbox import opened

THROWAWAY_UID = 19_000 + os.getpid() % 900  # its own for each worker of the tests, since all of it is killed
_SLACK_BYTES = 1 << 20


def _cases() -> list[object]:
    marks = {True: [pytest.mark.slow], False: []}
    seen: Counter[str] = Counter()
    cases = []
    for attack in ATTACKS:
        seen[attack.id] += 1
        number = f"-{seen[attack.id]}" if seen[attack.id] > 1 else ""
        cases.append(pytest.param(attack, id=attack.id + number, marks=marks[attack.slow]))
    return cases


@pytest.mark.docker
@pytest.mark.parametrize("attack", _cases())
def test_attack_is_contained(one_slot: Arena, attack: Attack) -> None:
    assert one_slot.settle(), "the arena is not as it should be before the attack"
    before, inside = machine.Snapshot.taken(), one_slot.inside()
    found = []
    for step in filter(None, (attack.before, attack)):
        started = time.monotonic()
        # A run that ends at the wall-time limit is otherwise done twice, the second time alone.
        execution = one_slot.sandbox.execute(step.job(one_slot.scene), alone="wall_limit" in step.ends)
        took = time.monotonic() - started
        found += step.violations(one_slot.scene, execution)
        found += [f"slow: it took {took:.1f} s"] if took > step.within_s else []
        found += [f"process left: {process}" for process in one_slot.containers.strangers()]
    found += _next_job(one_slot, attack)
    found += _difference(one_slot, before, inside)
    assert not found, "\n".join(found)


def _next_job(arena: Arena, attack: Attack) -> list[str]:
    """A plain program after it; compiled anew where the attack was on the compiler."""
    salt = (
        attack.id if attack in attack_cases.COMPILER or attack.name in ("replaces_tools", "plants_everywhere") else ""
    )
    found = faults_of_good(arena.sandbox.execute(good_job(attack.language, salt)))
    if attack.language in CALLED:
        values = [run.value and json.loads(run.value) for run in arena.sandbox.execute(call_job(attack.language)).runs]
        found += [] if values == [[6, "é"]] else [f"good call: {values}"]
    return found


def _difference(arena: Arena, before: machine.Snapshot, inside: list[dict[str, Any]]) -> list[str]:
    found = [] if arena.settle() else [f"left: {arena.containers.ids()} {arena.containers.strangers()}"]
    for now in arena.inside():
        known = {name for old in inside for name in old["names"]}
        found += [f"inside: {name}" for name in sorted(set(now["names"]) - known)]
        for kind in ("ipc", "sockets"):
            found += [f"inside: {kind} {now[kind]}"] if now[kind] not in [old[kind] for old in inside] else []
        for place, (used_bytes, files) in now["used"].items():
            old_bytes, old_files = (max(old["used"][place][which] for old in inside) for which in (0, 1))
            if used_bytes > old_bytes + _SLACK_BYTES or files > old_files + 8:
                found.append(
                    f"inside: {place} holds {used_bytes} bytes in {files} files, before {old_bytes} in {old_files}"
                )
    whole = f"0-{os.cpu_count() - 1}" if os.cpu_count() > 1 else "0"
    found += [
        f"runner: hindered: {runner}"
        for runner in arena.containers.runners()
        if (runner.nice, runner.policy) != (0, 0) or runner.cpus != whole
    ]
    found += [f"network: {how} said {what!r}" for how, what in arena.listener.heard]
    return found + before.differences(machine.Snapshot.taken())


@pytest.mark.docker
def test_floods_reach_no_disk_of_the_machine(one_slot: Arena) -> None:
    free = shutil.disk_usage("/var/lib/docker" if Path("/var/lib/docker").is_dir() else "/").free
    for attack in ATTACKS:
        if attack.name in ("output_ten_gb", "stderr_endless", "disk_filler") and attack.language in (
            "python",
            "javascript",
        ):
            one_slot.sandbox.execute(attack.job(one_slot.scene))
            assert one_slot.containers.disk_bytes() < _SLACK_BYTES
    assert free - shutil.disk_usage("/").free < 1 << 30


@pytest.mark.docker
def test_containers_are_closed_as_they_are_meant_to_be(one_slot: Arena) -> None:
    """The engine's own account: what no attack above may have found the way to."""
    config = one_slot.containers.configs()[0]
    host = config["HostConfig"]
    assert not host["Privileged"]
    assert not host["Binds"]
    assert not host["PidMode"]
    assert host["ReadonlyRootfs"]
    assert host["NetworkMode"] == "none"
    assert host["LogConfig"]["Type"] == "none"
    assert host["CapDrop"] == ["ALL"]
    assert set(host["CapAdd"] or ()) <= {"CAP_SETUID", "CAP_SETGID", "CAP_KILL", "SETUID", "SETGID", "KILL"}
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] == host["MemorySwap"] > 0
    assert 0 < host["PidsLimit"] <= 512
    assert not [variable for variable in config["Config"]["Env"] or () if variable.startswith("GENESYS")]
    assert [mount["Type"] for mount in config["Mounts"] if mount["Type"] != "tmpfs"] == []


@pytest.mark.docker
def test_what_the_docker_client_knows_of_proxies_stays_out_of_containers(
    one_slot: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies = {"default": {"httpProxy": "http://user:proxy-password@proxy.invalid:3128"}}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": proxies}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    before = one_slot.containers.running()
    with opened("docker", slots=1) as sandbox:
        sandbox.execute(good_job("python"))
        fresh = [config for config in one_slot.containers.configs() if config["Id"] not in before]
    assert fresh
    assert not [variable for config in fresh for variable in config["Config"]["Env"] if "proxy" in variable.lower()]


@pytest.mark.docker
@pytest.mark.parametrize("runs_before", [0, 1])
def test_files_that_have_no_room_are_the_tasks_fault_and_cost_no_container(one_slot: Arena, runs_before: int) -> None:
    fits = Run(stdin=b"1 2 3\n")
    too_large = Run(files={"in.txt": b"i" * (200 << 20)})
    assert one_slot.settle()
    before = one_slot.containers.ids()
    told = []
    with pytest.raises(TaskFault, match=rf"run {runs_before} .*No space left"):
        one_slot.sandbox.execute(
            Job("python", b"print(input())", (*[fits] * runs_before, too_large)),
            lambda result: told.append(result.end) is None,
        )
    assert told == ["exit"] * runs_before
    if not runs_before:
        assert one_slot.containers.ids() == before
    assert not faults_of_good(one_slot.sandbox.execute(good_job("python")))


@pytest.mark.docker
def test_one_that_takes_all_places_does_not_hinder_another_container(one_slot: Arena) -> None:
    """Limits that the kernel counts by user id over all containers: processes, watches, messages."""
    holder = next(attack for attack in ATTACKS if attack.name == "holds_places")
    with open_sandbox(Settings().sandbox.model_copy(update={"isolation": "docker", "slots": 2})) as sandbox:
        with ThreadPoolExecutor(1) as threads:
            holding = threads.submit(sandbox.execute, holder.job(one_slot.scene))
            assert machine.wait_until(lambda: len(one_slot.containers.strangers()) >= 32, 15)
            # The first job of the second container, as that one is of the first.
            threaded = sandbox.execute(Job("python", _THREADED, (Run(),)))
            assert not holding.done(), "it did not hold long enough"
        execution = holding.result()
    assert threaded.runs[0].stdout == b"40\n", threaded.runs[0].stderr
    assert not holder.violations(one_slot.scene, execution)


_THREADED = b"""
import threading
done = []
barrier = threading.Barrier(20)
threads = [threading.Thread(target=lambda: (barrier.wait(5), done.append(2))) for _ in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sum(done))
"""


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder of a user who owns nothing else, cleared of files and processes afterwards."""
    if os.getuid() != 0:
        pytest.skip("needs root, to become a user who owns nothing")
    folder = Path(tempfile.mkdtemp(prefix="unprotected-", dir="/tmp"))
    try:
        (folder / "run").mkdir()
        for path in (folder, folder / "run"):
            os.chown(path, THROWAWAY_UID, THROWAWAY_UID)
        yield folder
    finally:
        for _ in range(20):
            for process in _throwaways():
                try:
                    os.kill(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        shutil.rmtree(folder, ignore_errors=True)
        for place in ("/tmp", "/dev/shm"):
            for path in Path(place).glob(f"{machine.MARK}*"):
                if path.lstat().st_uid == THROWAWAY_UID:
                    path.unlink()


def _throwaways() -> list[machine.Process]:
    return [process for process in machine.processes() if process.uid == THROWAWAY_UID]


@pytest.mark.parametrize("attack", [pytest.param(attack, id=attack.id) for attack in SHOWN])
def test_attack_does_harm_where_nothing_holds_it(attack: Attack, scratch: Path) -> None:
    """What holds in the sandbox does not hold by itself: without protection each of these breaks a condition."""
    with machine.Listener() as listener:
        secret = scratch / "answers"
        scene = Scene(listener.port, ("127.0.0.1",), str(secret))
        secret.write_text(scene.planted["file"])
        os.chown(secret, THROWAWAY_UID, THROWAWAY_UID)
        found = []
        for step in filter(None, (attack.before, attack)):
            execution = _unprotected(step.job(scene), scratch / "run", scene, only_here=attack.before is not None)
            found = step.violations(scene, execution)
        found += [f"process left: {process}" for process in _throwaways()]
        found += [f"network: {how} said {what!r}" for how, what in listener.heard]
    assert any(attack.shown in line for line in found), "\n".join(found)


def _unprotected(job: Job, folder: Path, scene: Scene, *, only_here: bool) -> Execution:
    """What an unprotected runner makes of a job; runs of which it tells nothing are missing."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip("needs a Python that every user may run")
    suffix = b"only here\n" if only_here else b""
    runs = [
        {
            "stdin": _text(run.stdin + suffix),
            "files": {name: _text(content) for name, content in run.files.items()},
            "collect": run.collect,
        }
        for run in job.runs
    ]
    with (
        tempfile.TemporaryFile() as told,
        tempfile.TemporaryFile() as answers,
    ):  # a pipe might be held open by what is left
        told.write(json.dumps({"source": _text(job.source), "runs": runs}).encode())
        told.seek(0)
        subprocess.run(
            [python, "-I", "-c", Path(unprotected.__file__).read_text(), str(folder)],
            stdin=told,
            stdout=answers,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", SECRET_VARIABLE: scene.planted["environment"]},
            user=THROWAWAY_UID,
            group=THROWAWAY_UID,
            extra_groups=[],
            timeout=60,
            check=False,
        )
        answers.seek(0)
        lines = answers.read().splitlines()
    results: dict[int, RunResult] = {}
    for line in lines:
        try:
            result = _result(json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
        results.setdefault(result.index, result)  # as a host would that takes the first answer for each run
    return Execution(Compiled(ok=True), tuple(results.values()))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _result(said: dict[str, Any]) -> RunResult:
    status = said["status"]
    return RunResult(
        said["index"],
        "exit",
        os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        base64.b64decode(said["stdout"]),
        base64.b64decode(said.get("stderr", "")),
        files={name: base64.b64decode(content) for name, content in said.get("files", {}).items()},
    )


def test_there_are_enough_attacks() -> None:
    assert len({attack.name for attack in ATTACKS}) >= 60
    assert {attack.language for attack in ATTACKS} == {"python", "javascript", "cpp", "rust"}
    assert len(SHOWN) >= 8
    folder = Path(attack_cases.__file__).parent / "attacks"
    used = {attack.name for attack in ATTACKS} | {attack.before.name for attack in ATTACKS if attack.before}
    assert {path.stem for path in folder.iterdir() if path.is_file()} - used == {"prelude", "ruff"}
