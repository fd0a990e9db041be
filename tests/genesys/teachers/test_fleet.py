"""A fleet with speeds 1:2:4, one dying halfway and one refusing for a while, is used for what it has."""

from __future__ import annotations

import pytest

from genesys.teachers.hedging import Hedging
from tests.genesys.teachers.conftest import Teach
from tests.support.fleet import Plan, ideal, run, three_endpoints

SMALL = Plan(slots=2, quickest=0.15, refuses=(1.0, 2.0), dies=2.0, retry_after=0.2, calls=67)


def test_the_ideal_is_what_is_available() -> None:
    assert ideal(SMALL) == pytest.approx(4.0, abs=0.05)
    always = Plan(slots=4, quickest=1.0, refuses=(50.0, 60.0), dies=70.0, retry_after=1.0, calls=70)
    assert ideal(always) == pytest.approx(10.0)


async def test_wall_time_is_near_what_was_available(teach: Teach) -> None:
    """Near: within 60 %, on a machine that does other things too; it takes three times as long if the quickest does not
    come back. ``benchmarks/fleet.py`` measures the whole of it."""
    with three_endpoints(SMALL) as servers:
        teacher = teach(
            *(server.base_url for server in servers),
            concurrency=SMALL.slots,
            timeout=30.0,
            idle_timeout=10.0,
            hedging=Hedging(every=0.1, silence=1.0),
        )
        seconds = await run(SMALL, servers, teacher)
        dead = servers[1].base_url
    assert seconds < 1.6 * ideal(SMALL)
    views = {view.url: view for view in teacher.views()}
    assert views[dead].state == "parked"
    assert sum(view.answered for view in views.values()) >= SMALL.calls
    assert all(view.in_flight == 0 for view in views.values())
