"""Tasks that users bring: what a task of its type must have, what no task may be, and its preflight.

Such a task comes finished: its prompt is asked as it stands, and nothing of it is rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from genesys.calls.context import Calls
from genesys.curation.coding.cleaning import MAX_TASK_CHARS
from genesys.curation.common.licences import licensed
from genesys.curation.common.people import scanned
from genesys.curation.landing.task_row import known_as
from genesys.curation.preflight import Trial, try_gold, try_wrong
from genesys.curation.steps import Curation, Step
from genesys.faults import TaskFault
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome, errored, rejected
from genesys.schemas import as_text
from genesys.verifiers.golds import gold_problem
from genesys.verifiers.judge.question import rubric_of
from genesys.verifiers.kinds import CODE, JUDGED, MATH, OUTPUT, OUTPUT_READ
from genesys.verifiers.registry import VERIFIER_REGISTRY

UNKNOWN = "unknown task type"
NOT_USABLE = {
    MATH: "ground truth cannot be read",
    CODE: "tests cannot be read",
    JUDGED: "no gold to judge by",
    OUTPUT: "no ground truth",
}
BAD_INSTRUCTIONS = "judging instructions cannot be read"
TOO_LONG = "too long"
GOLD_IN_PROMPT = "the prompt holds the gold"

MAX_PROMPT_CHARS = 200_000
MAX_GOLD_CHARS = 1_000_000
TELLING_CHARS = 20
"""A gold of fewer characters may stand in its prompt by chance."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A row on its way, the task that it is to be, and what its preflight found."""

    row: LedgerRow
    task: Row
    trial: Trial | None = None


def task_type(upstream: Mapping[str, Any]) -> str:
    """The task type of a row, by the name that is written here."""
    named = str(upstream.get("task_type") or "").strip()
    return OUTPUT if named == OUTPUT_READ else named


def begin(row: LedgerRow) -> Draft:
    """The task that a row is; its owner's id of it is kept, since ours is another."""
    given = row.problem

    def ours(ident: str) -> str:
        return known_as(row.source, given.source, ident)

    named = {
        "license": given.license,
        "attribution": given.attribution,
        "source_url": given.source_url or given.metadata.get("problem_url"),
        "hf_dataset_name": given.hf_dataset_name or given.source,
    }
    task = {
        "source": given.source,
        "in_source_id": given.in_source_id or given.problem_id,
        "task_type": task_type(dict(given)),
        "prompt": given.prompt,
        "gold_standard_solution": given.gold_standard_solution,
        "verification_info": given.verification_info,
        "metadata": {**given.metadata, "landed_problem_id": given.problem_id},
        "family_id": ours(given.family_id) if given.family_id else row.problem_id,
        "parent_ids": [ours(ident) for ident in given.parent_ids],
        "round": given.round,
        **{name: value for name, value in named.items() if value},
    }
    return Draft(row, task)


def has_verifier(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Errored and not dropped: the plug-in that knows the type may be on the next machine."""
    kind = draft.task["task_type"]
    if kind in VERIFIER_REGISTRY:
        return draft
    known = ", ".join(sorted(VERIFIER_REGISTRY))
    return errored(
        UNKNOWN,
        f"task_type: no verifier is registered for {kind!r} (known: {known}); correct it, or install its plug-in",
    )


def is_usable(draft: Draft, calls: Calls) -> Draft | Outcome:
    """What the verifier of its type needs to judge any response is there, and can be read."""
    task = draft.task
    kind, info = task["task_type"], task["verification_info"]
    if (problem := gold_problem(task)) is not None:
        return rejected(NOT_USABLE[kind], problem)
    if kind == JUDGED:
        instructions = info.get("judging_instructions")
        if instructions is not None and not isinstance(instructions, str):
            return rejected(BAD_INSTRUCTIONS, f"judging_instructions: is {type(instructions).__name__}, expected text")
        try:
            rubric_of(info.get("rubric"))
        except TaskFault as fault:
            return rejected(BAD_INSTRUCTIONS, str(fault))
    return draft


def is_of_size(draft: Draft, calls: Calls) -> Draft | Outcome:
    """A prompt that a teacher can read, and tests that can be sent for each verdict."""
    task = draft.task
    sizes = {
        "prompt": (len(task["prompt"]), MAX_PROMPT_CHARS),
        "gold_standard_solution": (len(task["gold_standard_solution"] or ""), MAX_GOLD_CHARS),
        "verification_info": (len(as_text(task["verification_info"])), MAX_TASK_CHARS),
    }
    for name, (size, most) in sizes.items():
        if size > most:
            return rejected(TOO_LONG, f"{name}: has {size:,} characters, {most:,} are allowed")
    return draft


def hides_its_gold(draft: Draft, calls: Calls) -> Draft | Outcome:
    """A prompt that holds its whole gold asks for a copy. A short answer may well occur in its question."""
    task = draft.task
    gold = " ".join((task["gold_standard_solution"] or "").split())
    if task["task_type"] in (CODE, JUDGED) and len(gold) >= TELLING_CHARS and gold in " ".join(task["prompt"].split()):
        return rejected(GOLD_IN_PROMPT, f"gold_standard_solution: stands word for word in the prompt: {gold[:80]!r}")
    return draft


def texts(draft: Draft) -> dict[str, str]:
    """What is scanned: all that a task tells."""
    names = ("prompt", "gold_standard_solution", "verification_info", "metadata", "attribution")
    told = {name: draft.task.get(name) for name in names}
    return {name: value if isinstance(value, str) else as_text(value) for name, value in told.items() if value}


def written_licence(draft: Draft) -> str | None:
    """As the row has it, else as its source has it."""
    return draft.task.get("license") or draft.row.license


def with_licence(draft: Draft, licence: str | None) -> Draft:
    """The licence in its usual form; words that have none stay as their owner wrote them."""
    return replace(draft, task=draft.task | {"license": licence}) if licence else draft


async def gold_passes(draft: Draft, calls: Calls) -> Draft | Outcome:
    """Its gold passes its own verifier, as far as there is a gold and a verifier that is no judge."""
    trial = await try_gold(draft.task, draft.row.problem_id, calls)
    return trial if isinstance(trial, Outcome) else replace(draft, trial=trial)


async def wrong_fails(draft: Draft, calls: Calls) -> Draft | Outcome:
    """And something wrong does not."""
    assert draft.trial is not None  # noqa: S101 - the order of the steps
    trial = await try_wrong(draft.trial, calls)
    return trial if isinstance(trial, Outcome) else replace(draft, trial=trial)


def tasks(draft: Draft) -> list[Row]:
    """The task; what was tried, and what was not, its metadata says."""
    found = draft.trial.found if draft.trial else {}
    return [draft.task | {"metadata": draft.task["metadata"] | found}]


CURATION = Curation(
    begin=begin,
    steps=(
        Step("a type that has a verifier", has_verifier),
        Step("all that its verifier needs", is_usable),
        Step("of a size that can be used", is_of_size),
        Step("prompt does not hold the gold", hides_its_gold),
        licensed(written_licence, with_licence, name="licence in one form"),
        scanned(texts, "drop"),
        Step("gold passes its verifier", gold_passes, by="verifier"),
        Step("something wrong fails it", wrong_fails, by="verifier"),
    ),
    tasks=tasks,
)
