"""Ledger rows of a shard become tasks: the lane's ``curate``, and what every task carries whatever its lane."""

from __future__ import annotations

from typing import Any

from genesys.calls.context import Calls
from genesys.calls.engine import Work
from genesys.columns import TASKS, as_text
from genesys.hashing import digest
from genesys.lake import Lake
from genesys.lane import Lane, LedgerRow
from genesys.ledger import ledger_asset, ledger_rows
from genesys.outcomes import Outcome
from genesys.prompts import Prompt
from genesys.schemas import TASK_CONTENT, parse_info
from genesys.stages.stage import Stage

Row = dict[str, Any]

TASKS_CAMPAIGN = "curated"


def tasks_asset(lane: Lane) -> str:
    """The table of curated tasks."""
    return f"{lane.name}/tasks"


def tasks_stage(lake: Lake, lane: Lane, shard: str, *, verifier_versions: dict[str, str]) -> Stage[LedgerRow]:
    """Ledger rows of a shard -> curated tasks.

    Args:
        lake: Where the tables stand.
        lane: Whose ``curate`` runs.
        shard: The partition.
        verifier_versions: Those that the gold preflight uses.
    """
    part = lake.need(ledger_asset(lane)).parts[shard]
    return Stage(
        asset=tasks_asset(lane),
        partition=shard,
        campaign=TASKS_CAMPAIGN,
        schema=TASKS,
        work=Work(
            rows=lambda: (read_ledger_row(lane, row) for row in ledger_rows(lake, lane, shard)),
            row_id=lambda row: row.problem_id,
            function=lambda row, calls: curate_row(lane, row, calls),
        ),
        inputs={f"{ledger_asset(lane)}/{shard}": part.data.sha256},
        versions=lane.versions | verifier_versions,
    )


def read_ledger_row(lane: Lane, row: Row) -> LedgerRow:
    """A row of the ledger's table as ``curate`` gets it."""
    return LedgerRow(
        problem_id=row["problem_id"],
        row_hash=row["row_hash"],
        source=row["source"],
        upstream=parse_info(row["upstream_row"]),
        revision=row["revision"],
        license=row["license"],
        attribution=row["attribution"],
        source_url=row["source_url"],
        read=lane.read,
    )


async def curate_row(lane: Lane, row: LedgerRow, calls: Calls) -> Outcome:
    """The lane's ``curate``, and what every task carries whatever its lane."""
    outcome = await lane.curate(row, calls)
    records = tuple(_task_record(lane, row, record, calls) for record in outcome.records)
    return Outcome(outcome.status, outcome.reason, outcome.detail, records)


def _task_record(lane: Lane, row: LedgerRow, task: Row, calls: Calls) -> Row:
    asked = {entry.name for entry in calls.entries}
    return {
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
        "task_hash": digest([task.get(name) for name in TASK_CONTENT], 24),
        "row_hash": row.row_hash,
        "verification_info": as_text(task["verification_info"]),
        "metadata": as_text(task.get("metadata", {})),
        "prompt_hashes": sorted(
            f"{p.name}:{p.hash}" for p in lane.prompts if p.name in asked or not isinstance(p, Prompt)
        ),
        "call_keys": [entry.key for entry in calls.entries],
    }
