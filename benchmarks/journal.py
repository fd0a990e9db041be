"""What the journal rests on: stores of finished calls compared, and the journal itself at full size.

Expected before it was measured: every store that makes a record durable pays one fsync for it, so that alone all are as
fast as the disk and grouped all are fast enough (an endpoint gives some hundred answers a second); what tells them
apart is opening (an append file must be read to know its keys), several processes, size on disk, and what a person can
open them with.

    python benchmarks/journal.py                          stores at 1,000 and 10,000 answers
    python benchmarks/journal.py --sizes 1000 200000      other sizes
    python benchmarks/journal.py --answers 2000000        the journal over segments of 2,048 (20 GB)

LMDB, diskcache and DBOS are compared where they are installed: pip install lmdb diskcache dbos
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import random
import resource
import shutil
import sqlite3
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).parents[1]))

from genesys.calls import database
from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.hashing import digest
from tests.support.openai_answers import filler

CHARS = 30_000
GROUP = 64
SEGMENT = 2048
Record = tuple[str, bytes]


class Store(Protocol):
    """What is compared: durable puts, one or several at once, and gets."""

    def put(self, records: list[Record]) -> None:
        """Return once all are durable."""

    def get(self, key: str) -> bytes:
        """One record."""

    def close(self) -> None:
        """Let go of the files."""


class Sqlite:
    """The tables and settings of the journal, without its thread."""

    def __init__(self, folder: Path) -> None:
        """Open or make it."""
        self._db = database.connect(folder / "s.journal", readonly=False)

    def put(self, records: list[Record]) -> None:
        """One transaction."""
        sql = f"insert into calls({database.COLUMNS}) values(?,'chat','sample','row',0,?)"  # noqa: S608 - constant
        with self._db:
            self._db.executemany(sql, records)

    def get(self, key: str) -> bytes:
        """By its index."""
        return bytes(self._db.execute("select blob from calls where key = ?", (key,)).fetchone()[0])

    def close(self) -> None:
        """Checkpoints the log."""
        self._db.close()


class Lmdb:
    """One B+ tree, copy on write, mapped into memory."""

    def __init__(self, folder: Path) -> None:
        """Open or make it."""
        import lmdb

        self._env = lmdb.open(str(folder / "lmdb"), map_size=1 << 36)

    def put(self, records: list[Record]) -> None:
        """One transaction."""
        with self._env.begin(write=True) as transaction:
            for key, blob in records:
                transaction.put(bytes.fromhex(key), blob)

    def get(self, key: str) -> bytes:
        """From the map."""
        with self._env.begin() as transaction:
            return bytes(transaction.get(bytes.fromhex(key)))

    def close(self) -> None:
        """Unmap."""
        self._env.close()


class AppendFile:
    """Records with length and checksum, one after the other; their keys are kept in memory."""

    HEAD = struct.Struct("<32sII")

    def __init__(self, folder: Path) -> None:
        """Read all of it, since only the checksums tell where a torn end begins."""
        self._file = (folder / "records").open("a+b")
        self._places: dict[bytes, tuple[int, int]] = {}
        self._file.seek(0)
        while len(head := self._file.read(self.HEAD.size)) == self.HEAD.size:
            key, length, checksum = self.HEAD.unpack(head)
            place = self._file.tell()
            if zlib.crc32(self._file.read(length)) != checksum:
                break
            self._places[key] = (place, length)

    def put(self, records: list[Record]) -> None:
        """One write and one fsync."""
        place = self._file.seek(0, os.SEEK_END)
        frames = []
        for key, blob in records:
            frames.append(self.HEAD.pack(bytes.fromhex(key), len(blob), zlib.crc32(blob)) + blob)
            self._places[bytes.fromhex(key)] = (place + self.HEAD.size, len(blob))
            place += self.HEAD.size + len(blob)
        self._file.write(b"".join(frames))
        self._file.flush()
        os.fsync(self._file.fileno())

    def get(self, key: str) -> bytes:
        """By its place."""
        place, length = self._places[bytes.fromhex(key)]
        return os.pread(self._file.fileno(), length, place)

    def close(self) -> None:
        """Nothing waits."""
        self._file.close()


class DiskCache:
    """diskcache, told to make its writes durable."""

    def __init__(self, folder: Path) -> None:
        """Open or make it, without eviction."""
        import diskcache

        options = {"eviction_policy": "none", "size_limit": 1 << 40, "sqlite_synchronous": 2}
        self._cache = diskcache.Cache(str(folder / "cache"), **options)

    def put(self, records: list[Record]) -> None:
        """One transaction."""
        with self._cache.transact():
            for key, blob in records:
                self._cache.set(key, blob)

    def get(self, key: str) -> bytes:
        """By its index."""
        return bytes(self._cache[key])

    def close(self) -> None:
        """Close the database."""
        self._cache.close()


class Dbos:
    """DBOS, a durable-execution library, on SQLite: a workflow whose steps are the calls."""

    def __init__(self, folder: Path) -> None:
        """Launch it; a process has one at a time."""
        import logging

        from dbos import DBOS

        logging.getLogger("dbos").setLevel(logging.ERROR)
        url = f"sqlite:///{folder / 'dbos.sqlite'}"
        self._dbos = DBOS
        DBOS(config={"name": "journal", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"})

        @DBOS.step()
        def call(blob: bytes) -> bytes:
            return blob

        @DBOS.workflow()
        def row(blob: bytes) -> bytes:
            return call(blob)

        self._row = row
        DBOS.launch()

    def put(self, records: list[Record]) -> None:
        """One workflow of one step for each: a row that makes a call."""
        from dbos import SetWorkflowID

        for key, blob in records:
            with SetWorkflowID(key):
                self._row(blob)

    def get(self, key: str) -> bytes:
        """The result of a finished workflow."""
        return bytes(self._dbos.retrieve_workflow(key).get_result())

    def close(self) -> None:
        """Stop its threads."""
        self._dbos.destroy()


class Ours:
    """The journal as the pipeline uses it: many tasks that put one record each, and its writer thread."""

    def __init__(self, folder: Path) -> None:
        """Open or make a segment."""
        self._journal = Journal(folder / "journal")
        self._segment = self._journal.segment("s")
        self._loop = asyncio.new_event_loop()

    def put(self, records: list[Record]) -> None:
        """As many tasks as records; the time holds their compression too."""

        async def all_of_them() -> None:
            await asyncio.gather(*(self._segment.put(entry_of(key)) for key, _ in records))

        self._loop.run_until_complete(all_of_them())

    def get(self, key: str) -> bytes:
        """The decompressed, parsed record."""
        found = self._segment.get(key)
        assert found is not None
        return b""

    def close(self) -> None:
        """Close the segment."""
        self._loop.close()
        self._journal.close()


STORES: dict[str, tuple[str | None, Callable[[Path], Store]]] = {
    "journal (SQLite, thread)": (None, Ours),
    "SQLite, WAL": (None, Sqlite),
    "LMDB": ("lmdb", Lmdb),
    "append file": (None, AppendFile),
    "diskcache": ("diskcache", DiskCache),
    "DBOS on SQLite": ("dbos", Dbos),
}

_TEXTS = [filler(f"text {number}", CHARS) for number in range(64)]


def key_of(number: int) -> str:
    """The key of the n-th record."""
    return digest(number)


def entry_of(key: str) -> Entry:
    """A finished call with an answer of 30,000 characters."""
    answer = {"content": _TEXTS[int(key[:8], 16) % len(_TEXTS)], "finish_reason": "stop", "completion_tokens": 7500}
    return Entry(key=key, kind="chat", name="sample", row_id=key[:16], payload={}, result={"answer": answer})


def records_of(numbers: Iterable[int]) -> Iterator[list[Record]]:
    """Groups of records; all stores but the journal get them compressed."""
    blobs: dict[int, bytes] = {}
    group: list[Record] = []
    for number in numbers:
        key = key_of(number)
        which = int(key[:8], 16) % len(_TEXTS)
        if which not in blobs:
            blobs[which] = entry_of(key).to_bytes()
        group.append((key, blobs[which]))
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def size_of(folder: Path) -> int:
    """Bytes on disk, holes not counted."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def measure(make: Callable[[Path], Store], size: int, folder: Path) -> list[str]:
    """One line of the table."""
    store = make(folder)
    singles = min(200, size // 5)
    seconds = []
    for (record,) in ([r] for group in records_of(range(singles)) for r in group):
        began = time.perf_counter()
        store.put([record])
        seconds.append(time.perf_counter() - began)
    groups = list(records_of(range(singles, min(size, 20_000))))
    began = time.perf_counter()
    for group in groups:
        store.put(group)
    grouped = (min(size, 20_000) - singles) / (time.perf_counter() - began)
    for group in records_of(range(20_000, size)):
        store.put(group)
    store.close()
    began = time.perf_counter()
    store = make(folder)
    opened = time.perf_counter() - began
    keys = [key_of(number) for number in random.Random(0).choices(range(size), k=2000)]
    began = time.perf_counter()
    for key in keys:
        store.get(key)
    got = (time.perf_counter() - began) / len(keys)
    store.close()
    alone = sorted(seconds)[len(seconds) // 2]
    return [f"{alone * 1e3:.2f}", f"{grouped:,.0f}", f"{got * 1e6:.0f}", f"{opened * 1e3:.1f}",
            f"{size_of(folder) / size / 1e3:.1f}"]  # fmt: skip


def show(title: str, head: list[str], lines: list[list[str]]) -> None:
    """A table in plain text."""
    print(f"\n{title}")
    widths = [max(len(row[column]) for row in [head, *lines]) for column in range(len(head))]
    for row in [head, *lines]:
        print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:],
                                                                                          strict=True))]))  # fmt: skip


def compare(sizes: list[int], base: Path) -> None:
    """All stores at each size."""
    head = ["store", "put alone, ms", f"puts/s by {GROUP}", "get, us", "open, ms", "kB each"]
    for size in sizes:
        lines = []
        for name, (module, make) in STORES.items():
            if module is not None and importlib.util.find_spec(module) is None:
                lines.append([name, *["not installed"] + [""] * 4])
                continue
            if name.startswith("DBOS") and size > 10_000:
                continue  # minutes, and no new insight
            with tempfile.TemporaryDirectory(dir=base) as folder:
                lines.append([name, *measure(make, size, Path(folder))])
        show(f"{size:,} answers of {CHARS:,} characters, SQLite {sqlite3.sqlite_version}", head, lines)


async def _fill(journal: Journal, numbers: range) -> float:
    segment = journal.open(f"math/math-{numbers.start // SEGMENT:05d}")
    began = time.perf_counter()
    for start in range(numbers.start, numbers.stop, GROUP):
        keys = [key_of(number) for number in range(start, min(start + GROUP, numbers.stop))]
        await asyncio.gather(*(segment.put(entry_of(key)) for key in keys))
    seconds = time.perf_counter() - began
    segment.close()
    return len(numbers) / seconds


def at_full_size(answers: int, base: Path) -> None:
    """The journal itself, segment after segment: is the last one as fast as the first?"""
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        with Journal(folder) as journal:
            rates = []
            for start in range(0, answers, SEGMENT):
                rates.append(asyncio.run(_fill(journal, range(start, min(start + SEGMENT, answers)))))
                if len(rates) % 100 == 0:
                    print(f"  {start + SEGMENT:>10,} answers, {rates[-1]:,.0f} puts/s", file=sys.stderr)
        tenth = max(len(rates) // 10, 1)
        lines = []
        for title, numbers, some in (
            ("first tenth", range(0, tenth * SEGMENT), rates[:tenth]),
            ("last tenth", range(max(answers - tenth * SEGMENT, 0), answers), rates[-tenth:]),
        ):
            opened, got = _read(folder, random.Random(1).choices(numbers, k=200))
            lines.append([title, f"{sum(some) / len(some):,.0f}", f"{opened * 1e3:.1f}", f"{got * 1e6:.0f}"])
        show(f"the journal with {answers:,} answers in {len(rates):,} segments, {size_of(folder) / 1e9:.1f} GB",
             ["segments", f"puts/s by {GROUP}", "open a segment, ms", "get, us"], lines)  # fmt: skip
        began = time.perf_counter()
        with Journal(folder) as journal:
            names = journal.names()
        print(f"all {len(names):,} segments named in {(time.perf_counter() - began) * 1e3:.0f} ms; peak memory "
              f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")  # fmt: skip
    finally:
        shutil.rmtree(folder)


def _read(folder: Path, numbers: list[int]) -> tuple[float, float]:
    opened = got = 0.0
    for number in numbers:
        began = time.perf_counter()
        segment: Any = Journal(folder).open(f"math/math-{number // SEGMENT:05d}")
        opened += time.perf_counter() - began
        began = time.perf_counter()
        assert segment.get(key_of(number)) is not None
        got += time.perf_counter() - began
        segment.close()
    return opened / len(numbers), got / len(numbers)


def main() -> None:
    """Parse the words of the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--answers", type=int, help="fill the journal with so many, instead of comparing")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="on the disk to be measured")
    options = parser.parse_args()
    if options.answers:
        at_full_size(options.answers, options.folder)
    else:
        compare(options.sizes, options.folder)


if __name__ == "__main__":
    main()
