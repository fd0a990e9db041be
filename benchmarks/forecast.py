"""How near `genesys forecast` comes, from before a run to its end, on a run against a local endpoint.

Answers are log-normal in length and take their time by it, as an engine's do, so that short ones end first. The run is
a process of its own; the forecast looks on from here, while it goes, and knows of it what the journal tells.

    python -m benchmarks.forecast --tasks 2500 --samples 4 --concurrency 32
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from genesys.calls.account import Account
from genesys.calls.roles import Roles
from genesys.commands.forecast import as_json
from genesys.forecast.assumed import Assumed
from genesys.forecast.outlook import forecast
from genesys.lanes import LANES
from genesys.settings import LaneSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.stages.chosen import chosen_generations
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.stores import open_journal, open_lake
from genesys.teachers.casting import open_teacher
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner
from tests.support.openai_server import OpenAIServer
from tests.support.tiny_lane import REGISTRY, TinyTeacher, World, answers, sums_lane

LOOKS = (0.003, 0.01, 0.03, 0.1, 0.3)


def parsed() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=2500)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--chars", type=int, default=1600, help="median length of an answer")
    parser.add_argument("--spread", type=float, default=1.0, help="sigma of its logarithm")
    parser.add_argument("--chars_per_second", type=float, default=4000.0, help="of one answer")
    parser.add_argument("--shard", type=int, default=512)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args()


def settings_of(options: argparse.Namespace, folder: str, url: str) -> Settings:
    """The small lane of the tests, with prices."""
    role = RoleSettings(
        kind="openai",
        model="bench",
        base_urls=(url,),
        concurrency=options.concurrency,
        price_per_million_prompt_tokens=0.5,
        price_per_million_completion_tokens=2.0,
    )
    return Settings(
        state=folder,
        curator=role.model_copy(update={"id": "curator"}),
        teacher=role,
        samples=options.samples,
        lanes={"sums": LaneSettings(shard_size=options.shard)},
    )


def registered() -> None:
    """The lane and its verifier among all others."""
    LANES["sums"] = sums_lane()  # type: ignore[assignment]
    VERIFIER_REGISTRY.update(REGISTRY)


async def run(settings: Settings) -> None:
    """All shards of the generations, one after another, as `genesys run` has them."""
    lake, runner = open_lake(settings), VerifierRunner(settings=settings)
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        with open_journal(settings) as journal:
            teacher = await open_teacher(settings, settings.teacher, stack)
            for shard in sorted(lake.need("sums/ledger").parts):
                for stage in chosen_generations(settings, lake, LANES["sums"], shard):
                    roles = Roles(teacher=teacher, verifiers=runner)
                    await run_stage(stage, journal, roles)
                    await seal_stage(stage, lake, journal, roles)


async def prepared(settings: Settings, options: argparse.Namespace) -> None:
    """Ledger and tasks, which cost nothing here."""
    rows = [{"id": number, "question": f"{number}+1", "answer": str(number + 1)} for number in range(options.tasks)]
    lake = open_lake(settings)
    world = World.at(Path(settings.state) / "source", rows, lake=lake)
    world.update(shard_size=options.shard)
    runner = VerifierRunner(settings=settings)
    versions = {f"verifier:{kind}": "@".join(runner.identity(kind)) for kind in LANES["sums"].task_types}
    curator = TinyTeacher(
        "curator", answer=lambda request: answers(request).model_copy(update={"completion_tokens": 4})
    )
    roles = Roles(curator=curator, verifiers=runner)
    with open_journal(settings) as journal:
        for shard in world.shards():
            ids = {"curator": "curator"}
            stage = tasks_stage(lake, LANES["sums"], shard, verifier_versions=versions, teacher_ids=ids)
            await run_stage(stage, journal, roles)
            await seal_stage(stage, lake, journal, roles)


def told(settings: Settings) -> dict[str, Any]:
    """The forecast as of now."""
    return as_json(asyncio.run(forecast(settings, Assumed())), settings.prices)


def made(settings: Settings) -> int:
    """Calls that stand in the journal."""
    found = Account(open_journal(settings, readonly=True).folder).segments().values()
    return sum(used.calls for sums in found for payee, used in sums.items() if payee.teacher_id == "bench")


def main() -> None:
    """Run, look on, compare."""
    options = parsed()
    registered()
    if options.run:
        asyncio.run(run(settings_of(options, *options.run)))
        return
    speed = {"length_spread": options.spread, "chars_per_second": options.chars_per_second}
    with (
        tempfile.TemporaryDirectory() as folder,
        OpenAIServer(answer_chars=options.chars, stream_chunks=1, **speed) as server,
    ):
        settings = settings_of(options, folder, server.base_url)
        asyncio.run(prepared(settings, options))
        looks = [("before", 0.0, told(settings), 0.0)]
        calls = options.tasks * options.samples
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.forecast", *sys.argv[1:], "--run", folder, server.base_url]
        )
        while not made(settings):
            time.sleep(0.02)
        began = time.monotonic()
        for part in LOOKS:
            while made(settings) < part * calls and process.poll() is None:
                time.sleep(0.05)
            at = time.monotonic() - began
            looks.append((f"{made(settings) / calls:.1%}", at, told(settings), time.monotonic() - began - at))
        process.wait()
        seconds = time.monotonic() - began
        final = told(settings)["total"]
    print(f"{calls:,} calls, {final['completion_tokens']['made']:,.0f} tokens answered, {seconds:.0f} s\n")
    print("after     tokens      low     high    money    calls    hours  a look takes")
    for name, at, found, took in looks:
        total = found["total"]
        tokens, true = total["completion_tokens"], final["completion_tokens"]["made"]
        off = [tokens[which] / true - 1 for which in ("total", "low", "high")]
        off += [total[which]["total"] / final[which]["made"] - 1 for which in ("cost", "calls")]
        hours = found["hours_to_come"]
        left = "?" if hours is None else f"{(at + hours * 3600) / seconds - 1:+.1%}"
        shown = "".join(f"{one:+9.1%}" for one in off)
        print(f"{name:7}{shown}{left:>9}{took:9.1f} s")
    print(json.dumps({"calls": calls, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
