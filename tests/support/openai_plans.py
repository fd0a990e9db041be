"""What the fault-injecting endpoint sends over the wire, whole or flawed, as data."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Literal

from pydantic_core import to_json

from tests.support.openai_answers import answer, answer_key, latency, token_count
from tests.support.openai_behaviour import CREATED, Behaviour, Fault, Json


@dataclass(frozen=True)
class Plan:
    """One response. No status: nothing is sent. No length: chunked."""

    status: int | None = 200
    pieces: list[bytes] = field(default_factory=list)
    seconds: float = 0.0
    length: int | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    end: Literal["complete", "hang", "cut", "reset"] = "complete"


def error_object(message: str, kind: str, code: str | None = None) -> Json:
    """The body of an error as OpenAI writes it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def json_plan(status: int, body: Json, seconds: float = 0.0, **headers: str) -> Plan:
    """A whole JSON response; header names with _ for -."""
    raw = to_json(body)
    return Plan(status, [raw], seconds, len(raw), headers={k.replace("_", "-"): v for k, v in headers.items()})


def _event(body: Json) -> bytes:
    return b"data: " + to_json(body) + b"\n\n"


def answer_plan(body: Json, texts: list[tuple[str, str]], b: Behaviour, fault: Fault | None = None) -> Plan:
    """The answer, streamed if asked for; the faults that are a flaw in its content are worked in here."""
    key = answer_key(body)
    count = 0 if fault == "empty_choices" else int(body.get("n") or 1)
    choices = [answer(body, texts, f"{key}/{i}" if i else key, b) for i in range(count)]
    if fault == "null_content":
        choices = [("", "", "stop") for _ in choices]
    prompt = token_count(sum(len(text) for _, text in texts))
    made = sum(token_count(len(thinking) + len(content)) for thinking, content, _ in choices)
    usage = {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}
    base = {"id": "chatcmpl-" + key[:24], "created": CREATED, "model": body["model"]}
    seconds = latency(key, b)
    if b.chars_per_second:
        longest = max((len(thinking) + len(content) for thinking, content, _ in choices), default=0)
        seconds += longest / b.chars_per_second
    if body.get("stream"):
        return _streamed(body, base, choices, usage, b, seconds)
    whole = []
    for i, (thinking, content, reason) in enumerate(choices):
        message = {"role": "assistant", "content": content or None}
        if thinking:
            message[b.reasoning] = thinking
        whole.append({"index": i, "message": message, "finish_reason": reason, "logprobs": None})
    return json_plan(200, {**base, "object": "chat.completion", "choices": whole, "usage": usage}, seconds)


def _streamed(
    body: Json, base: Json, choices: list[tuple[str, str, str]], usage: Json, b: Behaviour, seconds: float
) -> Plan:
    base = {**base, "object": "chat.completion.chunk"}
    pieces = [] if choices else [_event({**base, "choices": []})]
    for i, (thinking, content, reason) in enumerate(choices):
        size = max(-(-(len(thinking) + len(content)) // b.stream_chunks), 1)
        deltas: list[Json] = [{"role": "assistant", "content": ""}]
        for name, text in ((b.reasoning, thinking), ("content", content)):
            deltas += [{name: text[at : at + size]} for at in range(0, len(text), size)]
        pieces += [_event({**base, "choices": [{"index": i, "delta": d, "finish_reason": None}]}) for d in deltas]
        pieces.append(_event({**base, "choices": [{"index": i, "delta": {}, "finish_reason": reason}]}))
    if (body.get("stream_options") or {}).get("include_usage"):
        pieces.append(_event({**base, "choices": [], "usage": usage}))
    return Plan(pieces=[*pieces, b"data: [DONE]\n\n"], seconds=seconds, content_type="text/event-stream")


def rate_limited(b: Behaviour, *, as_date: bool = False) -> Plan:
    """429 with Retry-After in one of its two forms; a date has whole seconds, so it is never earlier than told."""
    until = formatdate(math.ceil(time.time() + b.retry_after), usegmt=True)
    after = until if as_date else f"{b.retry_after:g}"
    return json_plan(429, error_object("too many requests", "requests", "rate_limit_exceeded"), Retry_After=after)


def fault_plan(fault: Fault, body: Json, texts: list[tuple[str, str]], b: Behaviour) -> Plan:
    """What a fault puts over the wire in place of the answer."""
    if fault in ("rate_limit", "rate_limit_date"):
        return rate_limited(b, as_date=fault == "rate_limit_date")
    if fault == "error_503":
        return json_plan(503, error_object("overloaded", "server_error"))
    if fault == "hang" or fault == "cut" or fault == "reset":  # this form narrows the type
        return Plan(status=None, end=fault)
    good = answer_plan(body, texts, b, fault)
    if fault == "error_500":
        return json_plan(500, error_object("internal error", "server_error"), good.seconds)
    if fault == "html":
        page = b"<!doctype html><html><head><title>Please wait</title></head><body>Back in a moment.</body></html>"
        return Plan(200, [page], good.seconds, len(page), "text/html")
    return _flawed(fault, good, b)


def _flawed(fault: Fault, good: Plan, b: Behaviour) -> Plan:
    """A right answer with something wrong in its second half."""
    streamed = good.length is None
    half = good.pieces[: len(good.pieces) // 2] if streamed else [good.pieces[0][: len(good.pieces[0]) // 2]]
    rest = replace(good, pieces=half, seconds=good.seconds / 2)
    if fault == "hang_mid_body":
        return replace(rest, end="hang")
    if fault == "cut_mid_body":
        return replace(rest, end="cut")
    if fault == "error_in_200":
        error = error_object("the engine stopped", "server_error")
        return replace(rest, pieces=[*half, _event(error), good.pieces[-1]]) if streamed else json_plan(200, error)
    if fault == "invalid_json" and streamed:
        return replace(rest, pieces=[*half, b'data: {"choices": [{"ind\n\n', good.pieces[-1]])
    if fault in ("invalid_json", "early_end"):
        return rest if streamed else replace(rest, length=len(half[0]))
    if fault == "drip":
        raw, step = b"".join(good.pieces), max(len(b"".join(good.pieces)) // 32, 1)
        slices = [raw[at : at + step] for at in range(0, len(raw), step)]
        return replace(good, pieces=slices, seconds=b.drip_seconds)
    return good
