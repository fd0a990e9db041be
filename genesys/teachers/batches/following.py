"""From a batch in the book to its answers on this disk: waiting for its end, whoever started it, and fetching them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from genesys.faults import InfrastructureFault
from genesys.settings.batches import BatchSettings
from genesys.storage import sync_folder
from genesys.teachers.batches.book import Batch, Book
from genesys.teachers.batches.lines import Index, Then, Trouble, index_answers
from genesys.teachers.batches.provider import Missing, Provider, Seen

logger = logging.getLogger(__name__)

_NO_ROOM = ("token_limit_exceeded", "enqueued token limit")
_PASSES = ("server_error", "internal_error", "rate_limit", "timeout", "unavailable")
"""In what a provider says of a batch that failed: it may go better with the next one."""


@dataclass
class Follower:
    """Waits for batches of one endpoint and fetches what they came to.

    Args:
        book: The durable record.
        provider: The endpoint.
        settings: How often to look.
        settle: Seconds after which a batch that the provider does not list was never started.
    """

    book: Book
    provider: Provider
    settings: BatchSettings
    settle: float = 30.0

    async def follow(self, number: int) -> bool:
        """Return when a batch was fetched, or when the book has it no more, since it never was.

        Returns:
            Whether it had been cancelled before anybody waited for it here, so that what it lacks is asked again.

        Raises:
            InfrastructureFault: It never can be fetched: the key is refused, or the provider does not know the batch.
        """
        pause, told, before = self.settings.poll, "", None
        while (batch := await asyncio.to_thread(self.book.batch, number)) is not None and batch.state != "fetched":
            try:
                if batch.state == "sent":
                    seen = await self._look(batch)
                    before = seen.given_up if before is None else before
                    if told != (told := seen.told()):
                        logger.info("batch %s of %s: %s", seen.id, batch.model, told)
                    if seen.ended and await self._fetch(batch, seen):
                        break
                elif await self._recover(batch):
                    continue
            except InfrastructureFault as fault:
                if fault.final:
                    raise
                logger.warning("batch %s: %s; it will be looked at again", batch.id or batch.name, fault)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.settings.longest_poll)
        return bool(before)

    async def _look(self, batch: Batch) -> Seen:
        assert batch.id is not None  # noqa: S101 - it was sent
        try:
            seen = await self.provider.look(batch.id)
        except Missing as fault:
            raise InfrastructureFault(
                f"{fault}. It was sent from here: was it with the key of another project? To ask its "
                f"{batch.total:,} requests anew: genesys batches --forget {batch.id}",
                final=True,
            ) from None
        if seen.status != batch.status:
            await asyncio.to_thread(self.book.seen, batch.number, seen.status)
        return seen

    async def _recover(self, batch: Batch) -> bool:
        """See what became of a batch whose sender is gone; True if the book knows by now."""
        with self.book.handling(batch.name) as alone:
            if not alone:  # another process is at it
                return False
            found = None
            if batch.state == "creating":
                found = await self.provider.find(batch.name, batch.file_id)
            if found is not None:
                await asyncio.to_thread(self.book.sent, batch.number, found.id, found.status)
                logger.info("batch %s was started by a run that was stopped; its answers are used", found.id)
            elif batch.state == "planned" or time.time() - batch.changed_at > self.settle:
                await asyncio.to_thread(self.book.forget, batch.number)
            else:
                return False  # the provider may not list it yet
            return True

    async def _fetch(self, batch: Batch, seen: Seen) -> bool:
        """Bring its answers here; False if another process is at it."""
        with self.book.handling(batch.name) as alone:
            if not alone:
                return False
            target = self.book.answers(batch.name)
            part = target.with_suffix(".part")
            part.unlink(missing_ok=True)
            part.touch()
            gone = await self._download(seen, part)
            index = await asyncio.to_thread(self._indexed, batch, seen, part, gone)
            part.replace(target)
            sync_folder(target.parent)
            await asyncio.to_thread(self.book.fetched, batch.number, seen.status, index)
        if flaws := index.flaws():
            logger.warning("batch %s: its files have %s; they are passed over", seen.id, flaws)
        if index.troubles:
            examples = "; ".join(sorted({trouble.text for trouble in index.troubles.values()})[:3])
            count, places = f"{len(index.troubles):,}", f"{len(index.places):,}"
            logger.warning("batch %s: %s answers, %s requests without one: %s", seen.id, places, count, examples)
        return True

    async def _download(self, seen: Seen, part: Path) -> str:
        """Both of its files into one; why one of them is gone, if it is."""
        gone = ""
        for file_id in (seen.output_id, seen.error_id):
            if file_id is not None:
                try:
                    await self.provider.download(file_id, part)
                except Missing as fault:
                    gone = str(fault)
        return gone

    def _indexed(self, batch: Batch, seen: Seen, part: Path, gone: str) -> Index:
        where = f"{self.provider.url} batch {seen.id}"
        keys = self.book.keys(batch.number)
        index = index_answers(part, frozenset(keys), where, self.provider.key)
        if seen.status == "failed":
            self._explain_failure(index, batch, seen, where)
        if seen.given_up:
            # A person does not want them asked again at once, whatever the lines say.
            index.troubles.clear()
            missing = Trouble(f"{where} was cancelled before this was answered; the next run asks it again", "never")
        elif gone:
            missing = Trouble(gone, "again")
        else:
            how = {"expired": "expired before this was answered"}.get(seen.status, "came back without this answer")
            missing = Trouble(f"{where} {how}", "again")
        for key in keys:
            if key not in index.places:
                index.troubles.setdefault(key, missing)
        return index

    def _explain_failure(self, index: Index, batch: Batch, seen: Seen, where: str) -> None:
        """A batch that was not even begun: of single lines, or as a whole."""
        texts = [f"{error.get('code')}: {error.get('message')}" for error in seen.errors] or ["no reason is given"]
        whole = self.provider.key.short("; ".join(dict.fromkeys(texts)))
        by_line = {error["line"]: text for error, text in zip(seen.errors, texts, strict=False) if error.get("line")}
        if by_line and len(by_line) == len(seen.errors) and len(by_line) < batch.total:
            for line, text in by_line.items():
                for key in self.book.lines(batch.number, [line]):
                    index.troubles[key] = Trouble(f"{where} refused it: {self.provider.key.short(text)}", "never")
            rest: Then = "again"
        else:
            rest = _then(whole)
        told = f"{where} failed before it began: {whole}"
        for key in self.book.keys(batch.number):
            index.troubles.setdefault(key, Trouble(told, rest))


def _then(told: str) -> Then:
    def has(marks: Iterable[str]) -> bool:
        return any(mark in told.lower() for mark in marks)

    return "later" if has(_NO_ROOM) else "again" if has(_PASSES) else "never"
