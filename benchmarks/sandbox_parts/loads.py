"""What is run: tasks with about 100 tests each, and programs whose work per test is set beforehand."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.sandbox_parts.programs import USUAL_IMPORTS, Program, bare, solution
from benchmarks.sandbox_parts.rivals import Contender
from genesys.job import Language

TITLES: dict[Language, str] = {"python": "Python", "javascript": "JavaScript", "cpp": "C++", "rust": "Rust"}


@dataclass(frozen=True)
class Task:
    """One task's tests, with what each should print and the work that they are.

    Args:
        inputs: One for each test.
        outputs: Of the bare function.
        work_s: Seconds that the bare function takes for all of them, in one warm process.
    """

    inputs: Sequence[bytes]
    outputs: Sequence[bytes]
    work_s: float


@dataclass(frozen=True)
class Load:
    """One program over several tasks."""

    title: str
    language: Language
    work_ms: float
    program: Program
    tasks: list[Task] = field(default_factory=list)

    def job(self) -> Program:
        """The program of the next job: a new text each time, but for the binaries, which are built beforehand."""
        return self.program if self.program.compiled else self.program.fresh()


def synthetic(tasks: int, tests: int, seed: int = 0) -> list[list[bytes]]:
    """Inputs as contests have them: a number of cases, then lines of numbers; 20 bytes to some kilobytes each."""
    rng = random.Random(seed)
    return [[_input(rng) for _ in range(tests)] for _ in range(tasks)]


def _input(rng: random.Random) -> bytes:
    lines = [f"{rng.randint(1, 9)}"]
    for _ in range(rng.randint(1, 6)):
        count = rng.choice((2, 5, 20, 100))
        lines.append(" ".join(str(rng.randint(1, 10 ** rng.randint(1, 9))) for _ in range(count)))
    return ("\n".join(lines) + "\n").encode()


def from_file(path: Path, most: int) -> list[list[bytes]]:
    """The inputs of CodeContests-like rows, one list a row.

    Rows are those of deepmind/code_contests (``public_tests`` and so on: {input: [...], output: [...]}), or hold
    ``test``, JSON text of [{"input": {"stdin"}, ...}].

    Raises:
        ValueError: A row with neither.
    """
    found = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            found.append([text.encode() for text in _inputs_of(json.loads(line))])
            if len(found) == most:
                break
    return found


def _inputs_of(row: dict[str, Any]) -> Iterable[str]:
    if "test" in row:
        tests = json.loads(row["test"]) if isinstance(row["test"], str) else row["test"]
        return [test["input"]["stdin"] for test in tests]
    columns = [row[name] for name in ("public_tests", "private_tests", "generated_tests") if row.get(name)]
    if not columns:
        raise ValueError(f"no tests in a row with the columns {', '.join(row)}")
    return [text for column in columns for text in column["input"]]


def make(
    processes: Contender,
    language: Language,
    work_ms: float,
    inputs: Sequence[Sequence[bytes]],
    *,
    imports: bool = False,
) -> Load:
    """A load whose tests take that much work each, by the bare function on the interpreter that all contenders use."""
    rounds = 10_000
    for _ in range(2):
        sample = inputs[0][: 100 if work_ms < 10 else 4]
        took = min(_measure(processes, language, rounds, sample)[0] for _ in range(3)) / len(sample)
        rounds = max(1, round(rounds * work_ms / 1e3 / took))
    tests = round(sum(map(len, inputs)) / len(inputs))
    title = f"{TITLES[language]}{' with imports' if imports else ''}, {tests} tests of {work_ms:g} ms"
    load = Load(title, language, work_ms, solution(language, rounds, USUAL_IMPORTS if imports else ""))
    for task in inputs:
        # The least of several passes: what noise adds to it would be taken off our overhead.
        passes = [_measure(processes, language, rounds, task) for _ in range(3 if work_ms < 10 else 2)]
        load.tasks.append(Task(task, passes[0][1], min(seconds for seconds, _ in passes)))
    return load


def _measure(
    processes: Contender, language: Language, rounds: int, inputs: Sequence[bytes]
) -> tuple[float, list[bytes]]:
    packed = b"".join(b"%d\n%s" % (len(text), text) for text in inputs)
    program = bare(language, rounds)
    processes.prepare(program)
    nanoseconds, *outputs = processes.run(0, program, [packed])[0].splitlines(keepends=True)
    assert len(outputs) == len(inputs)
    return int(nanoseconds) / 1e9, outputs
