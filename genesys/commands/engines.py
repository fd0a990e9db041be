"""``genesys engines``: shows the vLLM engines that runs of one state share, and stops them."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from genesys.cli import DONE, REFUSED
from genesys.commands.options import CONFIG_HELP, Options, parse
from genesys.faults import GenesysError
from genesys.settings import load_settings
from genesys.teachers.engine_folder import EngineFolder, Record, engine_folders, here
from genesys.teachers.shared_engine import FOLDER

STOP_S = 60.0


class EnginesOptions(Options):
    """List the vLLM engines that runs of one state started here and share, and stop them with --stop.

    Exit codes: 0 done; 2 an engine that was to stop goes on.
    """

    model_config = SettingsConfigDict(cli_prog_name="genesys engines")

    stop: bool = Field(False, description="stop those that nobody uses")
    force: bool = Field(False, description="with --stop: those in use too; the runs that use them fail, and can go on")
    state: str = Field("", description="the state's folder; by default the one that the settings name")
    config: str = Field("", description=CONFIG_HELP)


def main(argv: list[str]) -> int:
    """List the vLLM engines that runs share here, and stop them with --stop.

    Returns:
        0, or 2 if an engine that was to stop goes on.

    Raises:
        GenesysError: The settings cannot be read, or --force stands alone.
    """
    options = parse(EnginesOptions, argv)
    if options.force and not options.stop:
        raise GenesysError("--force says which engines --stop stops; give both")
    place = Path(options.state) if options.state else Path(_state(options.config))
    found = [(folder, record) for folder in engine_folders(place / FOLDER) if (record := folder.record()) is not None]
    alive = [(folder, record) for folder, record in found if folder.is_kept]
    for folder, record in alive:
        print("\n".join(_lines(folder, record)))
    if not alive:
        print(f"No engine runs for {place}.")
    for _, record in found:
        if record.state == "failed" and not any(record is other for _, other in alive):
            print(f"{record.model} did not start, at the last try; its log is {record.log}")
    ends = [_stop(folder, record, force=options.force) for folder, record in alive] if options.stop else []
    for folder, _ in found:
        folder.close()
    return DONE if all(ends) else REFUSED


def _state(config: str) -> str:
    return load_settings(config or None).path("{state}")


def _lines(folder: EngineFolder, record: Record) -> list[str]:
    since = f"up {_ago(record.up_since)}" if record.state == "up" else f"{record.state} {_ago(record.started)}"
    leases = folder.leases
    used = f"used by {leases}" if leases else "used by nobody"
    place = "" if record.place == here() else ", on another machine or in another container"
    lines = [f"{record.model}  {since}, {used}{place}", f"  {record.url or 'no address yet'}", f"  log {record.log}"]
    return [*lines, f"  keeper {record.pid}"]


def _stop(folder: EngineFolder, record: Record, *, force: bool) -> bool:
    leases = folder.leases
    if leases and not force:
        print(f"{record.model} goes on: {leases} use it; --force stops it all the same")
        return True
    ended = folder.ask_to_stop("force" if force else "idle", STOP_S)
    print(f"{record.model} was stopped" if ended else f"{record.model} goes on: it is in use, or slow to stop")
    return ended


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"for {seconds / length:.0f} {unit}"
    return f"for {seconds:.0f} s"
