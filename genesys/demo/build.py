"""Makes the demo's recorded journal from the answers that people wrote, anew whenever a prompt or an answer changes."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.entry import KEY_FORMAT
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.lanes import LANES
from genesys.ledger import problem_id, update_ledger
from genesys.settings import DEMO, LaneSettings, Settings
from genesys.sources import Opened, SourceRow, open_source
from genesys.stages.generations import generations_stage
from genesys.stages.sampling import GENERATION_VERSION
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import Lake
from genesys.teachers.script import RecordingTeacher, Script, ScriptedTask, ScriptedTeacher
from genesys.verifiers.runner import VerifierRunner

ANSWERS = DEMO / "recorded_answers.toml"
STAMP = "made-from"


def build_recorded(settings: Settings, script: Script | None = None) -> bool:
    """Make the recorded journal that ``settings`` name, if it is not there or was made from something else.

    The lanes' own row functions run once over the sources with a teacher that answers from the script; what it is asked
    is what the pipeline will ask, so the keys are right by construction.

    Args:
        settings: With a teacher of kind ``recorded``.
        script: The written answers; by default the demo's.

    Returns:
        Whether it was made now.

    Raises:
        GenesysError: The script or a source cannot be read.
    """
    script = script or Script.read(ANSWERS)
    target = Path(settings.path(settings.teacher.journal))
    opened = {
        name: [open_source(settings.source(source)) for source in lane.sources] for name, lane in settings.lanes.items()
    }
    made_from = _made_from(settings, script, opened)
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_text() == made_from:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="recorded-") as scratch:
        fresh = Path(scratch) / "recorded"
        for name, lane_settings in settings.lanes.items():
            asyncio.run(_record(settings, LANES[name], lane_settings, opened[name], script, fresh, Path(scratch)))
        (fresh / STAMP).write_text(made_from)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return True


def _made_from(settings: Settings, script: Script, opened: dict[str, list[Opened]]) -> str:
    """Everything that the recorded journal is a function of."""
    parts = {
        "script": digest(script.model_dump()),
        "sources": {name: [source.revision for source in sources] for name, sources in opened.items()},
        "lanes": {name: [LANES[name].versions, LANES[name].system_prompt] for name in opened},
        "ids": [settings.curator.teacher_id, settings.teacher.teacher_id],
        "sampling": [settings.sampling.model_dump(), settings.samples, settings.seed, settings.curator.structured],
        "format": [KEY_FORMAT, GENERATION_VERSION],
    }
    return digest(parts)


async def _record(
    settings: Settings,
    lane: Lane,
    lane_settings: LaneSettings,
    opened: list[Opened],
    script: Script,
    target: Path,
    scratch: Path,
) -> None:
    """Run one lane up to its generations on tables that are thrown away, recording every answer."""
    tasks = script.by_row(_statements(lane, opened))
    lake, runner = Lake(scratch / "lake"), VerifierRunner()
    with Journal(scratch / "journal") as journal, Journal(target) as recorded:
        segment = recorded.segment(lane.name)
        roles = _scripted_roles(settings, segment, tasks, runner)
        try:
            for shard in update_ledger(lake, lane, opened, shard_size=lane_settings.shard_size).new_shards:
                curation = tasks_stage(lake, lane, shard, verifier_versions={})
                await run_stage(curation, journal, roles, again=0)
                await seal_stage(curation, lake, journal, roles)
                sampling = generations_stage(
                    lake,
                    lane,
                    shard,
                    teacher_id=settings.teacher.teacher_id,
                    model=settings.teacher.teacher_id,
                    sampling=settings.sampling,
                    samples=settings.samples,
                    seed=settings.seed,
                )
                await run_stage(sampling, journal, roles, again=0)
        finally:
            await runner.aclose()
        segment.freeze()


def _scripted_roles(
    settings: Settings, segment: Segment, tasks: dict[str, ScriptedTask], runner: VerifierRunner
) -> Roles:
    curator = RecordingTeacher(ScriptedTeacher(settings.curator.teacher_id, tasks), segment)
    teacher = RecordingTeacher(ScriptedTeacher(settings.teacher.teacher_id, tasks), segment)
    structured = frozenset({"curator"} if settings.curator.structured else ())
    return Roles(curator=curator, teacher=teacher, verifiers=_Presumed(runner), structured=structured)


class _Presumed:
    """Verifiers, but no program is run: what a teacher is asked for a coding task hangs on no program's verdict.

    A gold is presumed to be right and a wrong program, which curation wants stopped at its first failure, to be wrong.
    So a journal is recorded without a sandbox, for more rows than those that become tasks.
    """

    def __init__(self, runner: VerifierRunner) -> None:
        self._runner = runner

    def identity(self, task_type: str) -> tuple[str, str]:
        return self._runner.identity(task_type)

    def response_kind(self, task_type: str) -> str:
        return self._runner.response_kind(task_type)

    async def verify(self, record: dict[str, Any], calls: Calls | None = None, *, kind: str = "") -> dict[str, Any]:
        if record["task_type"] != "verifiable_code":
            return await self._runner.verify(record, calls, kind=kind)
        is_wrong = record["verification_info"].get("stop_at_first_failure", False)
        tests = [{"verdict": "wrong_answer" if is_wrong else "passed"}]
        return {"score": float(not is_wrong), "verification_result_info": {"tests": tests}}


def _statements(lane: Lane, opened: list[Opened]) -> Iterator[tuple[str, str]]:
    """(problem_id, statement) of every row that has an identity."""
    for source in opened:
        for row in source.rows():
            if isinstance(row, SourceRow):
                try:
                    identity = lane.identify(row.data)
                except (ValueError, KeyError):
                    continue
                yield problem_id(row.source.label, identity.key), identity.statement
