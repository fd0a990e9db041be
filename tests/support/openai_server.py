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
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import uvloop
from aiohttp import web
from pydantic import Field
from pydantic_settings import BaseSettings, CliApp, PydanticBaseSettingsSource, SettingsConfigDict

from tests.support.openai_app import RequestLog, Server
from tests.support.openai_behaviour import Behaviour, Json


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
    """answer, the name of a fault, or batch_error, unauthorized, unknown_model, context_length, bad_request, capacity,
    dead."""
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

    def batches(self) -> Json:
        """Its batches as objects of the API, the oldest first, and requests to the Batch API by route."""
        return self._ask("GET", "/stats/batches")

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
