"""What every exchange with an OpenAI-compatible endpoint shares: the client, the key kept secret, faults by name."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from genesys.chat import ChatRequest
from genesys.faults import GenesysError, InfrastructureFault
from genesys.settings.roles import GoesOnBy

_OVERLOAD = frozenset({408, 429, 502, 503, 504, 529})
_TRANSIENT = _OVERLOAD | {409, 425, 500}
_CLOSED = frozenset({401, 402, 403, 404})
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")
"""429s that no waiting helps against."""


class ApiKey:
    """An endpoint's key: sent as bearer token, and taken out of whatever is told."""

    def __init__(self, value: str | None) -> None:
        """Look at it.

        Raises:
            GenesysError: It can be no key.
        """
        self.value = (value or "").strip()
        if not (self.value.isascii() and self.value.isprintable()):  # libraries repeat it in their refusal
            raise GenesysError("the API key holds characters that no key has: check the environment variable it is in")
        # An error in JSON in JSON comes with backslashes before some of the key's characters.
        self._pattern = re.compile(r"\\*".join(map(re.escape, self.value)))

    def brief(self, error: BaseException) -> str:
        """What an error says, if it fits: the client's own says "Connection error.", the one behind it why."""
        origin = _origin(error)
        return self.short(f"{type(origin).__name__}: {origin}")

    def short(self, text: str, length: int = 300) -> str:
        """In one line and without the key, which some endpoints and libraries repeat; only then cut to a length."""
        text = " ".join(text.split())
        text = self._pattern.sub("***", text) if self.value else text
        return text if len(text) <= length else text[:length] + "..."


def check_url(url: str) -> None:
    """See that a base URL holds nothing secret.

    Raises:
        GenesysError: It may.
    """
    parts = urlsplit(url)
    if parts.password or parts.username or parts.query:
        raise GenesysError(f"give the key of {parts.hostname} in the environment (api_key_env), not in its URL")


def open_client(url: str, key: ApiKey, connect_timeout: float) -> Any:
    """A client of the official kind. It retries nothing and has no other time-out: both are the caller's."""
    import openai

    # No limit of connections here (0 is aiohttp's word for it): the adaptive limit is the only one. All times but this
    # are bounded by the caller.
    limits = type(openai.DEFAULT_CONNECTION_LIMITS)(max_connections=0)
    # A proxy of the environment is for the world outside; it would look for this machine's addresses on its own.
    here = urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    # The client's other way to speak HTTP, which reads what comes in C: half the processor time of a call, a third of
    # that of a long stream.
    http = openai.DefaultAioHttpClient(limits=limits, timeout=None, trust_env=not here)
    timeout = openai.Timeout(None, connect=connect_timeout)
    bearer = key.value or "none"
    return openai.AsyncOpenAI(base_url=url, api_key=bearer, max_retries=0, timeout=timeout, http_client=http)


def is_time_out(error: BaseException) -> bool:
    """Whether something took too long. The client calls every lost connection a time-out too."""
    return isinstance(error, TimeoutError) or isinstance(_origin(error), TimeoutError)


def _origin(error: BaseException) -> BaseException:
    """The error that all the others were made of."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def fault_of(url: str, error: Exception, key: ApiKey, *, longest_pause: float) -> InfrastructureFault | None:
    """An exception of an exchange as the fault that it is; None for one that no exchange raises.

    Args:
        url: The endpoint, for people.
        error: What was raised.
        key: Taken out of what is told.
        longest_pause: Seconds that the endpoint may ask us to wait.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        told = key.brief(error)
        asked = _retry_after(error.response.headers, longest=longest_pause)
        return status_fault(f"{url} answered {error.status_code}", error.status_code, told, retry_after=asked)
    known = (openai.OpenAIError, LookupError, AttributeError, TypeError, ValueError, OSError)
    # The client lets its HTTP library's errors through while a body is read (a cut connection, say).
    if isinstance(error, known) or "http" in type(error).__module__:
        return InfrastructureFault(f"{url}: {key.brief(error)}")
    return None


def status_fault(what: str, status: int, told: str, *, retry_after: float | None = None) -> InfrastructureFault:
    """What an HTTP status means: whether to try again, and whether anything else sent there would fare better."""
    return InfrastructureFault(
        f"{what}: {told}",
        retry_after=retry_after,
        overload=status in _OVERLOAD,
        alive=True,
        final=status not in _TRANSIENT and status < 500,
        closed=status in _CLOSED or (status == 429 and any(mark in told for mark in _SPENT)),
    )


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


def body_of(model: str, request: ChatRequest, goes_on_by: GoesOnBy) -> dict[str, Any]:
    """A request as the endpoint reads it."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    body: dict[str, Any] = {"model": model, "messages": messages, **request.sampling}
    if request.continues:
        _go_on(body, goes_on_by)
    return body


def _go_on(body: dict[str, Any], by: GoesOnBy) -> None:
    """The last message is the beginning of the answer: said in the words that the endpoint knows."""
    if by == "continue_final_message":
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    elif by == "prefix":
        body["messages"][-1]["prefix"] = True
