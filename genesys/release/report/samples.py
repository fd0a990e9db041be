"""Traces to read: accepted beside rejected ones of the same problem, and borderline ones, in every lane.

Which ones the hashes in their ids decide, so that the same tables show the same traces. Only what may be published is
shown: neither a trace that was dropped for all data sets, nor one in whose texts a secret or personal data is found.
Why a trace is borderline: its problem is solved half the time, its score is near the bar, or it was accepted by a rule
that hardly any other was accepted by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl

from genesys.curation.common.people import scan
from genesys.lane import Lane
from genesys.release.diversity_rows import beside_choice
from genesys.release.report.facts import Sample, ShownTrace
from genesys.release.report.judging import rare_rules
from genesys.stages.generations import generations_asset
from genesys.stages.sampling import rendering
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.lake import Lake
from genesys.verifiers.thinking import after_thinking

BESIDE: Literal["accepted beside rejected"] = "accepted beside rejected"
SHOWN = {BESIDE: 2, "half the time": 1, "near the bar": 1, "rare rule": 1}
"""Problems of each lane that are shown, by why they are."""
SPARE = 3
"""So many times as many are looked at, since some hold what is not to be shown."""
HALF = (0.3, 0.7)
"""Pass rates that count as half the time."""
RARE = 0.1
"""A rule is rare that accepted no larger share of its lane's accepted responses."""
PROMPT_CHARS, THINKING_CHARS, ANSWER_CHARS = 3000, 5000, 4000
FIELDS = ("problem_id", "source", "task_type", "prompt", "gold_standard_solution", "verification_info")
VERDICT = ("response_id", "campaign", "score", "accepted", "reason", "rule", "extracted_answer")
SAID = ("response_id", "campaign", "teacher_id", "messages", "finish_reason")

Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A problem to show, and why."""

    lane: str
    kind: str
    why: str
    problem_id: str
    response_id: str | None = None
    """The trace that it is about; by default one of each verdict."""
    traces: tuple[Row, ...] = field(default=(), compare=False)


def samples_of(
    lake: Lake,
    lanes: Mapping[str, Lane],
    problems: pl.DataFrame,
    near_bar: Mapping[str, Sequence[tuple[float, str, str]]],
) -> Iterator[Sample]:
    """Samples, lane by lane.

    Args:
        lake: Where the tables stand.
        lanes: All, by name.
        problems: Those of ``dataset/filtered``.
        near_bar: By lane how far from the bar, problem_id and response_id of verdicts near it.
    """
    wanted = [one for name in sorted(lanes) for one in _wanted(lake, lanes[name], problems, near_bar.get(name, ()))]
    placed = {row["problem_id"]: row for row in _rows_of(problems, wanted)}
    chosen = list(_with_traces(lake, [one for one in wanted if one.problem_id in placed], placed))
    texts = _texts(lake, lanes, chosen, placed)
    left = {(lane, kind): count for lane in lanes for kind, count in SHOWN.items()}
    seen: set[tuple[str, ...]] = set()
    for one in chosen:
        key = tuple(trace["response_id"] for trace in one.traces)
        if left[one.lane, one.kind] and key not in seen:
            sample = _sample(one, placed[one.problem_id], texts)
            if sample is not None:
                left[one.lane, one.kind] -= 1
                seen.add(key)
                yield sample


# Which ------------------------------------------------------------------------------------------------------------


def _wanted(
    lake: Lake, lane: Lane, problems: pl.DataFrame, near_bar: Sequence[tuple[float, str, str]]
) -> Iterator[Wanted]:
    own = problems.filter(pl.col("lane").cast(pl.String) == lane.name, pl.col("publishable"), pl.col("responses") > 0)
    both = own.filter(pl.col("chosen") > 0, pl.col("accepted") < pl.col("responses")).sort("problem_id")
    for row in both.head(SPARE * SHOWN[BESIDE]).iter_rows(named=True):
        yield Wanted(lane.name, BESIDE, "", row["problem_id"])
    half = both.filter(pl.col("pass_rate").is_between(*HALF), pl.col("responses") >= 4)
    near = half.with_columns((pl.col("pass_rate") - 0.5).abs().alias("far")).sort("far", "problem_id")
    for row in near.head(SPARE).iter_rows(named=True):
        why = f"its problem was solved {row['accepted']:,} times of {row['responses']:,}"
        yield Wanted(lane.name, "half the time", why, row["problem_id"])
    for far, problem_id, response_id in near_bar[:SPARE]:
        yield Wanted(lane.name, "near the bar", f"its score is {far:.2g} from the bar", problem_id, response_id)
    rules = rare_rules(lake, lane)
    accepted = sum(count for _, count, *_ in rules)
    for rule, count, problem_id, response_id in rules[:SPARE]:
        if count <= RARE * accepted:
            why = f"only {count:,} of {accepted:,} were accepted by the rule {rule}"
            yield Wanted(lane.name, "rare rule", why, problem_id, response_id)


def _rows_of(problems: pl.DataFrame, wanted: Sequence[Wanted]) -> list[Row]:
    ids = sorted({one.problem_id for one in wanted})
    return problems.filter(pl.col("problem_id").is_in(ids), pl.col("publishable")).rows(named=True)


def _with_traces(lake: Lake, wanted: Sequence[Wanted], placed: Mapping[str, Row]) -> Iterator[Wanted]:
    """With the traces to show: of those that may be published the first kept one and the first that was refused."""
    ids = {one.problem_id for one in wanted}
    found: dict[str, list[Row]] = defaultdict(list)
    columns = ["response_id", "campaign", "problem_id", "shard", "step", "reason", "detail", "for_all"]
    ends = beside_choice(lake, "ends", columns)
    shown = ends.filter(pl.col("problem_id").is_in(sorted(ids)), pl.col("for_all").fill_null(value=False).not_())
    for row in shown.sort("response_id", "campaign").iter_rows(named=True):
        if row["shard"] == placed[row["problem_id"]]["shard"]:  # a task that was made again stands in two shards
            found[row["problem_id"]].append(row)
    for one in wanted:
        rows = found[one.problem_id]
        if one.response_id is not None:
            traces = [row for row in rows if row["response_id"] == one.response_id][:1]
        else:
            firsts = [next((row for row in rows if row["step"] == step), None) for step in (None, "verdict")]
            traces = [row for row in firsts if row is not None] if None not in firsts else []
        if traces:
            yield replace(one, traces=tuple(traces))


# Texts ------------------------------------------------------------------------------------------------------------


@dataclass
class _Texts:
    """Rows of the lanes' tables by their ids."""

    tasks: dict[str, Row] = field(default_factory=dict)
    said: dict[tuple[str, str], Row] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], Row] = field(default_factory=dict)


def _texts(lake: Lake, lanes: Mapping[str, Lane], chosen: Sequence[Wanted], placed: Mapping[str, Row]) -> _Texts:
    """Read those rows alone."""
    places: dict[tuple[str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for one in chosen:
        problems, responses = places[one.lane, str(placed[one.problem_id]["shard"])]
        problems.add(one.problem_id)
        responses.update(trace["response_id"] for trace in one.traces)
    found = _Texts()
    for (name, shard), (problems, responses) in sorted(places.items()):
        lane = lanes[name]
        for row in _picked(lake, tasks_asset(lane), shard, "problem_id", problems, FIELDS):
            found.tasks[row["problem_id"]] = row
        for row in _picked(lake, generations_asset(lane), shard, "response_id", responses, SAID):
            found.said[row["response_id"], row["campaign"]] = row
        for row in _picked(lake, verifications_asset(lane), shard, "response_id", responses, VERDICT):
            found.verdicts[row["response_id"], row["campaign"]] = row
    return found


def _picked(lake: Lake, asset: str, shard: str, column: str, values: set[str], columns: Sequence[str]) -> Iterator[Row]:
    for part in lake.need(asset, shard).parts.values():
        yield from lake.find_all(asset, shard, part.data, column, values, columns)


def _sample(one: Wanted, problem: Row, texts: _Texts) -> Sample | None:
    """None where something is missing, or holds what is not shown to anyone."""
    task = texts.tasks.get(one.problem_id)
    keys = [(trace["response_id"], trace["campaign"]) for trace in one.traces]
    if task is None or not all(key in texts.said and key in texts.verdicts for key in keys):
        return None
    gold = str(task["gold_standard_solution"] or "")
    shown = [str(task["prompt"] or ""), gold, *(rendering(texts.said[key]) for key in keys)]
    if any(scan(text) for text in shown):
        return None
    return Sample(
        lane=one.lane,
        kind=BESIDE if one.kind == BESIDE else "borderline",
        why=one.why,
        problem_id=one.problem_id,
        source=str(task["source"] or ""),
        prompt=cut(shown[0], PROMPT_CHARS),
        gold=cut(gold, PROMPT_CHARS),
        pass_rate=f"{problem['accepted']:,} of {problem['responses']:,}",
        traces=tuple(
            _trace(texts.said[key], texts.verdicts[key], end) for key, end in zip(keys, one.traces, strict=True)
        ),
    )


def _trace(said: Row, verdict: Row, end: Row) -> ShownTrace:
    text = rendering(said)
    answer = after_thinking(text)
    told = {name: verdict[name] for name in ("score", "rule", "extracted_answer", "reason")}
    if end["step"] not in (None, "verdict"):
        told["dropped by"] = f"{end['step']}: {end['reason']}"
    told["note"] = end["detail"] if end["step"] is None else None
    return ShownTrace(
        response_id=said["response_id"],
        teacher=said["teacher_id"],
        end="accepted" if verdict["accepted"] or end["step"] is None else "rejected",
        verdict=tuple(
            (name.replace("_", " "), cut(str(value), 300)) for name, value in told.items() if value is not None
        ),
        thinking=cut(text[: len(text) - len(answer)].strip(), THINKING_CHARS),
        answer=cut(answer.strip(), ANSWER_CHARS),
    )


def cut(text: str, chars: int) -> str:
    """A text without its middle, if it is long; what is left out is counted."""
    if len(text) <= chars:
        return text
    end = chars // 4
    return f"{text[: chars - end]}\n\n[... {len(text) - chars:,} characters ...]\n\n{text[-end:]}"
