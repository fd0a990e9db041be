"""The engine's life from start to end, with a stand-in for vLLM that starts at once: part of every test run."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import InfrastructureFault
from genesys.settings.engines import flags
from genesys.teachers.vllm_engine import VllmEngine
from tests.support.processes import descendants, seconds_until_gone
from tests.support.stand_in_vllm import write_package

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

Make = Callable[..., VllmEngine]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a package `vllm` that holds the stand-in."""
    return write_package(tmp_path / "packages")


@pytest.fixture
def make(package: Path, tmp_path: Path) -> Make:
    """Make an engine on the stand-in."""

    def engine(mode: str = "", **settings: Any) -> VllmEngine:
        env = {"PYTHONPATH": str(package), "STAND_IN": mode}
        defaults = {"python": sys.executable, "env": env, "log_path": tmp_path / "vllm.log", "start_timeout": 20.0}
        return VllmEngine("some/model", **defaults | settings)

    return engine


def test_it_answers_behind_a_proxy_and_ends_without_a_trace(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    before = descendants(os.getpid())
    with make() as engine:
        assert engine.alive
        assert engine.base_url.startswith("http://127.0.0.1:")
        started = {pid: start for pid, start in descendants(os.getpid()).items() if pid not in before}
        assert len(started) == 3, "supervisor, server and its deaf child"
        scratch = Path(engine.log_tail().split()[-1])
        assert (scratch / "socket").exists()
    assert not engine.alive
    assert seconds_until_gone(started, 1) < 1, "stop came back before its processes had ended"
    assert not scratch.exists()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = engine.base_url


def test_an_engine_that_will_not_stop_is_killed_after_the_grace(make: Make) -> None:
    before = descendants(os.getpid())
    with make("deaf", stop_grace=1.0):
        started = {pid: start for pid, start in descendants(os.getpid()).items() if pid not in before}
    assert seconds_until_gone(started, 1) < 1


def test_stop_ends_what_a_killed_supervisor_left(make: Make) -> None:
    before = descendants(os.getpid())
    with make("one session") as engine:
        scratch = Path(engine.log_tail().split()[-1])
        started = {pid: start for pid, start in descendants(os.getpid()).items() if pid not in before}
        supervisor = next(pid for pid in started if b"supervise.py" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(supervisor, signal.SIGKILL)
    assert seconds_until_gone(started, 2) < 2
    assert not scratch.exists()


def test_death_while_loading_is_told_at_once_with_the_end_of_the_log(make: Make, tmp_path: Path) -> None:
    (tmp_path / "vllm.log").write_text("of an earlier engine\n" * 3)
    before = descendants(os.getpid())
    began = time.monotonic()
    with pytest.raises(InfrastructureFault) as fault:
        make("dies", start_timeout=100.0).start()
    assert time.monotonic() - began < 15
    assert fault.value.final
    assert "ValueError: no such model" in str(fault.value)
    assert "line 61\n" in str(fault.value)
    assert "line 60\n" not in str(fault.value), "more than the last 40 lines"
    assert "earlier engine" not in str(fault.value)
    assert descendants(os.getpid()).keys() <= before.keys(), "the child of the dead engine lives"


def test_a_load_over_the_time_limit_is_ended(make: Make) -> None:
    before = descendants(os.getpid())
    with pytest.raises(InfrastructureFault, match="not up after 1 s"):
        make("hangs", start_timeout=1.0).start()
    assert descendants(os.getpid()).keys() <= before.keys()


async def test_a_cancelled_start_ends_the_engine(make: Make) -> None:
    before = descendants(os.getpid())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0), make("hangs", start_timeout=100.0):
            pytest.fail("it cannot have started")
    assert descendants(os.getpid()).keys() <= before.keys()


async def test_as_an_async_context_it_starts_and_stops(make: Make) -> None:
    async with make() as engine:
        assert engine.alive
    assert not engine.alive


def test_it_outlives_the_thread_that_started_it(make: Make) -> None:
    engine = make()
    starter = threading.Thread(target=engine.start)
    starter.start()
    starter.join()
    try:
        time.sleep(1.0)
        assert engine.alive
    finally:
        engine.stop()


@pytest.mark.parametrize("mode", ["", "hangs", "deaf"], ids=["serving", "loading", "deaf"])
def test_kill_9_of_the_host_ends_the_engine(mode: str, package: Path, tmp_path: Path) -> None:
    host = "\n".join(
        (
            "import os, time",
            "from genesys.teachers.vllm_engine import VllmEngine",
            f"env = {{'PYTHONPATH': {str(package)!r}, 'STAND_IN': {mode!r}}}",
            f"VllmEngine('some/model', env=env, log_path={str(tmp_path / 'host.log')!r}).start()",
            "time.sleep(600)",
        )
    )
    repository = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name != "GENESYS_VLLM_PYTHON"}
    process = subprocess.Popen([sys.executable, "-c", host], cwd=repository, env=environment)
    try:
        deadline = time.monotonic() + 20
        while len(started := descendants(process.pid)) < 3:
            assert time.monotonic() < deadline, "the engine did not start"
            time.sleep(0.1)
        time.sleep(0.5)
        started |= descendants(process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert seconds_until_gone(started, 15) < 15


def test_a_missing_vllm_says_what_to_install(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(InfrastructureFault, match=r"pip install 'genesys-dagster\[vllm\]'.*--base_url") as fault:
        VllmEngine("some/model", python=bare).start()
    assert fault.value.final


def test_a_missing_interpreter_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYS_VLLM_PYTHON", "/nowhere/bin/python")
    with pytest.raises(InfrastructureFault, match=r"/nowhere/bin/python.*genesys-dagster\[vllm\]") as fault:
        VllmEngine("some/model").start()
    assert fault.value.final


def test_settings_become_flags() -> None:
    settings = {"max_model_len": 4096, "enforce_eager": True, "enable_prefix_caching": False, "dtype": "float32"}
    assert flags(settings) == [
        "--max-model-len=4096",
        "--enforce-eager",
        "--no-enable-prefix-caching",
        "--dtype=float32",
    ]


def test_tables_and_lists_become_what_the_engine_reads() -> None:
    settings = {"hf_overrides": {"rope_theta": 1e6}, "lora_modules": ["a=/a", {"name": "b", "path": "/b"}]}
    assert flags(settings) == [
        '--hf-overrides={"rope_theta": 1000000.0}',
        "--lora-modules",
        "a=/a",
        '{"name": "b", "path": "/b"}',
    ]


@pytest.mark.parametrize("name", ["port", "served-model-name", "--tensor-parallel-size"])
def test_settings_that_the_engine_makes_itself_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="engine_args cannot set"):
        VllmEngine("some/model", engine_args={name: 1})
