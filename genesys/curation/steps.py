"""The one curation engine: a lane is a list of named steps, each of which hands a draft on or drops the row.

What a step decides stands with its lane; steps that all lanes share stand in ``genesys.curation.common``. The names of
the steps are the funnel that a person sees, so that each says what holds of the rows that passed it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

from genesys.calls.context import Calls
from genesys.faults import ResponseFault, TaskFault
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome, Row, accepted, faulted
from genesys.well_formed import well_formed

Draft = TypeVar("Draft")
By = Literal["rules", "curator", "programs", "verifier"]


@dataclass(frozen=True)
class Step(Generic[Draft]):
    """One step of a curation.

    Args:
        name: In a few words, for the funnel.
        run: Draft -> the draft as it goes on, or a rejected ``Outcome``. Sync or async; a row function.
        by: Who decides: ``rules`` make no call at all and come first, since they cost nothing.
    """

    name: str
    run: Callable[[Draft, Calls], Draft | Outcome | Awaitable[Draft | Outcome]]
    by: By = "rules"


@dataclass(frozen=True)
class Curation(Generic[Draft]):
    """A lane's ``curate``.

    Args:
        begin: Ledger row -> what the steps work on, usually a frozen data class that holds the row.
        steps: In their order.
        tasks: The draft that passed all steps -> its tasks.
    """

    begin: Callable[[LedgerRow], Draft]
    steps: tuple[Step[Draft], ...]
    tasks: Callable[[Draft], Iterable[Row]]

    async def __call__(self, row: LedgerRow, calls: Calls) -> Outcome:
        """Take a row through all steps; one that is dropped says at which."""
        end = await self._through(self.steps, self.begin(row), calls)
        return end if isinstance(end, Outcome) else accepted(*self.tasks(end))

    async def by_rules(self, row: LedgerRow, calls: Any = None) -> Outcome | None:
        """Take a row through the rules that come before the first call; None if it passes them all."""
        asks = next((place for place, step in enumerate(self.steps) if step.by != "rules"), len(self.steps))
        end = await self._through(self.steps[:asks], self.begin(row), calls)
        return end if isinstance(end, Outcome) else None

    async def _through(self, steps: Iterable[Step[Draft]], draft: Draft, calls: Calls) -> Draft | Outcome:
        for step in steps:
            try:
                found = step.run(draft, calls)
                end = await found if inspect.isawaitable(found) else found
            except (TaskFault, ResponseFault) as fault:
                end = faulted(fault, well_formed(str(fault)))
            if isinstance(end, Outcome):
                return replace(end, step=step.name)
            draft = end
        return draft
