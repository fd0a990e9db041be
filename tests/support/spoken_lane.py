"""A lane with languages that reads another lane, in small: each sum that the sums lane kept, asked in two languages."""

import json
from typing import Any

from genesys.calls.context import Calls
from genesys.chat import ChatAnswer, ChatRequest
from genesys.hashing import digest
from genesys.lane import Adapter, Lane, LedgerRow
from genesys.lane_source import TASK_COLUMNS, identify_task
from genesys.outcomes import Outcome, accepted
from genesys.sources import Source
from tests.support.tiny_lane import InlinePrompt, IsSum, answers

ASKED_IN = """
{% block system %}You speak {{ language }}.{% endblock %}
{% block user %}Is this a sum? {{ question }}{% endblock %}
"""
LANGUAGES = ("cobol", "latin")
OF_SUMS = Source(path="lane:sums")


def spoken_lane(languages: tuple[str, ...] = LANGUAGES, name: str = "spoken") -> Lane:
    """A lane whose rows are tasks of the sums lane; its curator is asked once a row and language."""
    prompt = InlinePrompt("asked_in", IsSum, inline=ASKED_IN)

    async def curate(row: LedgerRow, calls: Calls) -> Outcome:
        await calls.ask(prompt, question=row.upstream["prompt"], language=row.language)
        return accepted(
            {
                "problem_id": digest([row.problem_id, row.language], 24),
                "family_id": row.upstream["family_id"],
                "task_type": "tiny_sum",
                "prompt": f"In {row.language}: {row.upstream['prompt']}",
                "gold_standard_solution": row.upstream["gold_standard_solution"],
                "verification_info": row.upstream["verification_info"],
                "metadata": {"language": row.language, **row.upstream["metadata"]},
            }
        )

    return Lane(
        name=name,
        adapters=(Adapter("tasks", TASK_COLUMNS, identify_task, dict),),
        curate=curate,
        prompts=(prompt,),
        version="1",
        task_types=("tiny_sum",),
        languages=languages,
    )


def spoken_answers(request: ChatRequest) -> ChatAnswer:
    """What the tiny teacher says, whichever language it is asked in."""
    if request.name == "asked_in":
        return ChatAnswer(content=json.dumps({"is_sum": True}), finish_reason="stop", prompt_tokens=5)
    messages = tuple(
        message.model_copy(update={"content": message.content.partition(": ")[2] or message.content})
        for message in request.messages
    )
    return answers(request.model_copy(update={"messages": messages}))


def tasks_by_language(rows: Any) -> dict[str, list[str]]:
    """Prompts of tasks by their language."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(json.loads(row["metadata"])["language"], []).append(row["prompt"])
    return found
