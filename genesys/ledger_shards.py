"""Shards being cut: rows go into a file as they come, full shards into the ledger's table while the reading goes on.

A shard that is published is final. Which rows there are is for ``genesys.ledger_reading`` to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from genesys.lane import Lane
from genesys.ledger_state import ledger_asset
from genesys.outcomes import Counts
from genesys.tables.columns import LEDGER
from genesys.tables.lake import WHOLE, Lake, Manifest, Part
from genesys.tables.part_writer import PartWriter

LEAST_S, SHARE = 1.0, 0.05
"""A manifest names all shards and is replaced whole: not more often than once in this time, and with no more than this
share of the reading's time, so that a thousand shards do not take a thousand times a thousand lines."""


class Outrun(Exception):  # noqa: N818 - no failure
    """Somebody else has changed the ledger since this reading began."""


class ShardCutter:
    """Cuts the shards of one reading.

    Args:
        lake: Where the ledger stands.
        lane: Whose it is.
        before: Its manifest as the reading found it.
        size: Tasks in a shard at most.
        common: Fields of every part.
        tell: Told of shards that are in the ledger from now on.
    """

    def __init__(
        self,
        lake: Lake,
        lane: Lane,
        before: Manifest | None,
        size: int,
        common: Mapping[str, Any],
        tell: Callable[[Mapping[str, Part]], None],
    ) -> None:
        """Nothing is written yet."""
        self._lake, self._lane, self._size, self._common, self._tell = lake, lane, size, common, tell
        self._manifest = before
        self._next = len(before.parts) if before else 0
        self._stack = ExitStack()
        self._open: PartWriter | None = None
        self._cut: dict[str, Part] = {}
        self._published_at, self._took = float("-inf"), 0.0
        self.published: dict[str, int] = {}
        """Rows of each shard that is in the ledger by now."""

    def __enter__(self) -> Self:
        """For ``with``, at whose end a shard that is not full is thrown away, unless it was finished before."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file at hand."""
        if self._open is not None:
            self._stack.__exit__(kind or Outrun, error or Outrun(), trace)

    @property
    def _shard(self) -> str:
        return f"{self._lane.name}-{self._next:05d}"

    def add(self, row: dict[str, Any]) -> None:
        """Give a row its place in the shard at hand."""
        if self._open is None:
            self._stack = ExitStack()
            self._open = self._stack.enter_context(self._lake.writer(ledger_asset(self._lane), WHOLE, LEDGER))
        self._open.add(row | {"shard": self._shard})
        if self._open.rows == self._size:
            self._finish()
            if time.monotonic() >= self._published_at + max(LEAST_S, self._took / SHARE):
                self.publish()

    def end(self) -> None:
        """Cut what is left, and publish all that is not yet."""
        if self._open is not None:
            self._finish()
        self.publish()

    def _finish(self) -> None:
        assert self._open is not None  # noqa: S101
        writer = self._open
        self._stack.close()
        self._open = None
        assert writer.file is not None  # noqa: S101 - set at the end of the block
        counts = Counts(rows=writer.rows, accepted=writer.rows, records=writer.rows).as_dict()
        self._cut[self._shard] = Part(data=writer.file, counts=counts, made_at=time.time(), **self._common)
        self._next += 1

    def publish(self) -> None:
        """Put what was cut into the ledger.

        Raises:
            Outrun: It has changed since.
        """
        began = time.monotonic()
        manifest = self._lake.publish_after(self._manifest, ledger_asset(self._lane), WHOLE, self._cut)
        if manifest is None:
            raise Outrun
        self._took = time.monotonic() - began
        # As the next look at it will find it: JSON has lists where we have tuples.
        self._manifest = Manifest.model_validate_json(manifest.model_dump_json())
        self.published |= {name: part.data.rows for name, part in self._cut.items()}
        told, self._cut = self._cut, {}
        self._tell(told)
        self._published_at = time.monotonic()
