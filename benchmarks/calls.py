"""How close calls come to what their endpoint allows, and what they cost: time, processor, memory.

Expected before it was measured, on two cores with the server beside the client:
- wall time within 10 % of greedy list scheduling of the very latencies on as many slots as the endpoint allows, since
  no call waits for a batch;
- half the time of gathering in batches, where each batch lasts as long as its slowest call (5 s for a mean of 2.5 s);
- below 2 ms of processor time for a live call beyond what the bare client takes for it, below 1 ms for one that the
  journal answers;
- the same peak memory for 1,000 tasks and for 50,000.

    python benchmarks/calls.py [schedule] [batches] [cost] [memory]     all by default; about ten minutes
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import heapq
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Progress, Work, replay_rows, run_rows
from genesys.calls.journal import Journal
from genesys.chat import Message
from genesys.hashing import derived_seed
from genesys.outcomes import Outcome, accepted
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.openai_answers import answer_key, latency
from tests.support.openai_behaviour import Behaviour
from tests.support.openai_server import OpenAIServer

SLOW = {"latency_min": 0.01, "latency_max": 5.0}
Row = tuple[int, int]


def request_of(row: Row) -> tuple[str, dict[str, Any]]:
    """Prompt and sampling parameters."""
    task, sample = row
    return f"What is {task} + {task}? [[gold:{2 * task}]]", {"temperature": 0.7, "seed": derived_seed(0, task, sample)}


def rows_of(tasks: int, samples: int) -> Iterator[Row]:
    """All rows in order."""
    return ((task, sample) for task in range(tasks) for sample in range(samples))


def latencies(tasks: int, samples: int, behaviour: Behaviour) -> list[float]:
    """What the server will take for each row, by its own rules."""
    found = []
    for row in rows_of(tasks, samples):
        text, sampling = request_of(row)
        body = {"model": "m", "messages": [{"role": "user", "content": text}], **sampling}
        found.append(latency(answer_key(body), behaviour))
    return found


def scheduled(durations: list[float], slots: int) -> float:
    """Greedy list scheduling: each call in order starts on the slot that is free first."""
    free = [0.0] * slots
    for duration in durations:
        heapq.heappush(free, heapq.heappop(free) + duration)
    return max(free)


async def sample_row(row: Row, calls: Calls) -> Outcome:
    """One sampled answer."""
    text, sampling = request_of(row)
    answer = await calls.sample((Message(role="user", content=text),), sampling, row[1])
    return accepted({"text": answer.content})


def work_of(tasks: int, samples: int) -> Work[Row]:
    """All rows, made when they are asked for."""
    return Work(lambda: rows_of(tasks, samples), lambda row: f"{row[0]}/{row[1]}", sample_row)


async def ours(
    url: str, folder: Path, tasks: int, samples: int, concurrency: int, *, stream: bool = True
) -> tuple[float, Progress]:
    """Run into the journal; seconds from the first call to the last."""
    teacher = OpenAITeacher("m", [url], concurrency=concurrency, stream=stream)
    with Journal(folder) as journal:
        began = time.perf_counter()
        progress = await run_rows(work_of(tasks, samples), journal.segment("s"), Roles(teacher=teacher))
        seconds = time.perf_counter() - began
    await teacher.aclose()
    assert progress.counts.accepted == tasks * samples
    return seconds, progress


async def in_batches(url: str, folder: Path, tasks: int, samples: int, concurrency: int) -> float:
    """What one writes first: the client, ``asyncio.gather`` over a batch, a file appended to after each batch."""
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=3) as client:

        async def call(row: Row) -> dict[str, Any]:
            text, sampling = request_of(row)
            done = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": text}], **sampling
            )
            return {"row": row, "text": done.choices[0].message.content}

        rows = list(rows_of(tasks, samples))
        began = time.perf_counter()
        with (folder / "out.jsonl").open("a") as out:
            for start in range(0, len(rows), concurrency):
                for found in await asyncio.gather(*map(call, rows[start : start + concurrency])):
                    out.write(json.dumps(found) + "\n")
        return time.perf_counter() - began


def schedule(options: argparse.Namespace) -> None:
    """Wall time against the ideal."""
    times = latencies(options.tasks, options.samples, Behaviour(**SLOW))
    ideal = scheduled(times, options.concurrency)
    with OpenAIServer(**SLOW) as server, tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        seconds, _ = asyncio.run(
            ours(server.base_url, Path(folder), options.tasks, options.samples, options.concurrency)
        )
        used = time.process_time() - before
        most = server.stats()["max_concurrent"]
    print(f"{options.tasks:,} tasks x {options.samples} samples, latencies 10 ms to 5 s, {options.concurrency} at once")
    print(f"  ideal {ideal:.1f} s, ours {seconds:.1f} s: {100 * (seconds / ideal - 1):+.1f} %; most at once {most}; "
          f"{used / len(times) * 1e3:.2f} ms of processor time per call")  # fmt: skip
    assert seconds < 1.1 * ideal
    assert most <= options.concurrency


def batches(options: argparse.Namespace) -> None:
    """Ours against gathering in batches, on a quarter of the tasks."""
    tasks = max(options.tasks // 4, 1)
    with OpenAIServer(**SLOW) as server, tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        theirs = asyncio.run(in_batches(server.base_url, base, tasks, options.samples, options.concurrency))
        mine, _ = asyncio.run(ours(server.base_url, base / "journal", tasks, options.samples, options.concurrency))
    print(f"{tasks:,} tasks x {options.samples} samples, {options.concurrency} at once")
    print(f"  asyncio.gather in batches {theirs:.1f} s, ours {mine:.1f} s: ratio {theirs / mine:.2f}")


CASES = ((8, 400, 2000, True), (8, 400, 2000, False), (8, 30_000, 1000, True), (8, 30_000, 1000, False),
         (400, 30_000, 200, True))  # fmt: skip
"""Pieces that the server sends, characters, calls, and whether the answer is asked for as a stream."""
ROUNDS = 3


def cost(options: argparse.Namespace) -> None:
    """Processor time per call: ours and the bare client in turns, the best round of each; journal; replay."""
    print("milliseconds of processor time per call: bare client, ours, more; from the journal; replayed")
    for pieces, chars, calls, stream in CASES:
        with (
            OpenAIServer(stream_chunks=pieces, answer_chars=chars, latency_min=0.2, latency_max=0.2) as server,
            tempfile.TemporaryDirectory() as folder,
        ):
            places = [Path(folder) / str(number) for number in range(ROUNDS + 1)]
            run = partial(ours, server.base_url, samples=1, concurrency=options.concurrency, stream=stream)
            theirs = partial(bare, server.base_url, stream=stream, concurrency=options.concurrency)
            asyncio.run(run(places[-1], tasks=8))  # imports
            asyncio.run(theirs(tasks=8))
            bares, lives = [], []
            for place in places[:-1]:
                bares.append(_ms_a_call(theirs(tasks=calls), calls))
                lives.append(_ms_a_call(run(place, tasks=calls), calls))
            again = _ms_a_call(run(places[0], tasks=calls), calls)
            replayed = _ms_a_call(_replay(places[0], calls), calls)
        how = f"streamed in {pieces:>3} pieces" if stream else "in one           "
        print(f"  {chars:>6,} characters {how}: {min(bares):.2f}, {min(lives):.2f}, {min(lives) - min(bares):+.2f}; "
              f"{again:.2f}; {replayed:.2f}", flush=True)  # fmt: skip


def _ms_a_call(work: Coroutine[Any, Any, object], calls: int) -> float:
    before = time.process_time()
    asyncio.run(work)
    return (time.process_time() - before) / calls * 1e3


async def bare(url: str, tasks: int, concurrency: int, *, stream: bool) -> None:
    """The same calls by the client alone, as many at once, and nothing kept."""
    import openai

    slots = asyncio.Semaphore(concurrency)
    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=3) as client:

        async def call(row: Row) -> int:
            text, sampling = request_of(row)
            message: Any = {"role": "user", "content": text}
            async with slots:
                if not stream:
                    whole = await client.chat.completions.create(model="m", messages=[message], **sampling)
                    return len(whole.choices[0].message.content or "")
                pieces = await client.chat.completions.create(
                    model="m", messages=[message], stream=True, stream_options={"include_usage": True}, **sampling
                )
                told = [choice.delta.content or "" async for piece in pieces for choice in piece.choices]
                return len("".join(told))

        assert all(await asyncio.gather(*map(call, rows_of(tasks, 1))))


async def _replay(folder: Path, tasks: int) -> None:
    class Silent:
        teacher_id, concurrency = "m", 1

    with Journal(folder) as journal:
        roles = Roles(teacher=Silent())  # type: ignore[arg-type]
        async for _, outcome, _ in replay_rows(work_of(tasks, 1), journal.segment("s"), roles):
            assert outcome.status == "accepted"


def memory(options: argparse.Namespace) -> None:
    """Peak memory of a process of its own at both sizes."""
    print("peak memory, quick answers of 2,000 characters")
    with OpenAIServer(answer_chars=2000) as server, tempfile.TemporaryDirectory() as folder:
        for tasks in options.memory_tasks:
            command = [sys.executable, __file__, "alone", "--url", server.base_url, "--folder", f"{folder}/{tasks}",
                       "--tasks", str(tasks), "--concurrency", str(options.concurrency)]  # fmt: skip
            print(f"  {tasks:>7,} tasks: ", end="", flush=True)
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def alone(options: argparse.Namespace) -> None:
    """One run with one sample a task, in this process, and what it took."""
    seconds, _ = asyncio.run(ours(options.url, Path(options.folder), options.tasks, 1, options.concurrency))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak:.0f} MB, {options.tasks / seconds:,.0f} calls/s")


def main() -> None:
    """Parse the words of the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["schedule", "batches", "cost", "memory"])
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--concurrency", type=int, default=128)
    parser.add_argument("--memory-tasks", type=int, nargs="+", default=[1000, 50_000])
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        for what in options.what:
            {"schedule": schedule, "batches": batches, "cost": cost, "memory": memory, "alone": alone}[what](options)


if __name__ == "__main__":
    main()
