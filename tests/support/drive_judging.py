"""Many responses judged, as a process that tests start and kill: ``python -m tests.support.drive_judging F URL N``.

Its last line is a JSON object: the scores by row, and what the calls cost.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, replay_rows, run_rows
from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.outcomes import Outcome, accepted
from genesys.settings import JudgingSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.teachers.casting import with_judges
from genesys.verifiers.runner import VerifierRunner
from tests.support.judging import GOLD, WRONG, record
from tests.support.openai_answers import canonical_sha256

SEGMENT = "judged"
VOTES = 3
JUDGES = ("honest", "no-code")


def settings(url: str) -> Settings:
    first, second = [RoleSettings(kind="openai", model=kind, base_urls=(url,), concurrency=8) for kind in JUDGES]
    return Settings(judge=first, judging=JudgingSettings(judges=(second,), votes=VOTES))


def rows(count: int) -> list[dict[str, Any]]:
    return [record(GOLD if n % 3 else WRONG, response_id=f"r-{n}") for n in range(count)]


def calls_of(count: int) -> int:
    """How many a run makes in all, the verdicts too."""
    return count * (VOTES * len(JUDGES) + 1)


def request_sha(entry: Entry) -> str:
    """What the server's log calls the request that this call made."""
    payload = entry.payload
    body = {"model": payload["teacher_id"], "messages": payload["messages"], **payload["sampling"]}
    return canonical_sha256(body | {"stream": True, "stream_options": {"include_usage": True}})


async def judge_row(row: dict[str, Any], calls: Calls) -> Outcome:
    verdict = await calls.verify(row)
    return accepted({"id": row["response_id"], "score": verdict["score"]})


async def drive(folder: Path, url: str, count: int) -> dict[str, Any]:
    chosen, work = settings(url), Work(lambda: rows(count), lambda row: str(row["response_id"]), judge_row)
    async with AsyncExitStack() as stack, VerifierRunner(settings=chosen) as runner:
        with Journal(folder) as journal:
            segment, roles = journal.segment(SEGMENT), with_judges(Roles(verifiers=runner), chosen, stack)
            progress = await run_rows(work, segment, roles, window=8)
            ends = [outcome async for _, outcome, _ in replay_rows(work, segment, roles)]
    scores = {record["id"]: record["score"] for end in ends for record in end.records}
    return {"scores": scores, "made": progress.stats.made, "replayed": progress.stats.replayed}


if __name__ == "__main__":
    found = asyncio.run(drive(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
    sys.stdout.write(json.dumps(found) + "\n")
