"""Runs of the graph with a real engine that they start and share: killed in mid-run, and the engine under them, too."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.commands import engines
from genesys.demo.build import build_recorded
from genesys.settings import Settings, load_settings
from genesys.stores import open_lake
from genesys.teachers.engine_folder import EngineFolder
from genesys.teachers.shared_engine import SharedEngine
from genesys.teachers.vllm_engine import VllmEngine
from tests.genesys.commands.runs import COMMAND, environment
from tests.support.processes import Processes, descendants, seconds_until_gone

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

SAMPLES = 6
SETTINGS = """
state = "state"
samples = SAMPLES
[sampling]
temperature = 1.0
max_tokens = 48
[curator]
kind = "recorded"
id = "demo-answers-written-by-hand"
journal = "{state}/recorded"
structured = false
[teacher]
kind = "KIND"
id = "demo-answers-written-by-hand"
model = "MODEL"
journal = "{state}/recorded"
num_gpus = 0
concurrency = 4
idle_stop = 60
start_timeout = 400
engine_args = { enforce_eager = true, max_model_len = 2048, enable_chunked_prefill = false }
[benchmarks]
default = false

[lanes.math]
shard_size = 64
sources = [{ path = "{demo}/numina_math_1_5.jsonl" }, { path = "{demo}/numina_math_cot.jsonl" }]
"""


def settings_for(folder: Path, kind: str, model: Path) -> Settings:
    text = SETTINGS.replace("KIND", kind).replace("MODEL", str(model)).replace("SAMPLES", str(SAMPLES))
    (folder / "genesys.toml").write_text(text)
    return load_settings(folder / "genesys.toml")


class Runs:
    """`genesys run` on settings, as processes that the test kills; and what their journal holds."""

    def __init__(self, folder: Path, settings: Settings, env: dict[str, str]) -> None:
        self.folder, self.settings, self.env = folder, settings, env
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "run.log").open("ab") as log:
            run = subprocess.Popen([*COMMAND, "run"], cwd=self.folder, env=self.env, stdout=log, stderr=log)
        self._started.append(run)
        return run

    def end(self) -> None:
        """Leave nothing behind, whatever failed."""
        for run in self._started:
            run.kill()
            run.wait()
        engines.main(["--state", str(self.folder / "state"), "--stop", "--force"])

    def said(self) -> str:
        return (self.folder / "run.log").read_text()

    def answers(self) -> dict[str, Entry]:
        """What the teacher said, by key."""
        if not Path(self.settings.path(self.settings.journal.root)).exists():
            return {}
        with Journal(self.settings.path(self.settings.journal.root), readonly=True) as journal:
            entries = [entry for segment in journal.segments() for entry in segment.entries()]
        return {entry.key: entry for entry in entries if (entry.endpoint or "").startswith("http")}

    def wait(self, process: subprocess.Popen[bytes], is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + 400
        while not is_so():
            assert process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)


def alive_engine(folder: Path) -> tuple[str, Processes]:
    """Its start's id, and the keeper with all that is below it."""
    (path,) = (folder / "state" / "engines").iterdir()
    opened = EngineFolder(path)
    record = opened.record()
    assert record is not None
    assert opened.is_kept
    assert record.state == "up"
    opened.close()
    return record.id, descendants(record.pid)


@pytest.fixture
def runs(tmp_path: Path, tiny_model: Path, vllm_python: str) -> Iterator[Runs]:
    build_recorded(settings_for(tmp_path, "recorded", tiny_model))
    env = environment(GENESYS_VLLM_PYTHON=vllm_python, VLLM_CPU_KVCACHE_SPACE="1")
    runs = Runs(tmp_path, settings_for(tmp_path, "vllm", tiny_model), env)
    yield runs
    runs.end()


def test_runs_that_are_killed_and_an_engine_that_is_killed_ask_nothing_twice(
    runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runs.start()
    runs.wait(run, lambda: len(runs.answers()) >= 10)
    run.send_signal(signal.SIGKILL)
    run.wait()
    first = runs.answers()
    engine, processes = alive_engine(tmp_path)

    run = runs.start()
    runs.wait(run, lambda: len(runs.answers()) >= len(first) + 10)
    assert alive_engine(tmp_path)[0] == engine, "the second run did not use the first one's engine"
    cores = [pid for pid in processes if b"EngineCore" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    second = runs.answers()
    os.kill(cores[0], signal.SIGKILL)
    assert run.wait(600) == 0, runs.said()
    seconds_until_gone(processes, 15)
    another, processes = alive_engine(tmp_path)
    assert another != engine

    lake = open_lake(runs.settings)
    (shard,) = lake.partitions("math/generations")
    tasks, sampled = (lake.need(f"math/{name}", shard).counts for name in ("tasks", "generations"))
    assert sampled.rows == tasks.accepted * SAMPLES
    assert not sampled.errored
    assert lake.need("math/verifications", shard).counts.accepted == 0, "noise is never accepted"
    last = runs.answers()
    assert len(last) == sampled.rows > len(second) > len(first)
    for before in (first, second):
        assert {key: entry.made_at for key, entry in before.items()} == {key: last[key].made_at for key in before}

    capsys.readouterr()
    assert engines.main(["--state", str(tmp_path / "state"), "--stop"]) == 0
    assert "was stopped" in capsys.readouterr().out
    assert seconds_until_gone(processes, 1) < 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
def test_an_engine_of_two_data_parallel_ranks_answers_and_leaves_no_process(
    engine_settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in engine_settings["env"].items():
        monkeypatch.setenv(name, value)
    wanted = {name: engine_settings[name] for name in ("model", "num_gpus", "python", "engine_args")}
    shared = SharedEngine(tmp_path / "engines", {**wanted, "data_parallel": 2}, cwd=tmp_path, idle_stop=0)
    attached = asyncio.run(shared.attach())
    processes = descendants(attached.record.pid)
    names = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes]
    assert sum(b"EngineCore" in name for name in names) == 2
    attached.close()
    assert seconds_until_gone(processes, 30) < 30


def test_each_size_is_told_to_the_engine(engine_settings: dict[str, Any]) -> None:
    engine = VllmEngine(**engine_settings | {"num_gpus": 16, "pipeline_parallel": 2, "data_parallel": 2})
    assert {name: size for name, size in engine._arguments.items() if name.endswith("parallel_size")} == {
        "tensor_parallel_size": 4,
        "pipeline_parallel_size": 2,
        "data_parallel_size": 2,
    }
