"""Run row functions in tests as the engine does, with written answers instead of a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, end_of
from genesys.calls.journal import Journal
from genesys.lane import Lane, LedgerRow
from genesys.lanes import MATH
from genesys.outcomes import Outcome
from genesys.teachers.script import ScriptedTask, ScriptedTeacher
from genesys.verifiers.runner import VerifierRunner


def ledger_row(row_id: str, upstream: dict[str, Any], lane: Lane = MATH) -> LedgerRow:
    return LedgerRow(
        problem_id=row_id, row_hash="0" * 32, source="test", upstream=upstream, revision="r1", read=lane.read
    )


async def curate_all(
    folder: Path, rows: Iterable[dict[str, Any]], curator: dict[str, str] | None = None
) -> list[tuple[Outcome, Calls]]:
    """Curate upstream rows of the math lane; ``curator`` holds the answer of each prompt."""
    task = ScriptedTask(problem="a problem of this test", curator=curator or {})
    runner = VerifierRunner()
    found = []
    try:
        with Journal(folder) as journal:
            for number, upstream in enumerate(rows):
                row = ledger_row(f"row{number}", upstream)
                roles = Roles(curator=ScriptedTeacher("written", {row.problem_id: task}), verifiers=runner)
                calls = Calls(row.problem_id, journal.segment("test"), roles)
                work = Work(rows=lambda: [], row_id=lambda r: r.problem_id, function=MATH.curate)
                found.append((await end_of(work, row, calls), calls))
    finally:
        await runner.aclose()
    return found
