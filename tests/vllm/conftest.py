"""One real vLLM engine for all tests that want one.

It runs in an environment of its own, whose Python GENESYS_VLLM_PYTHON names (`scripts/setup_vllm_cpu.sh` makes it);
without that variable the tests are skipped.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from genesys.teachers.vllm_engine import PYTHON_VARIABLE, VllmEngine

MODEL = "tiny-random-qwen2"


class RunningEngine(NamedTuple):
    """What a test needs to be a client of the engine."""

    base_url: str
    model: str
    api_key: str


@pytest.fixture(scope="session")
def vllm_python() -> str:
    """The Python that has vLLM."""
    python = os.environ.get(PYTHON_VARIABLE)
    if not python:
        pytest.skip(f"{PYTHON_VARIABLE} is not set; make test-vllm sets it")
    return str(Path(python).absolute())


@pytest.fixture(scope="session")
def tiny_model(vllm_python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random chat model."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    script = Path(__file__).parents[1] / "support" / "tiny_model.py"
    made = subprocess.run([vllm_python, str(script), str(folder)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def engine_settings(vllm_python: str, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `VllmEngine` is made with to serve the tiny model on a CPU; plain values, so that they can be sent on."""
    return {
        "model": str(tiny_model),
        "num_gpus": 0,
        "served_name": MODEL,
        "python": vllm_python,
        # A prefill in chunks with a seed ends in an exception that kills this engine's CPU build (generators of the CPU
        # have no offset to set back).
        "engine_args": {"enforce_eager": True, "max_model_len": 2048, "enable_chunked_prefill": False},
        # GiB for the cache; by default vLLM takes a large part of the machine's memory.
        "env": {"VLLM_CPU_KVCACHE_SPACE": "1"},
        "log_path": str(tmp_path_factory.mktemp("engine") / "vllm.log"),
        "start_timeout": 240.0,
    }


@pytest.fixture(scope="session")
def vllm_engine(engine_settings: dict[str, Any]) -> Iterator[RunningEngine]:
    """A running engine, shared by all tests of the session."""
    with VllmEngine(**engine_settings) as engine:
        yield RunningEngine(engine.base_url, engine.model, engine.api_key)
