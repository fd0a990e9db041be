"""Files of the Batch API as another implementation has them: vLLM's offline runner reads ours, and we read its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from genesys.calls.entry import call_key
from genesys.chat import ChatRequest, Message
from genesys.teachers.batches.lines import index_answers, read_at, request_line
from genesys.teachers.exchange import ApiKey

pytestmark = pytest.mark.vllm


def test_vllm_answers_a_file_of_ours(tmp_path: Path, tiny_model: Path, vllm_python: str) -> None:
    sampling = {"temperature": 1.0, "seed": 7, "max_tokens": 24, "top_k": 20}
    texts = [f"How far is it to {n}? ½ √ 日本" for n in range(5)] + ["too long " * 3000]
    requests = {}
    for text in texts:
        request = ChatRequest(messages=(Message(role="user", content=text),), sampling=sampling)
        requests[call_key("chat", request.payload("tiny"))] = request
    asked, answered = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    asked.write_bytes(b"".join(request_line(key, "tiny", request) for key, request in requests.items()))

    command = [vllm_python, "-m", "vllm.entrypoints.openai.run_batch", "-i", asked, "-o", answered]
    command += ["--model", tiny_model, "--served-model-name", "tiny", "--enforce-eager", "--max-model-len", "2048"]
    command += ["--no-enable-chunked-prefill"]
    env = os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    env.pop("PYTHONPATH", None)
    run = subprocess.run(list(map(str, command)), env=env, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stderr[-3000:]

    index = index_answers(answered, frozenset(requests), "vLLM", ApiKey(None))
    assert index.flaws() == ""
    assert index.troubles == {}
    with answered.open("rb") as lines:
        answers = [read_at(lines, index.places[key], "vLLM", ApiKey(None)) for key in requests]
    *whole, refused = answers
    assert all(answer.content and answer.model == "tiny" for answer in whole)
    assert {answer.finish_reason for answer in whole} <= {"stop", "length"}
    assert all(0 < (answer.completion_tokens or 0) <= 24 for answer in whole)
    assert "context length" in str(refused.refused)
