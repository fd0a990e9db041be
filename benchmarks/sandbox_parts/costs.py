"""What a solution costs our sandbox apart from its tests: compilation, and what comes once a job."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.sandbox_parts import loads, programs
from benchmarks.sandbox_parts.report import Goal, table
from benchmarks.sandbox_parts.rivals import Contender, Ours
from benchmarks.sandbox_parts.tools import Tools, shell
from genesys.job import Language

TESTS = 100


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def compile_times(ours: Ours, image: str, languages: Sequence[Language], repeats: int) -> list[Goal]:
    """A job of one small test with a program that is new, and the same job again: what lies between is compilation."""
    print("Compile times, medians of jobs with one test: expected 0.6 s for C++, 0.7 s for Rust, nothing on a repeat")
    rows, goals, limits = [], [], {"cpp": 0.6, "rust": 0.7}
    for language in languages:
        first, again, told = [], [], []
        for _ in range(repeats):
            program = programs.to_compile(language).fresh()
            began = time.perf_counter()
            done = ours.execute(program, [programs.COMPILE_INPUT])
            first.append(time.perf_counter() - began)
            assert done.runs[0].stdout == programs.COMPILE_OUTPUT, done
            told.append(done.compiled.seconds)
            again += [timed(partial(ours.execute, program, [programs.COMPILE_INPUT])) for _ in range(3)]
        plain = "-"
        if language in programs.COMPILED:
            fresh = [programs.to_compile(language).fresh() for _ in range(1 + repeats // 5)]
            start = timed(partial(shell, image, "true"))
            took = statistics.median(timed(partial(Tools(image).artifact, one)) for one in fresh)
            plain = f"{took - start:.2f}"
        new, old = statistics.median(first), statistics.median(again)
        rows.append((loads.TITLES[language], f"{new:.3f} ({min(first):.3f} to {max(first):.3f})", f"{old:.3f}",
                     f"{new - old:.3f}", f"{statistics.median(told):.3f}", plain))  # fmt: skip
        if language in limits:
            goals.append(Goal(f"{loads.TITLES[language]}: seconds to compile", new - old, limits[language]))
            goals.append(Goal(f"{loads.TITLES[language]}: seconds of a job with a program seen before", old, 0.05))
    table(("language", "new program, s", "the same again, s", "between, s", "as told, s", "plain compiler, s"), rows)
    return goals


def fixed_costs(ours: Ours, processes: Contender, languages: Sequence[Language], repeats: int) -> list[Goal]:
    """Jobs of 1 and of 100 tests tell what a solution costs and what a test costs; compilation is left out."""
    print("Ours, one job at once, 0.2 ms of work a test: expected at most 3 ms per test; JavaScript 60 ms per solution")
    rows, goals = [], []
    for language in languages:
        load = loads.make(processes, language, 0.2, loads.synthetic(1, TESTS))
        ours.prepare(load.program)
        task = load.tasks[0]
        times: dict[int, list[float]] = {1: [], TESTS: []}
        for _ in range(repeats + 1):
            for tests, found in times.items():
                program = load.job()
                found.append(timed(partial(ours.run, 0, program, task.inputs[:tests])))
        one, many = (statistics.median(found[1:]) for found in times.values())  # the first is to warm up
        each = (many - one) / (TESTS - 1) - task.work_s / TESTS
        solution = one - each - task.work_s / TESTS
        name = loads.TITLES[language]
        rows.append((name, f"{one * 1e3:.1f}", f"{many * 1e3:.1f}", f"{solution * 1e3:.1f}", f"{each * 1e3:.2f}"))
        goals.append(Goal(f"{name}: ms of overhead per test, slope", each * 1e3, 3.0))
        if language == "javascript":
            goals.append(Goal(f"{name}: ms per solution", solution * 1e3, 60.0))
    table(("language", "1 test, ms", "100 tests, ms", "per solution, ms", "per test, ms"), rows)
    return goals
