"""Judges tried on answers whose worth is known: a task's own gold has to score high, another task's gold low.

That is no measure of their accuracy, for which people's labels are needed; it shows a judge that cannot tell at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from genesys.calls.context import Calls
from genesys.faults import InfrastructureFault, ResponseFault, TaskFault
from genesys.hashing import digest
from genesys.schemas import parse_info
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.forms import RULES, form_of
from genesys.verifiers.judge.question import gold_of
from genesys.verifiers.judge.reading import squeezed

Row = Mapping[str, Any]
LOW = 0.5
"""What another task's gold may score at most."""


@dataclass(frozen=True)
class Trial:
    """One answer of known worth."""

    problem_id: str
    answer: Literal["own gold", "another gold"]
    score: float | None = None
    why: str = ""
    trouble: str = ""
    """Why there is no verdict: that says nothing about the judges."""


@dataclass
class Calibration:
    """What the judges made of the sample."""

    threshold: float
    trials: list[Trial] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be, in words."""
        found = []
        for trial in self.trials:
            scored = "no score" if trial.score is None else f"{trial.score:g}"
            if trial.trouble:
                continue
            if trial.answer == "own gold" and (trial.score is None or trial.score < self.threshold):
                found.append(
                    f"{trial.problem_id}: the gold itself got {scored}, below {self.threshold:g} ({trial.why})"
                )
            if trial.answer == "another gold" and trial.score is not None and trial.score > min(LOW, self.threshold):
                found.append(f"{trial.problem_id}: the gold of another task got {scored} ({trial.why})")
        return found

    def mean(self, answer: str) -> float | None:
        """Mean score of one kind of answer."""
        scores = [trial.score for trial in self.trials if trial.answer == answer and trial.score is not None]
        return round(sum(scores) / len(scores), 4) if scores else None

    @property
    def untried(self) -> list[str]:
        """Why some had no verdict."""
        return [f"{trial.problem_id}, {trial.answer}: {trial.trouble}" for trial in self.trials if trial.trouble]


def is_judged(task: Row) -> bool:
    """Whether a task's responses are judges' business."""
    return bool(task["task_type"] == JUDGED)


def sample_of(tasks: Sequence[Row], size: int) -> list[dict[str, Any]]:
    """Judged tasks with a gold, chosen by the hash of their ids: the same each time."""
    judged = [
        dict(task) | {"verification_info": parse_info(task["verification_info"])} for task in tasks if is_judged(task)
    ]
    return sorted((task for task in judged if gold_of(task).strip()), key=lambda task: digest(task["problem_id"]))[
        :size
    ]


async def calibrate(
    tasks: Sequence[Row], calls_of: Callable[[str], Calls], *, size: int, threshold: float
) -> Calibration:
    """Put golds before the judges; the calls are durable, so that the same sample is judged once.

    Args:
        tasks: Rows of a table of tasks.
        calls_of: The calls of a row, by its id.
        size: Tasks that are tried at most.
        threshold: The least score that is accepted.

    Raises:
        InfrastructureFault: A fatal one.
    """
    chosen = sample_of(tasks, size)
    golds = [gold_of(task) for task in chosen]
    trials = [_tried(task, "own gold", gold, calls_of) for task, gold in zip(chosen, golds, strict=True)]
    for position, task in enumerate(chosen):
        others = [*golds[position + 1 :], *golds[:position]]
        other = next((gold for gold in others if squeezed(gold) != squeezed(golds[position])), None)
        if other is not None:
            trials.append(_tried(task, "another gold", other, calls_of))
    return Calibration(threshold, list(await asyncio.gather(*trials)))


async def _tried(
    task: Row, answer: Literal["own gold", "another gold"], text: str, calls_of: Callable[[str], Calls]
) -> Trial:
    ident = str(task["problem_id"])
    row_id = f"{ident}/{answer.replace(' ', '-')}"
    fields = ("problem_id", "source", "prompt", "gold_standard_solution", "verification_info")
    record = {name: task[name] for name in fields if name in task}
    record |= {"task_type": JUDGED, "response_id": row_id}
    try:
        record |= {"llm_response": form_of(task).answer(task, text)}
        verdict = await calls_of(row_id).verify(record)
    except InfrastructureFault as fault:
        if fault.fatal:
            raise
        return Trial(ident, answer, trouble=str(fault))
    except (TaskFault, ResponseFault) as fault:
        return Trial(ident, answer, trouble=str(fault))
    info = verdict["verification_result_info"]
    if str(info.get("rule")).startswith(RULES):
        return Trial(ident, answer, trouble=f"settled without a judge, by {info['rule']}")
    return Trial(ident, answer, verdict["score"], str(info.get("why") or info.get("reason") or ""))
