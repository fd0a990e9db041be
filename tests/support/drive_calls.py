"""A whole stage without a lane, as a process that tests start, stop and kill: N rows x samples, run and sealed.

    python -m tests.support.drive_calls --journal J --lake L --base-url URL --rows 100 --samples 4

Its last line is a JSON object: what the table holds and what it cost. What is checked about it stands with the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Progress, Work
from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.chat import Message
from genesys.hashing import derived_seed
from genesys.outcomes import Outcome, accepted
from genesys.stages.stage import Stage, run_stage, seal_stage
from genesys.tables.lake import Lake
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.openai_answers import canonical_sha256

ASSET, PARTITION = "drive/generations", "drive-00000"
SEGMENT = f"drive/{PARTITION}"
MODEL = "test-model"
SCHEMA = pa.schema({"row": pa.int64(), "sample_index": pa.int64(), "text": pa.string(), "call_key": pa.string()})
Row = tuple[int, int]


async def sample_row(row: Row, calls: Calls) -> Outcome:
    """One row and sample index: the first sampled answer, and a second one that follows up on it."""
    number, index = row
    messages = (Message(role="user", content=f"What is {number} + 1? [[gold:{number + 1}]]"),)
    sampling = {"temperature": 0.7, "seed": derived_seed(0, number, index)}
    answer = await calls.sample(messages, sampling, index)
    again = (*messages, Message(role="assistant", content=answer.content), Message(role="user", content="Sure?"))
    last = await calls.sample(again, sampling, index) if number % 5 == 0 else answer
    text = last.content
    return accepted({"row": number, "sample_index": index, "text": text, "call_key": calls.entries[-1].key})


def calls_of(rows: int, samples: int) -> int:
    """How many calls a run makes in all."""
    return sum(samples * (2 if number % 5 == 0 else 1) for number in range(rows))


def stage_of(rows: int, samples: int) -> Stage[Row]:
    """The stage that is driven."""

    def pairs() -> Iterator[Row]:
        return ((number, index) for number in range(rows) for index in range(samples))

    work = Work(rows=pairs, row_id=lambda row: f"{row[0]}/{row[1]}", function=sample_row)
    return Stage(ASSET, PARTITION, "campaign", SCHEMA, work, inputs={}, versions={"drive": "1"})


def request_sha(entry: Entry) -> str:
    """What the test server's log calls the request that this call made."""
    payload = entry.payload
    body = {"model": MODEL, "messages": payload["messages"], **payload["sampling"]}
    return canonical_sha256(body | {"stream": True, "stream_options": {"include_usage": True}})


async def drive(options: argparse.Namespace) -> dict[str, Any]:
    """Run and seal."""
    teacher = OpenAITeacher(
        MODEL,
        options.base_url,
        concurrency=options.concurrency,
        timeout=options.timeout,
        idle_timeout=options.idle_timeout,
        attempts=options.attempts,
        patience=options.patience,
        longest_pause=0.5,
    )
    roles, progress, began = Roles(teacher=teacher), Progress(), time.monotonic()
    stage, lake = stage_of(options.rows, options.samples), Lake(options.lake)
    storage = json.loads(options.storage_options)
    with Journal(options.journal, cache=options.cache, window=options.window, storage_options=storage) as journal:
        try:
            await run_stage(stage, journal, roles, progress=progress)
            seconds = time.monotonic() - began
            part = await seal_stage(stage, lake, journal, roles)
        finally:
            await teacher.aclose()
    return {
        "sha256": part.data.sha256,
        "counts": part.counts,
        "balanced": progress.counts.balanced,
        "made": progress.stats.made,
        "replayed": progress.stats.replayed,
        "seconds": seconds,
    }


def main() -> None:
    """Parse the words of the command line, drive, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--cache")
    parser.add_argument("--window", type=float, default=10.0)
    parser.add_argument("--storage-options", default="{}")
    parser.add_argument("--lake", required=True)
    parser.add_argument("--base-url", required=True, nargs="+")
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--attempts", type=int, default=8)
    parser.add_argument("--timeout", type=float, default=60.0)
    parser.add_argument("--idle-timeout", type=float, default=30.0)
    parser.add_argument("--patience", type=float, default=30.0)
    found = asyncio.run(drive(parser.parse_args()))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
