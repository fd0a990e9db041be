"""Whether a task can be verified at all, told from the task alone; each verifier's own reader of golds decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesys.faults import TaskFault
from genesys.verifiers.code.tests import read_task
from genesys.verifiers.judge.forms import gold_flaw
from genesys.verifiers.math_verifier import read_golds


def gold_problem(task: Mapping[str, Any]) -> str | None:
    """Why no response to a task can be verified; None where nothing speaks against it, as for verifiers of others.

    Args:
        task: With task_type, verification_info as a mapping, metadata and gold_standard_solution.
    """
    kind, info = task["task_type"], task["verification_info"]
    try:
        if kind == "verifiable_math":
            read_golds(info.get("ground_truth"))
        elif kind == "verifiable_code":
            read_task(info, task["metadata"])
        elif kind == "llm_judgeable_groundtruth_similarity":
            return gold_flaw(task)
        elif kind in ("code_output_prediction", "verifiable_code_understanding") and info.get("ground_truth") is None:
            return "verification_info has no ground_truth"
    except TaskFault as fault:
        return str(fault)
    return None
