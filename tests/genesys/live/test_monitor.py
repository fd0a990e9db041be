"""What a monitor knows of rows that really run, with teachers behind real endpoints, and what it costs to ask it."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, run_rows
from genesys.calls.journal import Journal
from genesys.live.monitor import Monitor
from genesys.live.view import RunView
from genesys.outcomes import Outcome, accepted
from genesys.teachers.endpoint import EndpointView
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.support.calls import question
from tests.support.openai_server import OpenAIServer


async def sampled(number: int, calls: Calls) -> Outcome:
    await calls.sample(question(f"Question {number}"), {"max_tokens": 100}, 0)
    return accepted({"number": number})


def work(rows: int) -> Work[int]:
    return Work(lambda: range(rows), str, sampled, total=rows)


async def watched(monitor: Monitor, journal: Journal, roles: Roles, rows: int) -> list[RunView]:
    """Run the rows and look all the while."""
    monitor.ask(roles)
    seen = []
    running = asyncio.create_task(run_rows(work(rows), journal.segment("s"), roles, progress=monitor.progress()))
    while not running.done():
        seen.append(monitor.view())
        await asyncio.sleep(0.02)
    running.result()
    return [*seen, monitor.view()]


async def test_rows_calls_and_endpoints_are_seen_while_they_run_and_a_resumed_run_tells_what_it_found(
    tmp_path: Path,
) -> None:
    with OpenAIServer(latency_min=0.2, latency_max=0.3, stream_chunks=20) as server, Journal(tmp_path) as journal:
        teacher = OpenAITeacher("m", [server.base_url], concurrency=4)
        roles = Roles(teacher=teacher)
        seen = await watched(Monitor("r", stage="generations", total=12), journal, roles, 12)
        busy = [view for view in seen if view.in_flight == 4 and view.queue]
        assert busy
        assert busy[0].running == 12
        assert {view.endpoints[0].url for view in busy} == {server.base_url}
        assert any(sum(view.in_flight_chars.values()) == 4 for view in busy)
        last = seen[-1]
        assert (last.rows, last.accepted, last.running, last.in_flight, last.queue) == (12, 12, 0, 0, 0)
        assert (last.calls_made, last.calls_from_journal, last.error_rate) == (12, 0, 0.0)
        assert last.eta.seconds == 0.0
        assert last.pass_rate is None, "no verdict was reached"
        again = await watched(Monitor("r", stage="generations", total=14), journal, roles, 14)
        assert (again[-1].calls_made, again[-1].calls_from_journal, again[-1].rows) == (2, 12, 14)
        assert {view.eta.seconds for view in again if view.rows < 14} == {None}, "the journal is no speed"
        await teacher.aclose()


async def test_a_dead_endpoint_is_seen_with_its_reason_and_nothing_is_promised(tmp_path: Path) -> None:
    with OpenAIServer(dead=True) as server, Journal(tmp_path) as journal:
        teacher = OpenAITeacher("m", [server.base_url], concurrency=8, patience=0.5, attempts=3)
        seen = await watched(Monitor("r", stage="generations", total=8), journal, Roles(teacher=teacher), 8)
        await teacher.aclose()
    parked = [view for view in seen if view.endpoints and view.endpoints[0].state == "parked" and view.rows < 8]
    assert parked
    assert "http://127.0.0.1" in parked[-1].endpoints[0].last_error
    assert parked[-1].eta.why == "no endpoint answers"
    assert parked[-1].error_rate == 1.0
    assert seen[-1].errored == {"infrastructure": 8}


@dataclass
class Fleet:
    """Endpoints as they are seen, many and unpleasant."""

    number: int
    teacher_id: str = "m"
    concurrency: int = 1
    extra: dict[str, Any] = field(default_factory=dict)

    def views(self) -> list[EndpointView]:
        return [
            EndpointView(
                url=f"http://host-{number}:8000/v1",
                state="parked" if number == self.number - 1 else "open",
                in_flight=64,
                limit=64,
                answered=1000,
                failed=1,
                prompt_tokens=1,
                completion_tokens=1,
                heard_chars=10,
                answered_chars=10,
                chars_in_flight=(500, 5_000, 5_000_000),
                parked_for=3.0 if number == self.number - 1 else 0.0,
                last_error="answered 503: " + "x" * 5000 if number == self.number - 1 else "",
            )
            for number in range(self.number)
        ]


def crowded() -> Monitor:
    monitor = Monitor("r" * 36, lane="math", shard="math-00000", stage="verifications", total=10**6)
    monitor.ask(Roles(teacher=Fleet(200)))  # type: ignore[arg-type]
    progress = monitor.progress()
    progress.counts.rejected = Counter({f"reason {number} " + "y" * 500: number + 1 for number in range(500)})
    progress.counts.rows = progress.counts.rejected.total() + 750
    progress.counts.accepted = 750
    for position in range(512):
        progress.begins(position)
    progress.took.extend(range(500))
    return monitor


def test_a_view_stays_small_however_large_the_fleet_and_shows_trouble_first() -> None:
    view = crowded().view()
    assert len(view.model_dump_json()) < 8_000
    assert view.endpoints[0].url == "http://host-199:8000/v1"
    assert len(view.endpoints) + view.more_endpoints == 200
    assert sum(view.rejected.values()) == view.rows - view.accepted, "no row is lost among the reasons"
    assert view.in_flight_chars == {"1000": 200, "16000": 200, "more": 200}
    assert view.pass_rate == 750 / view.rows


def work_of(look: Callable[[], object]) -> int:
    """Function calls that a look takes: unlike seconds, the same on a busy machine."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1

    sys.setprofile(count)
    try:
        look()
    finally:
        sys.setprofile(None)
    return made


def test_a_look_costs_no_more_after_a_million_rows() -> None:
    monitor = crowded()
    monitor.view()
    before = work_of(lambda: monitor.view().model_dump_json(exclude_defaults=True))
    assert before < 40_000, "a hundredth of a core, once a second"
    progress = monitor.progress()
    progress.counts.rejected = Counter({f"reason {number}": 2000 for number in range(500)})
    progress.counts.rows = progress.counts.rejected.total()
    progress.took.extend(range(1_000_000))
    assert work_of(lambda: monitor.view().model_dump_json(exclude_defaults=True)) < 1.5 * before


async def test_a_judge_that_is_opened_when_first_asked_is_seen_from_then_on(tmp_path: Path) -> None:
    from contextlib import AsyncExitStack

    from genesys.settings import Settings
    from genesys.settings.roles import RoleSettings
    from genesys.teachers.casting import OnDemand

    with OpenAIServer() as server:
        chosen = RoleSettings(kind="openai", model="m", base_urls=(server.base_url,))
        async with AsyncExitStack() as stack:
            judge = OnDemand(Settings(state=str(tmp_path)), chosen, stack)
            monitor = Monitor("r", stage="verifications")
            monitor.ask(Roles(judge=judge))
            monitor.progress()
            assert monitor.view().endpoints == ()
            from genesys.chat import ChatRequest

            await judge.complete(ChatRequest(messages=question("?"), sampling={}))
            assert [(one.role, one.answered) for one in monitor.view().endpoints] == [("judge", 1)]
