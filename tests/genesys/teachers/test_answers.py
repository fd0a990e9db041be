"""What an endpoint's bytes are taken for: an answer, or a fault, and never the one for the other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from genesys.chat import ChatAnswer
from genesys.faults import InfrastructureFault
from genesys.teachers.answers import is_refusal, read_stream, read_whole

USAGE = {"prompt_tokens": 3, "completion_tokens": 5}


def whole(message: Any, finish_reason: str | None = "stop", usage: Any = USAGE, **more: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return json.dumps({"model": "m", "choices": [choice], "usage": usage} | more).encode()


def chunk(delta: Any, finish_reason: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return "data: " + json.dumps({"model": "m", "choices": [choice]} | more, ensure_ascii=False) + "\n\n"


def streamed(*deltas: Any, finish_reason: str | None = "stop", usage: Any = USAGE) -> str:
    last = "data: " + json.dumps({"choices": [], "usage": usage}) + "\n\ndata: [DONE]\n\n"
    return "".join(chunk(delta) for delta in deltas) + chunk({}, finish_reason) + last


async def read(text: str, size: int = 1 << 20) -> ChatAnswer:
    raw = text.encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), size):
            yield raw[start : start + size]

    return await read_stream(chunks())


class TestWhole:
    def test_an_answer(self) -> None:
        found = read_whole(whole({"content": "42", "reasoning_content": "let me see"}))
        assert found == ChatAnswer(
            content="42",
            reasoning="let me see",
            finish_reason="stop",
            prompt_tokens=3,
            completion_tokens=5,
            model="m",
        )

    def test_an_empty_text_that_took_tokens_is_an_answer(self) -> None:
        assert read_whole(whole({"content": ""}, usage={"completion_tokens": 1})).content == ""

    @pytest.mark.parametrize("count", [2**63, -1, "many", None, [5]])
    def test_a_count_of_tokens_that_is_none(self, count: Any) -> None:
        """The answer counts, not what was said about it."""
        found = read_whole(whole({"content": "42"}, usage={"prompt_tokens": count, "completion_tokens": count}))
        assert (found.content, found.prompt_tokens, found.completion_tokens) == ("42", None, None)

    def test_thinking_alone_is_one_too(self) -> None:
        found = read_whole(whole({"content": None, "reasoning": "hm"}, "length"))
        assert (found.content, found.reasoning, found.finish_reason) == ("", "hm", "length")

    @pytest.mark.parametrize(
        "body",
        [
            whole({"content": None}),
            whole({"content": ""}, usage={"completion_tokens": 0}),
            whole({"content": ""}, usage=None),
            whole({}),
            whole(None),
            whole({"content": "cut"}, None),
            whole({"content": "cut"}, "abort"),
            whole({"content": "x"}, error={"message": "engine stopped"}),
            b'{"choices": []}',
            b'{"error": {"message": "overloaded"}}',
            b"{}",
            b"[]",
            b"null",
            b"",
            b"<html>Please wait</html>",
            b'{"choices": [{"mess',
            b"\xff\xfe",
        ],
    )
    def test_no_answer_is_a_fault(self, body: bytes) -> None:
        with pytest.raises(InfrastructureFault) as caught:
            read_whole(body)
        assert caught.value.alive
        assert not caught.value.final

    @pytest.mark.parametrize("body", [b'{"choices": [1]}', b'{"choices": {"a": 1}}', whole({"content": [1]})])
    def test_shapes_that_nobody_sends_are_no_answer_either(self, body: bytes) -> None:
        with pytest.raises((InfrastructureFault, AttributeError, TypeError, ValueError)):
            read_whole(body)


class TestStream:
    async def test_put_together(self) -> None:
        found = await read(streamed({"role": "assistant", "content": ""}, {"reasoning": "hm"}, {"content": "4"},
                                    {"content": "2"}))  # fmt: skip
        assert found == ChatAnswer(
            content="42", reasoning="hm", finish_reason="stop", prompt_tokens=3, completion_tokens=5, model="m"
        )

    @pytest.mark.parametrize("size", [1, 2, 7, 64])
    async def test_however_the_network_cuts_it(self, size: int) -> None:
        text = 'é \u2028 \u0085 \x0b \N{GRINNING FACE} \r\n \\ " data: [DONE]'
        found = await read(streamed({"content": text}, {"content": text}).replace("\n\n", "\r\n\r\n"), size)
        assert found.content == text * 2

    async def test_comments_and_other_fields_are_passed_over(self) -> None:
        text = ": keep-alive\n\nevent: message\nid: 7\nretry: 10\n" + streamed({"content": "42"})
        assert (await read(text)).content == "42"

    async def test_half_a_character_beyond_unicode_is_replaced(self) -> None:
        text = 'data: {"choices": [{"delta": {"content": "a\\ud83d"}, "finish_reason": "stop"}]}\n\n'
        assert (await read(text)).content == "a\ufffd"
        halves = [text.replace("a\\ud83d", half).replace('"stop"', reason) for half, reason in
                  (("\\ud83d", "null"), ("\\ude00", '"stop"'))]  # fmt: skip
        assert (await read("".join(halves))).content == "\N{GRINNING FACE}"

    @pytest.mark.parametrize(
        "text",
        [
            chunk({"content": "4"}),  # cut before its end
            streamed({"content": "4"}, finish_reason=None),
            streamed({"role": "assistant", "content": ""}, usage={"completion_tokens": 0}),
            streamed({"role": "assistant", "content": None}),
            streamed({"content": "4"}, finish_reason="error"),
            chunk({"content": "4"}) + 'data: {"error": {"message": "engine stopped"}}\n\ndata: [DONE]\n\n',
            chunk({"content": "4"}) + 'data: {"choices": [{"ind\n\ndata: [DONE]\n\n',
            'data: {"choices": []}\n\ndata: [DONE]\n\n',
            "data: [DONE]\n\n",
            "<!doctype html>\n<p>Please wait</p>",
            "",
        ],
    )
    async def test_no_answer_is_a_fault(self, text: str) -> None:
        with pytest.raises(InfrastructureFault) as caught:
            await read(text)
        assert caught.value.alive
        assert not caught.value.final


@pytest.mark.parametrize("count", [10**30, "NaN"])
async def test_numbers_that_faster_readers_of_json_refuse_or_round(count: Any) -> None:
    """The answer is read all the same, and a count that is none is left out."""
    text = streamed({"content": "42"}, usage={"completion_tokens": 5, "prompt_tokens": count}).replace('"NaN"', "NaN")
    found = await read(text)
    assert (found.content, found.prompt_tokens, found.completion_tokens) == ("42", None, 5)


class TestRefusal:
    @pytest.mark.parametrize(
        "text",
        [
            '{"code": "context_length_exceeded", "message": "too long"}',
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4200 in the"
            " messages, 800 in the completion). Please reduce the length of the messages or completion.",
            "This model's maximum context length is 4096 tokens. However, your request has 4100 input tokens.",
            "The decoder prompt (length 9000) is longer than the maximum model length of 4096.",
            "prompt is too long: 210000 tokens > 200000 maximum",
            "the request exceeds the available context size, type exceed_context_size_error",
            '{"code": "content_filter", "message": "The response was filtered"}',
        ],
    )
    def test_the_tasks_fault(self, text: str) -> None:
        assert is_refusal(400, text)
        assert not is_refusal(500, text)
        assert not is_refusal(429, text)

    @pytest.mark.parametrize(
        "text",
        [
            "This model's maximum context length is 4096 tokens. However, you requested 16500 tokens (116 in the"
            " messages, 16384 in the completion). Please reduce the length of the messages or completion.",
            "'max_tokens' or 'max_completion_tokens' is too large: 16384. This model's maximum context length is 4096"
            " tokens and your request has 116 input tokens (16384 > 4096 - 116).",
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
            "unknown parameter: 'top_k'",
            "temperature must be between 0 and 2",
        ],
    )
    def test_a_mistake_in_the_settings_is_no_verdict_on_a_task(self, text: str) -> None:
        assert not is_refusal(400, text)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("indent", [None, 2])
async def test_an_endpoint_that_does_not_stream_is_read_all_the_same(size: int, indent: int | None) -> None:
    """It was asked to, and knows only whole answers."""
    body = json.dumps(json.loads(whole({"content": "4\n2"})), indent=indent)
    assert await read("\n" + body, size) == read_whole(body.encode())


async def test_a_whole_answer_that_was_cut_is_none() -> None:
    with pytest.raises(InfrastructureFault, match="not JSON"):
        await read(whole({"content": "42"}).decode()[:-5])
