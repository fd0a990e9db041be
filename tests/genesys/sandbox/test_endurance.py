"""Many jobs in a row, a tenth of them hostile: no wrong result, and nothing that grows with their number.

GENESYS_JOBS says how many: 300 by default, 10,000 in the long form; GENESYS_SEED repeats a mixture.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from genesys.job import LANGUAGES, Execution, Language
from genesys.sandbox.container import OWNER_LABEL
from genesys.sandbox.sandbox import Sandbox, missing, open_sandbox
from genesys.settings import Settings
from tests.genesys.sandbox.attack_cases import ATTACKS
from tests.genesys.sandbox.attacking import CALLED, Attack, Scene, call_job, faults_of_good, good_job
from tests.support import machine

JOBS = int(os.environ.get("GENESYS_JOBS", "300"))
SEED = int(os.environ.get("GENESYS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
HOSTILE_SHARE = 0.1
_LOOKS = 10
_KEPT_CONNECTIONS = 32  # the engine's client keeps up to 25 of them for later
_WEIGHTS = {"python": 4, "javascript": 3, "cpp": 2, "rust": 1}
# What takes long by its nature: once each in the suite of attacks is enough.
_TOO_LONG = {"input_of_64_mb", "source_of_50_mb", "source_nested_deeply", "inode_filler", "replaces_own_folder"}


@dataclass(frozen=True)
class Look:
    """What this process and the machine hold at a moment, between jobs."""

    jobs: int
    own: machine.Own
    containers: int
    strangers: int
    disk_bytes: int
    free_bytes: int


@dataclass
class Course:
    """What came of all jobs."""

    wrong: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    looks: list[Look] = field(default_factory=list)


def hostile() -> list[Attack]:
    """Attacks that take no longer than a job may."""
    return [
        replace(attack, limits=replace(attack.limits, wall_s=1.0)) if "wall_limit" in attack.ends else attack
        for attack in ATTACKS
        if not attack.slow and attack.before is None and attack.name not in _TOO_LONG and "network" not in attack.name
    ]


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(600 + 3 * JOBS)
def test_many_jobs_a_tenth_of_them_hostile() -> None:
    settings = Settings().sandbox.model_copy(update={"isolation": "docker", "jobs_per_container": 50})
    if why := missing(settings):
        pytest.skip(why)
    print(f"seed {SEED}, {JOBS} jobs")
    chance, scene, course = random.Random(SEED), Scene(), Course()
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setenv("XDG_CACHE_HOME", folder)
        patch.setattr(tempfile, "tempdir", folder)
        containers = machine.Containers(OWNER_LABEL, os.getpid())
        before, children = machine.Snapshot.taken(), machine.Own.taken().children
        with open_sandbox(settings) as sandbox, ThreadPoolExecutor(sandbox.slots) as threads:
            plan = [_drawn(chance, scene) for _ in range(JOBS)]
            for start, end in _stretches(JOBS):
                for told in threads.map(lambda number: _one(sandbox, scene, plan[number], number), range(start, end)):
                    course.wrong += told
                course.done.update(_name(job) for job in plan[start:end])
                course.looks.append(_look(end, containers, sandbox.slots))
        left = containers.ids()
        containers.close()
        machine.wait_until(lambda: machine.Own.taken().children <= children, 5)
        course.wrong += [f"containers were left: {left}"] if left else []
        course.wrong += before.differences(machine.Snapshot.taken())
        cached = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    print(f"{sum(course.done.values())} jobs, {course.done}; {cached >> 20} MiB of binaries kept")
    for look in course.looks:
        print(look)
    faults = course.wrong + _growth(course.looks)
    assert machine.Own.taken().children <= children
    assert not faults, f"seed {SEED}:\n" + "\n".join(faults)


Drawn = tuple[Language, str, Attack | None]


def _drawn(chance: random.Random, scene: Scene) -> Drawn:
    """What is asked, and in which language: ``good`` (few programs, most compiled before), ``call`` or an attack."""
    if chance.random() < HOSTILE_SHARE:
        attack = chance.choice(hostile())
        return attack.language, attack.id, attack
    language = chance.choices(LANGUAGES, [_WEIGHTS[name] for name in LANGUAGES])[0]
    if language in CALLED and chance.random() < 0.3:
        return language, "call", None
    return language, f"good {chance.randrange(5)}", None


def _name(job: Drawn) -> str:
    return "hostile" if job[2] else f"{job[0]} {job[1].split()[0]}"


def _stretches(jobs: int) -> list[tuple[int, int]]:
    """Between two looks; the first is short, since much is made at the first use."""
    bounds = sorted({0, min(jobs, 40), *(jobs * number // _LOOKS for number in range(1, _LOOKS + 1))})
    return list(zip(bounds, bounds[1:], strict=False))


def _one(sandbox: Sandbox, scene: Scene, drawn: Drawn, number: int) -> list[str]:
    """Do a job; what is wrong with its result."""
    language, name, attack = drawn
    if attack is not None:
        faults = attack.violations(scene, sandbox.execute(attack.job(scene)))
    elif name == "call":
        faults = _faults_of_call(sandbox.execute(call_job(language)))
    else:
        faults = faults_of_good(sandbox.execute(good_job(language, name)))
    return [f"job {number}, {language} {name}: {fault}" for fault in faults]


def _faults_of_call(execution: Execution) -> list[str]:
    values = [run.value and json.loads(run.value) for run in execution.runs]
    return [] if values == [[6, "é"]] else [f"call: {values}, {[run.end for run in execution.runs]}"]


def _look(jobs: int, containers: machine.Containers, slots: int) -> Look:
    machine.wait_until(lambda: len(containers.ids()) <= slots + 1 and not containers.strangers(), 20)
    gc.collect()
    time.sleep(0.1)
    return Look(
        jobs=jobs,
        own=machine.Own.taken(),
        containers=len(containers.ids()) - slots,
        strangers=len(containers.strangers()),
        disk_bytes=containers.disk_bytes(),
        free_bytes=shutil.disk_usage("/").free,
    )


def _growth(looks: list[Look]) -> list[str]:
    """What there is more of at the end than after the first stretch, beyond what a container more or less explains."""
    first, last = looks[0], looks[-1]
    jobs = max(1, last.jobs - first.jobs)
    grown_mb = last.own.memory_mb - first.own.memory_mb
    faults = [f"processes of programs were left after {look.jobs} jobs" for look in looks if look.strangers]
    faults += [f"{look.containers} containers too many after {look.jobs} jobs" for look in looks if look.containers > 1]
    faults += [
        f"{look.disk_bytes} bytes on the disk after {look.jobs} jobs" for look in looks if look.disk_bytes > 1 << 20
    ]
    descriptors = [look.own.descriptors for look in looks]
    if descriptors[-1] > descriptors[0] + _KEPT_CONNECTIONS or descriptors[-1] > descriptors[len(looks) // 2] + 10:
        faults.append(f"open files: {descriptors}")
    if last.own.threads > first.own.threads + 2:
        faults.append(f"threads: {first.own.threads} at first, {last.own.threads} at the end")
    if grown_mb > 32 + 0.005 * jobs:
        faults.append(f"memory: {grown_mb:.0f} MiB more after {jobs} jobs")
    return faults
