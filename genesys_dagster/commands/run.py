"""``genesys run``: one's own lanes from a terminal, by the very jobs that the UI has buttons for."""

import os
import shlex
import time
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.commands.options import Options, Texts, parse
from genesys.faults import GenesysError
from genesys.settings import FILE_NAME, Settings, load_settings
from genesys_dagster.commands.running import run_everything


class RunOptions(Options):
    """Run the lanes of genesys.toml through Dagster, from their ledgers to the data sets; `genesys ui` shows the runs.

    The same command goes on where it was stopped. Exit codes: 0 all went well; 2 a run failed; 3 rows are left to be
    tried again, or a lane was not run.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys run")

    lane: Texts = Field((), description="only these lanes; the data sets hold what stands there of all")
    config: str = Field("", description="the settings' file; by default genesys.toml here")


def main(argv: list[str]) -> int:
    """Run your lanes from the ledgers to the data sets, here on the terminal.

    Returns:
        0, or 2 if a run failed, or 3 if rows are left to be tried again or a lane was not run.

    Raises:
        GenesysError: There are no settings, or no such lane in them.
    """
    began = time.monotonic()
    options = parse(RunOptions, argv)
    settings = _settings(options)
    spelling = "{genesys} {words}" + (f" --config {shlex.quote(options.config)}" if options.config else "")
    return run_everything(settings, began=began, lanes=options.lane or None, spelling=spelling)


def _settings(options: RunOptions) -> Settings:
    chosen = options.config or os.environ.get("GENESYS_CONFIG") or FILE_NAME
    if chosen == FILE_NAME and not Path(FILE_NAME).is_file():
        raise GenesysError(f"there is no {FILE_NAME} here; `genesys init` writes one (`genesys demo` needs none)")
    settings = load_settings(chosen)
    if not settings.lanes:
        raise GenesysError(f"{chosen}: there is no lane in it; name its sources under [lanes.math], for one")
    for name in options.lane:
        if name not in settings.lanes:
            raise GenesysError(f"--lane {name}: {chosen} has no [lanes.{name}]; it has {', '.join(settings.lanes)}")
    return settings
