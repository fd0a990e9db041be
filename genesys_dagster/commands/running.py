"""Lanes run through Dagster from a terminal: live progress, a summary, an exit code. Commands say on which settings.

The runs stand in the same Dagster instance that ``genesys ui`` shows.
"""

import sys
import time
from collections.abc import Collection

from genesys.cli import DONE, REFUSED, ROWS_ERRORED
from genesys.settings import Settings


def run_everything(
    settings: Settings,
    *,
    began: float,
    lanes: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    spelling: str = "{genesys} {words}",
    offers_init: bool = False,
    may_lack: bool = False,
) -> int:
    """Run the ledgers, all shards and the data sets, and print the summary.

    Args:
        settings: Of all lanes.
        began: When the command was started, by the monotonic clock.
        lanes: Only these lanes; the data sets are built from what stands there of all.
        languages: Only these languages, in lanes that have some.
        spelling: How another command on these settings is written, for the summary.
        offers_init: Whether settings of one's own are what comes next.
        may_lack: Whether all went well, too, where a lane was not run for want of something on this machine.

    Returns:
        0, or 2 if a run failed, or 3 if rows are left to be tried again or a lane was not run.

    Raises:
        GenesysError: The Dagster instance cannot be written.
    """
    # Dagster takes a second or two to load: not before the first lines stand on the terminal.
    from genesys_dagster.commands.live import Live
    from genesys_dagster.commands.summary import Summary
    from genesys_dagster.instance import open_instance, written_soundly
    from genesys_dagster.pipeline import Pipeline

    ends = []
    with (
        written_soundly(settings),
        open_instance(settings) as instance,
        Live(sys.stderr) as live,
        Pipeline(settings, instance, watch=live.watch, started=live.started) as pipeline,
    ):
        for end in pipeline.runs(lanes, languages):
            live.ended(end)
            ends.append(end)
    summary = Summary(settings, ends, time.monotonic() - began, spelling=spelling, offers_init=offers_init)
    summary.print(sys.stdout)
    if not all(end.success or end.not_run for end in ends):
        return REFUSED
    is_short = not may_lack and any(end.not_run for end in ends)
    return ROWS_ERRORED if summary.errored or is_short else DONE
