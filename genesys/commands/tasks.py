"""The tasks of ``genesys generate``: which rows of which sources, in which order. Nothing is asked about them here."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Any

from genesys.faults import GenesysError
from genesys.hashing import derived_seed
from genesys.rows import count_rows
from genesys.schemas import Task, Verification, as_text, task_hash
from genesys.sources import BadRow, Opened, SourceRow, missing_columns
from genesys.sources.files import parquet_rows, parse_line

NEEDED = ("problem_id", "source", "task_type", "prompt")
SHUFFLE_WINDOW = 10_000
"""Rows that are held to shuffle a stream, whose rows cannot be had in any order."""
LOOKED_AT = 100
_OF_RESPONSES = frozenset(Verification.model_fields) - frozenset(Task.model_fields)
"""Columns that files of responses have besides their tasks: an earlier teacher's, not part of a new response."""

Row = SourceRow | BadRow


@dataclass(frozen=True)
class TaskList:
    """Tasks of one or several sources; read as often as needed, always the same ones in the same order.

    Args:
        opened: The sources.
        ratio: Each source's share. None: one source after the other, all of it. Given: mixed so that the shares hold
            at any point, up to the end of the source that is used up first.
        shuffle: By ``seed``. Local files in any order; of hub streams a window of ``SHUFFLE_WINDOW`` rows.
        seed: Of the shuffle.
        limit: Tasks at most.
    """

    opened: tuple[Opened, ...]
    ratio: tuple[float, ...] = ()
    shuffle: bool = False
    seed: int = 0
    limit: int | None = None

    def check_columns(self) -> None:
        """Look at the first rows of each source.

        Raises:
            GenesysError: None of them has a column that a task needs; names it.
        """
        for source in self.opened:
            lacking: set[str] | None = None
            for row in islice(source.rows(), LOOKED_AT):
                if isinstance(row, SourceRow):
                    absent = set(missing_columns(row.data, NEEDED))
                    lacking = absent if lacking is None else lacking & absent
                if lacking == set():
                    break
            if lacking:
                raise GenesysError(
                    f"{source.source.path} has no column {', '.join(sorted(lacking))}; a task needs "
                    f"{', '.join(NEEDED)} (Genesys' schema, as PrimeIntellect/verifiable-math has it)"
                )

    def identity(self) -> dict[str, Any]:
        """What tasks and order are a function of: of local files their content, wherever they stand."""
        return {
            "sources": [_content(source) for source in self.opened],
            "ratio": self.ratio,
            "shuffle": [self.seed, SHUFFLE_WINDOW] if self.shuffle else None,
            "limit": self.limit,
        }

    def __iter__(self) -> Iterator[Task | BadRow]:
        """All tasks, a broken row in its place."""
        if self.ratio:
            rows = _mixed([self._ordered([source]) for source in self.opened], self.ratio)
        else:
            rows = self._ordered(self.opened)
        return map(as_task, islice(rows, self.limit))

    def count(self) -> int | None:
        """About how many, for a progress display; None if only reading would tell."""
        sizes = [_size(source) for source in self.opened]
        if any(size is None for size in sizes):
            return self.limit
        known = [size for size in sizes if size is not None]
        if self.ratio:
            total = min(int(size * sum(self.ratio) / part) for size, part in zip(known, self.ratio, strict=True))
        else:
            total = sum(known)
        return total if self.limit is None else min(total, self.limit)

    def _ordered(self, sources: Sequence[Opened]) -> Iterator[Row]:
        in_order = chain.from_iterable(source.rows() for source in sources)
        if not self.shuffle:
            return in_order
        dice = random.Random(derived_seed("shuffle", self.seed, [_content(source) for source in sources]))
        if not all(source.files for source in sources):
            return _shuffled_within_window(in_order, dice)
        index = self._indexes[sources[0].source.label if self.ratio else ""]
        order = array("q", range(len(index)))
        dice.shuffle(order)
        return map(index.__getitem__, order)

    @cached_property
    def _indexes(self) -> dict[str, _Index]:
        if self.ratio:
            return {source.source.label: _Index([source]) for source in self.opened if source.files}
        return {"": _Index(self.opened)}


def _content(opened: Opened) -> list[str | None]:
    """What the rows of a source are a function of."""
    source = opened.source
    return [opened.revision] if opened.files else [source.path, opened.revision, source.split, source.config]


def as_task(row: Row) -> Task | BadRow:
    """A row as a task with its lineage; what is no task is a broken row."""
    if isinstance(row, BadRow):
        return row
    known = {"revision": row.revision}
    if not row.revision.startswith("sha256-"):  # as local files have it
        known["hf_dataset_name"] = row.source.path
    data = known | {name: value for name, value in row.data.items() if name not in _OF_RESPONSES}
    try:
        task = Task.read(data)
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        return BadRow(row.file, row.row, field, reason, as_text(row.data))
    return task.model_copy(update={"task_hash": task_hash(task)})


def _mixed(streams: list[Iterator[Row]], ratio: tuple[float, ...]) -> Iterator[Row]:
    """Of each source its share at any point: next comes the one furthest behind; ends with the first that ends."""
    taken = [0] * len(streams)
    while True:
        due = [part / sum(ratio) * (sum(taken) + 1) - count for part, count in zip(ratio, taken, strict=True)]
        chosen = due.index(max(due))
        row = next(streams[chosen], None)
        if row is None:
            return
        taken[chosen] += 1
        yield row


def _shuffled_within_window(rows: Iterator[Row], dice: random.Random) -> Iterator[Row]:
    held = list(islice(rows, SHUFFLE_WINDOW))
    for row in rows:
        place = dice.randrange(len(held))
        yield held[place]
        held[place] = row
    dice.shuffle(held)
    yield from held


class _Index:
    """Rows of local files by position: 24 bytes for each in memory; Parquet goes through memory-mapped Arrow files."""

    def __init__(self, sources: Sequence[Opened]) -> None:
        self._files = [(source, file) for source in sources for file in source.files]
        self._file, self._number, self._offset = array("q"), array("q"), array("q")
        self._tables: dict[int, Any] = {}
        for which, (_, path) in enumerate(self._files):
            if path.suffix == ".parquet":
                self._add_parquet(which)
            else:
                self._add_lines(which)

    def _add_lines(self, which: int) -> None:
        offset = 0
        with self._files[which][1].open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    self._add(which, number, offset)
                offset += len(line)

    def _add_parquet(self, which: int) -> None:
        with parquet_rows(self._files[which][1]) as rows:
            self._tables[which] = rows
        for number in range(1, len(self._tables[which]) + 1):
            self._add(which, number, 0)

    def _add(self, which: int, number: int, offset: int) -> None:
        self._file.append(which)
        self._number.append(number)
        self._offset.append(offset)

    def __len__(self) -> int:
        return len(self._file)

    def __getitem__(self, position: int) -> Row:
        which, number = self._file[position], self._number[position]
        source, path = self._files[which]
        if which in self._tables:
            data: dict[str, Any] | BadRow = dict(self._tables[which][number - 1])
        else:
            with path.open("rb") as stream:
                stream.seek(self._offset[position])
                data = parse_line(path, number, stream.readline())
        return data if isinstance(data, BadRow) else SourceRow(source.source, source.revision, path.name, number, data)


def _size(opened: Opened) -> int | None:
    return sum(map(count_rows, opened.files)) if opened.files else None
