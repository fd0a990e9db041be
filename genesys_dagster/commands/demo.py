"""``genesys demo``: the whole pipeline on bundled tasks, in a state of its own. What runs it is ``running``."""

import os
import shlex
import time
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.commands.options import Options, Texts, parse
from genesys.demo.build import build_recorded
from genesys.faults import GenesysError
from genesys.settings import DEMO_NAME, FILE_NAME, Settings, load_settings
from genesys_dagster.commands.running import run_everything

ABOUT = """The whole pipeline on bundled rows, all seven lanes: no network, GPU, Docker or key.
The answers are recorded ones, written by hand for this demo. They are not a model's, and the pass rate says nothing
about any model. Programs run in containers if a Docker engine has the sandbox's image, else as plain processes, which
know only the languages of this machine; what a model wrote always wants containers (docs/sandbox.md)."""


class DemoOptions(Options):
    """Run the whole pipeline on bundled tasks with recorded answers."""

    model_config = SettingsConfigDict(cli_prog_name="genesys demo")

    lane: Texts = Field((), description="only these lanes; the data sets hold what stands there of all")
    state: str = Field("", description="folder for tables, journal and the Dagster instance; by default state/demo")


def main(argv: list[str]) -> int:
    """Run the whole pipeline on bundled tasks: no network, GPU, Docker or key.

    Returns:
        0, also where a language is not installed here; 2 if a run failed, 3 if rows are left to be tried again.

    Raises:
        GenesysError: The state folder cannot be used, or there is no such lane.
    """
    options = parse(DemoOptions, argv)
    settings = demo_settings(options.state)
    if unknown := [name for name in options.lane if name not in settings.lanes]:
        raise GenesysError(f"--lane {unknown[0]}: the demo has {', '.join(settings.lanes)}")
    print(ABOUT + "\n", flush=True)
    began = time.monotonic()
    build_recorded(settings)
    lanes, spelling = options.lane or None, _spelling(options.state)
    return run_everything(settings, began=began, lanes=lanes, spelling=spelling, offers_init=True, may_lack=True)


def _spelling(state: str) -> str:
    """How a command on this demo is written here, where there may be settings of one's own too."""
    before = f"GENESYS__STATE={shlex.quote(state)} " if state else ""
    is_found = not Path(FILE_NAME).is_file() and not os.environ.get("GENESYS_CONFIG")
    return before + "{genesys} {words}" + ("" if is_found else f" --config {DEMO_NAME}")


def demo_settings(state: str = "") -> Settings:
    """The demo's settings, with the state folder counted from here."""
    return load_settings(DEMO_NAME, **({"state": str(Path(state).absolute())} if state else {}))
