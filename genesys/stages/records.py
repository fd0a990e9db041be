"""What a verifier reads of a response and its task, and the digests by which a verdict names both.

A response's record is made of a row of each table, and the digest covers just these fields, so that nothing that a
verifier can read is outside it. Both tables are read side by side: of a shard's tasks one batch is in memory, however
large their tests are, and a task's are parsed once for all its responses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from genesys.calls.verdicts import Subject
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.schemas import parse_info
from genesys.stages.generations import generations_asset
from genesys.stages.sampling import rendering
from genesys.stages.tasks import FREE_FIELDS, TASK_FIELDS, task_rows
from genesys.tables.lake import Lake

Row = dict[str, Any]

GENERATION_FIELDS = ("response_id", "model_name", "finish_reason", "teacher_id", "campaign", "sample_index", "call_key")


class HeldTask:
    """A row of the tasks table; its mappings are parsed when they are first wanted."""

    def __init__(self, row: Row) -> None:
        """Nothing is parsed yet."""
        self.row = row

    @cached_property
    def parsed(self) -> dict[str, Row]:
        """``verification_info`` and ``metadata``, shared by the records of all responses."""
        return {name: parse_info(self.row[name]) for name in FREE_FIELDS}


@dataclass(frozen=True)
class ResponseRow:
    """A generation and the task that it answers; None where the task is gone, or has other content now."""

    generation: Row
    task: HeldTask | None


def response_record(task: HeldTask, generation: Row) -> Row:
    """One whole response in Genesys' fields: what a verifier reads."""
    return {
        **{name: task.row[name] for name in TASK_FIELDS},
        # Copied, so that one who changes them changes nothing for the task's other responses.
        **{name: dict(value) for name, value in task.parsed.items()},
        **{name: generation[name] for name in GENERATION_FIELDS},
        "llm_response": rendering(generation),
        "generation_config": parse_info(generation["generation_config"]),
    }


def response_digest(record_hash: str, generation: Row) -> str:
    """Covers every field of ``response_record``: those of the task by its ``record_hash``."""
    said = [generation[name] for name in GENERATION_FIELDS]
    return digest([record_hash, *said, rendering(generation), generation["generation_config"]], 32)


def subject_of(task: HeldTask, generation: Row) -> Subject:
    """The response as what a verdict is on."""
    return Subject(
        task_type=task.row["task_type"],
        digest=response_digest(task.row["record_hash"], generation),
        read=lambda: response_record(task, generation),
    )


def responses(lake: Lake, lane: Lane, shard: str, campaign: str) -> Iterator[ResponseRow]:
    """All responses of a campaign with their tasks, in the order of the generations."""
    tasks = _Tasks(lake, lane, shard)
    for generation in lake.rows(generations_asset(lane), shard, campaign=campaign):
        yield ResponseRow(generation, tasks.find(generation["problem_id"], generation["task_hash"]))


class _Tasks:
    """Tasks of a shard, asked for in about the order in which they stand: of all of them only the ids are held."""

    def __init__(self, lake: Lake, lane: Lane, shard: str) -> None:
        self._read: Callable[[], Iterator[tuple[int, Row]]] = lambda: enumerate(task_rows(lake, lane, shard))
        ids = task_rows(lake, lane, shard, ("problem_id", "task_hash"))
        self._places = {row["problem_id"]: (place, row["task_hash"]) for place, row in enumerate(ids)}
        self._rows: Iterator[tuple[int, Row]] = self._read()
        self._at = -1
        self._task: HeldTask | None = None

    def find(self, problem_id: str, task_hash: str) -> HeldTask | None:
        """The task of this id if it has this content."""
        place, current = self._places.get(problem_id, (-1, None))
        if current is None or current != task_hash:
            return None
        if place < self._at:  # generations of an earlier order of the tasks
            self._rows, self._at = self._read(), -1
        while self._at < place:
            self._at, row = next(self._rows)
            self._task = HeldTask(row) if self._at == place else None
        return self._task
