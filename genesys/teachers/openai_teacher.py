"""Any OpenAI-compatible endpoint through the official client. Faults are named here; retries follow from the names."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import tenacity

from genesys.calls.limits import AdaptiveLimit
from genesys.calls.slots import slots_on_this_host
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.faults import GenesysError, InfrastructureFault
from genesys.teachers.answers import is_refusal, read_stream, read_whole
from genesys.teachers.endpoints import Endpoint, EndpointPool, Lease

_CONNECTIONS = 64
"""Of one client at most: for each request it looks at all that it has."""

_PUT_OFF = 10
"""How many times the allowed attempts an endpoint may say "later"."""

_OVERLOAD = frozenset({408, 429, 502, 503, 504, 529})
_TRANSIENT = _OVERLOAD | {409, 425, 500}
_CLOSED = frozenset({401, 402, 403, 404})
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")
"""429s that no waiting helps against."""


class OpenAITeacher:
    """A model behind one or several OpenAI-compatible endpoints.

    Args:
        model: The model's name at the endpoint.
        base_urls: One or several; calls go to the least loaded that is up.
        teacher_id: Names weights and quantization in every call's key; by default the model's name.
        api_key: Sent as bearer token; never logged or kept.
        concurrency: Calls at once at each endpoint at most, all processes of this machine together; follows overload
            downwards by itself.
        stream: Read answers as they are made, so that an endpoint that stops talking is noticed early.
        timeout: Seconds that one attempt may take in all.
        idle_timeout: Seconds without a byte of a stream after which an attempt is given up; bounds the first byte too.
        attempts: Attempts per call before it fails; not counting, up to ten times as many, those to which the endpoint
            says when to come again.
        patience: Seconds that calls wait while no endpoint answers, and that an endpoint may ask them to wait.
        longest_pause: Seconds between two attempts of one call at most, unless the endpoint asks for more.
    """

    def __init__(
        self,
        model: str,
        base_urls: Sequence[str],
        *,
        teacher_id: str | None = None,
        api_key: str | None = None,
        concurrency: int = 64,
        stream: bool = True,
        timeout: float = 3600.0,
        idle_timeout: float = 300.0,
        attempts: int = 8,
        patience: float = 300.0,
        longest_pause: float = 60.0,
    ) -> None:
        """No connection is made yet.

        Raises:
            GenesysError: An URL may hold a secret, or the key can be none.
        """
        self.model, self.teacher_id = model, teacher_id or model
        self.concurrency = concurrency * len(base_urls)
        self._stream, self._timeout, self._idle_timeout = stream, timeout, idle_timeout
        self._attempts, self._longest_pause, self._patience = attempts, longest_pause, patience
        self._api_key = (api_key or "").strip()
        if not (self._api_key.isascii() and self._api_key.isprintable()):  # libraries repeat it in their refusal
            raise GenesysError("the API key holds characters that no key has: check the environment variable it is in")
        # An error in JSON in JSON comes with backslashes before some of the key's characters.
        self._key_pattern = re.compile(r"\\*".join(map(re.escape, self._api_key)))
        self.pool = EndpointPool([self._endpoint(url, concurrency) for url in base_urls], patience=patience)

    def _endpoint(self, url: str, concurrency: int) -> Endpoint:
        parts = urlsplit(url)
        if parts.password or parts.username or parts.query:
            raise GenesysError(f"give the key of {parts.hostname} in the environment (api_key_env), not in its URL")
        name = url.rstrip("/")
        clients = [
            _client(url, self._api_key, min(self._idle_timeout, 30.0)) for _ in range(-(-concurrency // _CONNECTIONS))
        ]
        slots = slots_on_this_host(f"endpoint {name}", concurrency)
        return Endpoint(name, clients, AdaptiveLimit(concurrency), slots=slots)

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer, trying again what may go better next time.

        Raises:
            InfrastructureFault: After the last attempt, or at once where another attempt is useless.
        """
        started_at = time.monotonic()
        put_off = 0

        def enough(state: tenacity.RetryCallState) -> bool:
            nonlocal put_off
            put_off += _asked_pause(state) is not None
            return state.attempt_number - put_off >= self._attempts or put_off >= _PUT_OFF * self._attempts

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_worth_another_attempt), stop=enough, wait=self._pause, reraise=True
        )
        async for attempt in retrying:
            with attempt:
                async with self.pool.lease() as lease:
                    answer = await self._attempt(lease, request)
        return Completed(
            answer=answer,
            seconds=time.monotonic() - started_at,
            attempts=attempt.retry_state.attempt_number,
            endpoint=lease.endpoint.url,
        )

    async def _attempt(self, lease: Lease, request: ChatRequest) -> ChatAnswer:
        """One request. Whatever may go wrong with it leaves as an ``InfrastructureFault`` or a refusal."""
        import openai

        url = lease.endpoint.url
        try:
            return await self._exchange(lease, request)
        except InfrastructureFault as fault:
            raise InfrastructureFault(f"{url}: {self._short(str(fault))}", alive=fault.alive) from None
        except openai.APIStatusError as error:
            if is_refusal(error.status_code, json.dumps(error.body, default=str) if error.body else str(error)):
                return ChatAnswer(content="", finish_reason="refused", refused=self._brief(error))
            raise self._status_fault(url, error) from None
        except (TimeoutError, openai.APITimeoutError):
            silence = f", or was silent for {self._idle_timeout:g} s" if self._stream else ""
            told = f"{url} gave no whole answer within {self._timeout:g} s{silence}"
            raise InfrastructureFault(told, overload=True) from None
        except (openai.OpenAIError, LookupError, AttributeError, TypeError, ValueError, OSError) as error:
            raise InfrastructureFault(f"{url}: {self._brief(error)}") from None
        except Exception as error:
            # The client lets its HTTP library's errors through while a body is read (a cut connection, say).
            if "http" not in type(error).__module__:
                raise
            raise InfrastructureFault(f"{url}: {self._brief(error)}") from None

    async def _exchange(self, lease: Lease, request: ChatRequest) -> ChatAnswer:
        arguments = _arguments(self.model, request, stream=self._stream)
        create = lease.endpoint.next_client().chat.completions.with_streaming_response.create
        async with asyncio.timeout(self._timeout):
            if not self._stream:
                async with create(**arguments) as response:
                    return read_whole(await response.read())
            async with asyncio.timeout(self._idle_timeout) as idle, create(**arguments) as response:
                return await read_stream(self._heard(response.iter_bytes(), idle, lease))

    async def _heard(self, chunks: AsyncIterator[bytes], idle: asyncio.Timeout, lease: Lease) -> AsyncIterator[bytes]:
        """Chunks as they come; each shows that the endpoint is up and puts off the time-out for silence."""
        clock = asyncio.get_running_loop().time
        self.pool.spoke(lease)
        async for chunk in chunks:
            idle.reschedule(clock() + self._idle_timeout)
            yield chunk

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """What the endpoint asked for, else exponential with full jitter; random, since it decides no result."""
        asked = _asked_pause(state)
        if asked is not None:
            return asked + random.uniform(0, 0.1)
        return random.uniform(0, min(0.5 * 2**state.attempt_number, self._longest_pause))

    def _status_fault(self, url: str, error: Any) -> InfrastructureFault:
        status: int = error.status_code
        told = self._brief(error)
        return InfrastructureFault(
            f"{url} answered {status}: {told}",
            retry_after=_retry_after(error.response.headers, longest=max(self._patience, self._longest_pause)),
            overload=status in _OVERLOAD,
            alive=True,
            final=status not in _TRANSIENT and status < 500,
            closed=status in _CLOSED or (status == 429 and any(mark in told for mark in _SPENT)),
        )

    def _brief(self, error: BaseException) -> str:
        """What an error says, if it fits."""
        said = [f"{type(error).__name__}: {error}"]
        if error.__cause__ is not None:  # the client says "Connection error." and keeps why to itself
            said.append(f"{type(error.__cause__).__name__}: {error.__cause__}")
        return self._short("; ".join(said))

    def _short(self, text: str, length: int = 300) -> str:
        """In one line and without the key, which some endpoints and libraries repeat; only then cut to a length."""
        text = " ".join(text.split())
        text = self._key_pattern.sub("***", text) if self._api_key else text
        return text if len(text) <= length else text[:length] + "..."

    async def aclose(self) -> None:
        """Close the connections."""
        self.pool.close()
        for endpoint in self.pool.endpoints:
            for client in endpoint.clients:
                await client.close()


def _asked_pause(state: tenacity.RetryCallState) -> float | None:
    """Seconds after which the endpoint wants to be asked again, if it said so."""
    fault = state.outcome.exception() if state.outcome else None
    return fault.retry_after if isinstance(fault, InfrastructureFault) else None


def _worth_another_attempt(error: BaseException) -> bool:
    return isinstance(error, InfrastructureFault) and not error.final and not error.fatal


def _client(url: str, api_key: str, connect_timeout: float) -> Any:
    import openai

    # No limit of connections here: the adaptive limit is the only one. All times but this are bounded in ``_exchange``.
    limits = type(openai.DEFAULT_CONNECTION_LIMITS)(max_connections=None, max_keepalive_connections=None)
    # A proxy of the environment is for the world outside; it would look for this machine's addresses on its own.
    here = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    http = openai.DefaultAsyncHttpxClient(limits=limits, timeout=None, trust_env=not here)
    timeout = openai.Timeout(None, connect=connect_timeout)
    return openai.AsyncOpenAI(base_url=url, api_key=api_key or "none", max_retries=0, timeout=timeout, http_client=http)


def _arguments(model: str, request: ChatRequest, *, stream: bool) -> dict[str, Any]:
    """The client's arguments.

    All goes into the body as it is: the client knows neither top_k nor min_p, and takes an eighth of a call's
    processor time to look through what it does know.
    """
    body: dict[str, Any] = {"messages": [message.model_dump() for message in request.messages], **request.sampling}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return {"model": model, "messages": [], "stream": stream, "extra_body": body}


def _retry_after(headers: Mapping[str, str], *, longest: float) -> float | None:
    """Seconds, from either form of the header (RFC 9110, 10.2.3)."""
    from email.utils import parsedate_to_datetime

    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(0.0, seconds), longest)
