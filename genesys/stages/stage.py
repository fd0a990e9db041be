"""One step of a lane over one shard, in two phases: run the rows into the journal, then seal the table from it.

The same for tasks, generations and verifications; what differs between them is a ``Stage`` value, made in the modules
of these names.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import pyarrow as pa

from genesys.calls.context import CallStats, Roles
from genesys.calls.engine import Progress, Work, replay_rows, run_rows
from genesys.calls.entry import Entry
from genesys.calls.execution import EXECUTION
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.choices import TEACHER
from genesys.likeness import Reader, Unlike
from genesys.outcomes import Counts, Outcome, errored
from genesys.recipe import Recipe
from genesys.schemas import as_text
from genesys.stages.verdicts import MEASURED
from genesys.tables.columns import OUTCOMES, TIMINGS
from genesys.tables.lake import Lake, Part

Item = TypeVar("Item")


@dataclass(frozen=True)
class Stage(Generic[Item]):
    """What one campaign does to one partition of one table.

    Args:
        asset: The table that is made.
        partition: Its partition.
        campaign: Which part of the partition.
        schema: Columns.
        work: The rows and their function.
        inputs: Data version of each table read.
        versions: Row function, prompts and verifiers by name.
        settings: Teacher, sampling and the like, as they determine the result; nothing secret.
        unique: A column in which no two records of a part may have the same, if there is one.
        likeness: What a record is compared by with those of earlier rows, if anything.
        teacher: Whom the rows ask as their teacher, by the name in the plan.
        before: Run before the rows, on the stage and its segment.
    """

    asset: str
    partition: str
    campaign: str
    schema: pa.Schema
    work: Work[Item]
    inputs: dict[str, str]
    versions: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)
    unique: str = ""
    likeness: Reader | None = None
    teacher: str = TEACHER
    before: Callable[[Stage[Any], Segment], Awaitable[None]] | None = None

    @property
    def lane(self) -> str:
        """The lane that the table belongs to."""
        return self.asset.partition("/")[0]

    @property
    def segment(self) -> str:
        """The journal's segment: one a shard, shared by the shard's stages."""
        return f"{self.lane}/{self.partition}"

    @property
    def paying(self) -> Work[Item]:
        """The rows, which pay for their calls in the name of their table."""
        return replace(self.work, stage=self.asset.rpartition("/")[2])

    @property
    def fingerprint(self) -> str:
        """Equal means that nothing which determines the result has changed."""
        return Recipe(self.versions, self.settings).fingerprint(self.inputs)

    def finished(self, lake: Lake) -> Part | None:
        """The part that stands, if it is this very one and no row of it is left to try again."""
        part = lake.part(self.asset, self.partition, self.campaign)
        return part if part and self._has_made(part) and not part.unfinished else None

    def _has_made(self, part: Part) -> bool:
        """Whether nothing has changed since, as far as the part says what it was made with.

        Settings that it does not name, or that nothing is known of now, do not count: else a new name alone would have
        shards asked anew whose journal is gone.
        """
        settings = {name: self.settings.get(name, value) for name, value in part.settings.items()}
        return part.fingerprint == Recipe(self.versions, settings).fingerprint(self.inputs)


async def run_stage(
    stage: Stage[Item], journal: Journal, roles: Roles, *, progress: Progress | None = None, again: int = 1
) -> Progress:
    """First phase: every row runs into the journal.

    Raises:
        InfrastructureFault: A fatal one (disk full); the same command goes on from there.
    """
    segment = journal.segment(stage.segment)
    if stage.before is not None:
        await stage.before(stage, segment)
    return await run_rows(stage.paying, segment, roles, progress=progress, again=again)


async def seal_stage(stage: Stage[Item], lake: Lake, journal: Journal, roles: Roles, *, run_id: str = "") -> Part:
    """Second phase: read every row from the journal in order, and write the table with what became of each row.

    Returns:
        The part, published in the partition's manifest.
    """
    counts, stats, unique = Counts(), CallStats(), _Unique(stage.unique)
    unlike = Unlike(stage.likeness) if stage.likeness else None
    provenance = {
        "genesys.asset": stage.asset,
        "genesys.partition": stage.partition,
        "genesys.campaign": stage.campaign,
    }
    place = (stage.asset, stage.partition)
    work, segment = stage.paying, journal.segment(stage.segment)
    with (
        lake.writer(*place, stage.schema, **provenance) as table,
        lake.writer(*place, OUTCOMES) as outcomes,
        lake.writer(*place, TIMINGS) as timings,
    ):
        async for item, outcome, calls in replay_rows(work, segment, roles, stats=stats):
            outcome = unique.checked(unlike.checked(outcome) if unlike else outcome)  # noqa: PLW2901
            counts.add(outcome)
            for record in outcome.records:
                table.add(record)
            outcomes.add(outcome.row(stage.work.row_id(item)))
            for entry in calls.entries:
                timings.add(_timing(entry))
    assert table.file is not None  # noqa: S101 - set at the end of the block
    part = Part(
        data=table.file,
        outcomes=outcomes.file,
        timings=timings.file,
        fingerprint=stage.fingerprint,
        inputs=stage.inputs,
        versions=stage.versions,
        settings=stage.settings,
        counts=counts.as_dict(),
        figures={
            "prompt_tokens": float(stats.prompt_tokens),
            "completion_tokens": float(stats.completion_tokens),
        },
        paid=[{**payee._asdict(), **used.as_dict()} for payee, used in sorted(stats.paid.items())],
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(stage.asset, stage.partition, {stage.campaign: part})
    return part


class _Unique:
    """Sees that no two records have the same in a column: what is looked up by it later would be one of them."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._seen: set[Any] = set()

    def checked(self, outcome: Outcome) -> Outcome:
        """The outcome of a row, or a mistake where it says again what an earlier record has."""
        values = [record[self._column] for record in outcome.records] if self._column else []
        again = [value for place, value in enumerate(values) if value in self._seen or value in values[:place]]
        if again:
            return errored(
                "mistake in a row function",
                f"there is another record of the {self._column} {again[0]}: give each one of its own",
            )
        self._seen.update(values)
        return outcome


def _timing(entry: Entry) -> dict[str, Any]:
    info = entry.result.get("verification_result_info", {}) if entry.kind == "verdict" else entry.result
    measured = info.get(MEASURED) if entry.kind in ("verdict", EXECUTION) else None
    place = measured.get("endpoint") if isinstance(measured, dict) else None
    return {
        "call_key": entry.key,
        "kind": entry.kind,
        "name": entry.name,
        "seconds": entry.seconds,
        "attempts": entry.attempts,
        "endpoint": entry.endpoint if place is None else str(place),
        "made_at": entry.made_at,
        "measured": None if measured is None else as_text(measured),
    }


def unfinished(stages: Sequence[Stage[Any]], lake: Lake) -> list[Stage[Any]]:
    """Those of the stages that have something to do."""
    return [stage for stage in stages if stage.finished(lake) is None]
