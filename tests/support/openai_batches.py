"""The Files and Batch API of the fault-injecting endpoint, as OpenAI's reference has them; lines are answered as calls.

Files and batches are kept in memory, and end with the process.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import MultipartReader, web
from pydantic_core import to_json

from tests.support.openai_answers import canonical_sha256, prompt_texts, share_of
from tests.support.openai_behaviour import Json
from tests.support.openai_plans import answer_plan, error_object

if TYPE_CHECKING:
    from tests.support.openai_app import Server

PATHS = ("/v1/files", "/v1/batches")
MOST_LINES = 50_000
LIVE = ("validating", "in_progress", "finalizing", "cancelling")
ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass
class Batch:
    """One batch and what it will come to."""

    id: str
    endpoint: str
    window: str
    file_id: str
    metadata: Json
    created_at: float
    lines: list[Json] = field(default_factory=list)
    status: str = "validating"
    errors: list[Json] = field(default_factory=list)
    output_id: str | None = None
    error_id: str | None = None
    done: int = 0
    failed: int = 0
    times: dict[str, int] = field(default_factory=dict)

    def object(self) -> Json:
        """As the reference has it."""
        model = self.lines[0]["body"].get("model") if self.lines else None
        times = {f"{status}_at": self.times.get(status) for status in (*LIVE[1:], *ENDED)}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": model,
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "input_file_id": self.file_id,
            "completion_window": self.window,
            "status": self.status,
            "output_file_id": self.output_id,
            "error_file_id": self.error_id,
            "created_at": int(self.created_at),
            "expires_at": int(self.created_at) + 86_400,
            "request_counts": {"total": len(self.lines), "completed": self.done, "failed": self.failed},
            "metadata": self.metadata or None,
            **times,
        }


class Batches:
    """The routes below /v1/files and /v1/batches."""

    def __init__(self, server: Server) -> None:
        """Start with no file and no batch."""
        self.server = server
        self.files: dict[str, Json] = {}
        self.contents: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}
        self.asked: Counter[str] = Counter()
        """Requests by route."""
        self.tried: Counter[str] = Counter()
        """Batches that a line was in, by custom_id."""

    def stats(self) -> Json:
        """Requests by route, and all batches, the oldest first."""
        return {"requests": dict(self.asked), "batches": [self.advanced(name).object() for name in self.batches]}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, and what the behaviour makes of it."""
        b = self.server.behaviour
        _, _, kind, *rest = request.path.split("/")
        route = f"{request.method} {kind}" + ("/id" if rest else "") + "".join(f"/{part}" for part in rest[1:])
        self.asked[route] += 1
        faults = b.batch_faults.get(route, [])
        fault = faults[self.asked[route] - 1] if self.asked[route] <= len(faults) else 0
        if (wrong := self.server.wrong_key(request)) is not None:
            return web.Response(status=401, body=wrong.pieces[0], content_type="application/json")
        if b.batch_api == "none" or (b.batch_api == "files" and kind == "batches"):
            return _error(404, f"Invalid URL ({request.method} {request.path})")
        if fault > 0:
            after = {"Retry-After": f"{b.retry_after:g}"} if fault == 429 else {}
            return _error(fault, "not just now", headers=after)
        response = await self.routed(request, route, rest)
        if fault < 0:  # done, and nobody hears of it
            assert request.transport is not None
            request.transport.abort()
        return response

    async def routed(self, request: web.BaseRequest, route: str, rest: list[str]) -> web.StreamResponse:
        """What each route does."""
        known = self.files if "files" in route else self.batches
        if rest and rest[0] not in known:
            return _error(404, f"No such {route.split()[1].split('/')[0]}: {rest[0]}")
        routes: dict[str, Callable[[], Any]] = {
            "POST files": lambda: self.upload(request),
            "GET files/id": lambda: _json(self.files[rest[0]]),
            "GET files/id/content": lambda: self.content(rest[0]),
            "POST batches": lambda: self.create(request),
            "GET batches": lambda: self.listed(request),
            "GET batches/id": lambda: _json(self.advanced(rest[0]).object()),
            "POST batches/id/cancel": lambda: self.cancel(rest[0]),
        }
        if route not in routes:
            return _error(404, "no such path")
        found = routes[route]()
        return await found if asyncio.iscoroutine(found) else found

    async def upload(self, request: web.BaseRequest) -> web.StreamResponse:
        """Keep a file."""
        purpose, content, name = "", b"", ""
        async for part in MultipartReader(request.headers, request.content):  # the request's own takes 1 MiB
            if part.name == "purpose":
                purpose = await part.text()
            elif part.name == "file":
                content, name = bytes(await part.read()), part.filename or ""
        if purpose != "batch" or not content:
            return _error(400, "a file of purpose batch is wanted")
        return _json(self.keep(content, "batch", name))

    def keep(self, content: bytes, purpose: str, name: str) -> Json:
        """A file object for these bytes."""
        file_id = "file-" + secrets.token_hex(8)
        self.contents[file_id] = content
        self.files[file_id] = {
            "id": file_id, "object": "file", "bytes": len(content), "created_at": int(time.time()),
            "filename": name, "purpose": purpose, "status": "processed",
        }  # fmt: skip
        return self.files[file_id]

    def content(self, file_id: str) -> web.StreamResponse:
        """A file's bytes."""
        if self.server.behaviour.batch_files_gone and self.files[file_id]["purpose"] == "batch_output":
            return _error(404, f"No such File object: {file_id}")
        return web.Response(body=self.contents[file_id], content_type="application/octet-stream")

    async def create(self, request: web.BaseRequest) -> web.StreamResponse:
        """Start a batch; whether its lines are in order shows later, as at OpenAI."""
        body = json.loads(await request.content.read())
        if body.get("input_file_id") not in self.files or body.get("completion_window") != "24h":
            return _error(400, "input_file_id and completion_window 24h are wanted")
        if any(not isinstance(v, str) or len(v) > 512 for v in (body.get("metadata") or {}).values()):
            return _error(400, "metadata: values are strings of at most 512 characters")
        batch = Batch(
            "batch_" + secrets.token_hex(8), body["endpoint"], "24h", body["input_file_id"], body.get("metadata") or {},
            time.time(),
        )  # fmt: skip
        self.batches[batch.id] = batch
        self.validate(batch)
        return _json(batch.object() | {"status": "validating", "errors": None})

    def validate(self, batch: Batch) -> None:
        """Read its lines; it fails as a whole where one of them is wrong, or where too much is waiting already."""
        b, seen = self.server.behaviour, set()
        for number, raw in enumerate(self.contents[batch.file_id].splitlines(), 1):
            try:
                line = json.loads(raw)
                right = line["method"] == "POST" and line["url"] == batch.endpoint and len(line["custom_id"]) <= 64
                code = "" if right else "invalid_request"
                code = "duplicate_custom_id" if line["custom_id"] in seen else code
                code = "model_not_found" if b.models and line["body"]["model"] not in b.models else code
                code = "invalid_request" if b.batch_bad_line in str(line["body"]["messages"]) else code
                seen.add(line["custom_id"])
                batch.lines.append(line)
            except (ValueError, LookupError, TypeError):
                code = "invalid_json_line"
            if code:
                batch.errors.append({"code": code, "line": number, "message": f"line {number}: {code}", "param": None})
        waiting = sum(
            len(other.lines) for other in self.batches.values() if other.status in LIVE and other.id != batch.id
        )
        if b.batch_room is not None and waiting + len(batch.lines) > b.batch_room:
            told = (
                f"Enqueued token limit reached for {batch.id}. Please try again once some batches have been completed."
            )
            batch.errors = [{"code": "token_limit_exceeded", "line": None, "message": told, "param": None}]
        if b.batch_error or len(batch.lines) > MOST_LINES:
            batch.errors = [{"code": b.batch_error, "line": None, "message": f"{b.batch_error}!", "param": None}]
        if batch.errors:
            self.end(batch, "failed")

    def listed(self, request: web.BaseRequest) -> web.StreamResponse:
        """The newest first, in pages."""
        ids = list(reversed(self.batches))
        after, limit = request.query.get("after"), int(request.query.get("limit", 20))
        ids = ids[ids.index(after) + 1 :] if after in ids else ids
        page = [self.advanced(batch_id).object() for batch_id in ids[:limit]]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {}
        return _json({"object": "list", "data": page, "has_more": len(ids) > limit, **ends})

    def cancel(self, batch_id: str) -> web.StreamResponse:
        """As far as it has come; the next look finds it cancelled."""
        batch = self.advanced(batch_id)
        if batch.status not in LIVE:
            return _error(409, f"Cannot cancel a batch with status '{batch.status}'.")
        batch.status = "cancelling"
        return _json(batch.object())

    def advanced(self, batch_id: str) -> Batch:
        """A batch as it stands by now."""
        b, batch = self.server.behaviour, self.batches[batch_id]
        age = time.time() - batch.created_at
        if batch.status == "cancelling":
            self.end(batch, "cancelled")
        elif batch.status in LIVE and not b.batch_hold and age >= b.batch_seconds:
            self.end(batch, b.batch_end)
        elif batch.status in LIVE:
            batch.status = "validating" if age < b.batch_seconds / 10 else "in_progress"
        return batch

    def end(self, batch: Batch, status: str) -> None:
        """Answer its lines, or the share of them that is answered before it ends in another way."""
        batch.status, batch.times[status] = status, int(time.time())
        if status == "failed":
            return
        share = 1.0 if status == "completed" else self.server.behaviour.batch_share
        answers: list[bytes] = []
        errors: list[bytes] = []
        for number, line in enumerate(batch.lines):
            if number < share * len(batch.lines):
                self.answer(line, answers, errors)
            else:
                told = {"code": f"batch_{status}", "message": "This request could not be executed."}
                errors.append(_line(line, None, told))
        batch.done, batch.failed = len(answers), len(errors)
        if answers:
            batch.output_id = self.keep(b"".join(answers), "batch_output", f"{batch.id}_output.jsonl")["id"]
        if errors:
            batch.error_id = self.keep(b"".join(errors), "batch_output", f"{batch.id}_error.jsonl")["id"]

    def answer(self, line: Json, answers: list[bytes], errors: list[bytes]) -> None:
        """One line: as a call would be answered, with the flaw that chance has for it."""
        server, body, key = self.server, line["body"], line["custom_id"]
        b, sha = server.behaviour, canonical_sha256(line["body"])
        self.tried[key] += 1
        flaw = self.flaw(key)
        status, content = 200, b""
        refused = server.refused_for_good(body)
        dead = b.always_fail and any("[[dead]]" in text for _, text in prompt_texts(body))
        if flaw in ("429", "500") or dead:
            status, content = int(flaw or 500), to_json(error_object("no luck", "server_error"))
        elif refused is not None:
            status, content = refused[1].status or 400, refused[1].pieces[0]
        else:
            content = answer_plan(body, prompt_texts(body), b).pieces[0]
        server.log_batched(sha, "answer" if status == 200 else "batch_error", status)
        made = _line(line, {"status_code": status, "request_id": sha[:12], "body": json.loads(content)}, None)
        if flaw == "missing":
            return
        (answers if status == 200 else errors).append(made)
        if flaw == "doubled":
            answers.append(made)
        elif flaw == "unreadable":
            answers[-1] = made[: len(made) // 2] + b"\n"
        elif flaw == "unknown":
            answers.append(made.replace(key.encode(), hashlib.sha256(key.encode()).hexdigest().encode()))

    def flaw(self, key: str) -> str | None:
        """What is wrong with a line this time."""
        b = self.server.behaviour
        if b.max_faulty_attempts is not None and self.tried[key] > b.max_faulty_attempts:
            return None
        left = share_of(b.fault_seed, key, self.tried[key])
        for flaw, probability in b.batch_flaws.items():
            left -= probability
            if left < 0:
                return flaw
        return None


def _line(line: Json, response: Json | None, error: Json | None) -> bytes:
    made = {"id": "batch_req_" + line["custom_id"][:12], "custom_id": line["custom_id"]}
    return to_json({**made, "response": response, "error": error}) + b"\n"


def _json(body: Json) -> web.Response:
    return web.Response(body=to_json(body), content_type="application/json")


def _error(status: int, told: str, **more: Any) -> web.Response:
    body = to_json(error_object(told, "invalid_request_error"))
    return web.Response(status=status, body=body, content_type="application/json", **more)
