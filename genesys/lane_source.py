"""A lane as a source of another: ``path = "lane:coding"`` gives the tasks that the coding lane kept.

Read from the lake as they stand when the ledger is read, so that tasks which are still to come are found by a later
reading. Which lane may read which stands in ``genesys.settings.lane_order``; files and the hub are ``genesys.sources``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from genesys.hashing import digest
from genesys.lane import Identity
from genesys.schemas import parse_info
from genesys.sources import Opened, Source, SourceRow
from genesys.sources.opening import open_source, open_sources
from genesys.stages.tasks import with_identity
from genesys.tables.columns import TASKS
from genesys.tables.lake import Lake, Manifest

HOW_MADE = ("row_hash", "revision", "prompt_hashes", "call_keys")
"""Columns of tasks that a row of such a source leaves out: they say how the task was made. Where nothing but these
changes, the task is the same, and what was made of it stands."""
TASK_COLUMNS = tuple(name for name in TASKS.names if name not in HOW_MADE)
"""Columns of such a row; ``verification_info`` and ``metadata`` are mappings."""


def identify_task(row: dict[str, Any]) -> Identity:
    """The identity of a task as a row, for the adapter of a lane that reads tasks: its key is its problem_id."""
    return Identity(key=str(row["problem_id"]), statement=str(row["prompt"]))


def open_all(sources: Iterable[Source], lake: Lake) -> list[Opened]:
    """All sources of a lane, whatever they are; every one that cannot be opened is named.

    Raises:
        GenesysError: One or several are not there, or are nothing that can be read.
        InfrastructureFault: The hub could not be reached.
    """
    return open_sources(sources, lambda source: open_source(source) if source.lane is None else open_lane(source, lake))


def open_lane(source: Source, lake: Lake) -> Opened:
    """The kept tasks of a lane as they stand now, partition by partition; what comes later needs another opening."""
    table = f"{source.lane}/tasks"
    found = lake.manifests((table, name) for name in lake.partitions(table))
    tasks = {name: manifest for (_, name), manifest in found.items() if manifest is not None}
    withdrawn = lake.manifest(f"{source.lane}/withdrawn")
    versions = {name: manifest.data_version for name, manifest in tasks.items()}
    revision = digest([versions, withdrawn.data_version if withdrawn else None], 32)
    opened = Opened(source, f"tasks-{revision}")
    return dataclasses.replace(opened, read=lambda: _rows(opened, lake, list(tasks.values()), withdrawn))


def _rows(opened: Opened, lake: Lake, tasks: list[Manifest], withdrawn: Manifest | None) -> Iterator[SourceRow]:
    gone = _gone(lake, withdrawn)
    for manifest in tasks:
        number, place = 0, f"{manifest.asset}/{manifest.partition}"
        for part in manifest.parts.values():
            for task in map(with_identity, lake.file_rows(manifest.asset, manifest.partition, part.data)):
                number += 1
                if (task["row_id"], task["row_hash"]) not in gone:
                    yield SourceRow(opened.source, opened.revision, place, number, _as_row(task))


def _gone(lake: Lake, withdrawn: Manifest | None) -> set[tuple[str, str]]:
    """Versions of the other lane's rows that no longer count, by problem_id and row_hash: their tasks do not either."""
    return {
        (row["problem_id"], row["row_hash"])
        for part in (withdrawn.parts.values() if withdrawn else ())
        for row in lake.file_rows(withdrawn.asset, withdrawn.partition, part.data)  # type: ignore[union-attr]
    }


def _as_row(task: dict[str, Any]) -> dict[str, Any]:
    """A task as an upstream row."""
    row = {name: task[name] for name in TASK_COLUMNS}
    return row | {name: parse_info(task[name]) for name in ("verification_info", "metadata")}
