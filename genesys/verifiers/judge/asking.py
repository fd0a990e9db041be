"""Judges asked: one durable call a vote, asked again where it cannot be read. What votes come to stands elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from genesys.calls.context import READING_TEMPERATURE, READING_TRIALS, Calls, NotJournalled, answer_of
from genesys.chat import ChatAnswer, ChatRequest
from genesys.faults import CapReached, InfrastructureFault
from genesys.verifiers.judge.question import SIMILARITY, Order, Question
from genesys.verifiers.judge.reading import Judgement, Unreadable, read_judgement
from genesys.verifiers.judge.votes import Vote

if TYPE_CHECKING:
    from genesys.settings import JudgingSettings

_ORDERS: dict[str, tuple[Order, ...]] = {
    "both": ("gold-first", "response-first"),
    "gold-first": ("gold-first",),
    "response-first": ("response-first",),
}


async def cast_votes(
    calls: Calls, roles: Sequence[str], question: Question, chosen: JudgingSettings, number: int = 0
) -> list[Vote]:
    """One round of votes, all side by side.

    Args:
        calls: The row's.
        roles: Who is asked.
        question: What.
        chosen: How often and in which orders.
        number: Of the round, from 0.

    Returns:
        A vote for each time somebody was asked, by role and then in order; what infrastructure failed, or an endpoint
        refused, is a vote that is missing.

    Raises:
        InfrastructureFault: A fatal one; and in a replay a call that is not there.
    """
    orders = _ORDERS[chosen.orders]
    repeats = -(-chosen.votes // len(orders))
    votes = [
        _vote(calls, role, question, orders[vote % len(orders)], chosen, number, number * repeats + vote // len(orders))
        for role in roles
        for vote in range(chosen.votes)
    ]
    found = await asyncio.gather(*votes, return_exceptions=True)
    errors = [error for error in found if isinstance(error, BaseException)]
    if errors:
        raise max(errors, key=lambda error: bool(getattr(error, "fatal", False)))
    return [vote for vote in found if isinstance(vote, Vote)]


async def _vote(
    calls: Calls, role: str, question: Question, order: Order, chosen: JudgingSettings, number: int, repeat: int
) -> Vote:
    """One vote; ``repeat`` counts those that ask the same."""
    model, trouble = calls.roles.chat(role).teacher_id, ""
    keys: list[str] = []

    def vote(**more: Any) -> Vote:
        return Vote(judge=role, model=model, order=order, round=number, calls=tuple(keys), **more)

    for attempt in range(READING_TRIALS):
        trial = repeat * READING_TRIALS + attempt
        # The last answer is kept only if it can be read: the next run asks for it again, else it would never end.
        check = _readable(question) if attempt == READING_TRIALS - 1 else _anything
        request = ChatRequest(
            messages=question.messages(order, trouble),
            sampling=_sampling(role in calls.roles.structured, chosen, trial),
            row_id=calls.row_id,
            name=SIMILARITY.name,
            trial=trial,
        )
        try:
            entry = await calls.chat_call(role, request, check=check)
        except InfrastructureFault as fault:
            if fault.fatal or isinstance(fault, (NotJournalled, CapReached)):
                raise
            return vote(missing="infrastructure", trouble=str(fault))
        keys.append(entry.key)
        answer = answer_of(entry)
        if answer.refused is not None:
            return vote(missing="refused", trouble=answer.refused)
        try:
            found = _read(answer, question)
        except Unreadable as error:
            trouble = str(error)
            continue
        return vote(score=found.score, why=found.why)
    raise AssertionError("the last answer was kept though it cannot be read")


def _readable(question: Question) -> Callable[[ChatAnswer], None]:
    """Of an answer only one that can be read is kept."""

    def check(answer: ChatAnswer) -> None:
        try:
            if answer.refused is None:
                _read(answer, question)
        except Unreadable as error:
            raise InfrastructureFault(
                f"no readable verdict in {READING_TRIALS} trials; at last {error}", alive=True
            ) from None

    return check


def _anything(answer: ChatAnswer) -> None:
    """Any answer is kept."""


def _read(answer: ChatAnswer, question: Question) -> Judgement:
    """The verdict in an answer.

    Raises:
        Unreadable: There is none.
    """
    if answer.finish_reason == "length":
        raise Unreadable("the answer was cut off at the token limit")
    return read_judgement(answer.content, code=question.code, data=question.data)


def _sampling(structured: bool, chosen: JudgingSettings, trial: int) -> dict[str, Any]:
    sampling = SIMILARITY.sampling(structured) | {"temperature": chosen.temperature, "max_tokens": chosen.max_tokens}
    if trial:  # a greedy model would say the same again
        sampling |= {"temperature": max(chosen.temperature, READING_TEMPERATURE), "seed": trial}
    return sampling
