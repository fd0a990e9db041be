"""An endpoint that costs next to nothing: answers are bytes made once, so that what is measured is the client.

Its events are vLLM's, one HTTP chunk each. A request says by ``max_tokens`` and ``stream`` what it gets; nothing else
of it is read. With a pause between steps it writes as an engine does: in each step one event to each open answer,
whether it is read or not. Without one an answer goes out whole.

    with ReplayServer(tokens_per_event=1) as server: ...
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from functools import cache
from typing import Any, Self

WORD = " word"
_LENGTH, _ASKED = re.compile(rb"content-length: *(\d+)", re.IGNORECASE), re.compile(rb'"max_tokens": ?(\d+)')
_STREAM = re.compile(rb'"stream": ?true')
_HEAD = "HTTP/1.1 200 OK\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\nserver: uvicorn\r\n"
_FIXED: dict[str, Any] = {"id": "chatcmpl-0123456789abcdef0123456789abcdef", "created": 1700000000, "model": "m"}


@cache
def whole(tokens: int) -> bytes:
    """An answer in one."""
    message = {"role": "assistant", "content": WORD * tokens, "refusal": None, "tool_calls": [], "reasoning": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop", "stop_reason": None}
    body = json.dumps({**_FIXED, "object": "chat.completion", "choices": [choice], "usage": _usage(tokens)}).encode()
    return f"{_HEAD}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@cache
def streamed(tokens: int, tokens_per_event: int) -> tuple[bytes, ...]:
    """An answer as what goes onto the wire in each step."""
    head = f"{_HEAD}content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    counts = [min(tokens_per_event, tokens - at) for at in range(0, tokens, tokens_per_event)]
    deltas = [_delta({"content": WORD * count}, None) for count in counts[:-1]]
    first = head + _delta({"role": "assistant", "content": ""}, None)
    last = _delta({"content": WORD * counts[-1]}, "stop")
    end = _event({"choices": [], "usage": _usage(tokens)}) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return (first, *deltas, last + end)


def _delta(delta: dict[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason, "token_ids": None}
    return _event({"choices": [choice]})


def _event(more: dict[str, Any]) -> bytes:
    value = {"id": _FIXED["id"], "object": "chat.completion.chunk", **_FIXED, **more}
    return _chunk(b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 20, "total_tokens": 20 + tokens, "completion_tokens": tokens}


class _Answers(asyncio.Protocol):
    """One connection: requests in, prepared bytes out."""

    def __init__(self, tokens_per_event: int, latency: float, open_answers: dict[_Answers, list[bytes]] | None) -> None:
        """``open_answers`` is where answers wait for steps; None: they go out at once."""
        self._tokens_per_event, self._latency, self._open = tokens_per_event, latency, open_answers
        self._received = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Its client has gone."""
        if self._open is not None:
            self._open.pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, end)
            needed = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < needed:
                return
            body, self._received = self._received[end + 4 : needed], self._received[needed:]
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._answer, body)
            else:
                self._answer(body)

    def _answer(self, body: bytes) -> None:
        wanted = _ASKED.search(body)
        tokens = int(wanted[1]) if wanted else 16
        if not _STREAM.search(body):
            self.transport.write(whole(tokens))
        elif self._open is None:
            self.transport.write(b"".join(streamed(tokens, self._tokens_per_event)))
        else:
            self._open[self] = list(reversed(streamed(tokens, self._tokens_per_event)))


async def _steps(pause: float, open_answers: dict[_Answers, list[bytes]]) -> None:
    """An engine's steps; one that comes late is not made up for."""
    due = time.monotonic()
    while True:
        due = max(due + pause, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
        for answers, left in list(open_answers.items()):
            answers.transport.write(left.pop())
            if not left:
                del open_answers[answers]


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    open_answers: dict[_Answers, list[bytes]] | None = {} if options.step else None
    listening = await loop.create_server(
        lambda: _Answers(options.tokens_per_event, options.latency, open_answers), "127.0.0.1", 0, backlog=8192
    )
    print(listening.sockets[0].getsockname()[1], flush=True)
    if open_answers is None:
        await asyncio.Event().wait()
    else:
        await _steps(options.step, open_answers)


class ReplayServer:
    """The server as a process of its own, stopped at the end of a ``with``."""

    def __init__(self, *, tokens_per_event: int = 1, latency: float = 0.0, step: float = 0.0) -> None:
        """``latency``: seconds before an answer begins; ``step``: seconds between two events of an answer."""
        self._command = [sys.executable, __file__, f"--tokens-per-event={tokens_per_event}", f"--latency={latency}",
                         f"--step={step}"]  # fmt: skip

    def __enter__(self) -> Self:
        """Start."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base_url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop this process, and no other."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Serve until the process is stopped."""
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens-per-event", type=int, default=1)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--step", type=float, default=0.0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
