"""Calls that begin with the same text come to one endpoint; nobody starves of it, and no place stays empty."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict

import pytest

from genesys.calls.limits import AdaptiveLimit
from genesys.teachers.affinity import WINDOW, Homes, chosen
from genesys.teachers.endpoints import Endpoint, EndpointPool


def position(
    groups: list[str | None], endpoint: str, homes: Homes, passed_over: int = 0, up: str = "abc"
) -> int | None:
    return chosen(groups, endpoint, homes, is_open=lambda home: home in up, passed_over=passed_over)


@pytest.fixture
def homes() -> Homes:
    found = Homes()
    for group, endpoint in (("g1", "a"), ("g2", "b"), ("g3", "b")):
        found.gone_to(group, endpoint)
    return found


class TestChosen:
    def test_first_who_is_at_home_then_who_is_nowhere_else_who_is_first(self, homes: Homes) -> None:
        assert position(["g2", "new", "g1"], "a", homes) == 2
        assert position(["g2", "new", "g3"], "a", homes) == 1
        assert position(["g2", "g3"], "a", homes) == 0

    def test_calls_without_a_group_come_in_turn(self, homes: Homes) -> None:
        assert position(["", "g1"], "a", homes) == 0
        assert position(["g2", "", "new"], "a", homes) == 1

    def test_a_group_whose_endpoints_are_all_down_is_nowhere(self, homes: Homes) -> None:
        assert position(["g1", "g2"], "c", homes, up="ac") == 1

    def test_whom_it_is_nothing_for_is_left_where_he_is(self, homes: Homes) -> None:
        assert position([None, "g2", None], "a", homes) == 1
        assert position([None, None], "a", homes) is None
        assert position([], "a", homes) is None

    def test_the_first_is_passed_over_so_often_and_no_more(self, homes: Homes) -> None:
        assert position(["g2", "g1"], "a", homes, passed_over=31) == 1
        assert position(["g2", "g1"], "a", homes, passed_over=32) == 0

    def test_no_more_are_looked_through_than_the_window_holds(self, homes: Homes) -> None:
        assert position(["g2"] * (WINDOW - 1) + ["g1"], "a", homes) == WINDOW - 1
        assert position(["g2"] * WINDOW + ["g1"], "a", homes) == 0


class TestHomes:
    def test_the_longest_unused_are_forgotten(self) -> None:
        homes = Homes(kept=2)
        for group in ("g1", "g2", "g1", "g3"):
            homes.gone_to(group, "a")
        assert [bool(homes.of(group)) for group in ("g1", "g2", "g3")] == [True, False, True]

    def test_the_share_counts_only_calls_that_had_a_home(self) -> None:
        homes = Homes()
        assert homes.share is None
        for group, endpoint in (("g1", "a"), ("g1", "a"), ("g1", "b"), ("g1", "b"), ("", "b")):
            homes.gone_to(group, endpoint)
        assert (homes.grouped, homes.at_home) == (3, 2)
        homes.left("a")
        homes.left("b")
        homes.gone_to("g1", "a")
        assert homes.grouped == 3


def endpoint(name: str, concurrency: int) -> Endpoint:
    return Endpoint(name, [], AdaptiveLimit(concurrency))


async def sampled(pool: EndpointPool, speeds: dict[str, float], *, groups: int, samples: int, at_once: int) -> float:
    """A run as the stages make it: rows in order, so many side by side; gives the share that came home."""
    rows = iter([f"g{n}" for n in range(groups) for _ in range(samples)])
    lengths = random.Random(0)

    async def worker() -> None:
        for group in rows:
            async with pool.lease(group) as lease:
                await asyncio.sleep(speeds[lease.endpoint.url] * lengths.uniform(0.2, 1.8))

    await asyncio.gather(*(worker() for _ in range(at_once)))
    assert pool.homes.share is not None
    return pool.homes.share


async def test_samples_of_a_prompt_meet_also_while_all_endpoints_are_full() -> None:
    speeds = {"a": 0.02, "b": 0.01, "c": 0.005}
    shares = {}
    for on in (True, False):
        pool = EndpointPool([endpoint(name, 8) for name in speeds], affinity=on)
        shares[on] = await sampled(pool, speeds, groups=150, samples=4, at_once=48)
    assert shares[True] > 0.9
    assert shares[False] < shares[True] - 0.15


async def test_the_samples_of_one_prompt_alone_keep_all_endpoints_busy() -> None:
    seen: Counter[str] = Counter()
    pool = EndpointPool([endpoint(name, 8) for name in "abc"])

    async def call() -> None:
        async with pool.lease("g") as lease:
            seen[lease.endpoint.url] += 1
            await asyncio.sleep(0.005)

    await asyncio.gather(*(call() for _ in range(240)))
    assert min(seen.values()) > 60


async def test_a_few_calls_of_a_group_stay_together_while_there_is_room_and_many_do_not_crowd() -> None:
    pool, at = EndpointPool([endpoint(name, 16) for name in "abc"]), defaultdict(list)
    done = asyncio.Event()

    async def call(group: str) -> None:
        async with pool.lease(group) as lease:
            at[group].append(lease.endpoint.url)
            await done.wait()

    calls = [asyncio.create_task(call(group)) for group in ["g1"] * 4 + ["g2"] * 4 + ["g3"] * 12]
    await asyncio.sleep(0.01)
    done.set()
    await asyncio.gather(*calls)
    assert at["g1"] == ["a"] * 4
    assert at["g2"] == ["b"] * 4
    assert len(set(at["g3"])) > 1


async def test_who_waits_for_a_slow_endpoint_is_not_passed_over_for_ever() -> None:
    """Its group is where one place is taken for long; others keep coming whose group is where places come free."""
    pool, served = EndpointPool([endpoint("slow", 1), endpoint("quick", 1)]), []

    async def call(group: str, seconds: float) -> None:
        async with pool.lease(group):
            await asyncio.sleep(seconds)
            served.append(group)

    first = asyncio.create_task(call("g1", 30))
    await asyncio.sleep(0)
    quick = [asyncio.create_task(call("g2", 0.001))]
    await asyncio.sleep(0)
    waiting = asyncio.create_task(call("g1", 0.001))
    quick += [asyncio.create_task(call("g2", 0.001)) for _ in range(100)]
    await asyncio.wait_for(waiting, 5)
    assert 25 < len(served) < 40
    first.cancel()
    await asyncio.gather(first, *quick, return_exceptions=True)
