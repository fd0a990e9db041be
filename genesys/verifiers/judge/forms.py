"""In which form a judged task wants its answer: how it is read, what rules say first, and what a judge is shown of it.

``verification_info.answer_form`` names the form; without it an answer is free text, which no rule judges. A further
family of judged tasks is an entry of ``FORMS``, with a module of its own; judges, their votes and the verdict's record
stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genesys.faults import TaskFault
from genesys.verifiers import edited_file
from genesys.verifiers.judge.question import Shown, gold_of
from genesys.verifiers.judge.quoting import is_blank
from genesys.verifiers.thinking import after_thinking

FREE_TEXT, EDITED_FILE = "free_text", "edited_file"
RULES = "rules/"
"""How the rule of a verdict begins that was reached without a judge."""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Settled:
    """A verdict that rules reach alone."""

    score: float
    rule: str
    """What decided, without ``RULES``."""
    reason: str | None = None
    """Why it is not accepted."""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def verdict(self) -> dict[str, Any]:
        """As a verifier gives it."""
        said = {"rule": RULES + self.rule} | ({"reason": self.reason} if self.reason else {})
        return {"score": self.score, "verification_result_info": said | dict(self.facts)}


@dataclass(frozen=True)
class AnswerForm:
    """One form.

    Args:
        name: In ``verification_info.answer_form``.
        flaw: Task -> why no response to it can be verified; None where nothing speaks against it. Besides an empty
            gold, which no form allows.
        read: Response record -> the verdict by rules, or what a judge is shown of it. Raises TaskFault.
        answer: Task and a gold's text -> a response that gives it, as a teacher would write it.
        blocks: Whether ``read`` takes its time, so that it is not for the event loop.
    """

    name: str
    flaw: Callable[[Record], str | None]
    read: Callable[[Record], Settled | Shown]
    answer: Callable[[Record, str], str]
    blocks: bool = False


def form_of(record: Record) -> AnswerForm:
    """The form of a task or response, ``verification_info`` being a mapping.

    Raises:
        TaskFault: It names one that there is not.
    """
    name = (record["verification_info"] or {}).get("answer_form") or FREE_TEXT
    if name not in FORMS:
        known = ", ".join(sorted(FORMS))
        raise TaskFault(f"verification_info.answer_form is {name!r}; there are {known}")
    return FORMS[name]


def gold_flaw(task: Record) -> str | None:
    """Why no response to a judged task can be verified, told from the task alone.

    Raises:
        TaskFault: As ``form_of`` says.
    """
    return "gold_standard_solution is empty" if is_blank(gold_of(task)) else form_of(task).flaw(task)


def _free_text(record: Record) -> Shown:
    return Shown(gold_of(record), after_thinking(str(record["llm_response"] or "")))


def _edited_file(record: Record) -> Settled | Shown:
    found = edited_file.read(record)
    facts = {"answer_form": EDITED_FILE, **found.facts}
    if found.rule:
        return Settled(found.score, found.rule, found.reason, facts)
    return Shown(found.gold, found.answer, edited_file.NOTES, facts)


FORMS = {
    form.name: form
    for form in (
        AnswerForm(FREE_TEXT, lambda task: None, _free_text, lambda task, gold: gold),
        AnswerForm(EDITED_FILE, edited_file.flaw, _edited_file, edited_file.answer, blocks=True),
    )
}
