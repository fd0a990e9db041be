"""How one response is sampled, and how it is written as one text; the same for lanes and for ``genesys generate``.

No tables here: a command on files loads none of what reads and writes them.
"""

from __future__ import annotations

from typing import Any

from genesys.calls.context import Calls
from genesys.chat import ChatAnswer, Message
from genesys.hashing import derived_seed, digest

Row = dict[str, Any]

GENERATION_VERSION = "1"


async def sample_response(
    problem_id: str, messages: tuple[Message, ...], index: int, calls: Calls, *, settings: Row
) -> Row:
    """What the teacher answers, with what identifies it; the same for lanes and for files of ``genesys generate``.

    Args:
        problem_id: With ``index`` and the settings' seed it makes the answer's own seed.
        messages: What is asked.
        index: Which of the problem's samples.
        calls: Of the row.
        settings: sampling, seed, model and teacher_id.
    """
    sampling = settings["sampling"] | {"seed": derived_seed(settings["seed"], problem_id, index)}
    answer = await calls.sample(messages, sampling, index)
    call_key = calls.entries[-1].key
    reply = {"role": "assistant", "content": answer.content, "reasoning": answer.reasoning}
    return {
        "response_id": digest([problem_id, call_key], 24),
        "problem_id": problem_id,
        "sample_index": index,
        "messages": [{"role": m.role, "content": m.content, "reasoning": None} for m in messages] + [reply],
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "model_name": answer.model or settings["model"],
        "teacher_id": settings["teacher_id"],
        "generation_config": sampling,
        "call_key": call_key,
    }


def rendering(generation: Row) -> str:
    """``llm_response`` of a generation: thinking in its marks, then the content."""
    last = generation["messages"][-1]
    return ChatAnswer(
        content=last["content"] or "", reasoning=last["reasoning"], finish_reason=generation["finish_reason"]
    ).text
