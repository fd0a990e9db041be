"""``genesys run``: one's own lanes from a terminal, by the very jobs that the UI has buttons for."""

import os
import shlex
import time
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.commands.options import Options, Texts, parse
from genesys.faults import GenesysError
from genesys.lanes import chosen_lane
from genesys.settings import FILE_NAME, Settings, load_settings
from genesys.settings.landing import something_landed, with_landing
from genesys.sources import LANDING
from genesys_dagster.commands.running import run_everything


class RunOptions(Options):
    """Run the lanes of genesys.toml through Dagster, from their ledgers to the data sets; `genesys ui` shows the runs.

    The same command goes on where it was stopped. Exit codes: 0 all went well; 2 a run failed; 3 rows are left to be
    tried again, or a lane was not run.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys run")

    lane: Texts = Field((), description="only these lanes; the data sets hold what stands there of all")
    language: Texts = Field((), description="only these languages, in lanes that have some")
    config: str = Field("", description="the settings' file; by default genesys.toml here")


def main(argv: list[str]) -> int:
    """Run your lanes from the ledgers to the data sets, here on the terminal.

    Returns:
        0, or 2 if a run failed, or 3 if rows are left to be tried again or a lane was not run.

    Raises:
        GenesysError: There are no settings, or no such lane or language in them.
    """
    began = time.monotonic()
    options = parse(RunOptions, argv)
    settings = _settings(options)
    spelling = "{genesys} {words}" + (f" --config {shlex.quote(options.config)}" if options.config else "")
    lanes, languages = options.lane or None, options.language or None
    return run_everything(settings, began=began, lanes=lanes, languages=languages, spelling=spelling)


def _check_languages(options: RunOptions, settings: Settings) -> None:
    lanes = [chosen_lane(settings, name) for name in options.lane or settings.lanes]
    known = sorted({language for lane in lanes for language in lane.languages})
    for name in options.language:
        if name not in known:
            there = f"they have {', '.join(known)}" if known else "none of these lanes has languages"
            raise GenesysError(f"--language {name}: no lane that is run has it; {there}")


def _settings(options: RunOptions) -> Settings:
    chosen = options.config or os.environ.get("GENESYS_CONFIG") or FILE_NAME
    if chosen == FILE_NAME and not Path(FILE_NAME).is_file():
        raise GenesysError(f"there is no {FILE_NAME} here; `genesys init` writes one (`genesys demo` needs none)")
    settings = load_settings(chosen)
    if not settings.lanes and LANDING not in options.lane and not something_landed(settings):
        raise GenesysError(f"{chosen}: there is no lane in it; name its sources under [lanes.math], for one")
    if LANDING in options.lane or (not options.lane and something_landed(settings)):
        settings = with_landing(settings)
    for name in options.lane:
        if name not in settings.lanes:
            raise GenesysError(f"--lane {name}: {chosen} has no [lanes.{name}]; it has {', '.join(settings.lanes)}")
    _check_languages(options, settings)
    return settings
