"""What runs row functions: no row lost, none delayed by another, none judged by what was nobody's fault."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls
from genesys.calls.engine import Progress, Work, replay_rows, row_window, run_rows
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.chat import ChatRequest
from genesys.faults import GenesysError, InfrastructureFault, ResponseFault, TaskFault
from genesys.outcomes import Outcome, accepted, rejected
from tests.support.calls import FakeTeacher, question, roles_of, sample_once, work_of
from tests.support.openai_server import OpenAIServer


@pytest.fixture
def segment(tmp_path: Path) -> Iterator[Segment]:
    with Journal(tmp_path / "journal") as journal:
        yield journal.segment("s")


def number_of(request: ChatRequest) -> int:
    return int(request.row_id)


async def ends(segment: Segment, work: Work[Any], teacher: FakeTeacher | None = None) -> list[Outcome]:
    return [outcome async for _, outcome, _ in replay_rows(work, segment, roles_of(teacher or FakeTeacher()))]


class TestRows:
    async def test_every_row_ends_once_and_the_sums_hold(self, segment: Segment) -> None:
        faults: dict[int, Callable[[], BaseException]] = {
            1: lambda: TaskFault("bad task"),
            2: lambda: ResponseFault("unreadable"),
            3: lambda: InfrastructureFault("down"),
            4: lambda: KeyError("oops"),
        }

        async def function(row: int, calls: Calls) -> Outcome:
            await sample_once(row, calls)
            if row % 10 in faults:
                raise faults[row % 10]()
            return rejected("too easy") if row % 10 == 5 else accepted({"row": row})

        progress = await run_rows(work_of(100, function), segment, roles_of(FakeTeacher()))
        assert progress.counts.as_dict() == {
            "rows": 100,
            "accepted": 50,
            "rejected": {"response fault": 10, "task fault": 10, "too easy": 10},
            "errored": {"infrastructure": 10, "mistake in a row function": 10},
            "records": 50,
        }
        assert progress.counts.balanced

    async def test_a_slow_row_delays_no_other(self, segment: Segment) -> None:
        ended: list[int] = []
        free = asyncio.Event()

        async def reply(request: ChatRequest) -> str:
            if number_of(request) == 0:
                await free.wait()
            ended.append(number_of(request))
            if len(ended) == 499:
                free.set()
            return "x"

        teacher = FakeTeacher(reply=reply, concurrency=4)
        progress = await asyncio.wait_for(run_rows(work_of(500), segment, roles_of(teacher), window=4), 30)
        assert ended[-1] == 0
        assert progress.counts.accepted == 500

    async def test_the_window_bounds_what_is_in_flight_and_read(self, segment: Segment) -> None:
        read = 0
        ended = 0
        ahead = []

        def rows() -> Iterator[int]:
            nonlocal read
            for number in range(1000):
                read += 1
                yield number

        async def function(row: int, calls: Calls) -> Outcome:
            nonlocal ended
            outcome = await sample_once(row, calls)
            ahead.append(read - ended)
            ended += 1
            return outcome

        teacher = FakeTeacher()
        await run_rows(Work(rows, str, function), segment, roles_of(teacher), window=20)
        assert max(ahead) <= 20
        assert teacher.most_running <= 20
        assert max(ahead) > 10, "rows do not run side by side"

    async def test_rows_answered_from_the_journal_let_others_go_on(self, segment: Segment) -> None:
        await run_rows(work_of(3000), segment, roles_of(FakeTeacher()))
        beats = 0

        async def heart() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0)
                beats += 1

        beating = asyncio.create_task(heart())
        await run_rows(work_of(3000), segment, roles_of(FakeTeacher()))
        beating.cancel()
        assert beats > 50

    def test_the_window_follows_the_busiest_role(self) -> None:
        assert row_window(roles_of(FakeTeacher(concurrency=500))) == 1000
        assert row_window(roles_of(FakeTeacher(concurrency=1))) == 32

    async def test_a_source_that_breaks_ends_the_run(self, segment: Segment) -> None:
        def rows() -> Iterator[int]:
            yield from range(10)
            raise GenesysError("part is gone")

        with pytest.raises(GenesysError, match="part is gone"):
            await run_rows(Work(rows, str, sample_once), segment, roles_of(FakeTeacher()))
        assert len(list(segment.entries())) <= 10


class TestFaults:
    async def test_what_failed_is_tried_again_after_all_others(self, segment: Segment) -> None:
        asked: list[int] = []

        async def reply(request: ChatRequest) -> str:
            asked.append(number_of(request))
            if number_of(request) < 3 and asked.count(number_of(request)) == 1:
                raise InfrastructureFault("down")
            return "x"

        progress = await run_rows(work_of(50), segment, roles_of(FakeTeacher(reply=reply)), window=4)
        assert progress.counts.as_dict()["errored"] == {}
        assert progress.counts.accepted == progress.counts.rows == 50
        assert sorted(asked[-3:]) == [0, 1, 2]
        assert progress.retrying
        assert list(segment.failures()) == []

    async def test_what_still_fails_is_errored_with_its_reason_in_the_journal(self, segment: Segment) -> None:
        async def reply(request: ChatRequest) -> str:
            raise InfrastructureFault("down for good")

        work = work_of(3)
        progress = await run_rows(work, segment, roles_of(FakeTeacher(reply=reply)))
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 3}
        assert [(outcome.status, outcome.detail) for outcome in await ends(segment, work)] == [
            ("errored", "down for good")
        ] * 3
        assert [found.attempts for found in segment.failures()] == [2, 2, 2]

    async def test_tokens_of_a_row_that_is_tried_again_are_counted_once(self, segment: Segment) -> None:
        failed: set[int] = set()

        async def function(row: int, calls: Calls) -> Outcome:
            await calls.sample(question(f"{row}"), {}, 0)
            if row not in failed:
                failed.add(row)
                raise InfrastructureFault("after the first call")
            await calls.sample(question(f"{row}"), {}, 1)
            return accepted({"row": row})

        progress = await run_rows(work_of(10, function), segment, roles_of(FakeTeacher()))
        assert (progress.stats.made, progress.stats.replayed) == (20, 0)
        assert progress.stats.completion_tokens == 20 * 5

    @pytest.mark.parametrize("result", [None, {"row": 1}, "accepted"])
    async def test_a_row_function_that_returns_something_else(self, segment: Segment, result: Any) -> None:
        async def function(row: int, calls: Calls) -> Outcome:
            return result

        progress = await run_rows(work_of(2, function), segment, roles_of(FakeTeacher()))
        assert progress.counts.as_dict()["errored"] == {"mistake in a row function": 2}

    async def test_a_mistake_is_named_with_its_place(self, segment: Segment) -> None:
        async def careless(row: int, calls: Calls) -> Outcome:
            return accepted({"x": 1 // row})

        (outcome,) = await ends(segment, work_of(1, careless))
        assert outcome.status == "errored"
        assert outcome.detail is not None
        assert outcome.detail.startswith("ZeroDivisionError: ")
        assert "careless" in outcome.detail

    async def test_a_cancellation_that_nobody_asked_for_is_a_mistake_of_its_row(self, segment: Segment) -> None:
        """Libraries let one through now and then; the worker that meets it has other rows to do."""

        async def function(row: int, calls: Calls) -> Outcome:
            if row < 8:
                raise asyncio.CancelledError
            return await sample_once(row, calls)

        progress = await run_rows(work_of(100, function), segment, roles_of(FakeTeacher()), window=8)
        assert (progress.counts.accepted, progress.counts.errored) == (92, {"mistake in a row function": 8})
        assert "CancelledError" in str((await ends(segment, work_of(1, function)))[0].detail)

    async def test_a_call_repeated_without_an_index_is_a_mistake(self, segment: Segment) -> None:
        async def function(row: int, calls: Calls) -> Outcome:
            await calls.sample(question("same"), {}, 0)
            return await sample_once(row, calls) if row else accepted(
                {"text": (await calls.sample(question("same"), {}, 0)).content}
            )  # fmt: skip

        outcomes = await ends_of_run(segment, work_of(2, function))
        assert [outcome.status for outcome in outcomes] == ["errored", "accepted"]
        assert "RepeatedCall" in str(outcomes[0].detail)

    async def test_faults_of_calls_made_side_by_side(self, segment: Segment) -> None:
        """Of several, the one that says least of the row counts: one of the network hides one of the task."""

        async def function(row: int, calls: Calls) -> Outcome:
            async def fail(error: Exception) -> None:
                raise error

            async with asyncio.TaskGroup() as group:
                group.create_task(fail(TaskFault("bad task")))
                if row == 1:
                    group.create_task(fail(InfrastructureFault("down")))
            return accepted()

        outcomes = await ends_of_run(segment, work_of(2, function))
        assert [outcome.status for outcome in outcomes] == ["rejected", "errored"]

    async def test_a_fatal_fault_stops_all(self, segment: Segment) -> None:
        async def reply(request: ChatRequest) -> str:
            if number_of(request) == 30:
                raise InfrastructureFault("disk full", fatal=True)
            await asyncio.sleep(0 if number_of(request) < 30 else 3600)
            return "x"

        teacher = FakeTeacher(reply=reply)
        with pytest.raises(InfrastructureFault, match="disk full"):
            await asyncio.wait_for(run_rows(work_of(10_000), segment, roles_of(teacher)), 10)
        assert teacher.running == 0
        assert len(teacher.asked) < 100


async def ends_of_run(segment: Segment, work: Work[Any]) -> list[Outcome]:
    await run_rows(work, segment, roles_of(FakeTeacher()))
    return await ends(segment, work)


class TestReplay:
    async def test_it_equals_the_first_run_in_row_order_and_calls_nobody(self, segment: Segment) -> None:
        seen: dict[int, Outcome] = {}

        async def reply(request: ChatRequest) -> str:
            await asyncio.sleep((number_of(request) * 7 % 5) / 1000)
            return f"{number_of(request) % 7}"

        async def function(row: int, calls: Calls) -> Outcome:
            answers = [await calls.sample(question(f"{row}"), {}, index) for index in range(3)]
            outcome = accepted({"row": row, "text": [answer.content for answer in answers]})
            return seen.setdefault(row, outcome)

        teacher = FakeTeacher(reply=reply)
        first = await run_rows(work_of(100, function), segment, roles_of(teacher))
        before = len(teacher.asked)
        rows, outcomes = [], []
        async for row, outcome, calls in replay_rows(work_of(100, function), segment, roles_of(teacher)):
            rows.append(row)
            outcomes.append(outcome)
            assert [entry.row_id for entry in calls.entries] == [str(row)] * 3
        assert rows == list(range(100))
        assert outcomes == [seen[row] for row in range(100)]
        assert len(teacher.asked) == before == first.stats.made == 300

    async def test_a_second_run_makes_no_call_and_counts_the_same(self, segment: Segment) -> None:
        first = await run_rows(work_of(200), segment, roles_of(FakeTeacher()))
        teacher = FakeTeacher()
        second = await run_rows(work_of(200), segment, roles_of(teacher))
        assert teacher.asked == []
        assert second.counts == first.counts
        assert (second.stats.made, second.stats.replayed) == (0, 200)
        assert second.stats.completion_tokens == first.stats.completion_tokens

    async def test_a_row_that_never_ran_is_errored(self, segment: Segment) -> None:
        await run_rows(work_of(5), segment, roles_of(FakeTeacher()))
        outcomes = await ends(segment, work_of(7))
        assert [outcome.status for outcome in outcomes] == ["accepted"] * 5 + ["errored"] * 2
        assert outcomes[-1].detail == "not called yet"


class TestStopping:
    async def test_cancelled_it_leaves_a_journal_from_which_it_goes_on(self, tmp_path: Path) -> None:
        async def reply(request: ChatRequest) -> str:
            await asyncio.sleep(0.001 if number_of(request) % 3 else 0.05)
            return "x"

        teacher, progress = FakeTeacher(reply=reply), Progress()
        with Journal(tmp_path) as journal:
            run = asyncio.create_task(
                run_rows(work_of(2000), journal.segment("s"), roles_of(teacher), progress=progress)
            )
            while progress.counts.rows < 100:
                await asyncio.sleep(0.01)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert teacher.running == 0
            # The same journal still works, and nothing waits for calls that were stopped.
            kept = {entry.row_id for entry in journal.segment("s").entries()}
            again = FakeTeacher()
            second = await asyncio.wait_for(run_rows(work_of(300), journal.segment("s"), roles_of(again)), 30)
        assert second.counts.accepted == 300
        assert len(kept) >= 100
        assert not kept & {request.row_id for request in again.asked}

    def test_ctrl_c(self, tmp_path: Path) -> None:
        """What had been answered when it came is not asked again; the run ends at once, without a hang."""
        command = [sys.executable, "-m", "tests.support.drive_calls", "--journal", str(tmp_path / "j"),
                   "--lake", str(tmp_path / "l"), "--rows", "200", "--concurrency", "8"]  # fmt: skip
        repo = Path(__file__).parents[3]
        with OpenAIServer(latency_min=0.05, latency_max=0.2) as server:
            command += ["--base-url", server.base_url]
            run = subprocess.Popen(command, cwd=repo, stderr=subprocess.PIPE)
            while server.stats()["completed"] < 50:
                time.sleep(0.01)
            run.send_signal(signal.SIGINT)
            began = time.monotonic()
            said = run.communicate(timeout=10)[1].decode()
            assert time.monotonic() - began < 3
            assert run.returncode != 0
            assert "KeyboardInterrupt" in said
            assert "Task was destroyed" not in said
            with Journal(tmp_path / "j", readonly=True) as journal:
                kept = len(list(journal.segment("drive/drive-00000").entries()))
        assert kept >= 50 - 8
