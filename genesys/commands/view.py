"""``genesys view``: traces in a browser. What is shown, and how, is ``genesys.viewer``."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic_settings import CliPositionalArg, SettingsConfigDict

from genesys.cli import DONE
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError
from genesys.lanes import LANES
from genesys.settings import Settings, load_settings
from genesys.storage import local_path
from genesys.stores import open_journal, open_lake

if TYPE_CHECKING:
    from genesys.viewer.trace import Place


class ViewOptions(Options):
    """Search, filter and read traces in a browser: those of a state, or of a published data set.

    The pages are served on this machine alone, and fetch nothing from anywhere; Ctrl-C ends them. docs/viewer.md says
    more.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys view")

    where: CliPositionalArg[str] = Field(
        "", description="a state folder, or the folder or s3:// URL of a release; by default the state of the settings"
    )
    port: int = Field(3100, ge=0, le=65535, description="where the pages are served; 0 takes a free one")
    open: bool = Field(True, description="open a browser, where there is a screen")
    ui: str = Field("http://127.0.0.1:3000", description="address of the Dagster UI, for links to runs; empty: none")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """Serve the viewer until Ctrl-C.

    Raises:
        GenesysError: The settings or the place cannot be read, or the port is taken.
    """
    options = parse(ViewOptions, argv)
    from genesys.viewer.app import make_app
    from genesys.viewer.serving import bound, serve

    place = open_place(options)
    with bound(options.port) as server:
        print(f"Reading which traces there are in {place.name} ...", flush=True)
        traces = len(place.index.traces)
        for note in place.index.notes:
            print(note, file=sys.stderr)

        def ready(address: str) -> None:
            print(f"{traces:,} traces: {address}  (Ctrl-C ends it)", flush=True)
            if options.open and _has_screen():
                webbrowser.open(address)

        try:
            serve(make_app(place), server, ready)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return DONE


def open_place(options: ViewOptions) -> Place:
    """What is to be viewed.

    Raises:
        GenesysError: There is neither a state nor a release.
    """
    from genesys.viewer.published import Published, is_release
    from genesys.viewer.state import State

    ui = options.ui.rstrip("/")
    if ui and not ui.startswith(("http://", "https://")):
        raise GenesysError(f"--ui {options.ui}: it has to begin with http:// or https://")
    settings = load_settings(options.config or None)
    if options.where:
        if is_release(options.where, settings.release.publish.storage_options):
            return Published(options.where, settings.release.publish.storage_options)
        settings = _state_at(options, settings)
    return State(open_lake(settings), LANES, lambda: open_journal(settings, readonly=True), ui=ui, progress=_progress)


def _state_at(options: ViewOptions, settings: Settings) -> Settings:
    folder = local_path(options.where)
    if folder is None or not (folder / "lake").is_dir():
        raise GenesysError(
            f"{options.where}: there is neither a release (with a manifest.json that names its files) nor a state "
            "(with a folder lake). A state whose lake stands elsewhere is viewed by its settings: genesys view --config"
        )
    root = str(Path(folder).absolute())
    lake = settings.lake.model_copy(update={"root": f"{root}/lake"})
    journal = settings.journal.model_copy(update={"root": f"{root}/journal"})
    return settings.model_copy(update={"state": root, "lake": lake, "journal": journal})


def _progress(done: int, of: int) -> None:
    """A line that is written over; none where nobody watches."""
    if sys.stderr.isatty() and of:
        print(f"\r{done:,} of {of:,} partitions", end="\r" if done < of else "\n", file=sys.stderr, flush=True)


def _has_screen() -> bool:
    return sys.stdout.isatty() and (
        sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    )
