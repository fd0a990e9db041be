"""``genesys watch``: the runs of a state as they go, from any terminal. It reads status files and changes nothing."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, Texts, parse
from genesys.live.drawing import block, headline, line
from genesys.live.showing import as_text
from genesys.live.status import live_folder, views_in
from genesys.live.view import RunView
from genesys.settings import load_settings

REDRAWN_EVERY_S = 1.0
LINE_EVERY_S = 30.0
"""Where there is no terminal."""
BESIDE_FILES = ("output/.journal", ".journal")
"""Where `genesys generate` and `genesys verify` keep what they do, if nothing else was said."""


class WatchOptions(Options):
    """Show all runs of this state while they go, whoever started them: this machine's terminals, or Dagster's daemon.

    Those that ended in the last ten minutes are shown too. Ctrl-C ends the watching, and no run.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys watch")

    once: bool = Field(False, description="show it once and end")
    as_json: bool = Field(False, alias="json", description="print all that is known once, as JSON")
    at: Texts = Field((), description="folders of `genesys generate` or `verify`; by default ./output and here")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Show the runs of this state while they go: progress, speed, endpoints.

    Raises:
        GenesysError: The settings cannot be read.
    """
    options = parse(WatchOptions, argv)
    folders = _folders(options)
    if options.as_json:
        print(json.dumps([view.model_dump(mode="json") for view in _views(folders)], indent=1, ensure_ascii=False))
    elif options.once:
        print("\n".join(_lines(folders)))
    else:
        try:
            _follow(folders)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return DONE


def _folders(options: WatchOptions) -> list[Path]:
    state = load_settings(options.config or None).path("{state}")
    places = [place for given in options.at for place in (Path(given), Path(given) / ".journal")]
    return [live_folder(place) for place in (Path(state), *(places or map(Path, BESIDE_FILES)))]


def _views(folders: list[Path]) -> list[RunView]:
    return sorted((view for folder in folders for view in views_in(folder)), key=lambda view: view.started_at)


def _lines(folders: list[Path]) -> list[str]:
    views = _views(folders)
    if not views:
        return [f"Nothing runs, and nothing ended lately: no news in {', '.join(map(str, folders))}"]
    return [text for view in views for text in _shown(view)]


def _shown(view: RunView) -> list[str]:
    return [headline(view), *(block(view) if view.state == "running" else [])]


def _follow(folders: list[Path]) -> None:
    """Until Ctrl-C, or until nobody reads any more."""
    if not sys.stdout.isatty():
        while True:
            news = [line(view) if view.state == "running" else headline(view) for view in _views(folders)]
            print("\n".join(news or _lines(folders)), flush=True)
            time.sleep(LINE_EVERY_S)
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(highlight=False), auto_refresh=False, redirect_stdout=False) as display:
        while True:
            display.update(as_text(_lines(folders)), refresh=True)
            time.sleep(REDRAWN_EVERY_S)
