"""Rows put in the order of their ids with a bounded number of them in memory. What rows are does not matter here."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

from genesys.faults import InfrastructureFault

HELD = 4096
"""Rows in memory at once; of 30 kB each that is about 250 MB."""


class Buckets:
    """Sorts by hexadecimal ids, which are spread evenly since they are hashes.

    Few rows are sorted in memory. More are first written to a file for each beginning of an id, one or two digits long,
    and then sorted file by file: every row is written and read once more. Past a million rows the files, and with them
    the memory needed, grow.

    Args:
        expected: How many rows there will be, or a little less.
        folder: Where the files stand until the end.
    """

    def __init__(self, expected: int, folder: Path) -> None:
        """Nothing is made until the block begins."""
        self._digits = 0 if expected <= HELD else 1 if expected <= 16 * HELD else 2
        self._folder = folder
        self._held: list[tuple[str, Any]] = []
        self._files: dict[str, IO[str]] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Make the place for files, if any will be needed."""
        if self._digits:
            scratch = tempfile.TemporaryDirectory(dir=self._folder, prefix="part-", suffix=".tmp")
            self._folder = Path(self._stack.enter_context(scratch))
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the files."""
        self._stack.close()

    def add(self, ident: str, row: Any) -> None:
        """Take a row, JSON-like.

        Raises:
            InfrastructureFault: The disk is full (fatal).
        """
        if not self._digits:
            self._held.append((ident, row))
            return
        prefix = ident[: self._digits]
        with self._writing():
            if prefix not in self._files:
                path = self._folder / f"part-{prefix}.tmp"  # a name that gc knows, should this process be killed
                self._files[prefix] = self._stack.enter_context(path.open("w+", encoding="utf-8"))
            self._files[prefix].write(json.dumps([ident, row], ensure_ascii=False) + "\n")

    def sorted(self) -> Iterator[Any]:
        """All rows by their ids."""
        yield from (row for _, row in sorted(self._held, key=lambda pair: pair[0]))
        for _, stream in sorted(self._files.items()):
            with self._writing():
                stream.seek(0)
            yield from (row for _, row in sorted(map(json.loads, stream), key=lambda pair: pair[0]))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InfrastructureFault(
                f"rows could not be sorted in {self._folder}: {error}. If the disk is full, make room (`genesys gc` "
                "shows what can go) and run the same command again.",
                fatal=True,
            ) from error
