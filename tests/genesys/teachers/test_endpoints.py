"""A fleet: the dead endpoint parked while the rest go on, the parked one back in time, nobody waiting for nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from genesys.calls.limits import AdaptiveLimit, CircuitBreaker
from genesys.calls.slots import HostSlots
from genesys.faults import InfrastructureFault
from genesys.teachers.endpoints import Endpoint, EndpointPool


def endpoint(name: str, *, concurrency: int = 4, pause: float = 0.1, slots: HostSlots | None = None) -> Endpoint:
    breaker = CircuitBreaker(first_pause=pause, longest_pause=pause * 4)
    return Endpoint(name, [], AdaptiveLimit(concurrency), breaker, slots)


def down(*, overload: bool = False) -> InfrastructureFault:
    return InfrastructureFault("connection refused", overload=overload)


class Fleet:
    """Calls that last a moment, to endpoints that fail as told."""

    def __init__(self, *endpoints: Endpoint, patience: float = 60.0) -> None:
        self.pool = EndpointPool(list(endpoints), patience=patience)
        self.faults: dict[str, InfrastructureFault] = {}
        self.seen: Counter[str] = Counter()

    async def call(self, seconds: float = 0.002) -> str:
        async with self.pool.lease() as lease:
            name = lease.endpoint.url
            self.seen[name] += 1
            await asyncio.sleep(seconds)
            if name in self.faults:
                if self.faults[name].alive:
                    self.pool.spoke(lease)
                raise self.faults[name]
            return name

    async def call_until_answered(self, attempts: int = 8) -> str:
        for _ in range(attempts):
            try:
                return await self.call()
            except InfrastructureFault as fault:
                if fault.final:
                    raise
                await asyncio.sleep(0.01)
        raise AssertionError("all attempts went to the dead endpoint")

    def idle(self) -> bool:
        return all(e.limit.in_flight == 0 for e in self.pool.endpoints)


async def test_load_is_spread() -> None:
    fleet = Fleet(endpoint("a"), endpoint("b", concurrency=12))
    await asyncio.gather(*(fleet.call() for _ in range(160)))
    assert 30 <= fleet.seen["a"] <= 50
    assert fleet.idle()


async def test_no_more_at_once_than_allowed_and_first_come_first_served() -> None:
    fleet, running, most, order = Fleet(endpoint("a", concurrency=3)), 0, 0, []

    async def call(number: int) -> None:
        nonlocal running, most
        async with fleet.pool.lease():
            order.append(number)
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1

    await asyncio.gather(*(call(n) for n in range(50)))
    assert most == 3
    assert order == list(range(50))


@pytest.mark.parametrize(
    "fault",
    [
        down(),
        down(overload=True),
        InfrastructureFault("502", overload=True, alive=True),
        InfrastructureFault("a web page under status 200", alive=True),
    ],
)
async def test_a_dead_one_is_parked_while_the_rest_go_on(fault: InfrastructureFault) -> None:
    """Failing in no time it is always the least loaded; every attempt would go there if it were not parked."""
    fleet = Fleet(endpoint("dead", concurrency=16, pause=2.0), endpoint("fine"))
    fleet.faults["dead"] = fault
    found = await asyncio.gather(*(fleet.call_until_answered() for _ in range(300)))
    assert set(found) == {"fine"}
    assert fleet.seen["dead"] <= 16 + 5


async def test_a_probe_brings_it_back() -> None:
    fleet = Fleet(endpoint("a"), endpoint("b"))
    fleet.faults["a"] = down()
    await asyncio.gather(*(fleet.call_until_answered() for _ in range(50)))
    del fleet.faults["a"]
    fleet.seen.clear()
    await asyncio.sleep(0.5)
    await asyncio.gather(*(fleet.call() for _ in range(100)))
    assert fleet.seen["a"] > 30


async def test_a_parked_one_is_tried_with_one_call_at_a_time() -> None:
    fleet = Fleet(endpoint("a", concurrency=8, pause=0.05))
    fleet.faults["a"] = down()
    await asyncio.gather(*(fleet.call() for _ in range(8)), return_exceptions=True)
    calls = [asyncio.create_task(fleet.call(0.1)) for _ in range(6)]
    await asyncio.sleep(0.12)
    assert fleet.seen["a"] == 8 + 1, "more than one probe"
    del fleet.faults["a"]
    await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5)
    assert fleet.idle()


async def test_those_who_wait_start_as_soon_as_a_probe_gets_a_first_byte() -> None:
    """Not when it has ended: an answer may take an hour."""
    fleet = Fleet(endpoint("a", concurrency=8, pause=0.05))
    fleet.faults["a"] = down()
    await asyncio.gather(*(fleet.call() for _ in range(8)), return_exceptions=True)
    del fleet.faults["a"]

    async def long_call() -> None:
        async with fleet.pool.lease() as lease:
            fleet.pool.spoke(lease)
            await asyncio.sleep(30)

    probe = asyncio.create_task(long_call())
    await asyncio.wait_for(fleet.call(), 2)
    probe.cancel()


async def test_all_dead_it_fails_after_the_patience_and_not_before() -> None:
    fleet = Fleet(endpoint("a"), endpoint("b"), patience=0.6)
    fleet.faults = {"a": down(), "b": down()}
    await asyncio.gather(*(fleet.call() for _ in range(16)), return_exceptions=True)
    began = time.monotonic()
    errors = await asyncio.gather(*(fleet.call_until_answered(100) for _ in range(20)), return_exceptions=True)
    assert {type(error) for error in errors} == {InfrastructureFault}
    assert 0.5 < time.monotonic() - began < 1.5
    assert "connection refused" in str(errors[-1])
    # And who comes later does not wait as long again.
    began = time.monotonic()
    with pytest.raises(InfrastructureFault):
        await asyncio.gather(*(fleet.call_until_answered(100) for _ in range(5)))
    assert time.monotonic() - began < 0.4
    # Back again, it serves.
    fleet.faults.clear()
    await asyncio.sleep(0.5)
    assert await fleet.call() in ("a", "b")
    assert fleet.idle()


async def test_back_within_the_patience_nobody_fails() -> None:
    fleet = Fleet(endpoint("a"), patience=5.0)
    fleet.faults["a"] = down()
    await asyncio.gather(*(fleet.call() for _ in range(8)), return_exceptions=True)
    calls = [asyncio.create_task(fleet.call_until_answered(100)) for _ in range(30)]
    await asyncio.sleep(0.3)
    fleet.faults.clear()
    assert await asyncio.wait_for(asyncio.gather(*calls), 5) == ["a"] * 30


async def test_a_call_in_flight_is_given_the_time_it_takes() -> None:
    """While one is under way, perhaps streaming for long, the endpoint is not given up."""
    fleet = Fleet(endpoint("a", concurrency=20, pause=0.05), patience=0.2)
    long = asyncio.create_task(fleet.call(1.0))
    await asyncio.sleep(0.01)
    fleet.faults["a"] = down()
    await asyncio.gather(*(fleet.call() for _ in range(10)), return_exceptions=True)
    waiting = asyncio.create_task(fleet.call_until_answered(100))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    fleet.faults.clear()
    await long
    assert await asyncio.wait_for(waiting, 2) == "a"


async def test_one_that_refuses_everything_is_not_waited_for() -> None:
    fleet = Fleet(endpoint("a", concurrency=4, pause=5.0), patience=60.0)
    fleet.faults["a"] = InfrastructureFault("401: wrong key", alive=True, closed=True)
    began = time.monotonic()
    errors = await asyncio.gather(*(fleet.call() for _ in range(500)), return_exceptions=True)
    assert time.monotonic() - began < 1
    assert {type(error) for error in errors} == {InfrastructureFault}
    assert "wrong key" in str(errors[-1])
    assert fleet.seen["a"] <= 5 + 4


async def test_bad_requests_say_nothing_of_the_endpoint() -> None:
    fleet = Fleet(endpoint("a", pause=5.0))
    fleet.faults["a"] = InfrastructureFault("400: unknown parameter", alive=True, final=True)
    await asyncio.gather(*(fleet.call() for _ in range(50)), return_exceptions=True)
    assert fleet.seen["a"] == 50
    fleet.faults.clear()
    assert await asyncio.wait_for(fleet.call(), 1) == "a"


async def test_bad_requests_at_the_end_of_a_run_do_not_hold_each_other_up() -> None:
    """Thirty on which the endpoint always errs, and nothing else left: each gets its attempts, and that is it."""
    fleet = Fleet(endpoint("a", concurrency=16, pause=0.05))
    fleet.faults["a"] = InfrastructureFault("500", alive=True)

    async def attempts() -> None:
        for _ in range(8):
            with pytest.raises(InfrastructureFault):
                await fleet.call()

    await asyncio.wait_for(asyncio.gather(*(attempts() for _ in range(30))), 15)
    assert fleet.seen["a"] == 240


async def test_cancellation_leaks_no_slot(tmp_path: Path) -> None:
    """Cancelled while waiting, when just let in, and in mid-call."""
    slots = HostSlots(tmp_path / "s", 3)
    fleet = Fleet(endpoint("a", concurrency=3, slots=slots))
    for pause in (0.0, 0.0, 0.001, 0.003, 0.01):
        calls = [asyncio.create_task(fleet.call(0.002)) for _ in range(30)]
        await asyncio.sleep(pause)
        for number, call in enumerate(calls):
            if number % 3:
                call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert fleet.idle()
        assert slots.held == 0
    assert await asyncio.wait_for(asyncio.gather(*(fleet.call() for _ in range(9))), 1) == ["a"] * 9


async def test_cancelled_in_the_moment_it_was_let_in() -> None:
    fleet = Fleet(endpoint("a", concurrency=1))
    async with fleet.pool.lease():
        waiting = asyncio.create_task(fleet.call())
        await asyncio.sleep(0)
    assert not fleet.idle(), "the place is given to who waits before it runs"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert fleet.idle()
    assert await asyncio.wait_for(fleet.call(), 1) == "a"


async def test_a_probe_that_is_cancelled_does_not_close_the_endpoint_for_good() -> None:
    fleet = Fleet(endpoint("a", pause=0.05))
    fleet.faults["a"] = down()
    await asyncio.gather(*(fleet.call() for _ in range(8)), return_exceptions=True)
    fleet.faults.clear()
    await asyncio.sleep(0.1)
    probe = asyncio.create_task(fleet.call(60))
    await asyncio.sleep(0.01)
    probe.cancel()
    assert await asyncio.wait_for(fleet.call(), 2) == "a"


async def test_two_pools_share_the_slots_of_a_host(tmp_path: Path) -> None:
    """As two processes do, or two roles at one endpoint: together no more than allowed, and both get on."""
    running: list[int] = [0]
    done = [0, 0]

    async def use(number: int, calls: int) -> list[int]:
        async def call() -> None:
            async with fleets[number].pool.lease():
                running.append(running[-1] + 1)
                await asyncio.sleep(0.01)
                running.append(running[-1] - 1)
                done[number] += 1

        await asyncio.gather(*(call() for _ in range(calls)))
        return list(done)

    fleets = [Fleet(endpoint("a", concurrency=8, slots=HostSlots(tmp_path / "s", 8))) for _ in range(2)]
    ends = await asyncio.wait_for(asyncio.gather(use(0, 800), use(1, 100)), 60)
    assert max(running) == 8
    assert all(fleet.idle() for fleet in fleets)
    assert ends[1][0] < 500, "the smaller one had to wait for the bigger one"
    full = sum(count == 8 for count in running)
    assert full > 0.8 * 900 / 8, "slots stood idle"  # each round of eight calls fills all slots once
