"""Each step of a chain derived once more: from recorded answers, and the verdict also past the journal."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from genesys.calls.context import TRIALS_WITHIN, Calls, Roles
from genesys.calls.engine import Work, end_of
from genesys.calls.entry import Entry
from genesys.calls.journal import Journal
from genesys.choices import Acceptance
from genesys.faults import GenesysError, InfrastructureFault
from genesys.lane import Lane
from genesys.lineage.evidence import GONE, Evidence, Recorded
from genesys.lineage.held import Row
from genesys.lineage.records import Check, Checks, Step
from genesys.outcomes import Outcome, accepted
from genesys.overrides import open_overrides
from genesys.prompts import Prompt
from genesys.settings import Settings
from genesys.stages.generations import sample_row
from genesys.stages.mending import MENDED, Mends, mends_of
from genesys.stages.records import HeldTask, ResponseRow, subject_of
from genesys.stages.tasks import curate_row, read_ledger_row
from genesys.stages.verifications import verify_row
from genesys.tables.lake import Lake, Part
from genesys.teachers.casting import Named, with_judges, with_named_judges
from genesys.verifiers.runner import VerifierRunner

VERDICT_FIELDS = ("score", "accepted", "reason", "rule", "extracted_answer", "canonical_answer")
Derive = Callable[[Calls], Awaitable[Outcome]]
Registry = Mapping[str, type[Any]]


async def replay(
    evidence: Evidence,
    recorded: Recorded,
    *,
    live: bool,
    registry: Registry | None,
    settings: Settings | None = None,
) -> dict[Step, list[Check]]:
    """Derive task, generation and verdict again.

    Args:
        evidence: Of the response.
        recorded: The journal.
        live: Also run the verifier again, past the journal.
        registry: Verifiers by task type; by default those that are installed.
        settings: What verifiers are made from; by default each finds its own.

    Returns:
        Checks to add to each link: one for every field, or one that says why a step cannot be derived.
    """
    async with VerifierRunner(registry, settings=settings) as runner:
        steps: dict[Step, list[Check]] = {
            "task": await _replay_task(evidence, recorded, runner, settings),
            "generation": await _replay_generation(evidence, recorded),
            "verdict": [
                *await _replay_verdict(evidence, recorded, runner),
                *await _judge_again(evidence, recorded, runner, settings),
            ],
        }
        if live:
            steps["verdict"] += await _verify_live(evidence, runner, settings)
    return steps


async def _replay_task(
    evidence: Evidence, recorded: Recorded, runner: VerifierRunner, settings: Settings | None
) -> list[Check]:
    row, task, part = evidence.ledger.row, evidence.task.row, evidence.task.part
    if row is None or task is None or part is None:
        return []
    entries = recorded.entries(evidence.segment, task["call_keys"])
    roles = roles_of(evidence.lane, [entry for entry in entries if isinstance(entry, Entry)], runner)
    now = evidence.lane.versions | _verifier_versions(part.versions, runner)
    before = {name: part.versions.get(name, "absent") for name in now}
    changed = [f"{name} is now {now[name]}, was {before[name]}" for name in now if now[name] != before[name]]

    language = evidence.place.partition.language

    mends = mends_then(evidence.lake, evidence.lane, evidence.place.shard, part, settings)

    async def derive(calls: Calls) -> Outcome:
        return await curate_row(evidence.lane, read_ledger_row(evidence.lane, row, language), calls, mends)

    return await _derived_again(evidence, recorded, roles, derive, task, changed)


def mends_then(lake: Lake, lane: Lane, partition: str, part: Part, settings: Settings | None) -> Mends:
    """The golds that were mended when a part was made, as far as the decisions still say so."""
    if settings is None or MENDED not in part.versions:
        return {}
    return mends_of(lake, lane, partition, open_overrides(settings))


async def _replay_generation(evidence: Evidence, recorded: Recorded) -> list[Check]:
    task, generation, part = evidence.task.row, evidence.generation.row, evidence.generation.part
    if task is None or generation is None or part is None:
        return []
    settings, sampled = part.settings, (task, generation["sample_index"])
    roles = Roles(teacher=Named(str(settings["teacher_id"])))

    async def derive(calls: Calls) -> Outcome:
        response = await sample_row(sampled, calls, settings=settings, campaign=generation["campaign"])
        # Of a decision on all responses of the task, which is none of this one's.
        return accepted(response | {"accepted_so_far": generation.get("accepted_so_far")})

    return await _derived_again(evidence, recorded, roles, derive, generation, [])


async def _replay_verdict(evidence: Evidence, recorded: Recorded, runner: VerifierRunner) -> list[Check]:
    verdict, derive = evidence.verdict.row, _verification(evidence, runner)
    if verdict is None or derive is None:
        return []
    changed = _verifier_change(evidence, runner)
    return await _derived_again(evidence, recorded, Roles(verifiers=runner), derive, verdict, changed)


async def _judge_again(
    evidence: Evidence, recorded: Recorded, runner: VerifierRunner, settings: Settings | None
) -> list[Check]:
    """A verdict that was reached by calls of its own, reached once more from their recorded answers."""
    verdict, task, generation = evidence.verdict.row, evidence.task.row, evidence.generation.row
    if verdict is None or task is None or generation is None or _verifier_change(evidence, runner):
        return []
    (entry,) = recorded.entries(evidence.segment, [verdict["call_key"]])
    if isinstance(entry, str) or "calls" not in entry.result or "fault" in entry.result:
        return []
    segment = recorded.segment(evidence.segment)
    assert segment is not None  # noqa: S101 - it has the entry
    roles = with_named_judges(Roles(verifiers=runner), settings) if settings else Roles(verifiers=runner)
    subject, checks = subject_of(HeldTask(task), generation), Checks()
    base = entry.trial * TRIALS_WITHIN
    calls = Calls(evidence.place.response_id, segment, roles, replay=True, trial_base=base, subject=subject)
    try:
        found = await runner.verify(subject.read(), calls, kind=runner.response_kind(subject.task_type))
    except GenesysError as error:
        checks.note("judged again", f"cannot be derived from the recorded answers of the judges: {error}")
        return checks.made
    for name in ("score", "verification_result_info"):
        meaning = "the recorded answers of the judges come to another verdict"
        checks.same(f"judged again {name}", found[name], entry.result[name], meaning)
    return checks.made


async def _verify_live(evidence: Evidence, runner: VerifierRunner, settings: Settings | None) -> list[Check]:
    """The verifier run again: the same row function with a journal that knows nothing."""
    verdict, derive = evidence.verdict.row, _verification(evidence, runner)
    if verdict is None or derive is None:
        return []
    checks = Checks()
    for change in _verifier_change(evidence, runner):
        checks.note("live", change)
    task_type = evidence.task.row["task_type"] if evidence.task.row else ""
    if (missing := await runner.ready(task_type, evidence.place.partition.languages)) is not None:
        checks.note("live", f"cannot be verified again here: {missing}")
        return checks.made
    with tempfile.TemporaryDirectory() as scratch, Journal(scratch) as journal:
        async with AsyncExitStack() as stack:
            roles = Roles(verifiers=runner)
            roles = with_judges(roles, settings, stack) if settings else roles
            outcome = await _end(derive, Calls(evidence.place.response_id, journal.segment("live"), roles))
    if not outcome.records:
        checks.differs("live", f"verified again it ends as {outcome.status}: {outcome.reason}: {outcome.detail}")
        return checks.made
    record = outcome.records[0]
    for name in VERDICT_FIELDS:
        checks.same(f"live {name}", record[name], verdict[name], "verified again, the verdict is another one")
    if record["verification_result_info"] != verdict["verification_result_info"]:
        checks.note("live verification_result_info", f"is now {record['verification_result_info']}")
    return checks.made


async def _derived_again(
    evidence: Evidence, recorded: Recorded, roles: Roles, derive: Derive, stored: Row, changed: list[str]
) -> list[Check]:
    """Run a row function on recorded answers and compare what it gives with what stands, field by field."""
    checks = Checks()
    try:
        segment = recorded.segment(evidence.segment)
    except (sqlite3.Error, GenesysError) as error:
        checks.differs("replay", f"the journal cannot be read: {error}")
        return checks.made
    if segment is None:
        checks.note("replay", f"cannot be derived again: {GONE}")
        return checks.made
    outcome = await _end(derive, Calls(evidence.place.response_id, segment, roles, replay=True))
    key = "response_id" if "response_id" in stored else "problem_id"
    record = next((record for record in outcome.records if record[key] == stored[key]), None)
    since = f" ({'; '.join(changed)})" if changed else ""
    if record is None:
        end = f"it ends as {outcome.status}: {outcome.reason}" + (f": {outcome.detail}" if outcome.detail else "")
        checks.differs("replay", f"today's code does not come to this row again: {end}{since}")
        return checks.made
    for name, value in stored.items():
        checks.same(f"replay {name}", record.get(name), value, f"derived again it is another one{since}")
    return checks.made


async def _end(derive: Derive, calls: Calls) -> Outcome:
    async def function(_: None, calls: Calls) -> Outcome:
        return await derive(calls)

    return await end_of(Work(rows=lambda: (), row_id=lambda _: calls.row_id, function=function), None, calls)


def _verification(evidence: Evidence, runner: VerifierRunner) -> Derive | None:
    task, generation, part = evidence.task.row, evidence.generation.row, evidence.verdict.part
    if task is None or generation is None or part is None:
        return None
    response = ResponseRow(generation, HeldTask(task))
    acceptance = Acceptance.model_validate(part.settings["acceptance"])

    async def derive(calls: Calls) -> Outcome:
        return await verify_row(response, calls, runner=runner, acceptance=acceptance)

    return derive


def roles_of(lane: Lane, entries: Iterable[Entry], runner: VerifierRunner) -> Roles:
    """Who played which role when a task was made, from what was recorded of its calls."""
    by_name = {prompt.name: prompt for prompt in lane.prompts if isinstance(prompt, Prompt)}
    roles, structured = Roles(verifiers=runner), set()
    for entry in entries:
        if (prompt := by_name.get(entry.name)) is not None:
            setattr(roles, prompt.role, Named(entry.payload["teacher_id"]))
            if "response_format" in entry.payload["sampling"]:
                structured.add(str(prompt.role))
    roles.structured = frozenset(structured)
    return roles


def _verifier_versions(recorded: Mapping[str, str], runner: VerifierRunner) -> dict[str, str]:
    """Versions today of the verifiers that a part was made with."""
    kinds = [name.removeprefix("verifier:") for name in recorded if name.startswith("verifier:")]
    return {f"verifier:{kind}": _identity(runner, kind) for kind in kinds}


def _verifier_change(evidence: Evidence, runner: VerifierRunner) -> list[str]:
    verdict, task = evidence.verdict.row or {}, evidence.task.row or {}
    now, before = (
        _identity(runner, runner.response_kind(task["task_type"])),
        f"{verdict['verifier']}@{verdict['verifier_version']}",
    )
    return [] if now == before else [f"the verifier is now {now}, was {before}"]


def _identity(runner: VerifierRunner, task_type: str) -> str:
    try:
        return "@".join(runner.identity(task_type))
    except InfrastructureFault as fault:
        return f"absent: {fault}"
