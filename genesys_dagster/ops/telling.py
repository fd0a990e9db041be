"""What a run tells Dagster of itself while it goes: lines in its log, and figures that the UI plots over time.

Events are kept for good. Hence they come more seldom the longer a stage takes: about 450 in four hours, and no more
than a few hundred however long it takes then. All are logged by the op's own thread, as Dagster wants it.
"""

import logging
import time

import dagster as dg

from genesys.live.drawing import eta_text, line
from genesys.live.monitor import Monitor
from genesys.live.view import RunView

LOG_EVERY_S = 30.0
OBSERVE_EVERY_S = 60.0
GROWTH = 0.01
"""Of the time that the stage has taken: the pause between two events is no shorter than this share of it."""

_logger = logging.getLogger(__name__)


class Telling:
    """Tells of one stage; to be called every second or so.

    Args:
        context: Of the op that runs it.
        monitor: What is known of it.
    """

    def __init__(self, context: dg.OpExecutionContext, monitor: Monitor) -> None:
        """Nothing was told yet."""
        self._context, self._monitor = context, monitor
        self._logged = self._observed = time.monotonic()

    def tick(self) -> None:
        """Tell what is due. What Dagster cannot take is no reason to stop: the run's end will say what is wrong."""
        now, slowest = time.monotonic(), GROWTH * self._monitor.seconds
        try:
            if now - self._logged >= max(LOG_EVERY_S, slowest):
                self._logged = now
                self._context.log.info(line(self._monitor.view()))
            if now - self._observed >= max(OBSERVE_EVERY_S, slowest):
                self._observed = now
                self._observe(self._monitor.view())
        except Exception as error:  # noqa: BLE001 - a database that is locked or full
            _logger.warning("nothing could be told of the run's progress: %s", error)

    def _observe(self, view: RunView) -> None:
        self._context.log_event(
            dg.AssetObservation(
                asset_key=dg.AssetKey([view.lane, view.stage]),
                partition=self._context.partition_key,
                description=eta_text(view.eta),
                metadata=figures(view),
            )
        )


def figures(view: RunView) -> dict[str, float | int]:
    """The numbers of a view that are worth a plot; one that is not known is left out."""
    found: dict[str, float | int | None] = {
        "live_rows_done": view.rows,
        "live_rows_total": view.total,
        "live_rows_errored": sum(view.errored.values()),
        "live_rows_per_second": view.rows_per_second,
        "live_seconds_left": view.eta.seconds,
        "live_tokens_per_second": view.tokens_per_second,
        "live_error_rate": view.error_rate,
        "live_pass_rate": view.pass_rate,
        "live_calls_in_flight": view.in_flight if view.endpoints else None,
        "live_queue": view.queue if view.endpoints else None,
        "live_endpoints_parked": sum(one.state == "parked" for one in view.endpoints) if view.endpoints else None,
    }
    return {name: round(value, 4) for name, value in found.items() if value is not None}
