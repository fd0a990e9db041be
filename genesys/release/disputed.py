"""Tasks whose gold is disputed, shard by shard from the tables of a lane, and the list of them.

The list is a companion of ``dataset/filtered``: votes and choice come from the same versions of the same tables, so
that no data set can take a task that the list excludes, or the other way round. When a gold is disputed stands in
``genesys.quality.disputes``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.quality.disputes import Ballot, Dispute, Votes, find_dispute
from genesys.quality.listing import Entry, entry_of
from genesys.quality.same_answers import SameAnswers
from genesys.quality.votes import Vote, vote_of
from genesys.release.texts import Key, Row, Text, texts_of, verdict_key
from genesys.settings import DisputeSettings
from genesys.stages.tasks import task_rows, tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.columns import INT, TEXT, TEXTS
from genesys.tables.lake import WHOLE, Lake, Part

COMPANION = "disputed"
"""The companion of ``dataset/filtered`` that lists them."""

VOTES = pa.list_(
    pa.struct(
        [
            ("answer", TEXT),
            ("votes", INT),
            ("teachers", pa.list_(pa.struct([("teacher_id", TEXT), ("votes", INT)]))),
            ("response_ids", TEXTS),
        ]
    )
)
DISPUTED = pa.schema(
    {
        "problem_id": TEXT,
        "kind": TEXT,
        "lane": TEXT,
        "shard": TEXT,
        "task_hash": TEXT,
        "task_type": TEXT,
        "source": TEXT,
        "in_source_id": TEXT,
        "voters": INT,
        "agreeing": INT,
        "answers": VOTES,
    }
)
"""One task each, by problem_id: a data set leaves out those of kind ``disputed`` with an anti-join. Prompt and gold
stand with the task."""

SHOWN = (
    "problem_id",
    "task_type",
    "source",
    "in_source_id",
    "prompt",
    "gold_standard_solution",
    "verification_info",
)
"""Columns of a task that are shown with its dispute."""
Withdrawn = Mapping[tuple[str, str], str]
"""Why a version of a source row no longer counts, by its problem_id in the ledger and its row_hash."""
CHOSEN_BY = (
    "problem_id",
    "row_id",
    "row_hash",
    "task_hash",
    "record_hash",
    "task_type",
    "source",
    "in_source_id",
)
"""Columns of a task that choosing among its responses needs: its tests are not read."""


@dataclass
class Shard:
    """What one shard says of its golds.

    A response counts that is to the task as it stands, of a source row that still counts, and whose verdict is on the
    text that stands. An accepted one agrees with the gold even if its text was replaced since: its verdict is made anew
    before anything is concluded from the others.
    """

    lake: Lake
    lane: Lane
    name: str
    rule: DisputeSettings
    withdrawn: Withdrawn = field(default_factory=dict)

    @cached_property
    def tasks(self) -> dict[str, Row]:
        """By problem_id; of each only what is chosen by."""
        return {task["problem_id"]: task for task in task_rows(self.lake, self.lane, self.name, CHOSEN_BY)}

    @cached_property
    def verdicts(self) -> list[Row]:
        """All, by response_id and campaign."""
        return sorted(self.lake.rows(verifications_asset(self.lane), self.name), key=verdict_key)

    @cached_property
    def suspected(self) -> dict[Key, Vote]:
        """Votes on tasks that have enough of them against their gold, before any text was looked at."""
        votes: dict[str, dict[Key, Vote]] = defaultdict(dict)
        for verdict in self.verdicts:
            task = self._task_of(verdict)
            vote = vote_of(verdict, task["task_type"]) if task and not verdict["accepted"] else None
            if vote is not None:
                votes[verdict["problem_id"]][verdict_key(verdict)] = vote
        return {key: vote for found in votes.values() if len(found) >= self.rule.votes for key, vote in found.items()}

    def texts(self) -> dict[Key, Text]:
        """Texts of all voters of suspected tasks."""
        chosen = [verdict for verdict in self.verdicts if self.may_vote(verdict_key(verdict), verdict)]
        return dict(texts_of(self.lake, self.lane, self.name, self.tasks, chosen))

    def disputes(self, texts: Mapping[Key, Text], same: SameAnswers) -> Iterator[Dispute]:
        """The disputes of the shard, by problem_id."""
        return self.counted(self.ballots(texts), same)

    def may_vote(self, key: Key, verdict: Row) -> bool:
        """Whether the text of a response is wanted for its vote."""
        return key in self.suspected or (verdict["accepted"] and verdict["problem_id"] in self._suspects)

    def ballots(self, texts: Mapping[Key, Text]) -> dict[str, list[Ballot]]:
        """The votes on each suspected task."""
        ballots: dict[str, list[Ballot]] = {problem: [] for problem in sorted(self._suspects)}
        for verdict in self.verdicts:
            if verdict["problem_id"] in ballots and self._task_of(verdict) is not None:
                ballot = self._ballot(verdict, texts.get(verdict_key(verdict)))
                ballots[verdict["problem_id"]] += [ballot] if ballot else []
        return ballots

    def counted(self, ballots: Mapping[str, Iterable[Ballot]], same: SameAnswers) -> Iterator[Dispute]:
        """What votes on tasks of this shard come to, by problem_id."""
        for problem, found in sorted(ballots.items()):
            dispute = find_dispute(problem, found, self.rule, same.of(self.tasks[problem]["task_type"]))
            if dispute is not None:
                yield dispute

    def row(self, dispute: Dispute) -> Row:
        """A dispute as the table keeps it."""
        task = self.tasks[dispute.problem_id]
        return {
            **{name: task[name] for name in ("problem_id", "task_hash", "task_type", "source", "in_source_id")},
            "kind": dispute.kind,
            "lane": self.lane.name,
            "shard": self.name,
            "voters": dispute.voters,
            "agreeing": dispute.agreeing,
            "answers": [
                {
                    "answer": votes.answer,
                    "votes": votes.votes,
                    "teachers": [{"teacher_id": name, "votes": count} for name, count in votes.teachers.items()],
                    "response_ids": list(votes.response_ids),
                }
                for votes in dispute.answers
            ],
        }

    @cached_property
    def _suspects(self) -> frozenset[str]:
        """The problem_ids of suspected votes."""
        return frozenset(v["problem_id"] for v in self.verdicts if verdict_key(v) in self.suspected)

    def _task_of(self, verdict: Row) -> Row | None:
        """The task that a verdict is on, if it still counts."""
        task = self.tasks.get(verdict["problem_id"])
        if task is None or task["task_hash"] != verdict["task_hash"]:
            return None
        return None if self.status(task) else task

    def status(self, task: Row) -> str | None:
        """Why the source row that a task was made of no longer counts, None if it does."""
        return self.withdrawn.get((task["row_id"], task["row_hash"]))

    def _ballot(self, verdict: Row, text: Text | None) -> Ballot | None:
        if verdict["accepted"]:
            teacher, said = (text.teacher_id, text.digest) if text else ("", verdict["call_key"])
            return Ballot(verdict["response_id"], teacher, True, None, "", said)
        vote = self.suspected.get(verdict_key(verdict))
        if vote is None or text is None or not text.is_current or text.finish_reason == "length":
            return None
        return Ballot(verdict["response_id"], text.teacher_id, False, vote.answer, vote.written, text.digest)


def dispute_of(row: Row) -> Dispute:
    """A row of the table as it was found."""
    answers = tuple(
        Votes(
            answer=votes["answer"],
            votes=votes["votes"],
            teachers={teacher["teacher_id"]: teacher["votes"] for teacher in votes["teachers"]},
            response_ids=tuple(votes["response_ids"]),
        )
        for votes in row["answers"]
    )
    return Dispute(
        problem_id=row["problem_id"],
        kind=row["kind"],
        answers=answers,
        voters=row["voters"],
        agreeing=row["agreeing"],
    )


def count_again(lake: Lake, lanes: Iterable[Lane], rule: DisputeSettings, same: SameAnswers) -> Iterator[Row]:
    """Rows of the table as they would be now, from the tables of the lanes; nothing is written."""
    for lane in sorted(lanes, key=lambda lane: lane.name):
        withdrawn = withdrawn_rows(lake, lane)
        for name in lake.partitions(verifications_asset(lane)):
            shard = Shard(lake, lane, name, rule, withdrawn)
            yield from map(shard.row, shard.disputes(shard.texts(), same))


def entries(lake: Lake, lanes: Mapping[str, Lane], rows: Iterable[Row]) -> Iterator[Entry]:
    """Rows of the table with their tasks, of which prompt and gold are shown; shard by shard."""
    by_shard: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_shard[row["lane"], row["shard"]].append(row)
    for (lane, shard), found in by_shard.items():
        wanted = {row["problem_id"] for row in found}
        held = lake.rows(tasks_asset(lanes[lane]), shard, SHOWN)
        tasks = {task["problem_id"]: task for task in held if task["problem_id"] in wanted}
        for row in found:
            task = tasks.get(row["problem_id"], {**dict.fromkeys(SHOWN), "task_type": row["task_type"]})
            yield entry_of(dispute_of(row), task, lane=lane, shard=shard)


def listed(lake: Lake, asset: str, part: Part) -> Iterator[Row]:
    """Rows of the table beside a part of ``dataset/filtered``; none where it was made before there was one."""
    file = part.companions.get(COMPANION)
    return lake.file_rows(asset, WHOLE, file) if file else iter(())


def withdrawn_rows(lake: Lake, lane: Lane) -> dict[tuple[str, str], str]:
    """What the ledger says of versions of source rows that no longer count."""
    asset = withdrawn_asset(lane)
    rows = lake.rows(asset) if lake.manifest(asset) else ()
    return {(row["problem_id"], row["row_hash"]): row["status"] for row in rows}
