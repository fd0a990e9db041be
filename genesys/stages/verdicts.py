"""What one verdict comes to: its score, and why it is not accepted; the same for lanes and for ``genesys verify``.

No tables here: a command on files loads none of what reads and writes them.
"""

from __future__ import annotations

from typing import Any

from genesys.calls.context import Calls
from genesys.calls.verdicts import Subject
from genesys.choices import Acceptance
from genesys.faults import ResponseFault, TaskFault

Row = dict[str, Any]

MEASURED = "measured"
"""In a verdict's info: what the verifier measured of it, by name. Its ``endpoint`` says where."""


async def verdict_on(response: Subject, calls: Calls, acceptance: Acceptance) -> tuple[float | None, Row, str | None]:
    """Score, verification_result_info, and why it is not accepted (None: it is)."""
    try:
        verdict = await calls.verify_response(response)
        score, info, fault = verdict["score"], verdict["verification_result_info"], None
    except (TaskFault, ResponseFault) as error:
        score, info = None, {"fault": str(error)}
        fault = "task fault" if isinstance(error, TaskFault) else "response fault"
    is_accepted = acceptance.accepts(response.task_type, score)
    calls.stats.verdicts += 1
    calls.stats.passed += is_accepted
    if is_accepted:
        return score, info, None
    return score, info, str(fault or info.get("reason") or _reason(score, str(info.get("rule", ""))))


def without_measured(info: Row) -> Row:
    """A verdict's info as the table keeps it: what varies from run to run stands in the timings beside it."""
    return {name: value for name, value in info.items() if name != MEASURED}


def _reason(score: float | None, rule: str) -> str:
    """In words that can be counted, from the verifier's rule: ``boxed/time-limit`` ends in how it was decided."""
    decided = rule.rpartition("/")[2]
    if decided in ("no-answer", "time-limit", "worker-died"):
        return decided.replace("-", " ")
    if score is None:
        return "no score"
    return "wrong answer" if score == 0 else "score too low"
