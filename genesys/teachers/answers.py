"""What an endpoint's bytes say: an answer, whole or streamed, or what is wrong with it. No connections here."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from genesys.chat import ChatAnswer
from genesys.fast_json import read_json
from genesys.faults import InfrastructureFault
from genesys.well_formed import well_formed

_BROKEN_OFF = frozenset({"abort", "error"})
"""Finish reasons by which servers say that they, not the model, ended the answer."""

_REFUSALS = (
    "context_length_exceeded",
    "context length",
    "context window",
    "context_size",
    "prompt is too long",
    "longer than the maximum model",
    "content_filter",
    "content_policy",
)
_SETTINGS = ("max_tokens", "max_completion_tokens", "in the completion", "output tokens")
_LIMIT = re.compile(r"maximum context length is (\d+)")
_PROMPT = re.compile(r"(\d+) (?:tokens )?(?:in the messages|in the prompt|input tokens|in the input)")


def read_whole(body: bytes) -> ChatAnswer:
    """The answer in one JSON body.

    Raises:
        InfrastructureFault: There is none in it.
    """
    return read_object(_object(body))


def read_object(completion: dict[str, Any]) -> ChatAnswer:
    """The answer in a completion that was read already, as from a line of a batch.

    Raises:
        InfrastructureFault: There is none in it.
    """
    answer = _Answer()
    answer.add(completion, "message")
    return answer.finished()


async def read_stream(chunks: AsyncIterable[bytes], heard: Callable[[int], None] | None = None) -> ChatAnswer:
    """Put a streamed answer together (server-sent events, a JSON object each).

    Some endpoints know no streaming, and send one JSON object whatever they were asked for: it is read as what it is.

    Args:
        chunks: As they come.
        heard: Told how many characters came, as they come.

    Raises:
        InfrastructureFault: The stream holds an error, or something unreadable, or ends before the answer does.
    """
    answer = _Answer()
    batches = _lines(chunks)
    async for lines in batches:
        chars = 0
        for number, line in enumerate(lines):
            if line.startswith(b"data:"):
                data = line[5:].strip()
                if data and data != b"[DONE]":
                    chars += answer.add(_object(data), "delta")
            elif not answer.begun and line.lstrip().startswith(b"{"):
                further = [line async for lines in batches for line in lines]
                return read_whole(b"\n".join([*lines[number:], *further]))
        if heard is not None and chars:
            heard(chars)
    return answer.finished()


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[list[bytes]]:
    """Lines as the format has them, as they come; a text may hold characters that Python takes for line ends too."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield lines
    yield [rest]


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = read_json(data)
    except ValueError as error:
        raise _flaw(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _flaw("not a JSON object")
    return value


@dataclass
class _Answer:
    """What has come so far."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    begun: bool = False
    has_content: bool = False
    finish_reason: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    model: str | None = None

    def add(self, piece: dict[str, Any], part: str) -> int:
        """A whole completion (``part`` is message) or one chunk of a stream (delta); gives the characters in it."""
        self.begun, chars = True, 0
        if piece.get("error"):
            raise _flaw(f"an error: {json.dumps(piece['error'], ensure_ascii=False)}")
        self.usage = piece.get("usage") or self.usage
        self.model = piece.get("model") or self.model
        for choice in piece.get("choices") or []:
            text = choice.get(part) or {}
            self.has_content |= text.get("content") is not None
            content = text.get("content") or ""
            # vLLM, DeepSeek and others call the thinking ``reasoning_content``, newer ones ``reasoning``.
            reasoning = text.get("reasoning_content") or text.get("reasoning") or ""
            self.content.append(content)
            self.reasoning.append(reasoning)
            chars += len(content) + len(reasoning)
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        return chars

    def finished(self) -> ChatAnswer:
        """The answer, if it is one: an empty text is, but only if the model spent tokens on it."""
        if self.finish_reason is None:
            raise _flaw("no answer, or one that was cut before its end")
        if self.finish_reason in _BROKEN_OFF:
            raise _flaw(f"an answer that it broke off itself ({self.finish_reason})")
        content, reasoning = well_formed("".join(self.content)), well_formed("".join(self.reasoning))
        tokens = self.usage.get("completion_tokens")
        if not content and not reasoning and not (self.has_content and tokens):
            raise _flaw("an answer without content")
        return ChatAnswer(
            content=content,
            reasoning=reasoning or None,
            finish_reason=self.finish_reason,
            prompt_tokens=_count(self.usage.get("prompt_tokens")),
            cached_tokens=_count((self.usage.get("prompt_tokens_details") or {}).get("cached_tokens")),
            completion_tokens=_count(tokens),
            model=self.model,
        )


def is_refusal(status: int, text: str) -> bool:
    """Whether an error means that this very request can never be answered: the task's fault, not the network's.

    A prompt over the context window is. One that fits, with more answer tokens asked for than fit beside it, is not:
    that is a mistake in the settings.
    """
    if status not in (400, 413, 422):
        return False
    limit, prompt = _LIMIT.search(text), _PROMPT.search(text)
    if limit and prompt:
        return int(prompt[1]) >= int(limit[1])
    return any(mark in text for mark in _REFUSALS) and not any(mark in text for mark in _SETTINGS)


def _flaw(what: str) -> InfrastructureFault:
    """As long as the endpoint made it: it is cut where its key has been taken out, or half of one could stay."""
    return InfrastructureFault(f"the endpoint sent {what}", alive=True)


def _count(tokens: Any) -> int | None:
    """Tokens as reported, None if that is no count that a table can hold."""
    return tokens if isinstance(tokens, int) and 0 <= tokens < 2**63 else None
