"""A choice made by hand over the tables of tiny worlds: what data sets stand on, without any filter.

The tables are those of the contract between the choice and the data sets (``genesys.tables.columns``).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from genesys.hashing import digest
from genesys.outcomes import Counts
from genesys.release.choice import CAMPAIGN, ENDS, FILTERED, MEASURED, PROBLEMS
from genesys.stages.sampling import rendering
from genesys.tables import columns
from genesys.tables.lake import WHOLE, Lake, Part
from tests.support.tiny_lane import World

Row = dict[str, Any]


class End(NamedTuple):
    """What became of a trace; no step: all filters left it."""

    step: str | None = None
    reason: str | None = None
    for_all: bool = False


LEFT = End()


class Trace(NamedTuple):
    """A trace as the rules of a choice see it."""

    task: Row
    generation: Row
    verdict: Row


def by_verdict(trace: Trace) -> End:
    """Accepted responses that were not cut off are left."""
    if not trace.verdict["accepted"]:
        return End("verdict", "not accepted: wrong")
    if trace.generation["finish_reason"] == "length":
        return End("length and format", "cut off at the token limit")
    return LEFT


def choose(
    lake: Lake,
    worlds: Iterable[World],
    end: Callable[[Trace], End] = by_verdict,
    split: Callable[[Row], str] = lambda task: "train",
) -> Part:
    """Write ``dataset/filtered`` and ``dataset/measured``.

    Args:
        lake: Of all worlds.
        worlds: Whose verified responses are chosen among.
        end: What becomes of a trace.
        split: Which side a task is on.
    """
    ends, chosen, problems = list[Row](), list[Row](), dict[str, list[tuple[Row, Row, End]]]()
    tasks: dict[str, Row] = {}
    inputs = {}
    for world in worlds:
        for shard in world.shards():
            traces = list(_traces(world, shard))
            _write_measured(lake, world, shard, traces)
            for trace in traces:
                task, generation, verdict = trace
                found = end(trace)
                place = {"lane": world.lane.name, "shard": shard}
                shared = {name: verdict[name] for name in ("response_id", "problem_id", "campaign")}
                ends.append({**shared, **place, **found._asdict()})
                tasks[task["problem_id"]] = task | place
                problems.setdefault(task["problem_id"], []).append((generation, verdict, found))
                if found == LEFT:
                    kept = {**shared, **place, "task_type": task["task_type"], "split": split(task)}
                    said = len(rendering(generation))
                    teacher = {"teacher_id": generation["teacher_id"], "score": verdict["score"], "chars": said}
                    chosen.append(kept | teacher)
            for table in ("tasks", "generations", "verifications"):
                name = f"{world.lane.name}/{table}/{shard}"
                inputs[name] = str(lake.version_of(name))
    rows = [_problem(tasks[ident], found, split) for ident, found in sorted(problems.items())]
    ends.sort(key=lambda row: (row["response_id"], row["campaign"]))
    chosen.sort(key=lambda row: row["response_id"])
    part = Part(
        data=lake.write(FILTERED, WHOLE, columns.FILTERED, chosen),
        companions={
            ENDS: lake.write(FILTERED, WHOLE, columns.ENDS, ends),
            PROBLEMS: lake.write(FILTERED, WHOLE, columns.PROBLEMS, rows),
        },
        fingerprint=digest([inputs, ends], 32),
        inputs=inputs,
        counts=Counts(rows=len(ends), accepted=len(chosen), records=len(chosen)).as_dict(),
    )
    lake.publish(FILTERED, WHOLE, {CAMPAIGN: part})
    return part


def _traces(world: World, shard: str) -> Iterator[Trace]:
    tasks = {row["problem_id"]: row for row in world.rows("tasks", shard)}
    verdicts = {(row["response_id"], row["campaign"]): row for row in world.rows("verifications", shard)}
    for generation in world.rows("generations", shard):
        key = (generation["response_id"], generation["campaign"])
        yield Trace(tasks[generation["problem_id"]], generation, verdicts[key])


def _write_measured(lake: Lake, world: World, shard: str, traces: list[Trace]) -> None:
    rows = []
    for _, generation, verdict in traces:
        names = ("response_id", "campaign", "problem_id", "score", "accepted", "reason", "verifier", "verifier_version")
        last = generation["messages"][-1]
        rows.append(
            {
                **{name: verdict[name] for name in names},
                "teacher_id": generation["teacher_id"],
                "digest": digest(rendering(generation)),
                "finish_reason": generation["finish_reason"],
                "thinking_chars": len(last["reasoning"] or ""),
                "answer_chars": len(last["content"] or ""),
                "faults": ["a fault"] if "faulty" in (last["content"] or "") else [],
                "findings": [],
            }
        )
    partition = f"{world.lane.name}.{shard}"
    file = lake.write(MEASURED, partition, columns.MEASURED, rows)
    lake.publish(MEASURED, partition, {CAMPAIGN: Part(data=file, fingerprint=file.sha256)})


def _problem(task: Row, traces: list[tuple[Row, Row, End]], split: Callable[[Row], str]) -> Row:
    teachers: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for generation, verdict, _ in traces:
        teachers[generation["teacher_id"]][0] += 1
        teachers[generation["teacher_id"]][1] += verdict["accepted"]
    accepted = sum(verdict["accepted"] for _, verdict, _ in traces)
    names = ("problem_id", "lane", "shard", "task_type", "source", "license", "family_id")
    return {
        **{name: task[name] for name in names},
        "cluster": task["family_id"],
        "split": split(task),
        "responses": len(traces),
        "accepted": accepted,
        "pass_rate": accepted / len(traces),
        "teachers": json.dumps(teachers),
        "band": "kept",
        "publishable": not all(end.for_all for _, _, end in traces),
        "chosen": sum(end == LEFT for _, _, end in traces),
    }
