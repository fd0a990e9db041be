"""What a judge is asked about one response: all of a record that it gets to see, in either order. Asks nobody."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field

from genesys.chat import Message
from genesys.faults import TaskFault
from genesys.hashing import digest
from genesys.prompts import Prompt
from genesys.verifiers.judge.quoting import Quoted, is_blank, mark_of, plain, quote
from genesys.verifiers.thinking import after_thinking

Order = Literal["gold-first", "response-first"]

_CODE_DIGITS = 8


class Verdict(BaseModel):
    """What a judge is asked to write. How it is read stands with ``reading``."""

    code: str
    why: str
    score: float = Field(ge=0, le=1)


@dataclass(frozen=True)
class Shown:
    """What a judge is shown of a response and its gold, by the form that the task wants its answer in."""

    gold: str
    answer: str
    notes: tuple[str, ...] = ()
    """What a judge has to know of them."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was found out before, for the verdict's info."""


SIMILARITY = Prompt("judge_similarity", Verdict, role="judge")


@dataclass(frozen=True)
class Question:
    """One response put before judges."""

    mark: str
    code: str
    task: Quoted
    gold: Quoted
    response: Quoted
    instructions: str
    rubric: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Ours, on the form of reference and answer."""

    @property
    def data(self) -> tuple[str, ...]:
        """Texts that a judge may quote and must not be taken at their word for."""
        return (self.task.text, self.gold.text, self.response.text, self.instructions, *self.rubric)

    def messages(self, order: Order, trouble: str = "") -> tuple[Message, ...]:
        """The messages.

        Args:
            order: What is read first.
            trouble: Why the answer before could not be read; no word of that answer.
        """
        pair = [self.gold.block, self.response.block]
        texts = {"reference answer": self.gold, "answer under test": self.response, "task": self.task}
        cut = [f"The {name} was cut in its middle." for name, text in texts.items() if text.left_out]
        return SIMILARITY.render(
            mark=self.mark,
            code=self.code,
            blocks=[self.task.block, *(pair if order == "gold-first" else reversed(pair))],
            instructions=self.instructions,
            rubric=self.rubric,
            notes=[*self.notes, *cut],
            trouble=trouble,
        )


def question_of(record: Mapping[str, Any], max_chars: int, shown: Shown | None = None) -> Question | None:
    """What is asked about a record.

    Args:
        record: A response with its task.
        max_chars: Characters of each text at most.
        shown: What stands for gold and answer; by default they themselves.

    Returns:
        None if the response has no answer: it is empty, or nothing but a thinking.

    Raises:
        TaskFault: The task has nothing to compare with, or a rubric that cannot be read.
    """
    info = record["verification_info"] or {}
    gold = shown.gold if shown else gold_of(record)
    if is_blank(gold):
        raise TaskFault("gold_standard_solution is empty: there is nothing to compare with")
    whole = str(record["llm_response"] or "")
    answer = shown.answer if shown else after_thinking(whole)
    rubric = rubric_of(info.get("rubric"))
    if is_blank(answer):
        return None
    instructions = plain(str(info.get("judging_instructions") or "")).strip()
    texts = (plain(str(record["prompt"])), plain(gold), plain(answer), instructions, *rubric)
    row_id = str(_get(record, "response_id") or _get(record, "problem_id") or "")
    mark = mark_of(row_id, whole, texts)
    return Question(
        mark=mark,
        code=_code(mark, texts),
        task=quote("task", str(record["prompt"]), mark, max_chars),
        gold=quote("reference", gold, mark, max_chars),
        response=quote("answer", answer, mark, max_chars),
        instructions=instructions,
        rubric=rubric,
        notes=shown.notes if shown else (),
    )


def gold_of(record: Mapping[str, Any]) -> str:
    """What a response is compared with: the gold, and the ground truth where the task has one besides."""
    gold = str(_get(record, "gold_standard_solution") or "")
    truth = (record["verification_info"] or {}).get("ground_truth")
    final = "\n".join(map(str, truth)) if isinstance(truth, list) else str(truth or "")
    if is_blank(gold) or not final or final in gold:
        return gold if not is_blank(gold) else final
    return f"{gold}\n\nThe final answer is: {final}"


def rubric_of(value: Any) -> tuple[str, ...]:
    """Criteria as lines, each with its share of the score.

    Args:
        value: Nothing, a text, or a list of texts or of ``{criterion, weight}``; weights count relative to one another.

    Raises:
        TaskFault: It is of another form.
    """
    if value is None or value == "" or value == []:
        return ()
    if isinstance(value, str):
        return tuple(line.strip().lstrip("-* ") for line in plain(value).splitlines() if line.strip())
    items = [item if isinstance(item, Mapping) else {"criterion": item} for item in _listed(value)]
    texts = [item.get("criterion", item.get("text", item.get("name"))) for item in items]
    weights = [item.get("weight", 1) for item in items]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise TaskFault("rubric: every criterion needs a text, as in {criterion = ..., weight = ...}")
    if not all(_is_weight(weight) for weight in weights) or not sum(weights) > 0:
        raise TaskFault("rubric: every weight is a number that is not negative, and not all of them are 0")
    total = math.fsum(weights)
    return tuple(
        f"{weight / total:.0%}: {' '.join(plain(str(text)).split())}"
        for text, weight in zip(texts, weights, strict=True)
    )


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise TaskFault(f"rubric: is {type(value).__name__}, expected a text or a list of criteria")
    return list(value)


def _code(mark: str, texts: tuple[str, ...]) -> str:
    """A word that only who reads the question's own lines can know."""
    trial = 0
    while True:
        code = digest(["judge code", mark, trial], _CODE_DIGITS)
        if not any(code in text for text in texts):
            return code
        trial += 1


def _get(record: Mapping[str, Any], name: str) -> Any:
    return record[name] if name in record else None  # noqa: SIM401 - records of the schema are read by key
