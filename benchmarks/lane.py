"""One shard of math tasks through the whole lane in Dagster, with answers at hand: seconds, in a process that is warm.

Answers are given at once by a teacher in this process, so that what is left is ours and Dagster's: curation with the
gold preflight, four samples a task, verdicts by the real verifier, tables, checks, metadata and plots, on an instance
on disk. Half of the answers are wrong. The goal is 5 s for 100 tasks, verifier workers' start included.

    python benchmarks/lane.py [TASKS] [REPEATS]     100 and 3 by default; about twenty seconds
"""

import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from genesys.chat import ChatAnswer, ChatRequest, Completed, Teacher
from genesys.settings import LaneSettings, Settings
from genesys.settings.benchmarks import BenchmarkSettings
from genesys.settings.roles import RoleSettings
from genesys.sources import Source
from genesys.stores import open_lake
from genesys_dagster.instance import open_instance
from genesys_dagster.pipeline import Pipeline
from genesys_dagster.resources.roles import RoleResource

GOAL_S = 5.0
SAMPLES = 4


class Knows:
    """Answers every sum: right in even samples, wrong in odd ones."""

    teacher_id = "knows"
    concurrency = 64

    async def complete(self, request: ChatRequest) -> Completed:
        """The answer, at once."""
        words = request.messages[-1].content.split()
        left, right = int(words[3]), int(words[6].rstrip("$?"))
        total = left + right + request.sample_index % 2
        thinking = f"<think>\n{'First I look at the digits. ' * 60}\n</think>\n\n"
        text = f"{thinking}The sum is $\\boxed{{{total}}}$."
        return Completed(answer=ChatAnswer(content=text, finish_reason="stop", prompt_tokens=30, completion_tokens=400))

    async def aclose(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Known(RoleResource):
    """A role played by that teacher."""

    async def open(self, stack: AsyncExitStack) -> Teacher | None:
        """The teacher."""
        return Knows()


def settings_of(folder: Path, tasks: int) -> Settings:
    """A source of sums, all in one shard."""
    rows = (
        {
            "problem": f"What is $ {n} plus $ {7 * n + 1}?",
            "solution": f"$\\boxed{{{8 * n + 1}}}$",
            "answer": str(8 * n + 1),
        }
        for n in range(1, tasks + 1)
    )
    path = folder / "sums.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = Source(path=str(path), name="bench", license="Apache-2.0")
    role = RoleSettings(kind="openai", model="knows", base_urls=("http://nowhere.invalid/v1",))
    lanes = {"math": LaneSettings(sources=(source,), shard_size=2048)}
    own = BenchmarkSettings(default=False)  # nothing is fetched here
    return Settings(
        state=str(folder / "state"), samples=SAMPLES, curator=role, teacher=role, lanes=lanes, benchmarks=own
    )


def one(tasks: int) -> dict[str, float]:
    """Seconds of each run of a pass over everything, on a fresh state."""
    with tempfile.TemporaryDirectory(prefix="bench-lane-") as folder:
        settings = settings_of(Path(folder), tasks)
        roles = {
            name: dg.ResourceDefinition.hardcoded_resource(Known(settings, name)) for name in ("curator", "teacher")
        }
        seconds = {}
        with open_instance(settings) as instance, Pipeline(settings, instance, resource_overrides=roles) as pipeline:
            began = time.perf_counter()
            for end in pipeline.runs():
                assert end.success, end.problems
                seconds[end.job] = time.perf_counter() - began
                began = time.perf_counter()
        counts = open_lake(settings).need("math/verifications", "math-00000").counts
        assert (counts.rows, counts.accepted) == (SAMPLES * tasks, SAMPLES * tasks // 2), counts
        return seconds


def main() -> int:
    """Print a table; 1 if the goal is missed."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    one(10)  # what is loaded once: Dagster, matplotlib, SymPy in the workers
    runs = [one(tasks) for _ in range(repeats)]
    print(f"{tasks} tasks x {SAMPLES} samples, answers at hand; seconds in a warm process")
    print(f"{'run':>12}  {'best':>7}  {'worst':>7}")
    for job in runs[0]:
        times = [run[job] for run in runs]
        print(f"{job:>12}  {min(times):7.2f}  {max(times):7.2f}")
    return 0 if min(run["math"] for run in runs) <= GOAL_S * max(1.0, tasks / 100) else 1


if __name__ == "__main__":
    sys.exit(main())
