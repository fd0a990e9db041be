"""From the runs of a program to verdicts on tests, as the runs end: outputs are compared and let go at once."""

from __future__ import annotations

import json
from typing import Any, Literal

from genesys.job import RunResult
from genesys.verifiers.code.checker import Claim
from genesys.verifiers.code.compare import read_value, same_output, same_value
from genesys.verifiers.code.tests import CallTest, CodeTask, OutputTest

TestVerdict = Literal[
    "passed", "wrong_answer", "runtime_error", "time_limit", "memory_limit", "output_limit", "not_run"
]
_LIMITS: dict[str, TestVerdict] = {
    "cpu_limit": "time_limit",
    "wall_limit": "time_limit",
    "memory_limit": "memory_limit",
    "output_limit": "output_limit",
    "not_run": "not_run",
}
# A program that is refused memory may say so and end by itself.
_OUT_OF_MEMORY = (b"MemoryError", b"std::bad_alloc", b"memory allocation of ", b"JavaScript heap out of memory")
_MOST_SHOWN = 1000
_EXPECTED_CHARS = 200
_HEAD_CHARS = 2000


class Grading:
    """The verdicts on the tests of one program. ``watch`` is the watcher of its job."""

    def __init__(self, task: CodeTask, max_time_outs: int) -> None:
        """All tests are ``not_run`` so far."""
        self.task = task
        self.claims: list[Claim] = []
        """Outputs that are for the task's checker to judge."""
        self._max_time_outs = max_time_outs
        self._verdicts: list[TestVerdict] = ["not_run"] * len(task.tests)
        self._facts: list[dict[str, Any]] = [{} for _ in task.tests]
        self._heads: dict[int, dict[str, str]] = {}

    @property
    def passed(self) -> int:
        """How many tests are passed."""
        return self._verdicts.count("passed")

    def watch(self, result: RunResult) -> bool:
        """Judge a run that has ended; False where no further run is of use."""
        test = self.task.tests[result.index]
        verdict = _LIMITS.get(result.end) or self._on_exit(result)
        got = b""
        if verdict is None:
            got = _written(self.task, test, result)
            if self.task.checker is not None:
                self.claims.append(_claim(result.index, test, got))
            verdict = "passed" if self.task.checker is not None or self._is_right(test, got) else "wrong_answer"
        self._verdicts[result.index] = verdict
        self._facts[result.index] = {
            "exit": result.exit_code,
            "signal": result.signal,
            "cpu_s": round(result.cpu_s, 4),
            "wall_s": round(result.wall_s, 4),
            "memory_mb": round(result.memory_mb, 1),
        }
        if verdict not in ("passed", "not_run") and not self._heads:
            self._heads[result.index] = {"got": _head(got or result.stdout), "stderr": _head(result.stderr)}
        return self._goes_on(verdict)

    def heard(self, claim: Claim, is_right: bool) -> bool:
        """The checker's word on an output; False where no further word is of use."""
        if is_right:
            return True
        self._verdicts[claim.index] = "wrong_answer"
        if claim.index < min(self._heads, default=len(self._verdicts)):
            self._heads = {claim.index: {"got": _head(claim.got), "stderr": ""}}
        if not self.task.stop_at_first_failure:
            return True
        rest = range(claim.index + 1, len(self._verdicts))
        for index in rest:
            self._verdicts[index] = "not_run"
        return False

    def reason(self) -> str:
        """Why the program does not have full marks, in two words; ``passed`` if it has."""
        return next((verdict for verdict in self._verdicts if verdict != "passed"), "passed").replace("_", " ")

    def shown(self) -> dict[str, Any]:
        """What a verdict tells of the tests, the same in every run."""
        tests = [
            {"verdict": verdict, **{name: facts[name] for name in ("exit", "signal") if facts.get(name) is not None}}
            for verdict, facts in zip(self._verdicts[:_MOST_SHOWN], self._facts, strict=False)
        ]
        failed = [index for index, verdict in enumerate(self._verdicts) if verdict not in ("passed", "not_run")]
        if not failed:
            return {"tests": tests}
        expected = _expected_text(self.task.tests[failed[0]])[:_EXPECTED_CHARS]
        return {"tests": tests, "first_failure": {"index": failed[0], "expected": expected}}

    def measured(self) -> dict[str, Any]:
        """What may differ from run to run."""
        columns = {
            name: [facts.get(name) for facts in self._facts[:_MOST_SHOWN]] for name in ("cpu_s", "wall_s", "memory_mb")
        }
        return {**columns, "first_failure": next(iter(self._heads.values()), None)}

    def _on_exit(self, result: RunResult) -> TestVerdict | None:
        """The verdict on a program that ended by itself, or None where its output decides."""
        returned = result.value is not None or not self._is_called(result.index)
        if result.exit_code == 0 and returned:
            return None
        return "memory_limit" if any(word in result.stderr for word in _OUT_OF_MEMORY) else "runtime_error"

    def _is_called(self, index: int) -> bool:
        return self.task.harness is None and isinstance(self.task.tests[index], CallTest)

    def _is_right(self, test: OutputTest | CallTest, got: bytes) -> bool:
        if isinstance(test, OutputTest):
            return same_output(test.expected, got, reals=self.task.reals)
        try:
            value = read_value(got.decode())
        except ValueError:
            return False
        return any(same_value(expected, value, wraps=self.task.wraps) for expected in test.expected)

    def _goes_on(self, verdict: TestVerdict) -> bool:
        if self.task.stop_at_first_failure and verdict != "passed":
            return False
        return verdict != "time_limit" or self._verdicts.count("time_limit") < self._max_time_outs


def _written(task: CodeTask, test: OutputTest | CallTest, result: RunResult) -> bytes:
    """What is compared: the output, the value, or the file.

    A program that was to write a file and wrote to standard output instead has solved the task.
    """
    if isinstance(test, OutputTest):
        return result.files.get(task.output_file or "", result.stdout)
    if result.value is not None:
        return result.value.encode(errors="replace")
    text = result.stdout.strip()
    return text.rpartition(b"\n")[2]  # a solution may print too; the harness has the last word


def _claim(index: int, test: OutputTest | CallTest, got: bytes) -> Claim:
    given = test.stdin if isinstance(test, OutputTest) else json.dumps(test.args)
    return Claim(index, given.encode(errors="replace"), _expected_text(test).encode(errors="replace"), got)


def _expected_text(test: OutputTest | CallTest) -> str:
    return test.expected if isinstance(test, OutputTest) else json.dumps(test.expected[0], default=repr)


def _head(output: bytes) -> str:
    return output[: 4 * _HEAD_CHARS].decode(errors="replace")[:_HEAD_CHARS]
