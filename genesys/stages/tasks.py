"""Ledger rows of a shard become tasks: the lane's ``curate``, and what every task carries whatever its lane.

One row may become several tasks (steps of an evolution, translations). Each has a ``problem_id`` of its own, the first
by default that of its row, and all of them have the ``row_id`` of their row, by which they go when the row goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.calls.roles import Verifiers
from genesys.hashing import digest
from genesys.lane import Lane, LedgerRow
from genesys.ledger import ledger_asset, ledger_rows
from genesys.ledger_marks import gone_versions, withdrawn_versions
from genesys.outcomes import Outcome
from genesys.overrides import Overrides
from genesys.partition import Partition
from genesys.prompts import Prompt
from genesys.recipe import Recipe
from genesys.schemas import as_text, parse_info, task_hash
from genesys.stages.mending import Mends, mend_versions, mends_of, with_mends
from genesys.stages.stage import Stage
from genesys.tables.columns import TASKS
from genesys.tables.lake import Lake

Row = dict[str, Any]

TASKS_CAMPAIGN = "curated"
TASK_FIELDS = (
    "problem_id",
    "source",
    "task_type",
    "in_source_id",
    "prompt",
    "gold_standard_solution",
    "hf_dataset_name",
    "task_hash",
)
"""What a verifier reads of a task, besides the ``FREE_FIELDS``."""
FREE_FIELDS = ("verification_info", "metadata")
"""Mappings, which tables keep as JSON text."""


def tasks_asset(lane: Lane) -> str:
    """The table of curated tasks."""
    return f"{lane.name}/tasks"


def gold_versions(lane: Lane, runner: Verifiers) -> dict[str, str]:
    """Versions of what curation runs: the verifiers of golds, and the sandbox of a lane that has programs executed."""
    verifiers = {f"verifier:{kind}": "@".join(runner.identity(kind)) for kind in lane.task_types}
    return verifiers | ({"sandbox": runner.execution_place()} if lane.executes else {})


def tasks_recipe(lane: Lane, verifier_versions: dict[str, str], teacher_ids: Mapping[str, str] | None = None) -> Recipe:
    """What decides the tasks of a shard, besides its rows.

    Args:
        lane: Whose ``curate`` runs.
        verifier_versions: Those that the gold preflight uses.
        teacher_ids: Who plays each role, as far as it is known; only roles that the lane's prompts ask count.
    """
    asked = {prompt.role for prompt in lane.prompts if isinstance(prompt, Prompt)}
    who = {str(role): ident for role, ident in (teacher_ids or {}).items() if role in asked and ident}
    return Recipe(lane.versions | verifier_versions, dict(who))


def tasks_stage(
    lake: Lake,
    lane: Lane,
    shard: str,
    *,
    verifier_versions: dict[str, str],
    teacher_ids: Mapping[str, str] | None = None,
    overrides: Overrides | None = None,
) -> Stage[LedgerRow]:
    """Ledger rows of a shard -> curated tasks.

    Args:
        lake: Where the tables stand.
        lane: Whose ``curate`` runs.
        shard: The partition, by its name.
        verifier_versions: Those that the gold preflight uses.
        teacher_ids: Who plays which role, as far as that is known: tasks depend on those that the lane's prompts ask.
        overrides: What people decided: golds that they mended.
    """
    mends = mends_of(lake, lane, shard, overrides or Overrides())
    recipe = tasks_recipe(lane, verifier_versions, teacher_ids)
    place = Partition.of(lane, shard)
    part = lake.need(ledger_asset(lane)).parts[place.shard]
    return Stage(
        asset=tasks_asset(lane),
        partition=shard,
        campaign=TASKS_CAMPAIGN,
        schema=TASKS,
        work=Work(
            rows=lambda: _rows_to_curate(lake, lane, place),
            row_id=lambda row: row.problem_id,
            function=lambda row, calls: curate_row(lane, row, calls, mends),
            total=part.data.rows,
        ),
        inputs={f"{ledger_asset(lane)}/{place.shard}": part.data.sha256},
        versions=recipe.versions | mend_versions(mends),
        settings=recipe.settings,
        unique="problem_id",
        likeness=lane.likeness,
    )


def _rows_to_curate(lake: Lake, lane: Lane, place: Partition) -> Iterator[LedgerRow]:
    """All but those that people withdrew: nothing is made of these any more, and nobody is asked about them."""
    withdrawn = withdrawn_versions(lake, lane)
    for row in ledger_rows(lake, lane, place.shard):
        if (row["problem_id"], row["row_hash"]) not in withdrawn:
            yield read_ledger_row(lane, row, place.language)


def standing_tasks(lake: Lake, lane: Lane, shard: str, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Tasks of a shard whose source rows still count: those that are worth asking about."""
    gone = gone_versions(lake, lane)
    named = None if columns is None else list(dict.fromkeys([*columns, "row_id", "row_hash"]))
    for task in task_rows(lake, lane, shard, named):
        if (task["row_id"], task["row_hash"]) not in gone:
            yield task


def task_rows(lake: Lake, lane: Lane, shard: str, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Tasks of a shard, with ``row_id`` and ``record_hash`` also where the table was made before it kept them."""
    for part in lake.need(tasks_asset(lane), shard).parts.values():
        kept = lake.footer(tasks_asset(lane), shard, part.data).schema.names
        lacks_hash = "record_hash" not in kept and (columns is None or "record_hash" in columns)
        rows = lake.file_rows(tasks_asset(lane), shard, part.data, None if lacks_hash else columns)
        yield from map(with_identity, rows)


def task_count(lake: Lake, lane: Lane, shard: str) -> int:
    """How many tasks a shard has, by its manifest alone."""
    return sum(part.data.rows for part in lake.need(tasks_asset(lane), shard).parts.values())


def with_identity(task: Row) -> Row:
    """A row of the table with what tables did not keep at first: each task had the id of its row then."""
    if task.get("row_id") is None and "problem_id" in task:
        task = task | {"row_id": task["problem_id"]}
    if task.get("record_hash") is None and all(name in task for name in (*TASK_FIELDS, *FREE_FIELDS)):
        task = task | {"record_hash": record_hash(task)}
    return task


def record_hash(task: Row) -> str:
    """Digest of all that a verifier may read of a task, as its table keeps it."""
    return digest([task.get(name) for name in (*TASK_FIELDS, *FREE_FIELDS)], 32)


def read_ledger_row(lane: Lane, row: Row, language: str | None = None) -> LedgerRow:
    """A row of the ledger's table as ``curate`` gets it, in a partition of this language."""
    return LedgerRow(
        problem_id=row["problem_id"],
        row_hash=row["row_hash"],
        source=row["source"],
        upstream=parse_info(row["upstream_row"]),
        revision=row["revision"],
        license=row["license"],
        attribution=row["attribution"],
        source_url=row["source_url"],
        language=language,
        read=lane.read,
    )


async def curate_row(lane: Lane, row: LedgerRow, calls: Calls, mends: Mends | None = None) -> Outcome:
    """The lane's ``curate``, golds that people mended, and what every task carries whatever its lane."""
    outcome = await lane.curate(row, calls)
    if mends:
        outcome = await with_mends(outcome, row.problem_id, mends, calls)
    records = tuple(_task_record(lane, row, record, calls) for record in outcome.records)
    return replace(outcome, records=records)


def _task_record(lane: Lane, row: LedgerRow, task: Row, calls: Calls) -> Row:
    asked = {entry.name for entry in calls.entries}
    record = {
        "problem_id": row.problem_id,
        "family_id": row.problem_id,
        "parent_ids": [],
        "round": 0,
        "source": row.source,
        "hf_dataset_name": row.source,
        "source_url": row.source_url,
        "revision": row.revision,
        "license": row.license,
        "attribution": row.attribution,
        **task,
        "task_hash": task_hash(task),
        "row_id": row.problem_id,
        "row_hash": row.row_hash,
        "verification_info": as_text(task["verification_info"]),
        "metadata": as_text(task.get("metadata", {})),
        "prompt_hashes": sorted(
            f"{p.name}:{p.hash}" for p in lane.prompts if p.name in asked or not isinstance(p, Prompt)
        ),
        "call_keys": [entry.key for entry in calls.entries],
    }
    return record | {"record_hash": record_hash(record)}
