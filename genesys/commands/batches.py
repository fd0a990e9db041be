"""``genesys batches``: what is under way at providers' Batch APIs, and how it is cancelled or forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError, InfrastructureFault
from genesys.printable import printable
from genesys.settings import load_settings
from genesys.teachers.batches.book import Batch, Book, open_books
from genesys.teachers.batches.provider import NAME, TEACHER, Missing, Provider, Seen
from genesys.teachers.exchange import ApiKey

_DAYS = 7
"""For so long batches are shown that were sent from elsewhere."""


class BatchesOptions(Options):
    """Show batches that were sent from here: what the provider says of them, how old they are, whose they are.

    One that is cancelled is paid as far as it was answered; the next run uses these answers and asks for the rest. One
    that is forgotten goes on at the provider and is paid; the next run asks for all of it again.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys batches")

    cancel: str = Field("", description="id of a batch to cancel")
    forget: str = Field("", description="id of a batch that nobody is to wait for any more")
    state: str = Field(
        "", description="the state's folder, as PATH_OUTPUT/.journal of `genesys generate`; by default the settings'"
    )
    config: str = Field("", description=CONFIG_HELP)


@dataclass
class _Endpoint:
    """An endpoint that batches were sent to, and its record."""

    book: Book
    provider: Provider
    key_env: str


def main(argv: list[str]) -> int:
    """Show batches at providers' Batch APIs; cancel one with --cancel.

    Raises:
        GenesysError: There is no such batch, or it cannot be cancelled.
    """
    options = parse(BatchesOptions, argv)
    state = Path(options.state or load_settings(options.config or None).path("{state}"))
    return asyncio.run(_run(options, state))


async def _run(options: BatchesOptions, state: Path) -> int:
    async with contextlib.AsyncExitStack() as stack:
        endpoints = [_opened(book, stack) for book in open_books(state)]
        if options.cancel or options.forget:
            await _act(options, endpoints, state)
            return DONE
        lines = [line for endpoint in endpoints for line in await _lines(endpoint)]
        print("\n".join([_HEAD, *lines]) if lines else f"No batches were sent from {state}.")
    return DONE


def _opened(book: Book, stack: contextlib.AsyncExitStack) -> _Endpoint:
    url, key_env = book.endpoint()
    provider = Provider(url, ApiKey(os.environ.get(key_env)), timeout=120.0, attempts=3, patience=0.0)
    stack.callback(book.close)
    stack.push_async_callback(provider.aclose)
    return _Endpoint(book, provider, key_env)


async def _act(options: BatchesOptions, endpoints: list[_Endpoint], state: Path) -> None:
    wanted = options.cancel or options.forget
    found = [(end, batch) for end in endpoints for batch in end.book.batches() if wanted in (batch.id, batch.name)]
    if options.forget:
        if not found:
            raise GenesysError(f"{state} knows no batch {wanted}; `genesys batches` shows those it knows")
        found[0][0].book.forget(found[0][1].number)
        print(f"{wanted} is forgotten. It is not cancelled; the next run asks for its requests again.")
        return
    if not found and len(endpoints) != 1:
        raise GenesysError(f"{state} knows no batch {wanted}; `genesys batches` shows those it knows")
    seen = await (found[0][0] if found else endpoints[0]).provider.cancel(wanted)
    print(f"{seen.id}: {seen.told()}. What was answered by now is paid; the next run uses it and asks for the rest.")


_HEAD = f"{'batch':36}  {'state':12}  {'done':>17}  {'failed':>7}  {'age':>8}  model"


async def _lines(endpoint: _Endpoint) -> list[str]:
    """A line for each batch, the oldest first; those from elsewhere, and the endpoint's trouble, after them."""
    ours = endpoint.book.batches()
    since = min([time.time() - _DAYS * 86_400, *(batch.made_at - 3600 for batch in ours if batch.state != "fetched")])
    told: dict[str, Seen] = {}
    trouble = ""
    try:
        told = {seen.id: seen async for seen in endpoint.provider.recent(since)}
    except Missing:
        told, trouble = await _looked_at(endpoint.provider, ours)
    except InfrastructureFault as fault:
        trouble = f"{fault}. The key is taken from {endpoint.key_env or 'OPENAI_API_KEY'}."
    lines = [_line(batch, told.pop(batch.id, None) if batch.id else None) for batch in ours]
    others = [seen for seen in reversed(told.values()) if NAME in seen.metadata]
    lines += [_told(seen, seen.metadata.get(TEACHER) or seen.model, " (sent from elsewhere)") for seen in others]
    return [*lines, *([f"  {printable(trouble)}"] if trouble else [])]


async def _looked_at(provider: Provider, ours: list[Batch]) -> tuple[dict[str, Seen], str]:
    """For endpoints that list no batches."""
    told, trouble = {}, ""
    for batch in ours:
        if batch.id is not None and batch.state == "sent":
            try:
                told[batch.id] = await provider.look(batch.id)
            except InfrastructureFault as fault:
                trouble = str(fault)
    return told, trouble


def _line(batch: Batch, seen: Seen | None) -> str:
    if seen is not None:
        return _told(seen, batch.model, " (answers are here)" if batch.state == "fetched" else "")
    state = {"planned": "not sent", "creating": "unsure", "sent": batch.status or "sent"}.get(batch.state, "ended")
    return _columns(batch.id or batch.name, state, f"of {batch.total:,}", "", batch.made_at, batch.model)


def _told(seen: Seen, model: str, more: str) -> str:
    done = f"{seen.done:,} of {seen.total:,}"
    return _columns(seen.id, seen.status, done, f"{seen.failed:,}", seen.created_at, model + more)


def _columns(name: str, state: str, done: str, failed: str, since: float, model: str) -> str:
    return printable(f"{name:36}  {state:12}  {done:>17}  {failed:>7}  {_age(since):>8}  {model}")


def _age(since: float) -> str:
    minutes = max(0, int(time.time() - since)) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
