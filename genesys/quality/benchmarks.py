"""The public test sets of ``[benchmarks]``: fetched, kept, and made into an index that says what overlaps them.

A set of the hub is streamed once and then stands in the state, so that it is neither asked for again nor changes; local
files are read each time. A text overlaps where it has the words of a row (``genesys.overlap``), unless numbers among
them are others: then it is another problem; or where it is a row that was edited (``genesys.quality.near_index``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesys.faults import GenesysError, InfrastructureFault
from genesys.hashing import digest
from genesys.overlap import Overlap, OverlapIndex, Text
from genesys.quality.near_index import NearIndex
from genesys.quality.sameness import shared_numbers
from genesys.quality.statements import statement
from genesys.schemas import as_text
from genesys.settings import Settings
from genesys.settings.benchmarks import Benchmark
from genesys.sources import BadRow, Opened
from genesys.sources.opening import open_source
from genesys.storage import replace_file

FOLDER = "{state}/benchmarks"
"""Where sets of the hub stand; one that is removed there is fetched anew."""
LONG, HALF = 200, 0.45


@dataclass
class Benchmarks:
    """Test sets, ready to be asked about a text."""

    index: OverlapIndex
    settings: dict[str, Any]
    """What decides which texts overlap, besides what the sets hold."""
    revisions: dict[str, str] = field(default_factory=dict)
    """Of each set."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many it has."""
    near: NearIndex | None = None
    """The same rows, for what was edited; without it words in a row decide alone."""

    def find(self, text: str) -> Overlap | None:
        """What a text shares with them, if that is enough."""
        for found in self.index.all(text):
            # Of what is there word for word the numbers are there, too.
            if found.share == 1 or not self._has_other_numbers(text, found):
                return found
        return None if self.near is None else self.near.find(text)

    def _has_other_numbers(self, text: str, found: Overlap) -> bool:
        """Whether it is another problem in the same words. In a long text one number in ten may differ all the same."""
        if self.near is None:
            return False
        theirs = self.near.statement(found)
        same, other = shared_numbers(statement(text), theirs)
        if other > (0.1 * (same + other) if len(theirs.tokens) > LONG else 0):
            return True
        # Phrases without any of its numbers are common to many problems, unless they are nearly half of it.
        return found.share < HALF and not same and bool(theirs.numbers)

    def overlap(self, task: str) -> str | None:
        """The same for a person."""
        found = self.find(task)
        return None if found is None else str(found)


def open_benchmarks(settings: Settings) -> Benchmarks | None:
    """All sets that are chosen; None if there are none.

    Raises:
        GenesysError: One has no such column, or nothing that can be read.
        InfrastructureFault: One is not at hand and the hub could not be reached; says what to do.
    """
    chosen = settings.benchmarks
    if not chosen.chosen:
        return None
    opened = {benchmark: _opened(settings, benchmark) for benchmark in chosen.chosen}
    found = Benchmarks(OverlapIndex(()), chosen.recipe)

    def texts() -> Iterator[Text]:
        for benchmark, (revision, rows) in opened.items():
            found.revisions[benchmark.label] = revision
            found.rows.setdefault(benchmark.label, 0)
            for row, text in rows:
                found.rows[benchmark.label] += 1
                yield Text(benchmark.label, row, text)

    every = list(texts())
    found.index = OverlapIndex(every, run=chosen.words, share=chosen.share)
    found.near = NearIndex(every, chosen.likeness)
    return found


def benchmark_revisions(settings: Settings) -> dict[str, str]:
    """What the chosen sets hold, by their revisions alone; a set of the hub that is not kept yet is fetched.

    Raises:
        GenesysError: As of ``open_benchmarks``.
        InfrastructureFault: Likewise.
    """
    return {benchmark.label: _opened(settings, benchmark)[0] for benchmark in settings.benchmarks.chosen}


def kept_at(settings: Settings, benchmark: Benchmark) -> Path:
    """Where a set of the hub stands once it is fetched."""
    return Path(settings.path(FOLDER)) / f"{digest(benchmark.model_dump(), 24)}.jsonl"


def _opened(settings: Settings, benchmark: Benchmark) -> tuple[str, Iterator[tuple[str, str]]]:
    """Revision and rows of one set."""
    source = settings.source(benchmark.source)
    place = kept_at(settings, benchmark)
    if place.is_file():
        return _kept_revision(place), _kept(place)
    try:
        opened = open_source(source)
        if opened.revision.startswith("sha256-"):  # local files, which may change
            return opened.revision, _rows(opened, benchmark)
        lines = [{"revision": opened.revision, "set": benchmark.label}, *map(list, _rows(opened, benchmark))]
    except InfrastructureFault as fault:
        raise InfrastructureFault(
            f"{fault}. It is one of the public test sets whose problems no task may be, which are fetched once and "
            f"then stand in {place.parent}. Without a network: `default = false` under [benchmarks] does without them "
            "(GENESYS__BENCHMARKS__DEFAULT=false), and [[benchmarks.further]] names copies of them on this machine",
            final=True,
        ) from fault
    place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place, "".join(f"{as_text(line)}\n" for line in lines).encode())
    return opened.revision, _kept(place)


def _rows(opened: Opened, benchmark: Benchmark) -> Iterator[tuple[str, str]]:
    """Each row's name and text. A set that can be read in part only would let through what it should stop."""
    for row in opened.rows():
        if isinstance(row, BadRow):
            raise GenesysError(f"[benchmarks] {benchmark.label}: {row}")
        texts = [row.data.get(name) for name in benchmark.column.split("+")]
        if not any(isinstance(text, str) for text in texts):
            has = ", ".join(map(str, row.data))
            raise GenesysError(
                f"[benchmarks] {benchmark.label}: {row.file}:{row.row} has no text in {benchmark.column}; it has {has}"
            )
        name = row.data.get(benchmark.key) if benchmark.key else None
        yield str(row.row if name is None else name), "\n".join(text for text in texts if isinstance(text, str))


def _kept_revision(place: Path) -> str:
    with place.open(encoding="utf-8") as stream:
        return str(json.loads(stream.readline())["revision"])


def _kept(place: Path) -> Iterator[tuple[str, str]]:
    with place.open(encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            row, text = json.loads(line)
            yield row, text
