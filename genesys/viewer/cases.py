"""The tests of a coding task with what became of each, as rows to show. Nothing is run or compared here."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from genesys.faults import TaskFault
from genesys.verifiers.code.tests import CallTest, OutputTest, read_task
from genesys.viewer.trace import Row, Trace

MOST = 300
"""Tests that are shown."""
_CHARS = 600
"""Characters of an input or an output that are shown."""


class Case(NamedTuple):
    """One test; texts are cut."""

    number: int
    verdict: str
    given: str
    expected: str
    got: str
    stderr: str
    end: str
    seconds: float | None
    memory_mb: float | None


class Cases(NamedTuple):
    """All tests that are shown, how many there are, and why there may be none."""

    shown: list[Case]
    total: int = 0
    trouble: str = ""


def cases_of(trace: Trace) -> Cases | None:
    """The tests of a trace with their verdicts, None where its task has none."""
    results = trace.info.get("tests")
    if trace.ids.get("task_type") != "verifiable_code" and not isinstance(results, list):
        return None
    try:
        tests = read_task(trace.task.get("verification_info"), trace.task.get("metadata")).tests
    except TaskFault as fault:
        return Cases([], 0, str(fault))
    ends = results if isinstance(results, list) else []
    failed = trace.info.get("first_failure")
    first = failed.get("index") if isinstance(failed, dict) else None
    shown = []
    for number, test in enumerate(tests[:MOST]):
        end = ends[number] if number < len(ends) and isinstance(ends[number], dict) else {}
        wrote = trace.measured.get("first_failure") if number == first else None
        shown.append(_case(number, test, end, wrote if isinstance(wrote, dict) else {}, trace.measured))
    return Cases(shown, len(tests))


def _case(number: int, test: OutputTest | CallTest, end: Row, wrote: Row, measured: Row) -> Case:
    if isinstance(test, CallTest):
        given = f"{test.function}({', '.join(json.dumps(one, ensure_ascii=False) for one in test.args)})"
        expected = json.dumps(test.expected[0], ensure_ascii=False, default=repr)
    else:
        given, expected = test.stdin, test.expected
    return Case(
        number=number + 1,
        verdict=str(end.get("verdict", "not known")).replace("_", " "),
        given=_cut(given),
        expected=_cut(expected),
        got=_cut(str(wrote.get("got") or "")),
        stderr=_cut(str(wrote.get("stderr") or "")),
        end=" ".join(f"{name} {end[name]}" for name in ("exit", "signal") if end.get(name) is not None),
        seconds=_number(measured.get("wall_s"), number),
        memory_mb=_number(measured.get("memory_mb"), number),
    )


def _number(column: Any, at: int) -> float | None:
    value = column[at] if isinstance(column, list) and at < len(column) else None
    return float(value) if isinstance(value, int | float) else None


def _cut(text: str) -> str:
    return text if len(text) <= _CHARS else f"{text[:_CHARS]}… ({len(text):,} characters)"
