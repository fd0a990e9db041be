"""Measuring one shard: each verdict and each task, with all that filters need of their texts. Nothing is decided here.

What is told of a text stands in ``text_measures``. Which shards are measured, and when again, stands in ``measured``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genesys.calls.verdicts import is_verdict_key
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.release.disputed import Shard
from genesys.release.text_measures import TextMeasures
from genesys.release.texts import Key, Text, verdict_key
from genesys.schemas import parse_info
from genesys.stages.generations import generations_asset
from genesys.stages.records import response_digest
from genesys.stages.sampling import rendering
from genesys.stages.tasks import task_rows
from genesys.stages.verifications import STALE_TASK
from genesys.tables.columns import FLAG, MEASURED, MEASURED_PROBLEMS, TEXT
from genesys.tables.lake import Lake, Part

ASSET = "dataset/measured"
STALE_VERDICT = "stale verdict"
ID_LENGTH = 24
"""Hexadecimal digits by which equal texts are known."""
PROBLEMS, BALLOTS = "problems", "ballots"
"""Companions: the shard's tasks, and the votes on those of them whose gold may be disputed."""

BALLOT = pa.schema(
    {
        "problem_id": TEXT,
        "response_id": TEXT,
        "teacher": TEXT,
        "accepted": FLAG,
        "answer": TEXT,
        "written": TEXT,
        "text": TEXT,
    }
)
"""``genesys.quality.disputes.Ballot``, by problem_id."""

OF_TASKS = (
    *("problem_id", "task_type", "source", "in_source_id", "license", "row_id", "row_hash", "task_hash"),
    *("record_hash", "family_id", "prompt"),
)
LANGUAGE_IN = ("problem_id", "metadata", "verification_info")
"""Read of tasks of programs alone: their tests may be long."""
_CODE = ("verifiable_code", "code_output_prediction", "verifiable_code_understanding")
_LANGUAGE = re.compile(r'"language":\s*"([^"\\]{1,40})"')

Row = dict[str, Any]


@dataclass(frozen=True)
class ShardJob:
    """A shard to be measured: where it is, and what it is known by afterwards."""

    lane: str
    shard: str
    """The partition's name."""
    language: str | None
    fingerprint: str
    inputs: Mapping[str, str]

    @property
    def partition(self) -> str:
        """Of ``dataset/measured``."""
        return f"{self.lane}.{self.shard}"

    def __str__(self) -> str:
        """For people."""
        return f"{self.lane} {self.shard}"


@dataclass
class Measuring:
    """What all shards share."""

    lake: Lake
    measures: TextMeasures


def lane_named(name: str) -> Lane:
    """A lane of which no more is known than its tables: all that a process needs that only reads them."""

    async def curate(row: object, calls: object) -> Any:
        raise NotImplementedError(f"the lane {name} is only read here")

    return Lane(name=name, adapters=(), curate=curate, prompts=(), version="")


def measure_shard(common: Measuring, job: ShardJob) -> Part:
    """Write the tables of a shard; the manifest is left to the caller, who knows what is disputed."""
    lake, measures = common.lake, common.measures
    shard = Shard(lake, lane_named(job.lane), job.shard, measures.disputes)
    tasks = _Tasks(shard, job, measures)
    rows = {verdict_key(row): row for row in _measured(shard, tasks, measures)}
    ballots = shard.ballots(_voters(shard, rows))
    return Part(
        data=lake.write(ASSET, job.partition, MEASURED, (rows[key] for key in sorted(rows))),
        companions={
            PROBLEMS: lake.write(ASSET, job.partition, MEASURED_PROBLEMS, tasks.rows()),
            BALLOTS: lake.write(
                ASSET,
                job.partition,
                BALLOT,
                ({"problem_id": problem, **vars(one)} for problem in sorted(ballots) for one in ballots[problem]),
            ),
        },
        fingerprint=job.fingerprint,
        inputs=dict(job.inputs),
    )


def _measured(shard: Shard, tasks: _Tasks, measures: TextMeasures) -> Iterator[Row]:
    """One row for each verdict: first those whose responses are there, then the others."""
    verdicts = {verdict_key(verdict): verdict for verdict in shard.verdicts}
    for generation in shard.lake.rows(generations_asset(shard.lane), shard.name):
        verdict = verdicts.pop((generation["response_id"], generation["campaign"]), None)
        if verdict is not None:
            yield _row(verdict, generation, tasks, measures)
    for verdict in verdicts.values():
        stale = STALE_VERDICT if tasks.task_of(verdict) else STALE_TASK
        yield _verdict_columns(verdict) | {"standing": stale, "faults": [], "findings": []}


def _verdict_columns(verdict: Row) -> Row:
    names = ("response_id", "campaign", "problem_id", "score", "accepted", "reason", "verifier", "verifier_version")
    return {name: verdict[name] for name in names}


def _row(verdict: Row, generation: Row, tasks: _Tasks, measures: TextMeasures) -> Row:
    task, text = tasks.task_of(verdict), rendering(generation)
    standing = STALE_TASK if task is None else None if _is_on(verdict, task, generation) else STALE_VERDICT
    prompt = tasks.prompts.get(verdict["problem_id"], "")
    signed = standing is None and bool(verdict["accepted"])
    return {
        **_verdict_columns(verdict),
        **{name: generation[name] for name in ("teacher_id", "finish_reason", "prompt_tokens", "completion_tokens")},
        "standing": standing,
        "digest": digest(text, ID_LENGTH),
        **measures.response(prompt, text, generation, signed=signed),
    }


def _is_on(verdict: Row, task: Row, generation: Row) -> bool:
    """Whether a verdict is on this very text and task."""
    subject = response_digest(task["record_hash"], generation)
    return is_verdict_key(verdict["call_key"], verdict["verifier"], verdict["verifier_version"], subject)


def _voters(shard: Shard, rows: Mapping[Key, Row]) -> dict[Key, Text]:
    """The texts of all responses that may vote, by what was measured of them."""
    return {
        key: Text(row["digest"], row["finish_reason"], row["teacher_id"], row["standing"] is None)
        for key, row in rows.items()
        if row.get("digest") is not None and shard.may_vote(key, row)
    }


class _Tasks:
    """Tasks of a shard, and what is measured of those that have a verdict."""

    def __init__(self, shard: Shard, job: ShardJob, measures: TextMeasures) -> None:
        tasks = {task["problem_id"]: task for task in task_rows(shard.lake, shard.lane, shard.name, OF_TASKS)}
        wanted = {verdict["problem_id"] for verdict in shard.verdicts} & tasks.keys()
        languages = {} if job.language else _languages(shard, (tasks[problem] for problem in wanted))
        self.prompts = {problem: str(tasks[problem]["prompt"]) for problem in sorted(wanted)}
        self._rows = {
            problem: _problem(tasks[problem], job, job.language or languages.get(problem)) | measures.prompt(prompt)
            for problem, prompt in self.prompts.items()
        }
        shard.tasks = tasks
        self._shard = shard

    def task_of(self, verdict: Row) -> Row | None:
        """The task that a verdict is on, if it has that content still."""
        task = self._shard.tasks.get(verdict["problem_id"])
        return task if task is not None and task["task_hash"] == verdict["task_hash"] else None

    def rows(self) -> Iterator[Row]:
        """By problem_id."""
        return iter(self._rows.values())


def _problem(task: Row, job: ShardJob, language: str | None) -> Row:
    names = ("problem_id", "task_type", "source", "license", "row_id", "row_hash", "task_hash")
    return {
        **{name: task[name] for name in names},
        "family_id": task["family_id"] or task["problem_id"],
        "lane": job.lane,
        "shard": job.shard,
        "language": language,
    }


def _languages(shard: Shard, tasks: Iterable[Row]) -> dict[str, str]:
    """The programming languages of tasks that have one; nothing is read where none has."""
    wanted = {task["problem_id"] for task in tasks if task["task_type"] in _CODE}
    found = {}
    for task in task_rows(shard.lake, shard.lane, shard.name, LANGUAGE_IN) if wanted else ():
        # Tests may be long, so they are not parsed for it.
        said = parse_info(task["metadata"]).get("language") or _LANGUAGE.search(task["verification_info"] or "")
        if said and task["problem_id"] in wanted:
            found[task["problem_id"]] = (said if isinstance(said, str) else said.group(1)).casefold()
    return found
