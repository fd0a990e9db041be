"""``genesys generate`` and ``genesys verify`` with an engine of their own: a tiny random model as the teacher."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.genesys.commands.runs import environment, genesys, outputs, read, task, write

pytestmark = pytest.mark.vllm


def test_generate_starts_and_stops_an_engine(tmp_path: Path, tiny_model: Path, vllm_python: str) -> None:
    write(tmp_path / "tasks.jsonl", [task(i) for i in range(6)])
    engine = json.dumps({"enforce_eager": True, "max_model_len": 2048, "enable_chunked_prefill": False})
    words = ("--name_model", tiny_model, "--teacher_id", "tiny-random", "--num_gpus", 0, "--engine_args", engine)
    words += ("--data.path", "tasks.jsonl", "--data.num_responses_per_question", 2, "--max_tokens", 64)
    env = environment(GENESYS_VLLM_PYTHON=vllm_python, VLLM_CPU_KVCACHE_SPACE="1", VLLM_API_KEY="a-key-of-the-engine")
    run = genesys("generate", *words, cwd=tmp_path, env=env, timeout=300)
    assert run.returncode == 0, run.stderr
    records = read(outputs(tmp_path / "output")[0])
    assert [(r["problem_id"], r["sample_index"]) for r in records] == [(f"p{i}", j) for i in range(6) for j in (0, 1)]
    assert len({r["llm_response"] for r in records}) == 12
    assert {r["teacher_id"] for r in records} == {"tiny-random"}
    verified = genesys("verify", "--file", outputs(tmp_path / "output")[0], cwd=tmp_path)
    assert verified.returncode == 0, verified.stderr
    assert "  0.0%" in verified.stdout, "noise is never accepted"
