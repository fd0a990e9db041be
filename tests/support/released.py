"""Tables between verified responses and data sets, written by hand in the published columns from a lane's tables.

For tests of what reads them: what they hold is decided here and not by the filters.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from genesys.hashing import digest
from genesys.lane import Lane
from genesys.outcomes import Counts
from genesys.quality.signatures import text_signature
from genesys.release.disputed import DISPUTED
from genesys.release.sft import make_sft
from genesys.stages.sampling import rendering
from genesys.tables import columns
from genesys.tables.lake import WHOLE, Lake, Part
from genesys.verifiers.thinking import after_thinking

Row = dict[str, Any]
End = Callable[[Row], tuple[str, str] | None]
"""A trace -> the step and the reason that it was dropped for, None if it is kept."""


def by_verdict(trace: Row) -> tuple[str, str] | None:
    if trace["accepted"]:
        return ("length and format", "cut off") if trace["finish_reason"] == "length" else None
    return ("verdict", "not accepted")


def release(lake: Lake, lanes: Iterable[Lane], end: End = by_verdict, for_all: frozenset[str] = frozenset()) -> None:
    """Publish ``dataset/measured``, ``dataset/filtered`` and ``dataset/sft`` of everything that has a verdict."""
    traces, lanes = list[Row](), list(lanes)
    for lane in lanes:
        for shard in lake.partitions(f"{lane.name}/verifications"):
            traces += _measure(lake, lane, shard)
    traces.sort(key=lambda trace: (trace["response_id"], trace["campaign"]))
    for trace in traces:
        trace["end"] = end(trace)
    _filtered(lake, traces, for_all)
    make_sft(lake, lanes)


def _measure(lake: Lake, lane: Lane, shard: str) -> list[Row]:
    tasks = {row["problem_id"]: row for row in lake.rows(f"{lane.name}/tasks", shard)}
    said = {(row["response_id"], row["campaign"]): row for row in lake.rows(f"{lane.name}/generations", shard)}
    traces = []
    for verdict in lake.rows(f"{lane.name}/verifications", shard):
        task, generation = tasks[verdict["problem_id"]], said[verdict["response_id"], verdict["campaign"]]
        text = rendering(generation)
        answer = after_thinking(text)
        signature, numbers = text_signature(text)
        measured = {
            **{name: verdict[name] for name in columns.MEASURED.names if name in verdict},
            "teacher_id": generation["teacher_id"],
            "digest": digest(text, 32),
            "finish_reason": generation["finish_reason"],
            "prompt_tokens": generation["prompt_tokens"],
            "completion_tokens": generation["completion_tokens"],
            "thinking_chars": len(text) - len(answer),
            "answer_chars": len(answer),
            "faults": [],
            "findings": [],
            "numbers": numbers,
            "signature": signature,
        }
        own = {"lane": lane.name, "shard": shard, "task": task, "generation": generation}
        traces.append({**measured, **own, "task_type": task["task_type"], "measured": measured})
    problems = [_problem(lane, shard, tasks[name]) for name in sorted({trace["problem_id"] for trace in traces})]
    rows = sorted((trace["measured"] for trace in traces), key=lambda row: (row["response_id"], row["campaign"]))
    companion = {"problems": lake.write("dataset/measured", shard, columns.MEASURED_PROBLEMS, problems)}
    _publish(lake, "dataset/measured", shard, columns.MEASURED, rows, companion)
    return traces


def _problem(lane: Lane, shard: str, task: Row) -> Row:
    signature, numbers = text_signature(task["prompt"])
    own = {name: task[name] for name in columns.MEASURED_PROBLEMS.names if name in task}
    language = json.loads(task["verification_info"] or "{}").get("language")
    return own | {
        "lane": lane.name,
        "shard": shard,
        "language": language,
        "digest": digest(task["prompt"], 32),
        "numbers": numbers,
        "signature": signature,
    }


def _filtered(lake: Lake, traces: list[Row], for_all: frozenset[str]) -> None:
    ends, kept, counts = [], [], Counts(rows=len(traces))
    for trace in traces:
        step, reason = trace["end"] or (None, None)
        own = {name: trace[name] for name in ("response_id", "campaign", "problem_id", "lane", "shard")}
        dropped = step is not None and step in for_all
        ends.append({**own, "step": step, "reason": reason, "detail": None, "for_all": dropped if step else None})
        if step is None:
            chars = trace["thinking_chars"] + trace["answer_chars"]
            names = [name for name in columns.FILTERED.names if name in trace]
            kept.append({**{name: trace[name] for name in names}, "split": "train", "chars": chars})
        else:
            counts.rejected[str(reason)] += 1
            counts.dropped[step] += 1
    counts.accepted = counts.records = len(kept)
    companions = {
        "ends": lake.write("dataset/filtered", WHOLE, columns.ENDS, ends),
        "problems": lake.write("dataset/filtered", WHOLE, columns.PROBLEMS, _problems(traces, for_all)),
        "disputed": lake.write("dataset/filtered", WHOLE, DISPUTED, []),
    }
    _publish(lake, "dataset/filtered", WHOLE, columns.FILTERED, kept, companions, counts=counts)


def _problems(traces: list[Row], for_all: frozenset[str]) -> Iterable[Row]:
    found: dict[str, list[Row]] = defaultdict(list)
    for trace in traces:
        found[trace["problem_id"]].append(trace)
    for _, own in sorted(found.items()):
        first = own[0]
        accepted = sum(trace["accepted"] for trace in own)
        judged, right = (
            Counter(trace["teacher_id"] for trace in own if trace["accepted"] or not only) for only in (False, True)
        )
        rate = accepted / len(own)
        yield {
            **{name: first["task"][name] for name in ("problem_id", "task_type", "source", "license", "family_id")},
            "lane": first["lane"],
            "shard": first["shard"],
            "language": json.loads(first["task"]["verification_info"] or "{}").get("language"),
            "cluster": first["task"]["family_id"],
            "split": "train",
            "responses": len(own),
            "accepted": accepted,
            "pass_rate": rate,
            "teachers": json.dumps({name: [judged[name], right[name]] for name in sorted(judged)}),
            "band": "unknown" if len(own) < 4 else "hopeless" if rate == 0 else "too easy" if rate == 1 else "kept",
            "publishable": any(not (trace["end"] and trace["end"][0] in for_all) for trace in own),
            "chosen": sum(trace["end"] is None for trace in own),
        }


def _publish(
    lake: Lake,
    asset: str,
    partition: str,
    schema: Any,
    rows: list[Row],
    companions: dict[str, Any],
    counts: Counts | None = None,
) -> None:
    data = lake.write(asset, partition, schema, rows)
    shas = [data.sha256, *(file.sha256 for file in companions.values())]
    part = Part(
        data=data,
        companions=companions,
        fingerprint=digest(shas, 32),
        counts=(counts or Counts(len(rows), len(rows), records=len(rows))).as_dict(),
    )
    lake.publish(asset, partition, {"all": part})
