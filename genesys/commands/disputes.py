"""``genesys disputes``: lists tasks whose gold the responses do not bear out; ``genesys.quality`` finds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict
from rich.console import Console
from rich.text import Text

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, Texts, parse
from genesys.faults import GenesysError
from genesys.lane import Lane
from genesys.lanes import LANES
from genesys.printable import printable
from genesys.quality.disputes import Votes, shortened, telling
from genesys.quality.listing import Entry, FileAudit
from genesys.quality.same_answers import SameAnswers
from genesys.release import disputed, filtered
from genesys.settings import DisputeSettings, Settings, load_settings
from genesys.stages.verifications import verifications_asset
from genesys.stores import open_lake
from genesys.tables.lake import WHOLE, Lake, Part

_CHARS = 200
"""Characters of a prompt, a gold or an answer that are shown; --json has more of them."""
_ANSWERS = 5
_IDS = 4
_STYLES = {"disputed": "bold red", "contested": "yellow"}


class DisputesOptions(Options):
    """List tasks whose gold is disputed: their responses agree with one another and none of them with the gold.

    They are kept out of the data sets. Contested tasks, on which some responses agree with the gold and by far the most
    on another answer, are listed after them and stay. What was decided stands in dataset/filtered; with --min_votes or
    --share, and before that was made, votes are counted from the verdicts now. docs/disputes.md says more.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys disputes")

    lane: Texts = Field((), description="only these lanes")
    min_votes: int | None = Field(None, ge=2, description="responses that must agree; by default [disputes] votes, 4")
    share: float | None = Field(
        None, gt=0.5, le=1, description="of all that answer, the share that must agree; by default 0.75"
    )
    file: Path | None = Field(None, description="no tables: a file of verified responses, as genesys verify writes it")
    json_: bool = Field(False, alias="json", description="for programs: all of it as one JSON object")
    config: str = Field("", description=CONFIG_HELP)


class Found(BaseModel):
    """What is listed, and of what it was made."""

    model_config = ConfigDict(frozen=True)

    counted_from: str
    """``dataset/filtered`` for what was decided there, ``verifications`` for what was counted now, or the file."""
    rule: DisputeSettings
    tasks: int | None = None
    """Tasks with verdicts, where that is known."""
    notes: tuple[str, ...] = ()
    entries: list[Entry]


def main(argv: list[str]) -> int:
    """List tasks on which the responses agree with one another and not with the gold.

    Raises:
        GenesysError: The settings or the file cannot be read, or a lane does not exist.
    """
    options = parse(DisputesOptions, argv)
    settings = load_settings(options.config or None)
    chosen = {"votes": options.min_votes, "share": options.share}
    rule = settings.disputes.model_copy(update={name: value for name, value in chosen.items() if value is not None})
    with SameAnswers(settings=settings) as same:
        if options.file is not None:
            found = _of_file(options, settings, rule, same)
        else:
            found = _of_tables(options, settings, rule, same)
    if options.json_:
        print(found.model_dump_json(indent=2))
    else:
        _print(Console(highlight=False, soft_wrap=True), found)
    return DONE


def _of_file(options: DisputesOptions, settings: Settings, rule: DisputeSettings, same: SameAnswers) -> Found:
    assert options.file is not None  # noqa: S101 - see main
    if options.lane:
        raise GenesysError("--lane chooses among the tables' lanes; a file has none")
    if not options.file.is_file():
        raise GenesysError(f"{options.file}: there is no such file")
    audit = FileAudit(settings.acceptance, rule)
    audit.read(options.file)
    notes = []
    if audit.unusable:
        notes.append(
            f"{audit.unusable:,} of {audit.records:,} records have no verdict (`genesys verify` gives one, or says "
            "in verification_result_info why not), or lack problem_id or response_id, and were passed over."
        )
    entries = sorted(audit.entries(same), key=telling)
    return Found(counted_from=str(options.file), rule=rule, tasks=audit.tasks, notes=tuple(notes), entries=entries)


def _of_tables(options: DisputesOptions, settings: Settings, rule: DisputeSettings, same: SameAnswers) -> Found:
    lanes = _lanes(options.lane)
    lake = open_lake(settings)
    part = lake.part(filtered.ASSET, WHOLE, filtered.CAMPAIGN)
    is_asked_anew = options.min_votes is not None or options.share is not None
    if part is None or disputed.COMPANION not in part.companions or is_asked_anew:
        entries = disputed.entries(lake, lanes, disputed.count_again(lake, lanes.values(), rule, same))
        notes = () if _any_verdicts(lake, lanes) else (f"There are no verdicts in {lake.root} yet.",)
        return Found(counted_from="verifications", rule=rule, notes=notes, entries=sorted(entries, key=telling))
    rows = (row for row in disputed.listed(lake, filtered.ASSET, part) if row["lane"] in lanes)
    return Found(
        counted_from=filtered.ASSET,
        rule=rule.model_copy(update=part.settings["disputes"]),
        tasks=None if options.lane else int(part.figures["tasks"]),
        notes=_outdated(lake, lanes, part),
        entries=sorted(disputed.entries(lake, lanes, rows), key=telling),
    )


def _lanes(names: tuple[str, ...]) -> Mapping[str, Lane]:
    for name in names:
        if name not in LANES:
            raise GenesysError(f"--lane {name}: there is no such lane; there are {', '.join(sorted(LANES))}")
    return {name: lane for name, lane in LANES.items() if not names or name in names}


def _any_verdicts(lake: Lake, lanes: Mapping[str, Lane]) -> bool:
    return any(lake.partitions(verifications_asset(lane)) for lane in lanes.values())


def _outdated(lake: Lake, lanes: Mapping[str, Lane], part: Part) -> tuple[str, ...]:
    tables = map(verifications_asset, lanes.values())
    new = [f"{table}/{shard}" for table in tables for shard in lake.partitions(table)]
    changed = lake.changed(part) + [name for name in new if name not in part.inputs]
    if not changed:
        return ()
    more = f" and {len(changed) - 1} more" if changed[1:] else ""
    return (f"This is as of the last {filtered.ASSET}. {changed[0]}{more} changed since: materialize it again.",)


def _print(console: Console, found: Found) -> None:
    for entry in found.entries:
        place = f"  lane {entry.lane}, shard {entry.shard}" if entry.lane else ""
        console.print(Text.assemble((entry.kind, _STYLES[entry.kind]), printable(f"  {entry.problem_id}{place}")))
        origin = ", ".join(filter(None, (entry.source, entry.in_source_id)))
        for name, value in (("source", origin), ("prompt", entry.prompt), ("gold", entry.gold)):
            console.print(Text(printable(f"    {name:8} {shortened(value, _CHARS)}")))
        with_gold = "none" if not entry.agreeing else f"{entry.agreeing:,}"
        console.print(Text(printable(f"    {'votes':8} {entry.voters:,} answers, {with_gold} of them the gold's")))
        for votes in entry.answers[:_ANSWERS]:
            console.print(Text(printable(f"    {votes.votes:8,} {shortened(votes.answer, _CHARS)}  ({_by(votes)})")))
        if entry.answers[_ANSWERS:]:
            console.print(Text(printable(f"    {'':8} and {len(entry.answers) - _ANSWERS:,} other answers")))
        ids = entry.leader.response_ids
        more = f" and {len(ids) - _IDS:,} more" if ids[_IDS:] else ""
        console.print(Text(printable(f"    {'audit':8} {' '.join(ids[:_IDS])}{more}")))
        console.print()
    console.print(Text(printable(_summary(found))))
    for note in found.notes:
        console.print(Text(printable(note)))


def _by(votes: Votes) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in votes.teachers.items())


def _summary(found: Found) -> str:
    kinds = [entry.kind for entry in found.entries]
    of = "" if found.tasks is None else f" of {found.tasks:,} tasks with verdicts"
    rule = f"at least {found.rule.votes} responses and {found.rule.share:.0%} of all answers agree"
    return (
        f"{kinds.count('disputed'):,} disputed, {kinds.count('contested'):,} contested{of} "
        f"(from {found.counted_from}; {rule})."
    )
