"""From tasks to files of responses: each file is sealed as soon as all of its rows have ended, while later rows run on.

What a row asks is ``genesys.stages.sampling.sample_response``; where tasks come from is ``genesys.commands.tasks``.
"""

from __future__ import annotations

import asyncio
import glob
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Progress, Work, end_of, run_rows
from genesys.calls.segment import Segment
from genesys.choices import Sampling
from genesys.commands.reasons import BROKEN, ReasonedCounts
from genesys.commands.tasks import TaskList
from genesys.faults import ResponseFault, TaskFault
from genesys.hashing import digest
from genesys.outcomes import Outcome, accepted, errored, rejected
from genesys.rows import Record, broken_record, is_broken, to_line, whole_file
from genesys.schemas import Response, Task
from genesys.sources import BadRow
from genesys.stages.sampling import GENERATION_VERSION, asked_of, rendering, sample_response

FILE_VERSION = "1"
"""Raised when a line is written in another form, so that old files are not taken for finished ones."""
_FURTHER = ("system_prompt", "prefill", "continue_cut")
_ERROR = b'{"error": '
"""How the line of a row without a response begins, and no other."""
_OPTIONAL = frozenset(
    ("hf_dataset_name", "family_id", "parent_ids", "round", "source_url", "revision", "license")
    + ("attribution", "campaign", "cut_call_keys")
)
"""Fields of ours that are left out where they say nothing; a line always has the others, and all of Genesys'."""


@dataclass(frozen=True)
class Sample:
    """One row: the ``index``-th sample of a task, or a broken row; ``position`` counts lines over all files, from 0."""

    position: int
    task: Task | BadRow
    index: int


@dataclass(frozen=True)
class Plan:
    """What is sampled, and into which files.

    Args:
        tasks: In order.
        samples: Responses to each.
        teacher_id: In every call's key.
        model: The teacher's name at its endpoint.
        sampling: Temperature and the like.
        seed: Each response's own seed is derived from it.
        folder: Where the files go.
        prefix: The beginning of their names.
        rows_per_file: Lines in each but the last.
        system_prompt: Said before each task, if any.
        prefill: What each response begins with.
        continue_cut: How often a response that the token limit cut is continued.
    """

    tasks: TaskList
    samples: int
    teacher_id: str
    model: str
    sampling: Sampling
    seed: int
    folder: Path
    prefix: str
    rows_per_file: int
    system_prompt: str = ""
    prefill: str = ""
    continue_cut: int = 0

    def rows(self) -> Iterator[Sample]:
        """All rows in the order of the lines: task by task, sample by sample; a broken row takes one line."""
        position = 0
        for task in self.tasks:
            for index in range(1 if isinstance(task, BadRow) else self.samples):
                yield Sample(position, task, index)
                position += 1

    @cached_property
    def total(self) -> int:
        """How many rows there are; all tasks are read for it."""
        return sum(1 for _ in self.rows())

    def rows_of(self, number: int) -> int:
        """How many lines a file has; all but the last have ``rows_per_file``."""
        return min(self.rows_per_file, self.total - number * self.rows_per_file)

    @cached_property
    def settings(self) -> Record:
        """What determines an answer besides its task."""
        return {
            "teacher_id": self.teacher_id,
            "model": self.model,
            "sampling": self.sampling.model_dump(mode="json"),
            "seed": self.seed,
            # Left out where they say nothing: files keep their names.
            **{name: value for name in _FURTHER if (value := getattr(self, name))},
        }

    def file(self, number: int) -> Path:
        """A file's place; its name is a hash of all that determines its content, so that the same command finds it."""
        versions = [FILE_VERSION, GENERATION_VERSION]
        content = [versions, self.tasks.identity(), self.samples, self.settings, self.rows_per_file, number]
        return self.folder / f"{self.prefix}_{uuid.UUID(digest(content, 32))}.jsonl"

    def other_files(self, own: list[Path]) -> set[Path]:
        """Files of the same prefix that another configuration or other data made; verified ones do not count."""
        return {path for path in own_files(self.folder, self.prefix) if not path.stem.endswith("_verified")} - set(own)


def own_files(folder: Path, prefix: str) -> set[Path]:
    """Files of this prefix in a folder, whichever command made them, verified ones too."""
    return set(folder.glob(f"{glob.escape(prefix)}_*-*-*-*-*.jsonl"))


@dataclass
class Sealed:
    """What became of all rows."""

    files: list[Path] = field(default_factory=list)
    counts: ReasonedCounts = field(default_factory=ReasonedCounts)
    kept: int = 0
    """Files that were whole before."""


async def generate(
    plan: Plan,
    before: FilesBefore,
    segment: Segment,
    roles: Roles,
    progress: Progress,
    *,
    window: int | None = None,
) -> Sealed:
    """Run every row into the journal, and seal each file when its rows have ended.

    Args:
        plan: What to do.
        before: What is done already.
        segment: Where finished calls stand.
        roles: The teacher.
        progress: Updated as rows end.
        window: Rows in flight at most.

    Raises:
        InfrastructureFault: A fatal one (disk full); the same plan goes on from there.
    """
    ends = Ends(plan.rows_per_file)

    async def function(row: Sample, calls: Calls) -> Outcome:
        return await sample(row, calls, plan)

    async def noted(row: Sample, calls: Calls) -> Outcome:
        is_end = False
        try:
            outcome = await function(row, calls)
            is_end = True
            return outcome
        except (TaskFault, ResponseFault):
            is_end = True
            raise
        finally:
            if not progress.retrying:
                ends.note(row, is_end)

    def rows() -> Iterator[Sample]:
        return (row for row in plan.rows() if before.counts(row.position // plan.rows_per_file) is None)

    try:
        async with asyncio.TaskGroup() as group:
            sealing = group.create_task(seal(plan, Work(plan.rows, row_id, function), before, ends, segment, roles))
            await run_rows(Work(rows, row_id, noted), segment, roles, progress=progress, window=window)
            ends.all_ended()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return sealing.result()


def row_id(row: Sample) -> str:
    """A row's name in the journal."""
    return f"{row.task.file}:{row.task.row}" if isinstance(row.task, BadRow) else f"{row.task.problem_id}/{row.index}"


async def sample(row: Sample, calls: Calls, plan: Plan) -> Outcome:
    """One row -> one line of a file."""
    if isinstance(row.task, BadRow):
        return errored(BROKEN, str(row.task))
    question = asked_of(row.task.prompt, plan.settings)
    sampled = await sample_response(row.task.problem_id, question, row.index, calls, settings=plan.settings)
    response = Response.model_validate(row.task.model_dump() | sampled | {"llm_response": rendering(sampled)})
    return accepted(_published(response))


def _published(record: Task) -> Record:
    fields = type(record).model_fields
    return {
        name: value
        for name, value in record.model_dump().items()
        if name not in _OPTIONAL or value != fields[name].get_default(call_default_factory=True)
    }


def line_of(row: Sample, outcome: Outcome) -> Record:
    """A row's line: its response, or in its place what is wrong with it."""
    if outcome.records:
        return outcome.records[0]
    if isinstance(row.task, BadRow):
        return broken_record(row.task)
    why = {"error": outcome.detail, "reason": outcome.reason, "try_again": outcome.status == "errored"}
    return why | _published(row.task) | {"sample_index": row.index}


class Ends:
    """Which files' rows have all ended, while rows end in any order; a count for each file."""

    def __init__(self, rows_per_file: int) -> None:
        """No row has ended."""
        self._size = rows_per_file
        self._ended: Counter[int] = Counter()
        self._to_try_again: set[int] = set()
        self._all = False
        self._news = asyncio.Event()

    def note(self, row: Sample, is_end: bool) -> None:
        """A row has ended, or failed and will be tried again when all others have ended."""
        number = row.position // self._size
        self._ended[number] += 1
        if not is_end:
            self._to_try_again.add(number)
        if self._ended[number] == self._size:
            self._news.set()

    def all_ended(self) -> None:
        """No row will be tried again in this run."""
        self._all = True
        self._news.set()

    async def wait(self, number: int) -> bool:
        """Wait until every row of a file was run.

        Returns:
            Whether they have ended: none of them is tried again later in this run.
        """
        while not self._all and self._ended[number] < self._size:
            self._news.clear()
            await self._news.wait()
        return self._all or number not in self._to_try_again

    async def wait_for_all(self) -> None:
        """Wait until no row will be tried again."""
        while not self._all:
            self._news.clear()
            await self._news.wait()


class FilesBefore:
    """Files that stood there before this run; looked at once, since this run makes others."""

    def __init__(self, plan: Plan) -> None:
        """Nothing is read yet."""
        self._plan = plan
        self._counts: dict[int, ReasonedCounts | None] = {}

    def counts(self, number: int) -> ReasonedCounts | None:
        """How the rows of a file ended; None if it is not there or not whole, or has rows to try again."""
        if number not in self._counts:
            counts = _read_counts(self._plan.file(number))
            self._counts[number] = counts if counts is not None and self._is_whole(number, counts.rows) else None
        return self._counts[number]

    def _is_whole(self, number: int, lines: int) -> bool:
        """Whether nobody cut it, and no copy of it ended early; what is missing then, the journal has."""
        # Only the last file is shorter, and all tasks are read to know by how much.
        return lines == self._plan.rows_per_file or lines == self._plan.rows_of(number)

    def are_all(self) -> bool:
        """Whether no row is left to run, so that no teacher is needed."""
        numbers = (row.position // self._plan.rows_per_file for row in self._plan.rows())
        return all(self.counts(number) is not None for number, _ in groupby(numbers))


def _read_counts(path: Path) -> ReasonedCounts | None:
    if not path.is_file():
        return None
    counts = ReasonedCounts()
    with path.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                return None
            if not line.startswith(_ERROR):
                counts.add(Outcome("accepted", records=({},)))
                continue
            record = json.loads(line)
            if is_broken(record):
                counts.add(errored(BROKEN, record["error"]))
            elif record["try_again"]:
                return None
            else:
                counts.add(rejected(record["reason"], record["error"]))
    return counts


async def seal(
    plan: Plan, work: Work[Sample], before: FilesBefore, ends: Ends, segment: Segment, roles: Roles
) -> Sealed:
    """Write each file from the journal, in row order.

    A file with rows to try again is passed over, and written in a second pass when all rows have ended.
    """
    sealed: dict[int, ReasonedCounts] = {}
    kept = 0
    while True:
        passed_over = False
        for number, rows in groupby(plan.rows(), key=lambda row: row.position // plan.rows_per_file):
            if number in sealed:
                continue
            if (counts := before.counts(number)) is not None:
                kept += 1
                sealed[number] = counts
            elif await ends.wait(number):
                sealed[number] = await _write(plan.file(number), rows, work, segment, roles)
            else:
                passed_over = True
        if not passed_over:
            break
        await ends.wait_for_all()
    total = ReasonedCounts()
    for counts in sealed.values():
        total.merge(counts)
    return Sealed([plan.file(number) for number in sorted(sealed)], total, kept)


async def _write(
    path: Path, rows: Iterable[Sample], work: Work[Sample], segment: Segment, roles: Roles
) -> ReasonedCounts:
    counts = ReasonedCounts()
    with whole_file(path) as stream:
        for row in rows:
            outcome = await end_of(work, row, Calls(row_id(row), segment, roles, replay=True))
            counts.add(outcome)
            stream.write(to_line(line_of(row, outcome)))
            # Rows whose answers arrive meanwhile must not wait for a whole file.
            await asyncio.sleep(0)
    return counts
