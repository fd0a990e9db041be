"""Answers that stand in a table and no longer in the journal are put back there, before a part is made anew.

A journal may be cleared once its shard is finished (``genesys gc``). When something changes later (another version of a
source row, responses to be continued further), the part is made anew by its row function; what was paid for before is
then not asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any

from genesys.calls.entry import Entry, call_key
from genesys.calls.segment import Segment
from genesys.calls.usage import RESTORED
from genesys.chat import ChatAnswer, Message
from genesys.schemas import parse_info
from genesys.stages.sampling import going_on
from genesys.stages.stage import Stage
from genesys.stages.tallies import TALLY, tally_payload
from genesys.tables.lake import Lake

Row = dict[str, Any]

AT_ONCE = 64


async def restore_answers(lake: Lake, stage: Stage[Any], segment: Segment) -> None:
    """Put back what the stage's part holds and the segment does not: answers that one call gave, and tallies.

    A response that took several calls is not divided again: the first run after the journal was cleared asks them anew.

    Raises:
        InfrastructureFault: A fatal one (disk full).
    """
    part = lake.part(stage.asset, stage.partition, stage.campaign)
    if part is None or segment.counts().get(("chat", "sample"), 0) >= part.data.rows:
        return
    rows = lake.rows(stage.asset, stage.partition, campaign=stage.campaign)
    prefill = part.settings.get("prefill", "")
    found = _entries(rows, prefill, part.made_at)
    while entries := list(islice(found, AT_ONCE)):
        missing = [entry for entry in entries if segment.get(entry.key) is None]
        await asyncio.gather(*(segment.put(entry) for entry in missing))


def _entries(rows: Iterable[Row], prefill: str, made_at: float) -> Iterator[Entry]:
    for problem_id, group in groupby(rows, lambda row: str(row["problem_id"])):
        ids: list[str] = []
        for row in group:
            ids.append(row["response_id"])
            if (answer := _answer(row, prefill, made_at)) is not None:
                yield answer
            if (accepted := row.get("accepted_so_far")) is not None:
                yield _entry(TALLY, TALLY, problem_id, tally_payload(ids), {"accepted": accepted}, made_at)


def _answer(row: Row, prefill: str, made_at: float) -> Entry | None:
    reply = row["messages"][-1]
    asked = tuple(Message(role=turn["role"], content=turn["content"]) for turn in row["messages"][:-1])
    payload = {
        "teacher_id": row["teacher_id"],
        "messages": [message.model_dump() for message in going_on(asked, prefill)],
        "sampling": parse_info(row["generation_config"]),
        "sample_index": row["sample_index"],
    }
    if prefill or call_key("chat", payload) != row["call_key"]:
        return None  # the reply is more than what this call answered
    answer = ChatAnswer(
        content=reply["content"],
        reasoning=reply["reasoning"],
        finish_reason=row["finish_reason"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        model=row["model_name"],
    )
    row_id = f"{row['problem_id']}/{row['sample_index']}"
    return _entry("chat", "sample", row_id, payload, {"answer": answer.model_dump()}, made_at)


def _entry(kind: str, name: str, row_id: str, payload: Row, result: Row, made_at: float) -> Entry:
    return Entry(
        key=call_key(kind, payload),
        kind=kind,
        name=name,
        row_id=row_id,
        payload=payload,
        result=result,
        tier=RESTORED,
        made_at=made_at,
    )
