"""``genesys withdraw``: a source row that no later data set may hold, nor anything that was made of it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.commands.override import BY_HELP, now, user
from genesys.lanes import LANES
from genesys.ledger_marks import mark_withdrawn
from genesys.lineage.named import SourceRow, source_row, tasks_of
from genesys.overrides import Decision, decide, open_overrides
from genesys.printable import printable
from genesys.release.holding import HUB, releases_with
from genesys.settings import Settings, load_settings
from genesys.stores import open_lake


class WithdrawOptions(Options):
    """Withdraw a source row: what was made of it is in no later data set, and nobody is asked about its tasks any more.

    Takes the row's id, its key in its source, its file:row, or the id of a task or a response that was made of it. The
    ledger marks the row; its tables keep it. `genesys override undo ID` takes it back. Releases that were published
    before and hold it are listed: nobody but you can change those.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys withdraw")

    id: CliPositionalArg[str] = Field(description="of a source row, or of a task or a response that was made of it")
    why: str = Field(description="for those who ask later; stands in the table of decisions and in lists of drops")
    by: str = Field("", description=BY_HELP)
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Withdraw a source row.

    Raises:
        GenesysError: Nothing is called so, or the table of decisions cannot be read.
    """
    options = parse(WithdrawOptions, argv)
    settings = load_settings(options.config or None)
    row = source_row(open_lake(settings), LANES.values(), options.id)
    decide(settings, Decision(id=row.row_id, action="withdraw", why=options.why, by=options.by or user(), at=now()))
    mark_withdrawn(open_lake(settings), row.lane, open_overrides(settings).withdrawn)
    _tell(settings, row)
    return DONE


def _tell(settings: Settings, row: SourceRow) -> None:
    tasks = [str(task.row["problem_id"]) for task in tasks_of(open_lake(settings), row)]
    print(printable(f"Withdrawn: {row}."))
    print(f"Tasks made of it: {', '.join(tasks) or 'none'}. The data sets leave them out when they are made again.")
    place = settings.path(settings.release.publish.to)
    if place.startswith(HUB):
        print(f"Releases on the hub ({place.removeprefix(HUB)}) were not looked at.")
        return
    held = releases_with(place, {row.row_id, *tasks}, settings.release.publish.storage_options)
    for one in held:
        said = f"{one.traces:,} traces of it" if one.traces is not None else f"cannot be read: {one.trouble}"
        print(printable(f"Published: {one.place}: {said}"))
    if not held:
        print(f"No release below {place} holds it.")
