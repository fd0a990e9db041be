"""``genesys verify``: a file of responses -> the same with verdicts. What a verdict is stands with the verifiers."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Progress, Work, end_of, run_rows
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.calls.verdicts import Subject
from genesys.choices import Acceptance
from genesys.cli import DONE, ROWS_ERRORED
from genesys.commands.options import Options, Texts, parse
from genesys.commands.own_verifiers import VERIFIERS_HELP, import_verifiers
from genesys.commands.progress import monitor_of, pass_rate, shown
from genesys.commands.reasons import BROKEN, INCOMPLETE
from genesys.commands.summary import SEGMENT, Agreement, Summary
from genesys.faults import GenesysError
from genesys.outcomes import Outcome, accepted, errored, rejected
from genesys.printable import printable
from genesys.rows import Record, broken_record, count_rows, is_broken, read_records, to_line, whole_file
from genesys.schemas import Response
from genesys.settings import Settings, load_settings, nothing_is_set_up
from genesys.settings.roles import RoleSettings
from genesys.sources import BadRow
from genesys.stages.verdicts import verdict_on
from genesys.teachers.casting import with_judges
from genesys.verifiers.registry import VERIFIER_REGISTRY
from genesys.verifiers.runner import VerifierRunner

JOURNAL = ".journal"
ROWS_IN_FLIGHT = 512
"""More than all verifiers together take at once, so that rows of a slow one do not keep the others waiting."""
YIELD_EVERY = 64
"""Rows written between two looks at what else is to be done, Ctrl-C among it."""
NOT_FOR_VERIFIERS = frozenset(("score", "verification_result_info", "expected_score"))
"""An earlier verdict, and what the verdict should be."""


class VerifyOptions(Options):
    """Verify a file of responses: X.jsonl -> X_verified.jsonl beside it, with score and verification_result_info.

    The same command goes on where it was stopped: verdicts are kept in .journal beside the file.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys verify")

    file: Path | None = Field(None, description="responses, as genesys generate writes them (.jsonl, or .parquet)")
    verifiers: Texts = Field((), description=VERIFIERS_HELP)
    journal: str = Field("", description=f"folder where verdicts are kept; by default {JOURNAL} beside the file")
    config: str = Field("", description="settings with [judge] and [acceptance]; by default genesys.toml here")


@dataclass(frozen=True)
class Row:
    """One line of the file."""

    number: int
    record: Record | BadRow


def main(argv: list[str]) -> int:
    """Verify a file of responses and write it with scores beside it.

    Raises:
        GenesysError: Options that do not fit, or a file that is not there.
    """
    options = parse(VerifyOptions, argv)
    if options.file is None:
        raise GenesysError("give --file, the responses to verify")
    if not options.file.is_file():
        raise GenesysError(f"{options.file}: there is no such file")
    with _settings_file(options.config):
        settings = load_settings()
        if nothing_is_set_up():  # the demo's judge knows the demo's responses and no others
            settings = settings.model_copy(update={"judge": RoleSettings()})
        for module in options.verifiers:
            import_verifiers(module)
        place = options.journal or options.file.parent / JOURNAL
        summary = Summary(target_of(options.file), place)
        with Journal(place) as journal:
            asyncio.run(verify(options.file, summary, journal.segment(SEGMENT), settings))
    print(printable(str(summary)))
    return ROWS_ERRORED if summary.total.errored else DONE


def target_of(file: Path) -> Path:
    """Where the verified records go."""
    return file.with_name(f"{file.stem}_verified.jsonl")


async def verify(file: Path, summary: Summary, segment: Segment, settings: Settings) -> None:
    """Run every row into the journal, then write the summary's target from it, and count what is written.

    Rows whose verifier lacks something on this machine are errored, and the summary says once what it is.

    Raises:
        InfrastructureFault: A fatal one (disk full); the same file goes on from there.
    """
    acceptance = settings.acceptance

    async def function(row: Row, calls: Calls) -> Outcome:
        return await verify_record(row.record, calls, acceptance)

    def rows() -> Iterator[Row]:
        return (Row(number, record) for number, record in read_records(file))

    async def counted(row: Row, calls: Calls) -> Outcome:
        outcome = await function(row, calls)
        live.add(row.record, outcome, acceptance)
        if outcome.status == "errored":
            newest[:] = [f"the newest: {outcome.detail or outcome.reason}"]
        return outcome

    def note(progress: Progress) -> str:
        return ", ".join(filter(None, (pass_rate(progress), live.brief())))

    work = Work(rows, lambda row: f"{file.name}:{row.number}", function)
    live, newest = Agreement(), [""]
    async with AsyncExitStack() as stack, VerifierRunner(settings=settings) as runner:
        roles = with_judges(Roles(verifiers=runner), settings, stack)
        monitor = monitor_of("verify", file.name, "verifications", count_rows(file))
        monitor.ask(roles)
        progress = monitor.progress()
        with shown(monitor, "records", summary.journal, note=note, trouble=lambda: newest[0]):
            await run_rows(replace(work, function=counted), segment, roles, progress=progress, window=ROWS_IN_FLIGHT)
        with whole_file(summary.target) as stream:
            for position, row in enumerate(rows()):
                outcome = await end_of(work, row, Calls(work.row_id(row), segment, roles, replay=True))
                stream.write(to_line(verified(row.record, outcome)))
                summary.add(row.record, outcome, acceptance, work.row_id(row))
                if position % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
        for task_type, counts in summary.by_type.items():
            if counts.errored and (missing := await runner.ready(task_type)) is not None:
                summary.not_run[task_type] = missing


async def verify_record(record: Record | BadRow, calls: Calls, acceptance: Acceptance) -> Outcome:
    """One record -> its verdict as the outcome's record; errored if nothing can be said of it."""
    if isinstance(record, BadRow):
        return errored(BROKEN, str(record))
    if is_broken(record):
        return errored(BROKEN, str(record["error"]))
    if "llm_response" not in record and "error" in record:
        return errored("no response", str(record["error"]))
    try:
        response = Response.read({name: value for name, value in record.items() if name not in NOT_FOR_VERIFIERS})
    except ValueError as error:
        return errored(INCOMPLETE, str(error))
    if response.task_type not in VERIFIER_REGISTRY:
        known = ", ".join(sorted(VERIFIER_REGISTRY))
        return errored("unknown task_type", f"no verifier is registered for {response.task_type!r} (known: {known})")
    score, info, reason = await verdict_on(Subject.of(response.model_dump()), calls, acceptance)
    verdict = {"score": score, "verification_result_info": info}
    return accepted(verdict) if reason is None else rejected(reason, None, verdict)


def verified(record: Record | BadRow, outcome: Outcome) -> Record:
    """A record with its verdict; its other fields keep the form they had. A broken row stays in its place."""
    if isinstance(record, BadRow):
        return broken_record(record)
    if is_broken(record):
        return record
    if outcome.records:
        return record | outcome.records[0]
    return record | {"score": None, "verification_result_info": {"error": outcome.detail}}


@contextlib.contextmanager
def _settings_file(path: str) -> Iterator[None]:
    """Let everything in the block read this settings file, the judge's verifier too."""
    before = os.environ.get("GENESYS_CONFIG")
    if path:
        os.environ["GENESYS_CONFIG"] = path
    try:
        yield
    finally:
        if before is not None:
            os.environ["GENESYS_CONFIG"] = before
        elif path:
            del os.environ["GENESYS_CONFIG"]
