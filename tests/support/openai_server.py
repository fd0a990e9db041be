"""A real OpenAI-compatible server for tests and benchmarks: what it does to a request follows from that request alone.

Here belong the answers, latencies and faults that a remote endpoint may show, the log of every request that arrived,
and `OpenAIServer`, which runs all of it as a process. What the pipeline makes of an answer does not belong here.

Answers and latencies are functions of a hash of the request, faults of (request, attempt, fault seed), so that a run
can be repeated byte for byte. aiohttp carries it because it measured faster than starlette with uvicorn on one core.

    python -m tests.support.openai_server --port 0 --log requests.jsonl --faults rate_limit=0.1 --latency-max 2

prints ``{"port": N}`` as its first line; ``--help`` lists the behaviour, and POST /control changes it at run time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import math
import os
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from statistics import NormalDist
from typing import Any, Literal, Self, get_args

import uvloop
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_json
from pydantic_settings import BaseSettings, CliApp, PydanticBaseSettingsSource, SettingsConfigDict

Json = dict[str, Any]
Fault = Literal[
    "rate_limit",  # 429, Retry-After in seconds
    "rate_limit_date",  # 429, Retry-After as an HTTP date
    "error_500",
    "error_503",
    "hang",  # accepted, never answered
    "hang_mid_body",
    "cut",  # connection closed before the headers
    "reset",  # the same with RST instead of FIN
    "cut_mid_body",
    "early_end",  # ends cleanly half way: a stream without finish_reason and [DONE], else half of the JSON text
    "invalid_json",
    "empty_choices",
    "null_content",
    "error_in_200",  # an error object under status 200; in a stream after half of the answer
    "html",  # status 200 with a web page
    "drip",  # the right answer, spread over drip_seconds
]
ALL_FAULTS: tuple[Fault, ...] = get_args(Fault)
CREATED = 1_700_000_000
CHARS_PER_TOKEN = 4


class Behaviour(BaseModel):
    """What the server does; every field can be changed at run time through POST /control."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answers: dict[str, str] = Field({}, description="part of the last user message -> the content, verbatim")
    p_right: float = Field(0.5, ge=0, le=1, description="share of right answers where the prompt has [[gold:...]]")
    answer_chars: int = Field(400, ge=0, description="length of an answer, thinking included")
    reasoning: Literal["inline", "reasoning_content", "reasoning", "none"] = Field(
        "inline", description="where the thinking goes: <think> in the content, a field of its own, nowhere"
    )
    length_share: float = Field(0.0, ge=0, le=1, description="share of answers cut off with finish_reason length")
    models: list[str] = Field([], description="others are a 404; empty: any model is known")
    api_key: str | None = Field(None, description="others are a 401")
    context_tokens: int | None = Field(None, description="longer prompts are a 400 context_length_exceeded")
    latency_min: float = Field(0.0, ge=0, description="seconds")
    latency_max: float = Field(0.0, ge=0, description="seconds")
    latency_distribution: Literal["uniform", "lognormal"] = "uniform"
    stream_chunks: int = Field(8, ge=1, description="pieces a streamed answer comes in")
    faults: dict[Fault, float] = Field({}, description="fault -> probability")
    faults_on: bool = Field(True, description="false: no fault by chance, the probabilities are kept")
    fault_seed: int = 0
    max_faulty_attempts: int | None = Field(None, description="later attempts of a request meet no fault by chance")
    always_fail: Fault | None = Field("error_500", description="what a prompt with [[dead]] always gets")
    retry_after: float = Field(1.0, ge=0, description="seconds told with 429")
    drip_seconds: float = Field(30.0, ge=0)
    capacity: int | None = Field(None, description="more requests at once are a 429")
    dead: bool = Field(False, description="cuts every connection but those of /control and /stats")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.latency_max < self.latency_min:
            raise ValueError("latency_max is below latency_min")
        if any(p < 0 for p in self.faults.values()) or sum(self.faults.values()) > 1 + 1e-9:
            raise ValueError("faults: probabilities are not negative and sum to 1 at most")
        return self


# ---- answers: functions of the request alone ----

_NOT_SAMPLING = {"stream", "stream_options", "user", "metadata", "store", "n"}
_PROSE = (
    "we let the sum of all terms be equal to some value x and y then it follows that this holds for every integer n "
    "since both sides are even so consider next case where triangle has side a square root √ π ≤ which gives a bound "
    "hence wait check again by symmetry therefore expand factor divide"
)
_PLAIN = _PROSE.split()
_WORDS = [*(_PLAIN * 4)[:200], *[w + "," for w in _PLAIN[:28]], *[w + "." for w in _PLAIN[-28:]]]
"""256 words, one a byte. No digits: an answer without its box must not hit a gold by accident."""
_MEAN_WORD = sum(len(word) + 1 for word in _WORDS) / len(_WORDS)


def canonical_sha256(body: Json) -> str:
    """Sha-256 of the body as JSON (sorted keys, no spaces, ASCII): what the log calls a request."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def answer_key(body: Json) -> str:
    """What determines answer and latency: the body without its transport (streamed or not) and its n."""
    return canonical_sha256({k: v for k, v in body.items() if k not in _NOT_SAMPLING})


def _hash(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8])


def _unit(*parts: object) -> float:
    return _hash(*parts) / 2**64


def filler(key: str, chars: int) -> str:
    """Text of exactly so many characters: a word for each byte of a hash stream, so that it compresses like prose."""
    count = int(chars / _MEAN_WORD * 1.1) + 16
    text = " ".join([_WORDS[b] for b in hashlib.shake_128(key.encode()).digest(count)])
    return text[:chars] if len(text) >= chars else text + " " + filler(key + "+", chars - len(text) - 1)


def latency(key: str, b: Behaviour) -> float:
    """Seconds for a request. Lognormal puts latency_min and latency_max at two sigma and clips there."""
    u, low, high = _unit(key, "latency"), b.latency_min, b.latency_max
    if b.latency_distribution == "uniform" or high == low:
        return low + (high - low) * u
    low = max(low, high / 1000)
    z = NormalDist().inv_cdf(min(max(u, 1e-9), 1 - 1e-9))
    return min(max(math.sqrt(low * high) * math.exp(z * math.log(high / low) / 4), low), high)


def prompt_texts(body: Json) -> list[tuple[str, str]]:
    """(role, text) of each message; of content parts the text is kept.

    Raises:
        ValueError: Messages are missing or are not of this form.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise ValueError("messages must be a non-empty list of objects")
    texts = []
    for message in messages:
        content = message.get("content") or ""
        if not isinstance(content, str):
            content = "".join(part.get("text", "") for part in content)
        texts.append((str(message.get("role")), content))
    return texts


def example_of(schema: Json, root: Json, key: str) -> Any:
    """A value that fits a JSON schema (the part of the language that structured output uses), chosen by hash."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return example_of(choices[_hash(key) % len(choices)], root, key)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][_hash(key) % len(schema["enum"])]
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[_hash(key) % len(kind)]
    if kind == "object":
        return {k: example_of(v, root, key + "/" + k) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        count = max(schema.get("minItems", 1), 1)
        return [example_of(schema.get("items", {"type": "string"}), root, f"{key}/{i}") for i in range(count)]
    if kind in ("integer", "number"):
        low = schema.get("minimum", 0)
        value = low + _unit(key) * (schema.get("maximum", low + 10) - low)
        return round(value) if kind == "integer" else value
    return {"boolean": _hash(key) % 2 == 0, "null": None}.get(kind, filler(key, 24))


def _asked_json(body: Json, texts: list[tuple[str, str]], key: str) -> str | None:
    marked = [t.split("[[json:")[-1] for role, t in texts if role in ("system", "developer", "user") and "[[json:" in t]
    if marked:
        return json.dumps(json.JSONDecoder().raw_decode(marked[-1].lstrip())[0], ensure_ascii=False)
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"]["schema"]
        return json.dumps(example_of(schema, schema, key), ensure_ascii=False)
    return json.dumps({"answer": _hash(key) % 1000}) if wanted.get("type") == "json_object" else None


def answer(body: Json, texts: list[tuple[str, str]], key: str, b: Behaviour) -> tuple[str, str, str]:
    """(thinking, content, finish_reason) of one choice; key tells the choices of a request apart."""
    asked = next((t for role, t in reversed(texts) if role == "user"), "")
    given = next((a for part, a in b.answers.items() if part in asked), None)
    content = given if given is not None else _asked_json(body, texts, key)
    thinking = "" if b.reasoning == "none" or given is not None else filler(key + "think", b.answer_chars * 4 // 5)
    if content is None:
        gold = re.findall(r"\[\[gold:(.*?)\]\](?!\])", asked, re.DOTALL)
        right = bool(gold) and _unit(key, "right") < b.p_right
        # Nine digits: no gold is equal to a wrong answer by accident.
        final = gold[-1] if right else str(10**8 + _hash(key, "number") % (9 * 10**8))
        ending = f" So the answer is \\boxed{{{final}}}."
        content = filler(key, max(b.answer_chars - len(thinking) - len(ending), 0)) + ending
        if b.reasoning == "inline" and thinking:
            content = f"<think>{thinking}</think>\n{content}"
    if b.reasoning == "inline":
        thinking = ""
    return _cut_off(body, thinking, content, key, b)


def _cut_off(body: Json, thinking: str, content: str, key: str, b: Behaviour) -> tuple[str, str, str]:
    total = len(thinking) + len(content)
    allowed = body.get("max_completion_tokens") or body.get("max_tokens")
    keep = min(total, allowed * CHARS_PER_TOKEN) if allowed else total
    if _unit(key, "length") < b.length_share:
        keep = min(keep, total * 3 // 5)
    if keep == total:
        return thinking, content, "stop"
    return thinking[:keep], content[: max(keep - len(thinking), 0)], "length"


def _tokens(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)


# ---- plans: what goes over the wire, as data ----


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
    prompt = _tokens(sum(len(text) for _, text in texts))
    made = sum(_tokens(len(thinking) + len(content)) for thinking, content, _ in choices)
    usage = {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}
    base = {"id": "chatcmpl-" + key[:24], "created": CREATED, "model": body["model"]}
    seconds = latency(key, b)
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


# ---- the server ----


class RequestLog:
    """JSON lines straight to the file descriptor, so that they outlive a kill -9 of this process."""

    def __init__(self, path: Path | None) -> None:
        """Open for appending; without a path nothing is kept."""
        self._fd = None if path is None else os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, event: str, request: str, **more: object) -> None:
        """One line, in one write call."""
        if self._fd is not None:
            line = {"event": event, "request": request, "time": time.time(), **more}
            os.write(self._fd, to_json(line) + b"\n")


class Server:
    """The routes, and the counts that /stats shows."""

    def __init__(self, behaviour: Behaviour, log: RequestLog) -> None:
        """Start with no request seen."""
        self.behaviour, self.log = behaviour, log
        self.arrivals: Counter[str] = Counter()
        # Faults count only the attempts that were let in: how often a request met a full or dead server depends on
        # the clock, and what it meets afterwards must not.
        self.let_in: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.open: set[asyncio.Transport] = set()
        self.seen = self.completed = self.max_concurrent = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The one entry for all paths."""
        route = (request.method, request.path)
        if route == ("POST", "/v1/chat/completions"):
            return await self.chat(request)
        if request.path == "/control":
            return await self.control(request)
        if route == ("GET", "/stats"):
            return web.json_response(self.stats())
        if self.behaviour.dead:
            plan = Plan(status=None, end="cut")
        elif route == ("GET", "/health"):
            plan = json_plan(200, {"status": "ok"})
        elif route == ("GET", "/v1/models"):
            plan = self.wrong_key(request) or json_plan(200, self.models())
        else:
            plan = json_plan(404, error_object("no such path", "invalid_request_error"))
        response = web.StreamResponse()
        await deliver(request, response, plan)
        return response

    def models(self) -> Json:
        """The body of GET /v1/models."""
        ids = self.behaviour.models or ["test-model"]
        return {"object": "list", "data": [{"id": i, "object": "model", "created": CREATED} for i in ids]}

    def stats(self) -> Json:
        """Counts since the start; max_concurrent counts what was let in, hanging requests too."""
        return {
            "requests": self.seen,
            "distinct": len(self.arrivals),
            "completed": self.completed,
            "in_flight": len(self.open),
            "max_concurrent": self.max_concurrent,
            "by_status": dict(self.statuses),
            "by_action": dict(self.actions),
        }

    async def control(self, request: web.BaseRequest) -> web.StreamResponse:
        """Change the fields that a POST names; answers with the whole behaviour."""
        if request.method == "POST":
            try:
                patch = json.loads(await request.content.read())
                self.behaviour = Behaviour.model_validate({**self.behaviour.model_dump(), **patch})
            except (ValueError, TypeError) as error:
                return web.json_response({"error": str(error)}, status=400)
            if self.behaviour.dead:
                for transport in list(self.open):
                    transport.abort()
        return web.json_response(self.behaviour.model_dump())

    def wrong_key(self, request: web.BaseRequest) -> Plan | None:
        """The refusal of a request that has not the right API key."""
        key = self.behaviour.api_key
        if key is None or request.headers.get("Authorization") == f"Bearer {key}":
            return None
        return json_plan(401, error_object("incorrect API key", "invalid_request_error", "invalid_api_key"))

    def refusal(self, request: web.BaseRequest, body: Json | None) -> tuple[str, Plan] | None:
        """Why a request is not let in, if so: the action as the log names it, and what is sent."""
        b, kind = self.behaviour, "invalid_request_error"
        if b.dead:
            return "dead", Plan(status=None, end="cut")
        if wrong := self.wrong_key(request):
            return "unauthorized", wrong
        try:
            texts = prompt_texts(body or {})
            model = str((body or {})["model"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return "bad_request", json_plan(400, error_object(f"{type(error).__name__}: {error}", kind))
        if b.models and model not in b.models:
            return "unknown_model", json_plan(404, error_object(f"no model {model}", kind, "model_not_found"))
        tokens = _tokens(sum(len(text) for _, text in texts))
        if b.context_tokens is not None and tokens > b.context_tokens:
            told = f"the prompt has {tokens} tokens, the maximum context length is {b.context_tokens}"
            return "context_length", json_plan(400, error_object(told, kind, "context_length_exceeded"))
        if b.capacity is not None and len(self.open) >= b.capacity:
            return "capacity", rate_limited(b)
        return None

    def let_in_as(self, body: Json, sha: str) -> tuple[str, Plan]:
        """What is done with a request that was let in: the answer or a fault."""
        self.let_in[sha] += 1
        texts = prompt_texts(body)
        fault = self.fault_for(sha, self.let_in[sha], texts)
        try:
            if fault:
                return fault, fault_plan(fault, body, texts, self.behaviour)
            return "answer", answer_plan(body, texts, self.behaviour)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            told = error_object(f"{type(error).__name__}: {error}", "invalid_request_error")
            return "bad_request", json_plan(400, told)

    def fault_for(self, sha: str, attempt: int, texts: list[tuple[str, str]]) -> Fault | None:
        """The fault of this attempt, by one draw from the hash over all faults in their order of definition."""
        b = self.behaviour
        if b.always_fail and any("[[dead]]" in text for _, text in texts):
            return b.always_fail
        if not b.faults_on or (b.max_faulty_attempts is not None and attempt > b.max_faulty_attempts):
            return None
        left = _unit(b.fault_seed, sha, attempt)
        for fault in ALL_FAULTS:
            left -= b.faults.get(fault, 0.0)
            if left < 0:
                return fault
        return None

    async def chat(self, request: web.BaseRequest) -> web.StreamResponse:
        """One completion: log, decide, deliver, log."""
        raw = await request.content.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        body = body if isinstance(body, dict) else None
        sha = hashlib.sha256(raw).hexdigest() if body is None else canonical_sha256(body)
        self.seen += 1
        self.arrivals[sha] += 1
        refused = self.refusal(request, body)
        action, plan = refused or self.let_in_as(body or {}, sha)
        self.actions[action] += 1
        name = f"{os.getpid()}.{self.seen}"
        self.log.write(
            "arrived", name, sha256=sha, attempt=self.arrivals[sha], action=action, status=plan.status,
            seconds=round(plan.seconds, 6),
        )  # fmt: skip
        response = web.StreamResponse()
        if refused is None and request.transport is not None:
            self.open.add(request.transport)
            self.max_concurrent = max(self.max_concurrent, len(self.open))
        await self.follow(request, response, plan, name)
        return response

    async def follow(self, request: web.BaseRequest, response: web.StreamResponse, plan: Plan, name: str) -> None:
        """Deliver and write down how it ended."""
        transport, end = request.transport, "client_gone"
        try:
            await deliver(request, response, plan)
            end = "completed" if plan.end == "complete" else plan.end
        except ConnectionError:
            pass
        finally:
            self.open.discard(transport)
            self.statuses["none" if plan.status is None else str(plan.status)] += 1
            if end == "completed":
                self.completed += 1
                self.log.write("completed", name)
            else:
                self.log.write("aborted", name, why=end)


async def deliver(request: web.BaseRequest, response: web.StreamResponse, plan: Plan) -> None:
    """Send a plan; returns when the socket has all of it, not when it is merely buffered here.

    Raises:
        ConnectionError: The client has gone.
        asyncio.CancelledError: The same, noticed while waiting.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    transport.set_write_buffer_limits(high=0)  # so that write_eof waits until nothing is left in the buffer
    if plan.status is not None:
        await _send(request, response, plan)
    if plan.end == "hang":
        await asyncio.Event().wait()
    if plan.end == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if plan.end in ("cut", "reset"):
        while transport.get_write_buffer_size() and not transport.is_closing():
            await asyncio.sleep(0.002)
        transport.abort()


async def _send(request: web.BaseRequest, response: web.StreamResponse, plan: Plan) -> None:
    response.set_status(plan.status or 200)
    response.content_type = plan.content_type
    response.headers.update(plan.headers)
    response.content_length = plan.length
    pause = plan.seconds / max(len(plan.pieces), 1)
    if pause:
        await asyncio.sleep(pause)
    await response.prepare(request)
    last = len(plan.pieces) - 1
    for number, piece in enumerate(plan.pieces):
        if pause and number:
            await asyncio.sleep(pause)
        if number == last and plan.end == "complete":
            await response.write_eof(piece)
        else:
            await response.write(piece)


# ---- the process, seen from both sides ----


class Options(Behaviour, BaseSettings):
    """An OpenAI-compatible server whose answers, latencies and faults follow from a hash of the request."""

    model_config = SettingsConfigDict(cli_kebab_case=True, cli_avoid_json=True, cli_implicit_flags=True)

    host: str = "127.0.0.1"
    port: int = Field(0, description="0: a free one")
    log: Path | None = Field(None, description="JSON lines are appended to this file")
    child: bool = Field(False, description="read the behaviour as a line of JSON from stdin, stop when stdin closes")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: object, **__: object
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line only: the environment of a test run must not change what the server does."""
        return (init_settings,)


async def serve(options: Options, behaviour: Behaviour) -> None:
    """Listen until the process is stopped."""
    loop = asyncio.get_running_loop()
    server = Server(behaviour, RequestLog(options.log))
    # The low-level server has no body limit of 1 MiB on content.read(); cancellation tells us when a client goes.
    http_server = web.Server(server.handle, handler_cancellation=True, access_log=None)
    listening = await loop.create_server(http_server, options.host, options.port, backlog=8192)
    sys.stdout.write(json.dumps({"port": listening.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main(arguments: list[str] | None = None) -> None:
    """Run as a process of its own."""
    options = CliApp.run(Options, cli_args=sys.argv[1:] if arguments is None else arguments)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):  # macOS refuses its own hard limit where that is "unlimited"
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.child:
        behaviour = Behaviour.model_validate_json(sys.stdin.readline())
        # A test that is killed cannot stop its server; the pipe closing can. The log needs no flush.
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    else:
        behaviour = Behaviour(**options.model_dump(include=set(Behaviour.model_fields)))
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(options, behaviour))


@dataclass(frozen=True)
class Seen:
    """One request as the log tells it."""

    sha256: str
    """Of the whole body as canonical JSON, see `canonical_sha256`."""
    time: float
    """Arrival, seconds since the epoch."""
    attempt: int
    """1 for the first arrival of this body at this process."""
    action: str
    """answer, the name of a fault, or unauthorized, unknown_model, context_length, bad_request, capacity, dead."""
    status: int | None
    seconds: float
    """How long the response was meant to take."""
    end: str
    """completed (the socket has all of it), client_gone, cut, reset, or open (neither yet)."""
    end_time: float | None

    @property
    def answered(self) -> bool:
        """The right answer, and all of it left the server."""
        return self.action in ("answer", "drip") and self.end == "completed"


def read_log(path: Path) -> list[Seen]:
    """The requests in order of arrival; a torn last line, left by a killed server, is not read."""
    seen: dict[str, Json] = {}
    for raw in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        line = json.loads(raw)
        name, event = line.pop("request"), line.pop("event")
        if event == "arrived":
            seen[name] = {**line, "end": "open", "end_time": None}
        else:
            seen[name] |= {"end": line.get("why", event), "end_time": line["time"]}
    return [Seen(**entry) for entry in seen.values()]


class OpenAIServer:
    """The server as a process of its own: `with OpenAIServer(faults={"rate_limit": 0.1}) as server: ...`."""

    program = __file__

    def __init__(self, log: Path | None = None, port: int = 0, **behaviour: Any) -> None:
        """Take a log file (else a temporary one), a port (0: a free one) and fields of `Behaviour`."""
        self._folder = tempfile.TemporaryDirectory(prefix="openai-server-")
        self.log_path = log or Path(self._folder.name) / "requests.jsonl"
        self.port = port
        self._behaviour = Behaviour(**behaviour)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start, or start again on the same port with the same log and the behaviour last set.

        Raises:
            RuntimeError: It ended before it listened; its own message stands on stderr.
        """
        # By path and with -P: no dependence on the working directory or on another package named tests.
        command = [sys.executable, "-P", self.program, "--child", f"--port={self.port}", f"--log={self.log_path}"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(self._behaviour.model_dump_json() + "\n")
            process.stdin.flush()
        self._process = process
        first = process.stdout.readline()
        if not first:
            self.stop()
            raise RuntimeError(f"the server ended with exit code {process.returncode}")
        self.port = json.loads(first)["port"]
        return self

    def stop(self) -> None:
        """Stop this process, and no other; requests in flight are cut. The log knows what clients have received."""
        if self._process is not None:
            self._settle()
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]
            self._process = None

    __enter__ = start

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """Process id.

        Raises:
            RuntimeError: It does not run.
        """
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def stats(self) -> Json:
        """GET /stats."""
        return self._ask("GET", "/stats")

    def control(self, **patch: Any) -> Json:
        """Change fields of `Behaviour` at run time; gives all of them.

        Raises:
            ValueError: A field or value that there is not.
        """
        body = self._ask("POST", "/control", patch)
        if "error" in body:
            raise ValueError(body["error"])
        self._behaviour = Behaviour(**body)
        return body

    def log(self) -> list[Seen]:
        """All requests so far, also of earlier starts and after a stop; what clients have received is completed."""
        self._settle()
        return read_log(self.log_path)

    def _settle(self) -> None:
        # A client may have an answer before the server comes round to writing that down; what the server is asked
        # afterwards it does after that.
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.stats()

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body))
            return dict(json.loads(connection.getresponse().read()))


if __name__ == "__main__":
    main()
