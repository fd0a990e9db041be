"""The curation engine: steps in their order, each row ended at one of them, and rules alone without a call."""

from dataclasses import dataclass, replace
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.steps import Curation, Step
from genesys.faults import TaskFault
from genesys.lane import LedgerRow
from genesys.outcomes import Counts, Outcome, accepted, rejected

ROW = LedgerRow("p", "h", "source", {"text": "seven"}, "r")
CALLS: Any = None


@dataclass(frozen=True)
class Draft:
    row: LedgerRow
    text: str = ""


def begin(row: LedgerRow) -> Draft:
    return Draft(row, row.upstream["text"])


def short(draft: Draft, calls: Calls) -> Draft | Outcome:
    return draft if len(draft.text) < 10 else rejected("too long", f"{len(draft.text)} characters")


async def loud(draft: Draft, calls: Calls) -> Draft | Outcome:
    return replace(draft, text=draft.text.upper())


def refused(draft: Draft, calls: Calls) -> Draft | Outcome:
    raise TaskFault("half a \ud800 character")


def tasks(draft: Draft) -> list[dict[str, Any]]:
    return [{"prompt": draft.text}]


RULE, ASKED = Step("short enough", short), Step("said aloud", loud, by="curator")


async def test_steps_hand_the_draft_on_in_their_order() -> None:
    assert await Curation(begin, (RULE, ASKED), tasks)(ROW, CALLS) == accepted({"prompt": "SEVEN"})


async def test_a_row_ends_at_the_step_that_drops_it() -> None:
    long = replace(ROW, upstream={"text": "seven hundred"})
    end = await Curation(begin, (ASKED, RULE), tasks)(long, CALLS)
    assert end == Outcome("rejected", "too long", "13 characters", (), "short enough")


async def test_a_fault_of_the_task_counts_at_the_step_where_it_came_up() -> None:
    end = await Curation(begin, (RULE, Step("answered", refused, by="curator")), tasks)(ROW, CALLS)
    assert (end.status, end.reason, end.step) == ("rejected", "task fault", "answered")
    assert "\ud800" not in str(end.detail)


async def test_rules_alone_go_as_far_as_the_first_call() -> None:
    curation = Curation(begin, (RULE, Step("answered", refused, by="curator"), RULE), tasks)
    assert await curation.by_rules(ROW) is None
    dropped = await curation.by_rules(replace(ROW, upstream={"text": "x" * 20}))
    assert dropped is not None
    assert dropped.step == "short enough"


async def test_counts_keep_the_steps_and_old_counts_are_read_without_them() -> None:
    counts = Counts()
    for outcome in (accepted(), replace(rejected("too long"), step="short enough"), rejected("no step")):
        counts.add(outcome)
    again = Counts.from_dict(counts.as_dict())
    assert again.dropped == {"short enough": 1}
    assert again.balanced
    old = {name: value for name, value in counts.as_dict().items() if name != "dropped"}
    assert not Counts.from_dict(old).dropped
