"""A look at the first tasks before anything is asked: which of them no verifier could judge. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from genesys.faults import GenesysError
from genesys.schemas import Task
from genesys.sources import BadRow
from genesys.verifiers.golds import gold_problem
from genesys.verifiers.registry import VERIFIER_REGISTRY

LOOKED_AT = 1000
_PLACES = 3


@dataclass
class Look:
    """What was found."""

    tasks: int = 0
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Tasks by a task type that has no verifier."""
    without_gold: dict[str, str] = field(default_factory=dict)
    """Tasks that have no usable gold, and why."""

    def warnings(self) -> Iterator[str]:
        """What a person should know before it costs anything."""
        of = f"{self.tasks:,} tasks" + (" at the beginning" if self.tasks == LOOKED_AT else "")
        for task_type, ids in self.unknown.items():
            yield (
                f"{len(ids):,} of {of} have the task_type {task_type!r}, for which no verifier is registered "
                f"(first: {', '.join(ids[:_PLACES])}). {_known()}"
            )
        if self.without_gold:
            first = list(self.without_gold.items())[:_PLACES]
            lines = [f"{len(self.without_gold):,} of {of} have no gold, so that their responses cannot be verified:"]
            yield "\n  ".join([*lines, *(f"{ident}: {why}" for ident, why in first)])

    def check(self) -> None:
        """Stop where the whole run would be for nothing.

        Raises:
            GenesysError: No task has a verifier.
        """
        if self.tasks and sum(map(len, self.unknown.values())) == self.tasks:
            named = ", ".join(map(repr, self.unknown))
            first = next(iter(self.unknown.values()))[0]
            raise GenesysError(
                f"no verifier is registered for the task_type of any task ({named}; first: {first}). {_known()}"
            )


def look_at(tasks: Iterable[Task | BadRow]) -> Look:
    """Read the first tasks."""
    look = Look()
    for task in islice(tasks, LOOKED_AT):
        if isinstance(task, BadRow):
            continue
        look.tasks += 1
        if task.task_type not in VERIFIER_REGISTRY:
            look.unknown.setdefault(task.task_type, []).append(task.problem_id)
        elif (why := gold_problem(task.model_dump())) is not None:
            look.without_gold[task.problem_id] = why
    return look


def _known() -> str:
    known = ", ".join(sorted(VERIFIER_REGISTRY))
    return f"Known: {known}. One of your own: --verifiers, as for genesys verify."
