"""A provider's files and batches, as few requests as are needed, each tried again until it is known how it went."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import tenacity

from genesys.faults import InfrastructureFault
from genesys.teachers.batches.lines import ENDPOINT
from genesys.teachers.exchange import ApiKey, check_url, fault_of, is_time_out, open_client

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
NAME, TEACHER, SAMPLE = "genesys", "genesys_teacher", "genesys_keys"
"""Names in a batch's metadata: our name for it, the teacher's id, and the beginnings of some of its keys."""
_DIGITS, _SAMPLES, _VALUES = 12, 39, 3
"""Of a key in the sample; keys in one value of 512 characters; values."""
ADVICE = "take `batch` out of this role's settings to ask it call by call"
_CONNECT_S, _TALK_S = 30.0, 120.0

Value = TypeVar("Value")


class Missing(InfrastructureFault):
    """The provider does not know what was asked for: the Batch API itself, a batch, a file."""

    def __init__(self, message: str) -> None:
        """Asking again is useless."""
        super().__init__(message, alive=True, final=True)


@dataclass(frozen=True)
class Seen:
    """A batch as the provider tells it."""

    id: str
    status: str
    created_at: float
    file_id: str
    output_id: str | None
    error_id: str | None
    total: int
    done: int
    failed: int
    errors: tuple[dict[str, Any], ...]
    metadata: dict[str, str]
    model: str

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self.status in ENDED

    @property
    def given_up(self) -> bool:
        """A person has cancelled it."""
        return self.status in ("cancelling", "cancelled")

    def told(self) -> str:
        """How it stands, for people."""
        failed = f", {self.failed:,} failed" if self.failed else ""
        return f"{self.status}, {self.done:,} of {self.total:,} done{failed}"


def sample_of(keys: Iterable[str]) -> dict[str, str]:
    """Metadata by which it can be told whether a batch has requests that somebody asks for, without its file."""
    first = [key[:_DIGITS] for key in sorted(keys)[: _SAMPLES * _VALUES]]
    parts = [first[at : at + _SAMPLES] for at in range(0, len(first), _SAMPLES)]
    return {f"{SAMPLE}{number}": " ".join(part) for number, part in enumerate(parts)}


def may_hold(seen: Seen, keys: Iterable[str]) -> bool:
    """Whether a batch seems to have some of these requests."""
    sampled = {part for name, value in seen.metadata.items() if name.startswith(SAMPLE) for part in value.split()}
    return any(key[:_DIGITS] in sampled for key in keys)


class Provider:
    """An endpoint's Batch API.

    Args:
        url: The base URL.
        key: The API key.
        timeout: Seconds that a file may take to be sent or fetched.
        attempts: Of one request, at least.
        patience: Seconds for which it is tried at least.
        longest_pause: Seconds between two attempts at most, unless the endpoint asks for more.
    """

    def __init__(
        self, url: str, key: ApiKey, *, timeout: float, attempts: int, patience: float, longest_pause: float = 60.0
    ) -> None:
        """No connection is made yet.

        Raises:
            GenesysError: The URL may hold a secret.
        """
        check_url(url)
        self.url, self.key = url.rstrip("/"), key
        self._client = open_client(url, key, _CONNECT_S)
        self._timeout, self._attempts = timeout, attempts
        self._patience, self._longest_pause = patience, longest_pause

    async def upload(self, path: Path) -> str:
        """Send a file of requests; gives its id.

        Raises:
            Missing: There are no files at this endpoint, so that it has no Batch API.
            InfrastructureFault: It could not be sent.
        """

        async def send() -> str:
            with path.open("rb") as content:  # noqa: ASYNC230 - read piece by piece as it is sent
                sent = await self._client.files.create(file=(path.name, content), purpose="batch")
            return str(sent.id)

        return await self._tried(lambda: self._exchange(send, f"{self.url} has no Batch API (POST /files), {ADVICE}"))

    async def create(self, name: str, file_id: str, window: str, metadata: dict[str, str]) -> Seen:
        """Start a batch, once: where it is not known whether the provider heard, it is looked for first.

        Raises:
            Missing: The endpoint has files and no batches.
            InfrastructureFault: It could not be started, or nobody knows (not ``final``).
        """
        unsure = False

        async def post() -> Seen:
            made = await self._client.batches.create(
                input_file_id=file_id, endpoint=ENDPOINT, completion_window=window, metadata={NAME: name, **metadata}
            )
            return _seen(made)

        async def once() -> Seen:
            nonlocal unsure
            if unsure and (found := await self.find(name, file_id)) is not None:
                return found
            try:
                return await self._exchange(post, f"{self.url} has no Batch API (POST /batches), {ADVICE}", _TALK_S)
            except InfrastructureFault as fault:
                unsure = unsure or not fault.final
                raise

        return await self._tried(once)

    async def find(self, name: str, file_id: str | None) -> Seen | None:
        """A batch by our name for it, or by its file; None if the provider has none (or cannot list them)."""
        try:
            async for seen in self.recent():
                if seen.metadata.get(NAME) == name or (file_id is not None and seen.file_id == file_id):
                    return seen
        except Missing:
            pass
        return None

    async def recent(self, since: float = 0.0) -> AsyncIterator[Seen]:
        """Batches that were created since a time, the newest first.

        Raises:
            Missing: The endpoint does not list them.
            InfrastructureFault: The list could not be had.
        """
        after: str | None = None
        while True:
            more = {"after": after} if after else {}

            async def page(more: dict[str, str] = more) -> Any:
                return await self._client.batches.list(limit=100, **more)

            found = await self._tried(
                lambda page=page: self._exchange(page, f"{self.url} lists no batches", _TALK_S)  # type: ignore[misc]
            )
            batches = [_seen(batch) for batch in found.data or []]
            for seen in batches:
                if seen.created_at < since:
                    return
                yield seen
            if not getattr(found, "has_more", False) or not batches:
                return
            after = batches[-1].id

    async def look(self, batch_id: str) -> Seen:
        """How a batch stands; tried once, since whoever asks looks again.

        Raises:
            Missing: The provider does not know it.
            InfrastructureFault: It could not be told.
        """

        async def retrieve() -> Seen:
            return _seen(await self._client.batches.retrieve(batch_id))

        return await self._exchange(retrieve, f"{self.url} does not know {batch_id}", _TALK_S)

    async def cancel(self, batch_id: str) -> Seen:
        """Cancel a batch; what it has answered by then is paid, and can be fetched.

        Raises:
            InfrastructureFault: It could not be cancelled.
        """

        async def cancel() -> Seen:
            return _seen(await self._client.batches.cancel(batch_id))

        return await self._tried(lambda: self._exchange(cancel, f"{self.url} does not know {batch_id}", _TALK_S))

    async def download(self, file_id: str, target: Path) -> None:
        """Append a file's content, ended by a line end.

        Raises:
            Missing: It is gone.
            InfrastructureFault: It could not be fetched; the target is as before.
        """
        before = target.stat().st_size if target.exists() else 0

        async def fetch() -> None:
            with target.open("ab") as output:  # noqa: ASYNC230 - as above
                output.truncate(before)
                async with self._client.files.with_streaming_response.content(file_id) as response:
                    expected, got, last = response.headers.get("content-length"), 0, b"\n"
                    async for chunk in response.iter_bytes(1 << 20):
                        output.write(chunk)
                        got, last = got + len(chunk), chunk[-1:] or last
                    packed = response.headers.get("content-encoding", "identity") != "identity"
                    if expected is not None and not packed and got != int(expected):
                        raise OSError(f"file {file_id} came with {got:,} of {expected} bytes")
                output.write(b"" if last == b"\n" else b"\n")

        try:
            await self._tried(lambda: self._exchange(fetch, f"{self.url} does not have the file {file_id} any more"))
        except BaseException:
            with target.open("ab") as output:  # noqa: ASYNC230
                output.truncate(before)
            raise

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _exchange(self, talk: Callable[[], Awaitable[Value]], missing: str, limit: float = 0.0) -> Value:
        """One request; whatever may go wrong with it leaves as a fault."""
        import openai

        seconds = limit or self._timeout
        try:
            async with asyncio.timeout(seconds):
                return await talk()
        except Exception as error:
            if is_time_out(error):
                raise InfrastructureFault(f"{self.url} gave no answer within {seconds:g} s", overload=True) from None
            if isinstance(error, openai.APIStatusError) and error.status_code in (404, 405, 501):
                raise Missing(f"{missing}: {self.key.brief(error)}") from None
            if isinstance(error, openai.APIStatusError) and error.status_code == 413:
                told = f"{self.url} takes no file of this size (413): make `megabytes` of the batch settings smaller"
                raise InfrastructureFault(told, alive=True, final=True) from None
            longest = max(self._patience, self._longest_pause)
            raise fault_of(self.url, error, self.key, longest_pause=longest) or error from None

    async def _tried(self, talk: Callable[[], Awaitable[Value]]) -> Value:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, InfrastructureFault) and not e.final),
            stop=tenacity.stop_all(
                tenacity.stop_after_attempt(self._attempts), tenacity.stop_after_delay(self._patience)
            ),
            wait=self._pause,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                value = await talk()
        return value

    def _pause(self, state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.retry_after if isinstance(fault, InfrastructureFault) else None
        if asked is not None:
            return asked + random.uniform(0, 0.1)
        return random.uniform(0, min(0.5 * 2**state.attempt_number, self._longest_pause))


def _seen(batch: Any) -> Seen:
    """What a batch object says; providers leave out much of what the reference has."""
    told: dict[str, Any] = batch.model_dump()
    counts = told.get("request_counts") or {}
    errors = (told.get("errors") or {}).get("data") or ()
    return Seen(
        id=str(told["id"]),
        status=str(told.get("status") or "validating"),
        created_at=float(told.get("created_at") or 0.0),
        file_id=str(told.get("input_file_id") or ""),
        output_id=told.get("output_file_id") or None,
        error_id=told.get("error_file_id") or None,
        total=int(counts.get("total") or 0),
        done=int(counts.get("completed") or 0),
        failed=int(counts.get("failed") or 0),
        errors=tuple(error for error in errors if isinstance(error, dict)),
        metadata={str(name): str(value) for name, value in (told.get("metadata") or {}).items()},
        model=str(told.get("model") or ""),
    )
