"""``genesys gc``: shows what the state holds and nothing needs, and removes it. What that is stands in ``garbage``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.garbage.caches import in_caches
from genesys.garbage.engines import in_engines
from genesys.garbage.found import KINDS, Kept, Kind, Removable
from genesys.garbage.journals import in_journals
from genesys.garbage.tables import in_tables
from genesys.settings import Settings, load_settings
from genesys.stores import open_journal, open_lake
from genesys.teachers.shared_engine import FOLDER

_LOST = {
    "tables": "earlier contents of tables, which no manifest names any more, cannot be read again",
    "journals": "an audit cannot replay the calls of these shards any more, and whoever makes their tables anew asks, "
    "pays and verifies anew; the tables stay",
    "caches": "nothing; a journal on object storage is fetched again where it is needed",
    "engines": "nothing but the logs of engines that have ended",
    "leftovers": "nothing; runs that were killed left them half written",
}


class GcOptions(Options):
    """Show what can be removed from the state that the settings name, and remove it with --yes.

    Nothing is shown that an unfinished shard needs, no answer that waits for its table, nothing younger than the grace
    period. What is removed is looked at again right before it goes.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys gc")

    yes: bool = Field(False, description="remove what is shown; without it nothing is removed")
    what: tuple[Kind, ...] = Field(KINDS, description=f"only some of: {', '.join(KINDS)}")
    grace: float = Field(24.0, ge=0, description="hours; what was changed later may belong to a run, and stays")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Show what nothing needs any more, and remove it with --yes.

    Raises:
        GenesysError: The settings, or what they name, cannot be read.
    """
    options = parse(GcOptions, argv)
    settings = load_settings(options.config or None)
    found = list(_look(options, settings))
    _tell(found, settings)
    removable = [item for item in found if isinstance(item, Removable)]
    if options.yes and removable:
        print(f"Removed: {_size(_remove(removable))}.")
    elif removable:
        total = _size(sum(item.size for item in removable))
        print(f"Nothing was removed. `genesys gc --yes` removes {total}.")
    return DONE


def _look(options: GcOptions, settings: Settings) -> Iterator[Removable | Kept]:
    before = time.time() - options.grace * 3600
    if {"tables", "leftovers"}.intersection(options.what):
        yield from (item for item in in_tables(open_lake(settings), before) if item.kind in options.what)
    if "engines" in options.what:
        yield from in_engines(Path(settings.path("{state}")) / FOLDER, before)
    gone: set[str] = set()
    with open_journal(settings) as journal:
        if "journals" in options.what:
            for item in in_journals(open_lake(settings), journal, settings, before):
                gone |= {item.name} if isinstance(item, Removable) else set()
                yield item
        if "caches" in options.what:
            yield from (item for item in in_caches(journal, before) if item.name not in gone)


def _remove(found: list[Removable]) -> int:
    """How many bytes went; what stays after all is named."""
    total = 0
    for item in found:
        if why := item.remove():
            print(f"{item.name} stays: {why}")
        else:
            total += item.size
    return total


def _tell(found: list[Removable | Kept], settings: Settings) -> None:
    if not any(isinstance(item, Removable) for item in found):
        print(f"Nothing can go from {settings.path('{state}')}.")
    for kind in KINDS:
        chosen = [item for item in found if isinstance(item, Removable) and item.kind == kind]
        if chosen:
            print(f"{kind}: {len(chosen):,}, {_size(sum(item.size for item in chosen))}. What is lost: {_LOST[kind]}.")
            for item in chosen:
                print(f"  {_size(item.size):>9}  {item.name}  ({item.why})")
        for kept in (item for item in found if isinstance(item, Kept) and item.kind == kind):
            print(f"{kind}: {kept.name} stays: {kept.why}")


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
