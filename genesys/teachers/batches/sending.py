"""From waiting calls to a batch at the provider: the file, the claim in the book, the upload, the start.

It may be killed between any two of these. What the book says then is enough to go on: ``following`` does.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genesys.chat import ChatRequest
from genesys.faults import InfrastructureFault
from genesys.settings.batches import BatchSettings
from genesys.settings.roles import GoesOnBy
from genesys.teachers.batches.book import Batch, Book
from genesys.teachers.batches.lines import Place, custom_ids, request_line
from genesys.teachers.batches.provider import NAME, TEACHER, Missing, Provider, Seen, may_hold, sample_of

logger = logging.getLogger(__name__)
_CLOCKS_APART_S = 120.0
_NAME = re.compile("[0-9a-f]{32}")
"""A file's name is made of it, and it may come from elsewhere."""


@dataclass(eq=False)
class Call:
    """A request that rows wait for."""

    key: str
    request: ChatRequest
    future: asyncio.Future[tuple[str, Place]]
    """Gives the batch's name and the place of the answer in its file."""
    askers: int = 0
    attempts: int = 0
    """Batches that came back without its answer."""
    where: str = "it was not sent yet"
    """For people, should it wait too long."""


@dataclass
class Sender:
    """Sends batches of one teacher to one endpoint.

    Args:
        book: The durable record.
        provider: The endpoint.
        settings: How big a batch is.
        teacher_id: Who is asked, by the id in the keys.
        model: By the endpoint's name.
        goes_on_by: How the endpoint is told to go on from the beginning of an answer; see ``RoleSettings``.
    """

    book: Book
    provider: Provider
    settings: BatchSettings
    teacher_id: str
    model: str
    goes_on_by: GoesOnBy = "continue_final_message"
    limit: int = 0
    """Requests in a batch just now; fewer than are allowed where the provider said that it is too much."""
    creating: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while the provider is being told to start a batch, of which it is not known yet whether it heard."""
    _adopted_at: float | None = None

    def __post_init__(self) -> None:
        """Begin with what the settings allow."""
        self.limit = self.settings.requests

    async def send(self, calls: Sequence[Call], unusable: frozenset[str]) -> tuple[Batch | None, list[Call]]:
        """Send the first of the calls, as many as one batch holds.

        Args:
            calls: Not in any batch, as far as the book said a moment ago.
            unusable: Keys whose answer there is of no use.

        Returns:
            The batch and its calls. No batch: another process has claimed some of them meanwhile.

        Raises:
            InfrastructureFault: They could not be sent, and are in no batch.
        """
        name = uuid.uuid4().hex
        path = self.book.folder / f"{name}.requests.jsonl"
        try:
            chosen = await asyncio.to_thread(self._write, path, calls[: self.limit])
            keys = [call.key for call in chosen]
            with self.book.handling(name):
                args = (name, self.teacher_id, self.model, keys, unusable)
                batch = await asyncio.to_thread(self.book.plan, *args)
                return batch, chosen if batch is None else await self._start(batch, path, chosen)
        finally:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, calls: Sequence[Call]) -> list[Call]:
        """As many as fit, at least one."""
        most, size = self.settings.megabytes * 1e6, 0
        chosen: list[Call] = []
        with path.open("wb") as output:
            for call in calls:
                line = request_line(call.key, self.model, call.request, self.goes_on_by)
                if chosen and size + len(line) > most:
                    break
                output.write(line)
                size += len(line)
                chosen.append(call)
        return chosen

    async def _start(self, batch: Batch, path: Path, calls: list[Call]) -> list[Call]:
        size = path.stat().st_size
        try:
            file_id = await self.provider.upload(path)
            await asyncio.to_thread(self.book.uploaded, batch.number, file_id)
        except BaseException:
            self.book.forget(batch.number)  # the provider has a file at most
            raise
        metadata = {TEACHER: self.teacher_id[:512], **sample_of(call.key for call in calls)}
        self.creating.set()
        try:
            seen = await self.provider.create(batch.name, file_id, self.settings.window, metadata)
        except InfrastructureFault as fault:
            if fault.final:
                self.book.forget(batch.number)
                raise
            logger.warning("it is not known whether a batch was started: %s; it will be looked for", fault)
            return calls
        finally:
            self.creating.clear()
        await asyncio.to_thread(self.book.sent, batch.number, seen.id, seen.status)
        logger.info(
            "%s requests (%.1f MB) were sent to %s as batch %s",
            f"{len(calls):,}",
            size / 1e6,
            self.provider.url,
            seen.id,
        )
        return calls

    async def adopt(self, keys: Sequence[str]) -> None:
        """Look for batches with these requests that the provider has and the book does not.

        Another machine may have sent them, or this one before it lost its state.
        """
        since = time.time() - self.settings.wait * 3600 if self._adopted_at is None else self._adopted_at
        self._adopted_at = time.time() - _CLOCKS_APART_S
        known = await asyncio.to_thread(self.book.names)
        try:
            async for seen in self.provider.recent(since):
                name = seen.metadata.get(NAME, "")
                wanted = seen.metadata.get(TEACHER) == self.teacher_id[:512] and may_hold(seen, keys)
                if (
                    _NAME.fullmatch(name)
                    and name not in known
                    and wanted
                    and seen.status not in ("failed", "cancelled")
                ):
                    await self._take_over(seen, name)
        except Missing as fault:
            logger.debug("%s", fault)

    async def _take_over(self, seen: Seen, name: str) -> None:
        path = self.book.folder / f"{uuid.uuid4().hex}.adopted.jsonl"
        try:
            await self.provider.download(seen.file_id, path)
            theirs = await asyncio.to_thread(lambda: list(custom_ids(path)))
        except Missing as fault:
            logger.warning("batch %s has requests that are asked for, and cannot be joined: %s", seen.id, fault)
            return
        finally:
            path.unlink(missing_ok=True)
        now = time.time()
        batch = Batch(
            0, name, self.teacher_id, self.model, "sent", len(theirs), seen.file_id, seen.id, seen.status, now,
            seen.created_at or now,
        )  # fmt: skip
        await asyncio.to_thread(self.book.adopt, batch, theirs)
        logger.info("batch %s, sent from elsewhere, has requests that are asked for: its answers are used", seen.id)

    def too_much(self, requests: int) -> None:
        """The provider has no room for so many at once."""
        self.limit = max(1, min(self.limit, requests) // 2)

    def went_well(self) -> None:
        """A batch has come back: try a little more next time."""
        self.limit = min(self.settings.requests, self.limit + self.limit // 4 + 1)
