"""A real vLLM engine with a tiny random model: what the pipeline relies on of its answers, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, OpenAI

from genesys.faults import InfrastructureFault
from genesys.teachers.vllm_engine import VllmEngine
from tests.support.processes import descendants, seconds_until_gone
from tests.vllm.conftest import RunningEngine

pytestmark = pytest.mark.vllm

PROMPT: Any = [{"role": "user", "content": "What is the sum of 2 and 3?"}]


@pytest.fixture
def client(vllm_engine: RunningEngine) -> OpenAI:
    """The official client, with its own retries off."""
    return OpenAI(base_url=vllm_engine.base_url, api_key=vllm_engine.api_key, max_retries=0)


def test_it_answers_with_text_and_usage(client: OpenAI, vllm_engine: RunningEngine) -> None:
    answer = client.chat.completions.create(model=vllm_engine.model, messages=PROMPT, seed=1, max_tokens=32)
    assert answer.model == vllm_engine.model
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 5
    assert 1 <= answer.usage.completion_tokens <= 32
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_an_answer_cut_off_says_length(client: OpenAI, vllm_engine: RunningEngine) -> None:
    answer = client.chat.completions.create(
        model=vllm_engine.model, messages=PROMPT, seed=1, max_tokens=8, extra_body={"ignore_eos": True}
    )
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 8


def test_an_answer_that_ends_by_itself_says_stop(client: OpenAI, vllm_engine: RunningEngine) -> None:
    answer = client.chat.completions.create(
        model=vllm_engine.model, messages=PROMPT, seed=1, n=64, temperature=1.0, max_tokens=64
    )
    reasons = Counter(choice.finish_reason for choice in answer.choices)
    assert reasons.keys() == {"stop", "length"}, "one in eight should end by itself"
    assert "<|end|>" not in "".join(choice.message.content or "" for choice in answer.choices)


async def test_a_seed_gives_the_same_text_alone_and_in_a_crowd(vllm_engine: RunningEngine) -> None:
    async with AsyncOpenAI(base_url=vllm_engine.base_url, api_key=vllm_engine.api_key, max_retries=0) as client:

        async def ask(seed: int) -> str:
            answer = await client.chat.completions.create(
                model=vllm_engine.model,
                messages=PROMPT,
                seed=seed,
                temperature=0.9,
                top_p=0.95,
                max_tokens=200,
                extra_body={"ignore_eos": True},
            )
            return answer.choices[0].message.content or ""

        alone = [await ask(seed) for seed in range(8)]
        assert [await ask(seed) for seed in range(8)] == alone
        crowd = await asyncio.gather(*(ask(seed) for seed in range(64)))
    assert crowd[:8] == alone
    assert len(set(crowd)) == 64, "other seeds must give other texts"


def test_n_samples_differ_and_are_those_of_the_seeds_that_follow(client: OpenAI, vllm_engine: RunningEngine) -> None:
    def ask(seed: int, n: int) -> list[str | None]:
        answer = client.chat.completions.create(
            model=vllm_engine.model, messages=PROMPT, seed=seed, n=n, temperature=1.0, max_tokens=64
        )
        return [choice.message.content for choice in answer.choices]

    samples = ask(100, 4)
    assert len(set(samples)) == 4
    assert samples == [ask(seed, 1)[0] for seed in range(100, 104)]


def test_a_stream_holds_the_same_text_and_ends_with_usage(client: OpenAI, vllm_engine: RunningEngine) -> None:
    settings: dict[str, Any] = {"model": vllm_engine.model, "messages": PROMPT, "seed": 7, "max_tokens": 48}
    whole = client.chat.completions.create(**settings)
    chunks = list(client.chat.completions.create(**settings, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert len(chunks) > 10
    assert text == whole.choices[0].message.content
    assert reasons == [whole.choices[0].finish_reason]
    assert chunks[-1].usage == whole.usage


def test_a_prompt_over_the_context_is_refused(client: OpenAI, vllm_engine: RunningEngine) -> None:
    with pytest.raises(BadRequestError, match="maximum context length is 2048"):
        client.chat.completions.create(
            model=vllm_engine.model, messages=[{"role": "user", "content": "two and two " * 2000}], max_tokens=8
        )


def test_stop_leaves_no_process(engine_settings: dict[str, Any], tmp_path: Path) -> None:
    before = descendants(os.getpid())
    with VllmEngine(**engine_settings | {"log_path": tmp_path / "vllm.log"}) as engine:
        started = {pid: start for pid, start in descendants(os.getpid()).items() if pid not in before}
        assert len(started) >= 4, "supervisor, API server, EngineCore and Worker"
        began = time.monotonic()
    assert time.monotonic() - began < 15, engine.log_tail()
    assert seconds_until_gone(started, 1) < 1


def test_kill_9_of_the_host_leaves_no_process(engine_settings: dict[str, Any], tmp_path: Path) -> None:
    settings = json.dumps(engine_settings | {"log_path": str(tmp_path / "vllm.log")})
    host = "\n".join(
        (
            "import json, sys, time",
            "from genesys.teachers.vllm_engine import VllmEngine",
            "engine = VllmEngine(**json.loads(sys.argv[1])).start()",
            "print('up', flush=True)",
            "time.sleep(600)",
        )
    )
    repository = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", host, settings], cwd=repository, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        started = descendants(process.pid)
        assert len(started) >= 4, "supervisor, API server, EngineCore and Worker"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert seconds_until_gone(started, 15) < 15


def test_a_wrong_model_is_told_with_the_end_of_the_log(engine_settings: dict[str, Any], tmp_path: Path) -> None:
    before = descendants(os.getpid())
    # Offline, so that the answer is the same with and without a network.
    changes = {"model": "nobody/no-such-model", "env": {"HF_HUB_OFFLINE": "1"}, "log_path": tmp_path / "vllm.log"}
    with pytest.raises(InfrastructureFault, match="no-such-model ended while it started") as fault:
        VllmEngine(**engine_settings | changes | {"served_name": None}).start()
    assert fault.value.final
    assert "snapshot" in str(fault.value), "the reason stands at the end of the log"
    assert descendants(os.getpid()).keys() <= before.keys()
