"""Disputes as a person reads them, with prompt, gold and origin; and those of a plain file of verified records.

How votes are counted stands in ``disputes``, how tables are read in ``genesys.release.disputed``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesys.choices import Acceptance
from genesys.hashing import digest
from genesys.quality.disputes import Ballot, Dispute, find_dispute, shortened
from genesys.quality.same_answers import SameAnswers
from genesys.quality.votes import CODE, vote_of
from genesys.rows import Record, is_broken, read_records
from genesys.schemas import parse_info
from genesys.settings import DisputeSettings
from genesys.sources import BadRow

PROMPT_CHARS = 1000
GOLD_CHARS = 500


class Entry(Dispute):
    """A dispute with what it takes to judge it."""

    task_type: str
    source: str | None
    in_source_id: str | None
    prompt: str
    gold: str
    lane: str | None = None
    shard: str | None = None


def entry_of(dispute: Dispute, task: Mapping[str, Any], **place: str) -> Entry:
    """The entry of a dispute.

    Args:
        dispute: Its votes.
        task: Its task, or any record with a task's fields.
        place: lane and shard, where it stands in tables.
    """
    return Entry(
        **dict(dispute),
        task_type=task["task_type"],
        source=task.get("source"),
        in_source_id=None if task.get("in_source_id") is None else str(task["in_source_id"]),
        prompt=shortened(task.get("prompt") or "", PROMPT_CHARS),
        gold=shortened(_gold(task), GOLD_CHARS),
        **place,
    )


def _gold(task: Mapping[str, Any]) -> str:
    info = parse_info(task.get("verification_info"))
    if task["task_type"] == CODE:
        return f"its {len(info.get('test_cases') or ())} tests"
    golds = info.get("ground_truth", task.get("gold_standard_solution"))
    return " or ".join(map(str, golds)) if isinstance(golds, list) else str(golds)


@dataclass
class FileAudit:
    """The golds of a file of verified records, as ``genesys verify`` writes it.

    Args:
        acceptance: From which score on a response agrees with its gold.
        rule: When a gold is disputed.
    """

    acceptance: Acceptance
    rule: DisputeSettings
    records: int = 0
    unusable: int = 0
    """Records without a verdict or without the fields that say which task and response they are."""
    _ballots: dict[str, list[Ballot]] = field(default_factory=dict)
    _tasks: dict[str, Record] = field(default_factory=dict)

    @property
    def tasks(self) -> int:
        """Tasks with verdicts."""
        return len(self._tasks)

    def read(self, path: Path) -> None:
        """Take all records of a .jsonl or .parquet file.

        Raises:
            GenesysError: The file is of another kind.
        """
        for _, record in read_records(path):
            self.records += 1
            if isinstance(record, BadRow) or is_broken(record) or not self._add(record):
                self.unusable += 1

    def entries(self, same: SameAnswers) -> Iterator[Entry]:
        """The disputes among the tasks read so far."""
        for problem, ballots in self._ballots.items():
            task = self._tasks[problem]
            dispute = find_dispute(problem, ballots, self.rule, same.of(task["task_type"]))
            if dispute is not None:
                yield entry_of(dispute, task)

    def _add(self, record: Record) -> bool:
        problem, response, task_type = (record.get(name) for name in ("problem_id", "response_id", "task_type"))
        text, score = record.get("llm_response"), record.get("score")
        if problem is None or response is None or not (isinstance(score, int | float) and isinstance(task_type, str)):
            return False
        is_accepted = self.acceptance.accepts(task_type, score)
        try:
            vote = None if is_accepted else vote_of(record, task_type, record.get("finish_reason"))
        except ValueError:  # the info is in no form that can be read
            return False
        ballot = Ballot(
            response_id=str(response),
            teacher=str(record.get("teacher_id") or record.get("model_name") or "unnamed"),
            accepted=is_accepted,
            answer=vote.answer if vote else None,
            written=vote.written if vote else "",
            text=digest(text),
        )
        self._ballots.setdefault(str(problem), []).append(ballot)
        if str(problem) not in self._tasks:
            self._tasks[str(problem)] = _brief(record)
        return True


def _brief(record: Record) -> Record:
    """A task's fields, cut to what is shown: files may have a million responses."""
    names = ("task_type", "source", "in_source_id")
    gold = shortened(_gold(record), GOLD_CHARS)
    return {
        **{name: record.get(name) for name in names},
        "prompt": str(record.get("prompt") or "")[: 2 * PROMPT_CHARS],
        "verification_info": {"ground_truth": gold},
    }
