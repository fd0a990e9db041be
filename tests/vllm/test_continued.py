"""A real engine goes on from a text: its template ends in the text, and begins no new turn."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.chat import Message
from genesys.stages.sampling import sample_response
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.vllm.conftest import RunningEngine

pytestmark = pytest.mark.vllm

QUESTION = (Message(role="user", content="What is one and one?"),)


def tokens_of(engine: RunningEngine, text: str) -> int:
    body = json.dumps({"model": engine.model, "prompt": text, "add_special_tokens": False}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {engine.api_key}"}
    asked = urllib.request.Request(engine.base_url.removesuffix("/v1") + "/tokenize", body, headers)  # noqa: S310
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - an address of ours
        return int(json.load(answer)["count"])


async def sampled(engine: RunningEngine, folder: Path, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A response, and what its calls were answered."""
    settings = {
        "teacher_id": "tiny",
        "model": engine.model,
        "seed": 0,
        "sampling": {"temperature": 1.0, "max_tokens": 6, "ignore_eos": True},
        **more,
    }
    teacher = OpenAITeacher(engine.model, [engine.base_url], api_key=engine.api_key)
    try:
        with Journal(folder / "journal") as journal:
            calls = Calls("p", journal.segment("s"), Roles(teacher=teacher))
            row = await sample_response("p", QUESTION, 0, calls, settings=settings)
            return row, [entry.result["answer"] for entry in calls.entries]
    finally:
        await teacher.aclose()


async def test_a_cut_response_goes_on_within_the_same_turn(vllm_engine: RunningEngine, tmp_path: Path) -> None:
    row, answers = await sampled(vllm_engine, tmp_path, continue_cut=2)
    pieces = [answer["content"] for answer in answers]
    assert row["messages"][-1]["content"] == "".join(pieces)
    assert (len(pieces), row["completion_tokens"], row["finish_reason"]) == (3, 18, "length")
    prompt = answers[0]["prompt_tokens"]
    for number in (1, 2):
        said = tokens_of(vllm_engine, "".join(pieces[:number]))
        assert answers[number]["prompt_tokens"] == prompt + said


async def test_a_prefill_is_the_beginning_of_the_answer(vllm_engine: RunningEngine, tmp_path: Path) -> None:
    plain, (without,) = await sampled(vllm_engine, tmp_path / "a")
    row, (answer,) = await sampled(vllm_engine, tmp_path / "b", prefill="The answer is two")
    assert row["messages"][-1]["content"] == "The answer is two" + answer["content"]
    assert answer["prompt_tokens"] == without["prompt_tokens"] + tokens_of(vllm_engine, "The answer is two")
    assert plain["response_id"] != row["response_id"]
