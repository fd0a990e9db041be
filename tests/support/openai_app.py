"""The fault-injecting endpoint itself: requests in, plans delivered, a log line each."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import struct
import time
from collections import Counter
from pathlib import Path

from aiohttp import web
from pydantic_core import to_json

from tests.support.openai_answers import canonical_sha256, prompt_texts, share_of, token_count
from tests.support.openai_batches import PATHS, Batches
from tests.support.openai_behaviour import ALL_FAULTS, CREATED, Behaviour, Fault, Json
from tests.support.openai_plans import Plan, answer_plan, error_object, fault_plan, json_plan, rate_limited


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
        self.batches = Batches(self)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The one entry for all paths."""
        route = (request.method, request.path)
        if route == ("POST", "/v1/chat/completions"):
            return await self.chat(request)
        if request.path == "/control":
            return await self.control(request)
        if route == ("GET", "/stats"):
            return web.json_response(self.stats())
        if route == ("GET", "/stats/batches"):
            return web.json_response(self.batches.stats())
        if request.path.startswith(PATHS) and not self.behaviour.dead:
            return await self.batches.handle(request)
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
                if "batch_faults" in patch:
                    self.batches.asked.clear()  # they count from now on
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
        b = self.behaviour
        if b.dead:
            return "dead", Plan(status=None, end="cut")
        if wrong := self.wrong_key(request):
            return "unauthorized", wrong
        if refused := self.refused_for_good(body):
            return refused
        if b.capacity is not None and len(self.open) >= b.capacity:
            return "capacity", rate_limited(b)
        return None

    def refused_for_good(self, body: Json | None) -> tuple[str, Plan] | None:
        """The refusal of a request that would be refused at any time, by whatever way it came."""
        b, kind = self.behaviour, "invalid_request_error"
        try:
            texts = prompt_texts(body or {})
            model = str((body or {})["model"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return "bad_request", json_plan(400, error_object(f"{type(error).__name__}: {error}", kind))
        if b.models and model not in b.models:
            return "unknown_model", json_plan(404, error_object(f"no model {model}", kind, "model_not_found"))
        tokens = token_count(sum(len(text) for _, text in texts))
        if b.context_tokens is not None and tokens > b.context_tokens:
            told = f"the prompt has {tokens} tokens, the maximum context length is {b.context_tokens}"
            return "context_length", json_plan(400, error_object(told, kind, "context_length_exceeded"))
        return None

    def log_batched(self, sha: str, action: str, status: int) -> None:
        """Write down a request that came in a batch and was worked on, which costs what a call costs."""
        self.seen += 1
        self.arrivals[sha] += 1
        name = f"{os.getpid()}.{self.seen}"
        self.log.write("arrived", name, sha256=sha, attempt=self.arrivals[sha], action=action, status=status, seconds=0)
        self.log.write("completed", name)

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
        left = share_of(b.fault_seed, sha, attempt)
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
