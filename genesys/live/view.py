"""What is known of one stage of one run at a moment: what status files hold, and what every display shows.

Numbers only as they are; words for people stand in ``genesys.live.drawing``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["running", "ended", "failed", "killed"]
"""``ended``: its rows have run; ``failed``: it was stopped or could not go on; ``killed``: ended without a word."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Eta(_Frozen):
    """When the last row may end."""

    seconds: float | None = None
    """From now; None while nothing honest can be said, and ``why`` says why."""
    at_least: bool = False
    """The last rows are in flight: nobody knows how long they take, only how long others took."""
    why: str = ""


class EndpointLine(_Frozen):
    """One endpoint of one role."""

    role: str
    url: str
    state: str
    """``open``, ``parked`` or ``leaving``, as the fleet calls them."""
    in_flight: int = 0
    limit: int = 0
    """Calls at once that it takes just now."""
    answered: int = 0
    failed: int = 0
    """Attempts; a call that was answered at last may have failed before."""
    tokens_per_second: float = 0.0
    parked_for: float = 0.0
    """Seconds since its failures in a row began."""
    last_error: str = ""
    """The newest, while it has not answered since."""


class RunView(_Frozen):
    """One stage of one run at a moment."""

    run_id: str
    lane: str = ""
    shard: str = ""
    stage: str = ""
    pid: int = 0
    host: str = ""
    started_at: float
    """Unix time, as is ``seen_at``."""
    seen_at: float
    state: State = "running"

    rows: int = 0
    """That have ended."""
    total: int | None = None
    running: int = 0
    accepted: int = 0
    rejected: dict[str, int] = {}
    errored: dict[str, int] = {}
    pass_rate: float | None = None
    """Of the verdicts so far; None where there are none."""
    retrying: bool = False
    """All rows have ended once, and those that infrastructure failed are tried again."""
    rows_per_second: float | None = None
    """Rows that the journal answered are not counted."""
    oldest_row: float | None = None
    """Seconds that the oldest row in flight has taken so far."""
    eta: Eta = Eta()

    calls_made: int = 0
    calls_from_journal: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """Of all answers used, made now or before."""
    tokens_per_second: float | None = None
    """Just now, answers in flight included; None where no endpoint tells."""
    error_rate: float | None = None
    """The share of attempts that failed in the last minute; None if none ended."""
    in_flight: int = 0
    """Calls at the endpoints."""
    queue: int = 0
    """Calls that wait for a place at one."""
    endpoints: tuple[EndpointLine, ...] = ()
    """Those in trouble first; not all of a large fleet."""
    more_endpoints: int = 0
    in_flight_chars: dict[str, int] = {}
    """Calls in flight by the characters heard so far: how many have less than the number that names the class."""

    @property
    def waiting(self) -> int | None:
        """Rows that have not begun."""
        return None if self.total is None else max(0, self.total - self.rows - self.running)

    @property
    def name(self) -> str:
        """What it is called among others."""
        return self.shard or self.lane or self.run_id
