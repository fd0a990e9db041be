"""Makes the demo's recorded journal from the answers that people wrote, anew whenever a prompt or an answer changes."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.entry import KEY_FORMAT
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.hashing import digest
from genesys.job import Compiled, Execution, Job, RunResult
from genesys.lane import Lane
from genesys.lane_source import open_all
from genesys.lanes import chosen_lane
from genesys.ledger import problem_id, update_ledger
from genesys.partition import Partition, partitions_of
from genesys.quality.benchmarks import open_benchmarks
from genesys.quality.judge_calibration import calibrate
from genesys.settings import DEMO, Settings
from genesys.sources import Opened, Source, SourceRow
from genesys.sources.opening import open_source
from genesys.stages.chosen import draws_of
from genesys.stages.generations import generations_asset, generations_stage
from genesys.stages.sampling import GENERATION_VERSION
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import task_rows, tasks_asset, tasks_stage
from genesys.stages.verifications import verifications_stages
from genesys.tables.lake import Lake
from genesys.teachers.script import Fails, RecordingTeacher, Script, ScriptedTask, ScriptedTeacher
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.judge.panel import FIRST, Panel
from genesys.verifiers.runner import VerifierRunner

ANSWERS = DEMO / "answers"
STAMP = "made-from"


def build_recorded(settings: Settings, script: Script | None = None) -> bool:
    """Make the recorded journal that ``settings`` name, if it is not there or was made from something else.

    The lanes' own row functions run once over the sources with a teacher that answers from the script; what it is asked
    is what the pipeline will ask, so the keys are right by construction.

    Args:
        settings: With a teacher of kind ``recorded``.
        script: The written answers; by default the demo's, a file a lane.

    Returns:
        Whether it was made now.

    Raises:
        GenesysError: The script or a source cannot be read.
    """
    script = script or Script.read(ANSWERS)
    target = Path(settings.path(settings.teacher.journal))
    made_from = _made_from(settings, script)
    stamp = target / STAMP
    if stamp.is_file() and stamp.read_text() == made_from:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="recorded-") as scratch:
        fresh = Path(scratch) / "recorded"
        for name in settings.lane_order:
            asyncio.run(_record(settings, chosen_lane(settings, name), script, fresh, Path(scratch)))
        (fresh / STAMP).write_text(made_from)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return True


def _made_from(settings: Settings, script: Script) -> str:
    """Everything that the recorded journal is a function of. What another lane gives follows from the rest."""
    lanes = [chosen_lane(settings, name) for name in settings.lanes]
    parts = {
        "script": digest(script.model_dump()),
        "sources": {
            name: [_revision(settings.source(source)) for source in lane.sources]
            for name, lane in settings.lanes.items()
        },
        "benchmarks": [
            settings.benchmarks.recipe,
            [_revision(settings.source(each.source)) for each in settings.benchmarks.chosen],
        ],
        "lanes": {lane.name: [lane.versions, lane.system_prompt, lane.languages] for lane in lanes},
        "ids": [settings.curator.teacher_id, settings.teacher.teacher_id],
        "judges": list(VerifierRunner(settings=settings).identity(JUDGED)),
        "tried": [settings.judging.sample, settings.acceptance.model_dump()],
        "sampling": [settings.sampling.model_dump(), settings.samples, settings.seed, settings.curator.structured],
        "format": [KEY_FORMAT, GENERATION_VERSION],
    }
    return digest(parts)


def _revision(source: Source) -> str:
    return source.path if source.lane is not None else open_source(source).revision


async def _record(settings: Settings, lane: Lane, script: Script, target: Path, scratch: Path) -> None:
    """Run one lane on tables that are thrown away, recording every answer; verdicts only where a judge is asked.

    The tables of all lanes stand in one lake, in which a lane that reads another one finds what that has kept.
    """
    lake, runner = Lake(scratch / "lake"), VerifierRunner(settings=settings)
    chosen = settings.lanes[lane.name]
    opened = open_all(map(settings.source, chosen.sources), lake)
    tasks = script.by_row(_statements(lane, opened), lane.name)
    with Journal(scratch / "journal") as journal, Journal(target) as recorded:
        segment = recorded.segment(lane.name)
        roles = _scripted_roles(settings, segment, tasks, runner, [one for task in script.task for one in task.fails])
        try:
            tests = open_benchmarks(settings)
            update = update_ledger(lake, lane, opened, shard_size=chosen.shard_size, benchmarks=tests)
            for partition in partitions_of(lane, update.new_shards):
                curation = tasks_stage(lake, lane, partition.name, verifier_versions={})
                await run_stage(curation, journal, roles, again=0)
                await seal_stage(curation, lake, journal, roles)
                tasks |= _by_task(lake, lane, partition, tasks)
                sampling = generations_stage(lake, lane, partition.name, draws_of(settings)[0])
                await run_stage(sampling, journal, roles, again=0)
                if JUDGED in lane.task_types and settings.judges:
                    await seal_stage(sampling, lake, journal, roles)
                    await _record_judge(settings, lake, lane, partition.name, journal, roles, runner, tasks)
        finally:
            await runner.aclose()
        segment.freeze()


def _by_task(
    lake: Lake, lane: Lane, partition: Partition, by_row: dict[str, ScriptedTask]
) -> Iterable[tuple[str, ScriptedTask]]:
    """The answers to the tasks of a partition, which need not have the id of their row: in each language another."""
    for task in task_rows(lake, lane, partition.name, ("problem_id", "row_id")):
        if (written := by_row.get(task["row_id"])) is not None:
            yield task["problem_id"], written.in_language(partition.language)


async def _record_judge(
    settings: Settings,
    lake: Lake,
    lane: Lane,
    shard: str,
    journal: Journal,
    roles: Roles,
    runner: VerifierRunner,
    tasks: dict[str, ScriptedTask],
) -> None:
    """Have a shard's responses judged, and the golds by which the asset check tries the judge."""
    for row in lake.rows(generations_asset(lane), shard, ["problem_id", "response_id"]):
        if (task := tasks.get(row["problem_id"])) is not None:
            tasks[row["response_id"]] = task
    for stage in verifications_stages(lake, lane, shard, runner=runner, acceptance=settings.acceptance):
        await run_stage(stage, journal, roles, again=0)
    await calibrate(
        [row for row in lake.rows(tasks_asset(lane), shard) if row["task_type"] == JUDGED],
        lambda row_id: Calls(row_id, journal.segment(f"{lane.name}/{shard}.tried"), roles),
        size=settings.judging.sample,
        threshold=Panel.of(settings).rules.threshold,
    )


def _scripted_roles(
    settings: Settings,
    segment: Segment,
    tasks: dict[str, ScriptedTask],
    runner: VerifierRunner,
    fails: Sequence[Fails],
) -> Roles:
    curator = RecordingTeacher(ScriptedTeacher(settings.curator.teacher_id, tasks), segment)
    teacher = RecordingTeacher(ScriptedTeacher(settings.teacher.teacher_id, tasks), segment)
    judges = {
        name: RecordingTeacher(ScriptedTeacher(role.teacher_id, tasks), segment)
        for name, role in settings.judges.items()
    }
    structured = {name for name, role in settings.judges.items() if role.structured}
    structured |= {"curator"} if settings.curator.structured else set()
    return Roles(
        curator=curator,
        teacher=teacher,
        judge=judges.pop(FIRST, None),
        further=judges,
        verifiers=_Presumed(runner, fails),
        structured=frozenset(structured),
    )


class _Presumed:
    """Verifiers, but no program is run: what a teacher is asked for a coding task hangs on no program's verdict.

    A gold is presumed to be right, unless it is written that it fails, and a wrong program, which curation wants
    stopped at its first failure, to be wrong. A program that is executed is presumed to make of each text another one.
    So a journal is recorded without a sandbox, for more rows than those that become tasks.
    """

    def __init__(self, runner: VerifierRunner, fails: Sequence[Fails]) -> None:
        self._runner, self._fails = runner, fails

    def identity(self, task_type: str) -> tuple[str, str]:
        return self._runner.identity(task_type)

    def response_kind(self, task_type: str) -> str:
        return self._runner.response_kind(task_type)

    def execution_place(self) -> str:
        return self._runner.execution_place()

    async def execute(self, job: Job) -> Execution:
        """Outputs of a function that is worth asking for: others for another program or another input."""
        said = [
            f"{digest([job.source.decode(errors='replace'), run.stdin.decode(errors='replace')], 12)}"
            for run in job.runs
        ]
        runs = (RunResult(index, "exit", exit_code=0, stdout=text.encode()) for index, text in enumerate(said))
        return Execution(Compiled(ok=True), tuple(runs), "presumed")

    async def verify(self, record: dict[str, Any], calls: Calls | None = None, *, kind: str = "") -> dict[str, Any]:
        if record["task_type"] != "verifiable_code":
            return await self._runner.verify(record, calls, kind=kind)
        for written in self._fails:
            if written.program in record["llm_response"]:
                return _as_written(written, record["verification_info"]["test_cases"])
        is_wrong = record["verification_info"].get("stop_at_first_failure", False)
        tests = [{"verdict": "wrong_answer" if is_wrong else "passed"}]
        return {"score": float(not is_wrong), "verification_result_info": {"tests": tests}}


def _as_written(fails: Fails, tests: list[dict[str, Any]]) -> dict[str, Any]:
    """The verdict on a wrong gold, as far as curation looks at it."""
    expected = tests[fails.test]["output"]
    return {
        "score": fails.test / len(tests),
        "verification_result_info": {
            "reason": "wrong answer",
            "tests": [{"verdict": "passed"}] * fails.test + [{"verdict": "wrong_answer"}],
            "first_failure": {
                "index": fails.test,
                "expected": expected if isinstance(expected, str) else json.dumps(expected),
            },
            "measured": {"first_failure": {"got": fails.got, "stderr": ""}},
        },
    }


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
