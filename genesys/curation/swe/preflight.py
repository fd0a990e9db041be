"""What rules alone can prove of a task before it costs anything: which responses they accept and refuse by themselves.

The gold must be accepted. The file unchanged must be refused, and so must one that does not parse, where the language
has a parser. An edit with one hunk left out must not be accepted; whether it is refused is the judge's to say, and
nothing is proved of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from genesys.curation.swe.edits import Edit
from genesys.outcomes import Outcome, rejected
from genesys.verifiers import edited_file

GOLD_FAILS, MUTANT_PASSES = "gold fails its own verifier", "no mutant of the gold fails"
MOST_BROKEN, MOST_PARTIAL = 5, 2
_CLOSING = re.compile(r"[)\]}]|\bend\b")


def preflight(task: dict[str, Any], edit: Edit) -> dict[str, str] | Outcome:
    """What the rules make of the gold and of its mutants, by name; or why the task is dropped.

    Raises:
        TaskFault: The task cannot be verified at all.
        InfrastructureFault: No parser could be started.
    """
    gold, before = task["gold_standard_solution"], edit.before
    if (found := _read(task, gold)).score != 1.0:
        return rejected(GOLD_FAILS, found.rule or "left to the judge")
    if (found := _read(task, before)).reason != edited_file.UNCHANGED:
        return rejected(MUTANT_PASSES, f"the file before: {found.rule or 'left to the judge'}")
    told = {"gold": "accepted", "unchanged": "refused"}
    # One that is refused is enough, since some are sound: a bracket of a text may go.
    is_refused = any(_read(task, text).rule == "does-not-parse" for text in _broken(gold))
    told["broken"] = "refused" if is_refused else "left to the judge"
    if len(edit.hunks) > 1:
        partial = [_read(task, edit.without(number)) for number in range(min(len(edit.hunks), MOST_PARTIAL))]
        if any(found.score for found in partial):
            return rejected(MUTANT_PASSES, "an edit with one hunk left out is taken for the gold")
        told["hunk left out"] = "left to the judge" if not all(found.rule for found in partial) else "refused"
    return told


def _read(task: dict[str, Any], text: str) -> edited_file.Found:
    return edited_file.read(task | {"llm_response": edited_file.answer(task, text)})


def _broken(gold: str) -> Iterator[str]:
    """The gold without one of its closing brackets, the last first, and cut off in its middle."""
    places = [found.span() for found in _CLOSING.finditer(gold)]
    for start, end in reversed(places[-(MOST_BROKEN - 1) :]):
        yield gold[:start] + gold[end:]
    yield gold[: len(gold) * 2 // 3].rstrip() + " ("
