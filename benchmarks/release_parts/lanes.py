"""Synthetic lanes: tables of tasks, generations and verifications as the stages would have written them.

A shard is a function of the seed and its number, so that processes make them side by side. What is planted is told in a
table beside the lake (``PLANTED``): which responses repeat another one word for word or edited, which problems are an
edited one of another shard, differ from it by a number only, or hold the text of a benchmark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.release_parts import texts
from genesys.calls.entry import call_key
from genesys.calls.verdicts import verdict_payload
from genesys.hashing import digest
from genesys.outcomes import Counts
from genesys.stages.records import response_digest
from genesys.stages.tasks import record_hash
from genesys.tables.columns import GENERATIONS, TASKS, VERIFICATIONS
from genesys.tables.lake import Lake, Part

LANES = {
    "math": "verifiable_math",
    "coding": "verifiable_code",
    "stackexchange": "llm_judgeable_groundtruth_similarity",
}
SHARES = {"math": 0.5, "coding": 0.3, "stackexchange": 0.2}
TEACHERS, SAMPLES = ("teacher-a", "teacher-b"), 2
SHARD = 512
"""Tasks; of each four responses."""
REJECTED, CUT, PERSONAL = 0.3, 0.02, 0.002
EQUAL, NEAR = 0.03, 0.05
"""Of a teacher's second samples."""
EDITED, TWIN, CONTAMINATED, OF_HUNDRED = range(0, 3), range(3, 6), range(6, 7), 100
"""Of each hundred problems."""
APART = 950
"""Problems between an edited one and the one it is of."""
BENCHMARK = 400
"""Texts that no problem may hold."""
PLANTED = pa.schema({"kind": pa.string(), "id": pa.string(), "of": pa.string()})

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What all shards share."""

    folder: str
    seed: int
    words: int

    @property
    def lake(self) -> Lake:
        """Where the tables go."""
        return Lake(Path(self.folder) / "lake")


def shards_for(traces: int) -> list[tuple[str, int, int]]:
    """Lane, number, and the lane's first number of each shard."""
    count = max(len(LANES), round(traces / (SHARD * len(TEACHERS) * SAMPLES)))
    names = [name for name, share in SHARES.items() for _ in range(max(1, round(share * count)))]
    return [(name, number, names.index(name)) for number, name in enumerate(names)]


def benchmark_text(seed: int, number: int) -> str:
    """A text that others measure by."""
    return texts.sentences(texts.drawn(np.random.default_rng([seed, 2, number]), 40))


def make_shard(plan: Plan, place: tuple[str, int, int]) -> tuple[int, int]:
    """Write one shard of a lane; gives its traces and their bytes of text."""
    lane, number, first = place
    rng = np.random.default_rng([plan.seed, 3, number])
    planted: list[tuple[str, str, str]] = []
    tasks = [_task(plan, lane, number * SHARD + each, first * SHARD, planted) for each in range(SHARD)]
    name = f"{lane}-{number:05d}"
    lake = plan.lake
    _publish(lake, f"{lane}/tasks", name, {"curated": (TASKS, tasks)})
    made = {teacher: ([], []) for teacher in TEACHERS}
    size = 0
    for task in tasks:
        for teacher in TEACHERS:
            size += _responses(plan, rng, task, teacher, made[teacher], planted)
    _publish(lake, f"{lane}/generations", name, {f"{t}-0002": (GENERATIONS, rows) for t, (rows, _) in made.items()})
    _publish(lake, f"{lane}/verifications", name, {f"{t}-0002": (VERIFICATIONS, rows) for t, (_, rows) in made.items()})
    rows = [dict(zip(PLANTED.names, row, strict=True)) for row in planted]
    pq.write_table(pa.Table.from_pylist(rows, PLANTED), Path(plan.folder) / "planted" / f"{number:05d}.parquet")
    return sum(len(rows) for rows, _ in made.values()), size


def _publish(lake: Lake, asset: str, partition: str, parts: dict[str, tuple[pa.Schema, list[Row]]]) -> None:
    found = {}
    for campaign, (schema, rows) in parts.items():
        counts = Counts(rows=len(rows), accepted=len(rows), records=len(rows))
        if schema is VERIFICATIONS:
            counts.accepted = sum(row["accepted"] for row in rows)
            counts.rejected["wrong answer"] = len(rows) - counts.accepted
        with lake.writer(asset, partition, schema) as writer:
            writer.add_table(pa.Table.from_pylist(rows, schema))
        assert writer.file is not None
        found[campaign] = Part(data=writer.file, fingerprint="synthetic", counts=counts.as_dict())
    lake.publish(asset, partition, found)


def problem_id(seed: int, number: int) -> str:
    """Of a problem."""
    return digest(["problem", seed, number], 24)


def _prompt(plan: Plan, number: int, first: int, ident: str, planted: list[tuple[str, str, str]]) -> str:
    kind, base = number % OF_HUNDRED, number - APART
    rng = np.random.default_rng([plan.seed, 4, number])
    if base >= first and kind in EDITED:
        planted.append(("edited problem", ident, problem_id(plan.seed, base)))
        return texts.sentences(texts.edited(rng, texts.prompt_words(plan.seed, base)))
    if base >= first and kind in TWIN:
        planted.append(("other number", ident, problem_id(plan.seed, base)))
        return texts.sentences(texts.other_number(texts.prompt_words(plan.seed, base)))
    said = texts.sentences(texts.prompt_words(plan.seed, number))
    if kind in CONTAMINATED:
        held = benchmark_text(plan.seed, int(rng.integers(BENCHMARK)))
        planted.append(("contaminated", ident, ""))
        return f"{said} {held}"
    return said


def _task(plan: Plan, lane: str, number: int, first: int, planted: list[tuple[str, str, str]]) -> Row:
    ident, kind = problem_id(plan.seed, number), LANES[lane]
    info = {"language": "python", "test_cases": [{"type": "stdin_stdout", "input": "1", "output": "2"}] * 8}
    task = {
        "problem_id": ident,
        "task_type": kind,
        "source": f"synthetic/{lane}-{number % 3}",
        "in_source_id": str(number),
        "hf_dataset_name": f"synthetic/{lane}",
        "prompt": _prompt(plan, number, first, ident, planted),
        "gold_standard_solution": str(number),
        "verification_info": json.dumps(info if lane == "coding" else {"ground_truth": str(number)}),
        "metadata": "{}",
        "task_hash": digest(["task", number], 24),
    }
    return {
        **task,
        "record_hash": record_hash(task),
        "row_id": ident,
        "row_hash": digest(["row", number], 24),
        "family_id": ident,
        "parent_ids": [],
        "round": 0,
        "source_url": None,
        "revision": "1",
        "license": "cc-by-4.0",
        "attribution": None,
        "prompt_hashes": [],
        "call_keys": [],
    }


def _responses(
    plan: Plan,
    rng: np.random.Generator,
    task: Row,
    teacher: str,
    made: tuple[list[Row], list[Row]],
    planted: list[tuple[str, str, str]],
) -> int:
    first = texts.response_words(rng, plan.words)
    ident, size = "", 0
    for index in range(SAMPLES):
        words, before, die = first, ident, rng.random()
        if index and die >= EQUAL:
            words = texts.edited(rng, first) if die < EQUAL + NEAR else texts.response_words(rng, plan.words)
        ident = digest([task["problem_id"], teacher, index], 24)
        if index and die < EQUAL + NEAR:
            planted.append(("equal response" if die < EQUAL else "edited response", ident, before))
        generation = _generation(rng, task, teacher, index, ident, words)
        size += sum(len(generation["messages"][-1][name]) for name in ("content", "reasoning"))
        made[0].append(generation)
        made[1].append(_verdict(rng, task, generation))
    return size


def _generation(rng: np.random.Generator, task: Row, teacher: str, index: int, ident: str, words: texts.Words) -> Row:
    split = len(words) * 3 // 5
    answer = texts.sentences(words[split:])
    if task["task_type"] == "verifiable_code":
        answer += "\n\n```python\nprint(int(input()) + 1)\n```"
    if rng.random() < PERSONAL:
        answer += f" Write to {words[0]}.{words[-1]}@mailbox.org for more."
    reply = {"role": "assistant", "content": answer, "reasoning": texts.sentences(words[:split])}
    return {
        "response_id": ident,
        "problem_id": task["problem_id"],
        "task_hash": task["task_hash"],
        "sample_index": index,
        "messages": [{"role": "user", "content": task["prompt"], "reasoning": None}, reply],
        "finish_reason": "length" if rng.random() < CUT else "stop",
        "prompt_tokens": 80,
        "completion_tokens": len(words) * 4 // 3,
        "model_name": teacher,
        "teacher_id": teacher,
        "campaign": f"{teacher}-0002",
        "generation_config": '{"temperature": 0.6}',
        "call_key": digest(["call", ident], 64),
        "cut_call_keys": [],
        "accepted_so_far": None,
    }


def _verdict(rng: np.random.Generator, task: Row, generation: Row) -> Row:
    right = bool(rng.random() >= REJECTED)
    said = task["gold_standard_solution"] if right else str(rng.integers(10**6))
    payload = verdict_payload("Synthetic", "1", response_digest(task["record_hash"], generation))
    return {
        **{name: generation[name] for name in ("response_id", "problem_id", "task_hash", "campaign")},
        "score": float(right),
        "accepted": right,
        "reason": None if right else "wrong answer",
        "rule": "boxed/exact",
        "extracted_answer": said,
        "canonical_answer": said,
        "verification_result_info": "{}",
        "verifier": "Synthetic",
        "verifier_version": "1",
        "call_key": call_key("verdict", payload, 0),
    }
