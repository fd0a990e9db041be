"""A role's calls through its provider's Batch API: the section ``[teacher.batch]``, or ``batch = true`` for defaults.

``genesys.teachers.batches`` does it; docs/teachers.md says when it pays.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from genesys.settings.sections import Strict

MOST_REQUESTS, MOST_MEGABYTES = 50_000, 200
"""What a provider takes in one batch."""


class BatchSettings(Strict):
    """Batches: how big they are, when they are sent, how long is waited for them."""

    requests: int = Field(default=MOST_REQUESTS, ge=1, le=MOST_REQUESTS)
    """In one batch at most."""
    megabytes: float = Field(default=190.0, gt=0, le=MOST_MEGABYTES)
    """Of one batch's file at most."""
    rows: int = Field(default=MOST_REQUESTS, ge=32)
    """Rows side by side, each waiting for its answer: together they are one batch, or several. Bounds memory."""
    quiet: float = Field(default=3.0, gt=0)
    """Seconds without a new request after which what was gathered is sent."""
    gather: float = Field(default=120.0, gt=0)
    """Seconds after which it is sent though requests still come."""
    poll: float = Field(default=10.0, gt=0)
    """Seconds before the first look at a batch; each later look waits half as long again."""
    longest_poll: float = Field(default=300.0, gt=0)
    """Seconds between two looks at most."""
    window: str = "24h"
    """The provider's completion window; most know no other than this."""
    wait: float = Field(default=72.0, gt=0)
    """Hours that a call waits for its answer in all, batches that are sent again included."""
    discount: float = Field(default=0.5, ge=0, lt=1)
    """The share of the role's prices that a batch saves."""


def _with_switch(given: Any) -> Any:
    """``batch = true`` is all defaults, ``false`` is none; the environment has text for them."""
    if isinstance(given, str) and given.lower() in ("true", "false"):
        given = given.lower() == "true"
    return ({} if given else None) if isinstance(given, bool) else given


Batch = Annotated[BatchSettings | None, BeforeValidator(_with_switch)]
"""The setting ``batch`` of a role."""
