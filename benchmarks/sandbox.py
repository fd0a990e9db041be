"""What our sandbox costs, beside other ways to run a solution on its tests, in one run and at equal parallelism.

Contenders: ours; `docker exec` per test in one long-lived container, with a call for the input and a call for the run;
`docker run` per solution, where a shell loop runs the tests; bare processes, one for each test, of the image's own
compilers and interpreters (in a container that withholds nothing, so that versions are the same) and of this machine's;
with --published, what of published sandboxes can be installed.

Expected before it was measured, for tasks of 100 tests:
- at most 3 ms of overhead per test in Python, C++ and Rust; in JavaScript 3 ms per test and 60 ms per solution;
- 0.2 ms of work per test in Python: at least 3 tasks per second per core, and 3 times as many as by cold processes;
- 50 ms of work per test: at most 1.1 times the time of bare processes at the same parallelism;
- to compile C++ with bits/stdc++.h at most 0.6 s, Rust 0.7 s, and nothing for a program that was compiled before.

    python benchmarks/sandbox.py                    about five minutes
    python benchmarks/sandbox.py --quick            below one minute: fewer loads, rounds and tests
    python benchmarks/sandbox.py --published        also llm-sandbox and epicbox2, in a venv made for this run
    python benchmarks/sandbox.py --tasks FILE       inputs of CodeContests-like rows instead of our own

Needs a Docker engine and its command line. Returns 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.sandbox_parts import loads, programs, rivals
from benchmarks.sandbox_parts.costs import compile_times, fixed_costs
from benchmarks.sandbox_parts.loads import Load
from benchmarks.sandbox_parts.report import Goal, Row, print_goals, table
from benchmarks.sandbox_parts.rivals import Contender, Ours
from benchmarks.sandbox_parts.tools import Tools, without_entrypoint
from genesys.job import LANGUAGES, Language
from genesys.settings import SandboxSettings

LOADS: list[tuple[Language, float, bool]] = [
    ("python", 0.2, False), ("cpp", 0.2, False), ("python", 50, False),
    ("python", 0.2, True), ("rust", 0.2, False), ("javascript", 0.2, False), ("cpp", 50, False),
]  # fmt: skip
"""Language, milliseconds of work per test, whether it begins with the usual imports."""
QUICK = 3
"""So many of them make the quick form."""
TESTS, TESTS_OF_LONG = 100, 20
SHORT_MS = 10
BEGAN = time.perf_counter()
CAPTION = """\
Expected of ours: at most 3 ms of overhead per test; Python with 0.2 ms a test at least 3 tasks per second per core, and
3 times as many as processes (of the same image); with 50 ms a test at most 1.1 times their time. Seconds are those of
one slot for one task: median and range of the rounds; ~ scaled from fewer tests."""


@dataclass
class Series:
    """What rounds of one contender under one load gave.

    Args:
        seconds: Of one slot for one task, a number for each round.
        overhead_ms: Per test, a number for each round.
        spent: Seconds that all rounds took.
    """

    seconds: list[float] = field(default_factory=list)
    overhead_ms: list[float] = field(default_factory=list)
    spent: float = 0.0

    @property
    def median(self) -> float:
        """Seconds of one slot for one task."""
        return statistics.median(self.seconds)

    @property
    def overhead(self) -> float:
        """Median of milliseconds per test."""
        return statistics.median(self.overhead_ms)


Cells = dict[tuple[str, int, str], Series]
"""By the load's title, the jobs at once, the contender's name."""


def one_round(contender: Contender, load: Load, slots: int, jobs: int, series: Series) -> None:
    """Each slot runs that many jobs, one after the other; outputs are compared with those of the bare function."""
    most = contender.most_tests
    turns = [[load.tasks[(slot * jobs + job) % len(load.tasks)] for job in range(jobs)] for slot in range(slots)]

    def work(slot: int) -> None:
        for task in turns[slot]:
            outputs = contender.run(slot, load.job(), task.inputs[:most])
            assert outputs == list(task.outputs[:most]), f"{contender.name} gave wrong outputs under {load.title}"

    began = time.perf_counter()
    with ThreadPoolExecutor(slots) as pool:
        list(pool.map(work, range(slots)))
    wall = time.perf_counter() - began
    tasks = [task for turn in turns for task in turn]
    tests = sum(len(task.inputs) for task in tasks)
    run = sum(len(task.inputs[:most]) for task in tasks)
    occupied = wall * slots * tests / run
    series.spent += wall
    series.seconds.append(occupied / len(tasks))
    # Own work is that of the bare function over the same tests in one warm process, on an idle core: what a process
    # costs to start, cold caches and what the slots take from each other all count as overhead.
    series.overhead_ms.append((occupied - sum(task.work_s for task in tasks)) / tests * 1e3)


def measure(load: Load, contenders: Sequence[Contender], slots: int, options: argparse.Namespace) -> dict[str, Series]:
    """Rounds of all contenders, interleaved in a new order each time, so that noise falls on all alike."""
    print(f"{time.perf_counter() - BEGAN:.0f} s: {load.title}, {slots} at once", file=sys.stderr, flush=True)
    found = {contender.name: Series() for contender in contenders}
    rng = random.Random(slots)
    for contender in contenders:
        contender.prepare(load.program)
        contender.run(0, load.job(), load.tasks[0].inputs[:2])  # what is slow the first time only
    for _ in range(options.rounds):
        for contender in rng.sample(contenders, len(contenders)):
            series = found[contender.name]
            cap = options.cap * (2 if contender in contenders[:2] else 1)  # goals compare these two
            if series.seconds and series.spent * (1 + 1 / len(series.seconds)) > cap:
                continue  # a slow one has fewer rounds: it is far off, and its spread does not decide
            jobs = 1 if not series.seconds else max(1, min(8, round(options.round_s / series.seconds[0])))
            one_round(contender, load, slots, jobs, series)
    return found


def rows_of(load: Load, slots: int, found: dict[str, Series], contenders: Sequence[Contender]) -> list[Row]:
    """The table's rows of one load at one parallelism."""
    rows: list[Row] = []
    reference = found[contenders[0].name].median
    for contender in contenders:
        series = found[contender.name]
        low, high = min(series.seconds), max(series.seconds)
        scaled = "~" if contender.most_tests and contender.most_tests < len(load.tasks[0].inputs) else ""
        rows.append((
            load.title, str(slots), contender.name,
            f"{scaled}{series.median:.3f} ({low:.3f} to {high:.3f})", str(len(series.seconds)),
            f"{slots / series.median:.2f}", f"{1 / series.median:.2f}",
            f"{series.overhead:.2f}", f"{series.median / reference:.2f}",
        ))  # fmt: skip
    return rows


def goals_of(cells: Cells, chosen: Sequence[Load], at_once: Sequence[int]) -> list[Goal]:
    """What the main table was expected to show."""
    goals = []
    for load in chosen:
        for slots in at_once:
            ours, bare = cells[load.title, slots, "ours"], cells[load.title, slots, "processes"]
            where = f"{load.title}, {slots} at once"
            if load.work_ms > SHORT_MS:
                goals.append(Goal(f"{where}: time against bare processes", ours.median / bare.median, 1.1))
                continue
            if load.language != "javascript":
                goals.append(Goal(f"{where}: ms of overhead per test", ours.overhead, 3.0))
            if load.language == "python":
                goals.append(Goal(f"{where}: tasks per second per core", 1 / ours.median, 3.0, at_least=True))
                goals.append(Goal(f"{where}: times cold processes", bare.median / ours.median, 3.0, at_least=True))
    return goals


def machine() -> str:
    """What the figures are of."""
    import docker

    with contextlib.closing(docker.from_env()) as client:
        engine = client.version()["Version"]
        others = client.containers.list(filters={"label": "genesys.sandbox=worker"})
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    load = " ".join(f"{number:.2f}" for number in os.getloadavg())
    return (f"{os.cpu_count()} cores, {model}; {platform.system()} {platform.release()}; Docker {engine}; "
            f"load before: {load}"
            + (f"\nWARNING: {len(others)} containers of another sandbox: slots are shared with it" if others else "")
            )  # fmt: skip


def contenders_of(stack: ExitStack, ours: Ours, image: str, slots: int, options: argparse.Namespace) -> list[Contender]:
    """All that take part, started; closed with the stack."""
    found: list[Contender] = [ours]

    def add(contender: Contender) -> None:
        stack.callback(contender.close)
        found.append(contender)

    add(rivals.processes(Tools(image), slots))
    if Tools().available and not options.quick:
        add(rivals.processes(Tools(), slots))
    add(rivals.RunPerSolution(image))
    add(rivals.ExecPerTest(image, slots, options.most_tests))
    if options.published:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-sandbox-")))
        for name in rivals.PUBLISHED:
            try:
                python = rivals.install(name, scratch)
                add(rivals.published(name, python, image, slots, options.most_tests))
            except RuntimeError as error:
                print(f"{name}: not installed ({error})")
    else:
        print("published sandboxes: not installed (--published does it)")
    return found


def run(options: argparse.Namespace) -> int:
    """Measure, print, and say by 1 that a goal is missed."""
    cores = os.cpu_count() or 1
    with ExitStack() as stack:
        told = machine()
        ours = Ours(SandboxSettings(image=options.image, build_network=options.build_network), cores)
        stack.callback(ours.close)
        image = ours.execute(programs.to_compile("python"), [programs.COMPILE_INPUT]).image
        print(told, f"image {options.image or image[:19]}", sep="\n", flush=True)
        plain = stack.enter_context(without_entrypoint(image))
        contenders = contenders_of(stack, ours, plain, cores, options)
        goals = compile_times(ours, plain, options.languages, 2 if options.quick else 7)
        goals += fixed_costs(ours, contenders[1], options.languages, 2 if options.quick else 9)
        chosen: list[Load] = []
        cells: Cells = {}
        rows: list[Row] = []
        for language, work_ms, imports in LOADS[:QUICK] if options.quick else LOADS:
            if language not in options.languages:
                continue
            tests = TESTS if work_ms < SHORT_MS else TESTS_OF_LONG // (2 if options.quick else 1)
            few = 2 if options.quick else 4
            inputs = loads.from_file(options.tasks, few) if options.tasks else loads.synthetic(few, tests)
            load = loads.make(
                contenders[1],
                language,
                work_ms,
                [task[: None if work_ms < SHORT_MS else tests] for task in inputs],
                imports=imports,
            )
            chosen.append(load)
            for slots in sorted({1, cores}):
                found = measure(load, contenders, slots, options)
                cells |= {(load.title, slots, name): series for name, series in found.items()}
                rows += rows_of(load, slots, found, contenders)
        print(CAPTION)
        table(("load", "at once", "contender", "seconds a task", "rounds", "tasks/s", "tasks/s per core",
               "overhead per test, ms", "times ours"), rows)  # fmt: skip
    goals += goals_of(cells, chosen, sorted({1, cores}))
    print_goals(goals)
    return 0 if all(goal.met for goal in goals) else 1


def main() -> int:
    """Parse the words of the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="below one minute")
    parser.add_argument("--published", action="store_true", help="install and measure published sandboxes too")
    parser.add_argument("--image", default="", help="the image of all contenders; by default that of our sandbox")
    parser.add_argument("--build-network", default="default", help="where our image has to be built first")
    parser.add_argument("--tasks", type=Path, help="CodeContests-like rows, one JSON object a line")
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--rounds", type=int, help="of each contender under each load")
    parser.add_argument("--cap", type=float, help="seconds after which a contender has no more rounds under a load")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.cap = options.cap or (1.5 if options.quick else 3.0)
    options.round_s = 0.3 if options.quick else 0.6
    options.most_tests = 5 if options.quick else 20
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an end in which containers are removed
    code = run(options)
    load = " ".join(f"{number:.2f}" for number in os.getloadavg())
    print(f"{time.perf_counter() - BEGAN:.0f} seconds; load after: {load}")
    return code


if __name__ == "__main__":
    sys.exit(main())
