"""Tables of lanes written by hand, a row a line of a test, for tests of what reads them and shows them to people."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from genesys.lanes import LANES
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import TASKS_CAMPAIGN, tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables import columns
from genesys.tables.lake import WHOLE, File, Lake, Part

Row = dict[str, Any]
RUN = "1f65a606-0f17-41c5-8c53-6eef056c844e"
SETTINGS = {"acceptance": {}, "teacher_id": "a/teacher", "sampling": {}, "seed": 0, "samples": [0, 4]}
CAMPAIGN = "campaign-0001"
TESTS = [
    {"type": "stdin_stdout", "input": "3\n", "output": "6\n"},
    {"type": "stdin_stdout", "input": "5\n", "output": "10\n"},
]


@dataclass
class Viewed:
    """Traces by shard, written when ``write`` is called."""

    lake: Lake
    _tasks: dict[tuple[str, str], dict[str, Row]] = field(default_factory=dict)
    _generations: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    _verdicts: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    _timings: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    _ends: list[Row] = field(default_factory=list)

    def add(
        self,
        ident: str,
        problem: str = "problem-1",
        *,
        lane: str = "math",
        shard: str = "math-00000",
        prompt: str = "What is two and two?",
        answer: str = "It is 4.",
        thinking: str | None = "two and two",
        score: float | None = 1.0,
        gold: str | None = "4",
        task: Row | None = None,
        verdict: Row | None = None,
        info: Row | None = None,
        measured: Row | None = None,
        system: str | None = None,
        earlier: Sequence[Row] = (),
        step: str | None = None,
        reason: str | None = None,
        tokens: int = 10,
        teacher: str = "a/teacher",
    ) -> None:
        """One trace; its problem is that of the first trace that names it."""
        place = (lane, shard)
        types = {"math": "verifiable_math", "coding": "verifiable_code"}
        usual = {"task_hash": f"hash of {problem}", "row_id": f"row of {problem}", "row_hash": "0", "round": 0}
        usual |= {"problem_id": problem, "prompt": prompt, "gold_standard_solution": gold, "source": "tiny/set"}
        usual |= {"task_type": types.get(lane, "llm_judgeable_groundtruth_similarity"), "license": "cc0-1.0"}
        usual |= {"verification_info": "{}", "metadata": "{}", "family_id": problem, "revision": "r1"}
        usual |= {"parent_ids": [], "prompt_hashes": [], "call_keys": []}
        self._tasks.setdefault(place, {}).setdefault(problem, usual | (task or {}))
        turns = [{"role": "system", "content": system, "reasoning": None}] if system else []
        turns += [{"role": "user", "content": self._tasks[place][problem]["prompt"], "reasoning": None}]
        turns += earlier
        turns += [{"role": "assistant", "content": answer, "reasoning": thinking}]
        shared = {"response_id": ident, "problem_id": problem, "task_hash": usual["task_hash"], "campaign": CAMPAIGN}
        said = {"messages": turns, "finish_reason": "stop", "completion_tokens": tokens, "teacher_id": teacher}
        self._generations.setdefault(place, []).append(
            shared | said | {"call_key": f"call {ident}", "cut_call_keys": [], "sample_index": 0}
        )
        judged = {"score": score, "accepted": score == 1.0, "verifier": "SomeVerifier", "verifier_version": "1"}
        judged |= {"call_key": f"verdict {ident}", "verification_result_info": json.dumps(info or {})}
        self._verdicts.setdefault(place, []).append(shared | judged | (verdict or {}))
        went = {"call_key": f"verdict {ident}", "seconds": 0.5, "measured": json.dumps(measured or {})}
        self._timings.setdefault(place, []).append(went)
        where = {"lane": lane, "shard": shard, "for_all": False if step else None}
        self._ends.append(shared | where | {"step": step, "reason": reason, "detail": reason and f"detail: {reason}"})

    def write(self, *, filtered: bool = True) -> Lake:
        """All tables, with those of ``dataset/filtered`` unless it was not made yet."""
        for (lane, shard), tasks in self._tasks.items():
            place, made = LANES[lane], {}
            made[tasks_asset(place)] = (columns.TASKS, list(tasks.values()), TASKS_CAMPAIGN)
            made[generations_asset(place)] = (columns.GENERATIONS, self._generations[lane, shard], CAMPAIGN)
            made[verifications_asset(place)] = (columns.VERIFICATIONS, self._verdicts[lane, shard], CAMPAIGN)
            for asset, (schema, rows, campaign) in made.items():
                timings = None
                if asset == verifications_asset(place):
                    timings = self._file(asset, shard, columns.TIMINGS, self._timings[lane, shard])
                part = Part(
                    data=self._file(asset, shard, schema, rows),
                    timings=timings,
                    fingerprint="f",
                    run_id=RUN,
                    settings=SETTINGS,
                )
                self.lake.publish(asset, shard, {campaign: part})
        if filtered:
            self._filter()
        return self.lake

    def _filter(self) -> None:
        asset = "dataset/filtered"
        ends = sorted(self._ends, key=lambda row: (row["response_id"], row["campaign"]))
        kept = [row for row in ends if row["step"] is None]
        found = {problem: task for tasks in self._tasks.values() for problem, task in tasks.items()}
        problems = [
            {"problem_id": problem, "split": "test", "pass_rate": 0.5, "responses": 2, "accepted": 1, "band": "kept"}
            | {"language": json.loads(task["verification_info"]).get("language")}
            for problem, task in sorted(found.items())
        ]
        companions = {"ends": self._file(asset, WHOLE, columns.ENDS, ends)}
        companions["problems"] = self._file(asset, WHOLE, columns.PROBLEMS, problems)
        data = self._file(asset, WHOLE, columns.FILTERED, kept)
        self.lake.publish(asset, WHOLE, {"all": Part(data=data, companions=companions, fingerprint="f", run_id=RUN)})

    def _file(self, asset: str, partition: str, schema: pa.Schema, rows: list[Row]) -> File:
        known = [{name: row.get(name) for name in schema.names} for row in rows]
        return self.lake.write(asset, partition, schema, known)


def program(ident: str, *, passes: bool, **more: Any) -> Row:
    """What ``add`` takes for a program that passes both tests, or fails the second."""
    tests = [{"verdict": "passed", "exit": 0}, {"verdict": "passed" if passes else "wrong_answer", "exit": 0}]
    info = {"rule": "tests", "passed": 2 if passes else 1, "total": 2, "tests": tests}
    measured: Row = {"wall_s": [0.01, 0.25], "memory_mb": [13.0, 14.0], "first_failure": None}
    if not passes:
        info["first_failure"] = {"index": 1, "expected": "10\n"}
        measured["first_failure"] = {"got": "what-it-wrote", "stderr": "a warning"}
    task = {"verification_info": json.dumps({"language": "python", "test_cases": TESTS})}
    answer = "So:\n\n```python\ndef double(n):\n    return n + n\n```\n"
    usual = {"ident": ident, "lane": "coding", "shard": "coding-00000", "prompt": "Double a number.", "answer": answer}
    judged = {
        "verdict": {"rule": "tests", "reason": None if passes else "wrong answer"},
        "gold": "print(2 * int(input()))",
    }
    return usual | judged | {"score": 1.0 if passes else 0.5, "info": info, "measured": measured, "task": task} | more
