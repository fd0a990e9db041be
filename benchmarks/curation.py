"""Rows per second of each lane without the time of models and programs, and memory from ten thousand rows to a million.

Rows come from ``tests.support.upstream``, sound ones in the true columns of each lane's sources, from a file of JSON
lines. Curators answer at once, and programs are presumed to be right or wrong as curation expects: no program is run.
Beside ours stands what a person would write instead: a loop over ``datasets`` in streaming mode with the same readers,
the same rules and a set of statements against duplicates, which keeps what passes in a JSON-lines file; and the same by
``Dataset.filter``. Our ledger applies no rules but gives every row its identity, versions, marks, a shard in Parquet
and an end with its reason, and can be killed at any moment; the rules are part of ``curation``.

Each is a process of its own, in turns in one run, by processor time unless the clock is asked for. The math verifier
works in processes of its own, whose time is in the clock's alone.

Expected before it was measured: 5,000 rows of mathematics a second through the ledger where a dictionary in memory made
as many, and as many again when all are known; half of the loop's rate with the rules. Memory within 40 MB between ten
thousand rows and a million, where it was a kilobyte a row.

    python benchmarks/curation.py [rates] [--rows 5000] [--lanes math coding]
    python benchmarks/curation.py memory [--sizes 10000 100000 1000000] [--lanes math]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.curation.steps import Curation
from genesys.lane import Lane, LedgerRow
from genesys.lanes import LANES
from genesys.ledger import update_ledger
from genesys.overlap import OverlapIndex, Text
from genesys.partition import partitions_of
from genesys.quality.benchmarks import Benchmarks
from genesys.sources import Opened, Source, SourceRow
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import Lake
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner
from tests.support import upstream as generators
from tests.support.presumed import PresumedPrograms
from tests.support.upstream.running import RunsHere

SHARD = 512
CONTENDERS = ("ledger", "again", "overlap", "curation", "loop", "map")
SIZES = (10_000, 100_000, 1_000_000)
FLAT_MB = 40.0


_LOOP = asyncio.new_event_loop()


class AtOnce:
    """A curator that knows what the generator of the rows knows, and takes no time."""

    teacher_id, concurrency = "at-once", 64

    def __init__(self, made: ModuleType) -> None:
        """For the rows of this generator."""
        self._made = made

    async def complete(self, request: ChatRequest) -> Completed:
        """The answer, at once."""
        text = self._made.curator(request)
        return Completed(answer=ChatAnswer(content=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1))

    async def aclose(self) -> None:
        """Nothing is held."""


def modules() -> dict[str, ModuleType]:
    """The generators of rows, by lane."""
    names = [each.name for each in pkgutil.iter_modules(generators.__path__) if each.name in LANES]
    return {name: importlib.import_module(f"tests.support.upstream.{name}") for name in names}


def peak_mb() -> float:
    """The most memory that this process ever had."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock and of processor time."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


# What is measured, each in a process of its own ----------------------------------------------------------------------


def ours(name: str, lane: Lane, folder: Path) -> dict[str, float]:
    """One contender of ours; each makes what it rests on first, without being timed."""
    lake, opened = Lake(folder / "lake"), open_source(source(folder))
    few = open_source(source(folder).model_copy(update={"max_rows": 20}))
    update_ledger(Lake(folder / "warm"), lane, [few], shard_size=SHARD)  # what is imported and opened once
    if name == "ledger":
        return told(timed(lambda: update_ledger(lake, lane, [opened], shard_size=SHARD)))
    if name == "overlap":
        tests = many_tests()
        return told(timed(lambda: update_ledger(lake, lane, [opened], shard_size=SHARD, benchmarks=tests)))
    update_ledger(lake, lane, [opened], shard_size=SHARD)
    if name == "again":
        with next((folder / "rows").iterdir()).open("a") as stream:
            stream.write("{}\n")  # another revision, with nothing new that can be used
        opened = open_source(source(folder))
        return told(timed(lambda: update_ledger(lake, lane, [opened], shard_size=SHARD)))
    return told(timed(lambda: asyncio.run(curate(lane, lake, folder))))


def many_tests() -> Benchmarks:
    """Twice as many words as the default list has, about: 12,000 texts of 200, since a letter and a number are two."""
    texts = (" ".join(f"w{(number * 31 + place * place) % 50_000}" for place in range(100)) for number in range(12_000))
    return Benchmarks(OverlapIndex(Text("tests", str(n), text) for n, text in enumerate(texts)), {"sets": "made"})


async def curate(lane: Lane, lake: Lake, folder: Path) -> None:
    """All tasks of the lane, of its first language where it has several."""
    made = modules()[lane.name]
    # Functions of code understanding are run in this process; whatever else would be run is presumed.
    runs = lane.name == "code_understanding"
    runner = VerifierRunner({**VERIFIER_REGISTRY, "verifiable_code": RunsHere} if runs else None)
    roles = Roles(
        curator=AtOnce(made) if hasattr(made, "curator") else None,
        verifiers=runner if runs else PresumedPrograms(runner),
    )  # type: ignore[arg-type]
    ended = 0
    try:
        with Journal(folder / "journal") as journal:
            for shard in lake.need(f"{lane.name}/ledger").parts:
                partition = partitions_of(lane, [shard])[0]
                stage = tasks_stage(lake, lane, partition.name, verifier_versions={})
                await run_stage(stage, journal, roles)
                part = await seal_stage(stage, lake, journal, roles)
                ended += part.counts["accepted"] + sum(part.counts["rejected"].values())
                if part.unfinished:
                    raise SystemExit(f"{lane.name}: {part.counts['errored']}")
    finally:
        await runner.aclose()
    print(f"{ended} rows curated", file=sys.stderr)


def loop(lane: Lane, folder: Path) -> dict[str, float]:
    """What one would write: stream, leave out what was seen, apply the rules, write down what passes."""
    import datasets

    next(
        iter(datasets.load_dataset("json", data_files=str(folder / "rows" / "0.jsonl"), split="train", streaming=True))
    )

    def work() -> None:
        seen: set[str] = set()
        with (folder / "kept.jsonl").open("w") as kept:
            for file in sorted((folder / "rows").iterdir()):
                for row in datasets.load_dataset("json", data_files=str(file), split="train", streaming=True):
                    if passes(lane, dict(row), seen):
                        kept.write(json.dumps(row, default=str) + "\n")

    return told(timed(work))


def mapped(lane: Lane, folder: Path) -> dict[str, float]:
    """The same as ``datasets`` has it: load, filter, save."""
    import datasets

    def work() -> None:
        seen: set[str] = set()
        for file in sorted((folder / "rows").iterdir()):
            rows = datasets.load_dataset("json", data_files=str(file), split="train", cache_dir=folder / "cache")
            rows.filter(lambda row: passes(lane, row, seen)).to_json(folder / f"kept-{file.name}")

    return told(timed(work))


def passes(lane: Lane, row: dict[str, Any], seen: set[str]) -> bool:
    """Whether a row is new and the rules let it through."""
    statement = lane.identify(row).statement
    if statement in seen:
        return False
    seen.add(statement)
    language = lane.languages[0] if lane.languages else None
    asked = LedgerRow("0" * 24, "0" * 32, "bench", row, "1", license="Apache-2.0", language=language, read=lane.read)
    assert isinstance(lane.curate, Curation)  # noqa: S101 - every lane's is one
    return _LOOP.run_until_complete(lane.curate.by_rules(asked)) is None


def source(folder: Path) -> Source:
    """The rows."""
    return Source(path=str(folder / "rows"), name="bench", license="Apache-2.0", attribution="bench")


def told(seconds: tuple[float, float]) -> dict[str, float]:
    """What a process tells of itself."""
    return {"seconds": seconds[0], "cpu": seconds[1], "mb": peak_mb()}


def memory(lane: Lane, rows: int, folder: Path) -> dict[str, float]:
    """The ledger of so many rows that come as a stream, then again with one row more."""
    made = modules()[lane.name]

    def opened(revision: str, count: int) -> Opened:
        chosen = Source(path="bench", name="bench", license="Apache-2.0", attribution="bench")

        def read() -> Iterator[SourceRow]:
            for number, row in enumerate(made.rows(count), 1):
                yield SourceRow(chosen, revision, "rows", number, row)

        return Opened(chosen, revision, read=read)

    lake = Lake(folder / "lake")
    making, _ = timed(lambda: sum(1 for _ in made.rows(min(rows, 20_000))))
    making *= rows / min(rows, 20_000)
    first, _ = timed(lambda: update_ledger(lake, lane, [opened("1", rows)], shard_size=2048))
    after_first = peak_mb()
    again, _ = timed(lambda: update_ledger(lake, lane, [opened("2", rows + 1)], shard_size=2048))
    shard = next(iter(lake.need(f"{lane.name}/ledger").parts))
    list(lake.rows(f"{lane.name}/ledger", campaign=shard))
    return {"first": first - making, "again": again - making, "mb_first": after_first, "mb": peak_mb()}


# The tables --------------------------------------------------------------------------------------------------------


def write(rows: Iterator[dict[str, Any]], folder: Path) -> None:
    """A file for each shape of rows: `datasets` gives all rows of a file the columns of all of them."""
    folder.mkdir()
    with ExitStack() as stack:
        files: dict[tuple[str, ...], Any] = {}
        for row in rows:
            shape = tuple(sorted(row))
            if shape not in files:
                files[shape] = stack.enter_context((folder / f"{len(files)}.jsonl").open("w"))
            files[shape].write(json.dumps(row) + "\n")


def child(*arguments: str) -> dict[str, float] | None:
    """What a process of its own measures; None if it failed, with what it said."""
    with tempfile.TemporaryDirectory(prefix="bench-curation-", dir=FOLDER) as folder:
        if arguments[0] != "memory":
            write(modules()[arguments[1]].rows(int(arguments[2])), Path(folder) / "rows")
        command = [sys.executable, __file__, "child", *arguments, folder]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        print(f"{' '.join(arguments)}: {ended.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def rates(lanes: list[str], rows: int, repeats: int, by: str) -> None:
    """Rows per second, of the best of some turns."""
    heads = ("ledger", "known again", "with test sets", "curation", "loop", "map", "ledger beside loop")
    print(f"{rows:,} rows a lane; rows a second of {by}, the best of {repeats} turns\n")
    print(f"| lane | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for name in lanes:
        turns: dict[str, list[float]] = {}
        for _ in range(repeats):
            for contender in CONTENDERS:
                if (found := child(contender, name, str(rows))) is not None:
                    turns.setdefault(contender, []).append(rows / found["seconds" if by == "the clock" else "cpu"])
        best = {contender: max(found) for contender, found in turns.items()}
        shown = [f"{best[contender]:,.0f}" if contender in best else "-" for contender in CONTENDERS]
        ratio = f"{best['ledger'] / best['loop']:.2f}" if {"ledger", "loop"} <= best.keys() else "-"
        print(f"| {name} | {' | '.join(shown)} | {ratio} |", flush=True)


def memories(lanes: list[str], sizes: list[int]) -> bool:
    """Peak memory at each size; False if it grows."""
    print("| lane | rows | MB after the first reading | and after the second | rows a second | all known again |")
    print("|---|---|---|---|---|---|")
    is_flat = True
    for name in lanes:
        peaks = []
        for size in sizes:
            if (found := child("memory", name, str(size))) is None:
                return False
            peaks.append(found["mb"])
            print(
                f"| {name} | {size:,} | {found['mb_first']:.0f} | {found['mb']:.0f} | {size / found['first']:,.0f} | "
                f"{size / found['again']:,.0f} |",
                flush=True,
            )
        is_flat = is_flat and max(peaks) - peaks[0] <= FLAT_MB
    return is_flat


FOLDER: Path | None = None


def main() -> int:
    """Print the tables; 1 if memory grows."""
    global FOLDER  # noqa: PLW0603 - where this process was told to work
    if sys.argv[1:2] == ["child"]:
        what, name, rows, folder = sys.argv[2:]
        lane, place = LANES[name], Path(folder)
        if what == "memory":
            found = memory(lane, int(rows), place)
        else:
            found = {"loop": loop, "map": mapped}.get(what, lambda lane, place: ours(what, lane, place))(lane, place)
        print(json.dumps(found))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=["rates", "memory", "all"], default="all")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument(
        "--clock", action="store_true", help="by the clock; by default by processor time of the process"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--lanes", nargs="+", default=None, help="by default all; memory: math")
    parser.add_argument("--folder", type=Path, default=None, help="for what is written; by default the system's")
    options = parser.parse_args()
    FOLDER = options.folder
    if options.part != "memory":
        rates(
            options.lanes or list(modules()),
            options.rows,
            options.repeats,
            "the clock" if options.clock else "processor time",
        )
    if options.part != "rates":
        return 0 if memories(options.lanes or ["math"], options.sizes) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
