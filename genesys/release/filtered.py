"""``dataset/filtered``: which responses are good enough to be published, and why the others are not. No texts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.outcomes import Counts, Outcome, accepted, rejected
from genesys.quality.same_answers import SameAnswers
from genesys.recipe import Recipe
from genesys.release.disputed import COMPANION, DISPUTED, Shard, listed, withdrawn_rows
from genesys.release.texts import Key, Text, verdict_key
from genesys.settings import DisputeSettings
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import STALE_TASK, verifications_asset
from genesys.tables.columns import FILTERED, OUTCOMES
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/filtered"
CAMPAIGN = "all"
VERSION = "3"
DISPUTED_GOLD = "disputed gold"
"""Why a response to a task whose gold is disputed was dropped."""

Row = dict[str, Any]


def filtered_recipe(lanes: Iterable[Lane], rule: DisputeSettings, same: SameAnswers) -> Recipe:
    """What decides the choice, besides the tables of the lanes."""
    versions = same.versions(task_type for lane in lanes for task_type in lane.task_types)
    comparisons = {f"same_answer:{task_type}": version for task_type, version in versions.items()}
    return Recipe({"filter": VERSION} | comparisons, {"disputes": {"votes": rule.votes, "share": rule.share}})


def make_filtered(
    lake: Lake,
    lanes: Iterable[Lane],
    *,
    disputes: DisputeSettings | None = None,
    same: SameAnswers | None = None,
    run_id: str = "",
) -> Part:
    """Choose among all verified responses.

    Dropped, each for the first of these reasons that holds: the gold of its task is disputed; its verdict does not
    accept it; its task has changed since; its source row was withdrawn; its verdict was on another text; it was cut off
    at the token limit; it says the same as another response to the problem (of those the one with the least id stays).

    Args:
        lake: Where the tables stand.
        lanes: Whose verifications are read, every shard that was made.
        disputes: When a gold is disputed.
        same: Finds equal answers in different spellings; by default asks the installed verifiers.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it is made from has changed. Its outcomes name every
        verdict's response, shard by shard, with what became of it; its companion ``disputed`` lists the disputed and
        contested tasks with their votes; its figures count them, and the tasks with verdicts.
    """
    rule, lanes = disputes or DisputeSettings(), sorted(lanes, key=lambda lane: lane.name)
    shards = [(lane, shard) for lane in lanes for shard in lake.partitions(verifications_asset(lane))]
    with same or SameAnswers() as same:
        inputs = _inputs(lake, shards)
        recipe = filtered_recipe(lanes, rule, same)
        fingerprint = recipe.fingerprint(inputs)
        standing = lake.part(ASSET, WHOLE, CAMPAIGN)
        if standing and standing.fingerprint == fingerprint:
            return standing
        chosen = _Choice()
        withdrawn = {lane.name: withdrawn_rows(lake, lane) for lane in lanes}
        with lake.writer(ASSET, WHOLE, OUTCOMES) as outcomes:
            for lane, name in shards:
                for row in chosen.take(Shard(lake, lane, name, rule, withdrawn[lane.name]), same):
                    outcomes.add(row)
    part = Part(
        data=lake.write(ASSET, WHOLE, FILTERED, chosen.sorted()),
        outcomes=outcomes.file,
        companions={COMPANION: lake.write(ASSET, WHOLE, DISPUTED, chosen.disputed())},
        fingerprint=fingerprint,
        inputs=inputs,
        versions=recipe.versions,
        settings=recipe.settings,
        counts=chosen.counts.as_dict(),
        figures=chosen.figures(),
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(ASSET, WHOLE, {CAMPAIGN: part})
    return part


def changed_inputs(lake: Lake, lanes: Iterable[Lane]) -> list[str]:
    """Tables that changed, came or went since ``dataset/filtered`` was made."""
    shards = [(lane, shard) for lane in lanes for shard in lake.partitions(verifications_asset(lane))]
    before, now = lake.need(ASSET).parts[CAMPAIGN].inputs, _inputs(lake, shards)
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def disputed_problems(lake: Lake) -> frozenset[str]:
    """The problem_ids that no data set may hold, as of the last ``dataset/filtered``: their gold is disputed."""
    part = lake.need(ASSET).parts[CAMPAIGN]
    return frozenset(row["problem_id"] for row in listed(lake, ASSET, part) if row["kind"] == "disputed")


@dataclass
class _Choice:
    """What was chosen so far: ids only, so that all of it fits into memory."""

    counts: Counts = field(default_factory=Counts)
    _kept: list[pl.DataFrame] = field(
        default_factory=lambda: [pl.DataFrame(schema=dict.fromkeys(FILTERED.names, pl.String) | {"score": pl.Float64})]
    )
    _disputed: list[Row] = field(default_factory=list)
    _tasks: int = 0

    def take(self, shard: Shard, same: SameAnswers) -> Iterator[Row]:
        """Choose among the responses of a shard; gives the row of each for the list of outcomes."""
        records: list[Row] = []
        texts = shard.texts(accepted=True)
        disputes = {dispute.problem_id: dispute for dispute in shard.disputes(texts, same)}
        against = {problem: str(dispute) for problem, dispute in disputes.items() if dispute.kind == "disputed"}
        for response_id, outcome in _ends(shard, texts, against):
            self.counts.add(outcome)
            records.extend(outcome.records)
            yield outcome.row(response_id)
        self._kept.append(pl.DataFrame(records, schema=self._kept[0].schema))
        self._disputed += map(shard.row, disputes.values())
        self._tasks += shard.judged

    def sorted(self) -> Iterator[Row]:
        """Chosen responses by their ids."""
        return pl.concat(self._kept).sort("response_id").iter_rows(named=True)

    def disputed(self) -> list[Row]:
        """Disputed and contested tasks by their ids."""
        return sorted(self._disputed, key=lambda row: (row["problem_id"], row["shard"]))

    def figures(self) -> dict[str, float]:
        """Tasks with verdicts, and how many of them are disputed and contested."""
        kinds = Counter(row["kind"] for row in self._disputed)
        return {
            "tasks": float(self._tasks),
            **{f"{kind}_tasks": float(kinds[kind]) for kind in ("disputed", "contested")},
        }


def _inputs(lake: Lake, shards: list[tuple[Lane, str]]) -> dict[str, str]:
    """Data version of each table that is read; one that is not there is no input."""
    names = [
        f"{asset(lane)}/{shard}"
        for lane, shard in shards
        for asset in (tasks_asset, generations_asset, verifications_asset)
    ]
    names += sorted({f"{withdrawn_asset(lane)}/{WHOLE}" for lane, _ in shards})
    return {name: version for name, version in lake.versions_of(names).items() if version is not None}


def _ends(shard: Shard, texts: Mapping[Key, Text], against: Mapping[str, str]) -> Iterator[tuple[str, Outcome]]:
    """Each verdict of a shard with the end of its response, by response_id.

    A problem lives in one shard, so duplicates are found within it.

    Args:
        shard: Its tasks and verdicts.
        texts: Of all accepted responses.
        against: The votes against a disputed gold, by problem_id.
    """
    seen: set[tuple[str, str]] = set()
    for verdict in shard.verdicts:
        problem = verdict["problem_id"]
        if problem in against:
            yield verdict["response_id"], rejected(DISPUTED_GOLD, against[problem])
            continue
        task, text = shard.tasks.get(problem), texts.get(verdict_key(verdict))
        reason = _reason_against(shard, verdict, task, text)
        if reason is None and task is not None and text is not None:
            same = {(problem, text.digest), (problem, verdict["response_id"])}
            if seen.isdisjoint(same):
                seen |= same
                yield verdict["response_id"], accepted(_record(shard, verdict, task))
                continue
            reason = "duplicate response"
        yield verdict["response_id"], rejected(str(reason))


def _reason_against(shard: Shard, verdict: Row, task: Row | None, text: Text | None) -> str | None:
    if not verdict["accepted"]:
        return f"not accepted: {verdict['reason']}"
    if task is None or task["task_hash"] != verdict["task_hash"]:
        return STALE_TASK
    if (status := shard.status(task)) is not None:
        return f"{status} source row"
    if text is None or not text.is_current:
        return "stale verdict"
    return "cut off at the token limit" if text.finish_reason == "length" else None


def _record(shard: Shard, verdict: Row, task: Row) -> Row:
    return {
        "response_id": verdict["response_id"],
        "problem_id": verdict["problem_id"],
        "lane": shard.lane.name,
        "shard": shard.name,
        "campaign": verdict["campaign"],
        "task_type": task["task_type"],
        "score": verdict["score"],
    }
