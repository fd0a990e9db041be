"""How one response is sampled, and how it is written as one text; the same for lanes and for ``genesys generate``.

No tables here: a command on files loads none of what reads and writes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from genesys.calls.context import Calls, answer_of
from genesys.chat import ChatAnswer, ChatRequest, Message
from genesys.faults import TaskFault
from genesys.hashing import derived_seed, digest
from genesys.stages.partial import Partial

Row = dict[str, Any]

GENERATION_VERSION = "1"


async def sample_response(
    problem_id: str, messages: tuple[Message, ...], index: int, calls: Calls, *, settings: Row
) -> Row:
    """What the teacher answers, with what identifies it; the same for lanes and for files of ``genesys generate``.

    A response that the token limit cut is continued, each time by as many tokens, as often as the settings allow.

    Args:
        problem_id: With ``index`` and the settings' seed it makes the answer's own seed.
        messages: What is asked.
        index: Which of the problem's samples.
        calls: Of the row.
        settings: sampling, seed, model and teacher_id; prefill, continue_cut and stop where they are chosen.

    Raises:
        TaskFault: The endpoint refuses this very request.
        InfrastructureFault: No answer could be had.
    """
    sampling = sampling_of(settings, problem_id, index)
    prefill = settings.get("prefill", "")
    said = Partial.prefilled(prefill)
    asked, keys, answers = prefill, list[str](), list[ChatAnswer]()
    for _ in range(1 + settings.get("continue_cut", 0)):
        request = ChatRequest(
            messages=going_on(messages, asked),
            sampling=sampling,
            sample_index=index,
            row_id=calls.row_id,
            name="sample",
            group=problem_id,
        )
        entry = await calls.chat_call("teacher", request)
        answer = answer_of(entry)
        if answer.refused is not None:
            if answers:  # no room is left to go on in: what was said stands, as cut as it is
                break
            raise TaskFault(f"the teacher's endpoint refuses this request: {answer.refused}")
        keys.append(entry.key)
        answers.append(answer)
        said = said.then(answer)
        if answer.finish_reason != "length" or not (answer.content or answer.reasoning):
            break
        asked = said.text
    first = answers[0]
    reply = {"role": "assistant", "content": said.content, "reasoning": said.reasoning or None}
    return {
        "response_id": digest([problem_id, keys[-1]], 24),
        "problem_id": problem_id,
        "sample_index": index,
        "messages": [{"role": m.role, "content": m.content, "reasoning": None} for m in messages] + [reply],
        "finish_reason": answers[-1].finish_reason,
        "prompt_tokens": first.prompt_tokens,
        "completion_tokens": _sum(answer.completion_tokens for answer in answers),
        "model_name": first.model or settings["model"],
        "teacher_id": settings["teacher_id"],
        "generation_config": sampling,
        "call_key": keys[-1],
        "cut_call_keys": keys[:-1],
    }


def asked_of(prompt: str, settings: Row) -> tuple[Message, ...]:
    """What the teacher is asked: the campaign's system prompt, if it has one, and the task."""
    system = settings.get("system_prompt")
    said = (Message(role="system", content=system),) if system else ()
    return (*said, Message(role="user", content=prompt))


def sampling_of(settings: Row, problem_id: str, index: int) -> Row:
    """The parameters of one sample, its seed among them.

    A rule to stop by is part of the seed: with one, responses are another draw than without it, so that those of both
    can stand side by side.
    """
    rule, sampling = settings.get("stop"), settings["sampling"]
    own = {"seed": derived_seed(settings["seed"], problem_id, index, *([rule] if rule else []))}
    if isinstance(temperatures := sampling.get("temperature"), (list, tuple)):
        own["temperature"] = temperatures[index % len(temperatures)]
    return {**sampling, **own}


def going_on(messages: tuple[Message, ...], said: str) -> tuple[Message, ...]:
    """What is asked where the answer has begun already."""
    return (*messages, Message(role="assistant", content=said)) if said else messages


def _sum(counts: Iterable[int | None]) -> int | None:
    """None where one is not known."""
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


def rendering(generation: Row) -> str:
    """``llm_response`` of a generation: thinking in its marks, then the content."""
    last = generation["messages"][-1]
    return ChatAnswer(
        content=last["content"] or "", reasoning=last["reasoning"], finish_reason=generation["finish_reason"]
    ).text
