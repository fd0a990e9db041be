"""``genesys land``: brings tasks of one's own, checked row by row, to the landing place of the landing lane.

What a row must have stands in ``genesys.curation.landing``, the place in ``genesys.sources.landing_place``.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shlex
import sys
from collections.abc import AsyncIterator
from importlib.metadata import entry_points
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE, GROUP, ROWS_ERRORED
from genesys.commands.options import Options, Texts, parse
from genesys.faults import GenesysError, InfrastructureFault
from genesys.landing.checking import Checker, Found
from genesys.landing.given import Given, Unreadable, all_given, left_out, title_of
from genesys.landing.readiness import missing_here
from genesys.settings import FILE_NAME, Settings, load_settings
from genesys.settings.landing import landing_place
from genesys.sources import LANDING, Source
from genesys.sources.landing_place import HASH_CHARS, Place

TOLD_EVERY = 100_000


class LandOptions(Options):
    """Bring tasks of your own: .jsonl or .parquet files, folders of them, data sets of the hub, in the Task schema.

    A row has problem_id, source, task_type, prompt, gold_standard_solution, verification_info and metadata.
    Every row is checked first; broken ones are named and left out, and the others are put whole to the landing place,
    from where the landing lane takes them. Exit codes: 0 all rows were landed, or stand there already; 2 none could
    be; 3 some could not.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys land")

    given: CliPositionalArg[tuple[str, ...]] = Field(description="files, folders, patterns, hub ids, s3:// addresses")
    name: str = Field("", description="the source of rows that name none: with their problem_id it says who they are")
    license: str = Field("", description="of rows that have none of their own")
    attribution: str = Field("", description="of rows that have none of their own")
    revision: str = Field("", description="of a hub data set: branch, tag or commit; by default its newest")
    split: str = Field("train", description="of a hub data set")
    subset: str = Field("", description="of a hub data set that has several, its configuration")
    data_files: Texts = Field((), description="of a hub data set, or a folder: patterns of the files to be read")
    max_rows: int | None = Field(None, ge=1, description="so many rows of a hub data set at most")
    list: int = Field(10, ge=0, description="broken rows that are shown")
    strict: bool = Field(False, description="land nothing if a row is broken")
    again: bool = Field(False, description="land once more what was landed before and changed by a later landing")
    dry_run: bool = Field(False, description="check and count, and land nothing")
    run: bool = Field(False, description="take it through the lane right away, as genesys run --lane landing")
    config: str = Field("", description="the settings' file; by default genesys.toml here")


def main(argv: list[str]) -> int:
    """Bring tasks of your own to the landing lane, each row checked first.

    Returns:
        0, or 3 if some rows or files could not be landed; with --run what that gives, if it is not 0.

    Raises:
        GenesysError: There are no settings, nothing to be landed, or no place for it.
    """
    options = parse(LandOptions, argv)
    settings = _settings(options)
    place = Place(landing_place(settings))
    with contextlib.nullcontext(Path(os.devnull)) if options.dry_run else place.draft() as draft:
        landing = asyncio.run(_Landing(options).read(draft))
        landing.tell()
        if not landing.found.good:
            raise GenesysError("there is no task to be landed")
        if options.strict and landing.is_flawed:
            raise GenesysError("nothing was landed, as --strict has it: mend what is named above")
        where = place.source.path.rstrip("/")
        if options.dry_run:
            print(f"Not landed (--dry-run): {landing.found.good:,} tasks, for {where}")
        else:
            _put(place, draft, landing, options, where)
    for line in asyncio.run(missing_here(settings, [kind for kind, _ in landing.found.tasks])):
        print(f"Missing on this machine: {line}")
    code = ROWS_ERRORED if landing.is_flawed else DONE
    if options.dry_run:
        return code
    return _run(options) or code if options.run else _next(options, settings) or code


def _settings(options: LandOptions) -> Settings:
    chosen = options.config or os.environ.get("GENESYS_CONFIG") or FILE_NAME
    if chosen == FILE_NAME and not Path(FILE_NAME).is_file():
        raise GenesysError(f"there is no {FILE_NAME} here, which says where tasks are put; `genesys init` writes one")
    return load_settings(chosen)


class _Landing:
    """What is given, read once from its beginning to its end."""

    def __init__(self, options: LandOptions) -> None:
        self._options = options
        defaults = {"source": options.name, "license": options.license, "attribution": options.attribution}
        self._checker = Checker(defaults, options.list)
        self.unreadable: list[Unreadable] = []
        self.content = ""
        self.title = ""

    @property
    def found(self) -> Found:
        """Rows, counted."""
        return self._checker.found

    @property
    def is_flawed(self) -> bool:
        """Whether something was left out that a person would want to mend."""
        return bool(self.found.broken or self.unreadable)

    async def read(self, draft: Path) -> _Landing:
        """Check all rows; those that are good are written."""
        options, sha, revisions = self._options, hashlib.sha256(), []
        hub = Source(
            path="",
            revision=options.revision or None,
            split=options.split,
            config=options.subset or None,
            data_files=options.data_files,
            max_rows=options.max_rows,
        )
        with draft.open("wb") as target:
            for given in all_given(options.given, hub):
                if isinstance(given, Unreadable):
                    self.unreadable.append(given)
                    continue
                revisions.append(given.opened.revision)
                async for line in self._lines(given):
                    sha.update(line)
                    target.write(line)
        self.content = sha.hexdigest()[:HASH_CHARS]
        self.title = title_of(options.given, tuple(revisions))
        return self

    async def _lines(self, given: Given) -> AsyncIterator[bytes]:
        try:
            for row in given.opened.rows():
                line = await self._checker.line(row, given.shown if given.opened.files else row.file, given.name)
                if self.found.rows % TOLD_EVERY == 0:
                    print(f"{self.found.rows:,} rows", file=sys.stderr)
                if line is not None:
                    yield line
        except InfrastructureFault:
            raise
        except GenesysError as error:
            self.unreadable.append(Unreadable(given.shown, str(error)))

    def tell(self) -> None:
        """What was found, on the terminal."""
        found = self.found
        print(f"{found.rows:,} rows: {found.good:,} tasks, {found.repeated:,} repeated, {found.broken:,} broken")
        for (kind, language), count in sorted(found.tasks.items()):
            print(f"  {kind:38} {language:12} {count:>9,}")
        for line in found.first_broken:
            print(f"broken: {line}")
        if (more := found.broken - len(found.first_broken)) > 0:
            print(f"broken: {more:,} more; --list {found.broken} shows them all")
        for file in self.unreadable:
            print(f"not read: {file.reason}")
        if others := left_out(self._options.given):
            more_of_them = f" and {len(others) - 5:,} more" if len(others) > 5 else ""
            print(f"left out, being no .jsonl or .parquet: {', '.join(others[:5])}{more_of_them}")
        if found.unlicensed:
            print(f"{found.unlicensed:,} tasks say nothing of their licence; --license gives them one")


def _put(place: Place, draft: Path, landing: _Landing, options: LandOptions, where: str) -> None:
    name, is_new = place.put(draft, landing.title, landing.content, again=options.again)
    if is_new:
        print(f"Landed {landing.found.good:,} tasks: {where}/{name}")
    elif place.is_newest(name):
        print(f"These {landing.found.good:,} tasks stand there already: {where}/{name}")
    else:
        print(f"These {landing.found.good:,} tasks were landed before: {where}/{name}")
        print("What was landed since goes before them where it has the same tasks; --again lands them once more")


def _next(options: LandOptions, settings: Settings) -> int:
    config = f" --config {shlex.quote(options.config)}" if options.config else ""
    print(f"Next: genesys run --lane {LANDING}{config}")
    if LANDING not in settings.lanes:
        print(f"For the UI, and for genesys run without --lane, add the line [lanes.{LANDING}] to your settings")
    return DONE


def _run(options: LandOptions) -> int:
    """The command that runs lanes belongs to the graph, of which this library knows nothing."""
    run = next((point for point in entry_points(group=GROUP) if point.name == "run"), None)
    if run is None:
        raise GenesysError("genesys run is not installed; the tasks are landed, and another machine can take them on")
    return int(run.load()(["--lane", LANDING, *(["--config", options.config] if options.config else [])]))
