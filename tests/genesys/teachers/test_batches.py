"""Calls through the Batch API: the same answers as direct calls, whatever goes wrong, and nothing paid twice."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls
from genesys.calls.engine import Progress, Work, replay_rows, run_rows
from genesys.calls.entry import call_key
from genesys.calls.journal import Journal
from genesys.calls.segment import Segment
from genesys.chat import ChatAnswer, ChatRequest, Message
from genesys.faults import InfrastructureFault
from genesys.outcomes import Outcome, accepted
from genesys.settings.batches import BatchSettings
from genesys.teachers.batches import lines
from genesys.teachers.batches.teacher import BatchTeacher
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.genesys.teachers.test_openai_teacher import right_answer
from tests.support.calls import roles_of, work_of
from tests.support.openai_behaviour import Json
from tests.support.openai_server import OpenAIServer

Gather = Callable[..., BatchTeacher]
_fresh = itertools.count()
QUICK = {"quiet": 0.05, "poll": 0.03, "longest_poll": 0.1, "wait": 30 / 3600}


def ask(text: str = "", **sampling: Any) -> ChatRequest:
    """A request that no other test makes: the server tells batches of all tests."""
    text = text or f"Question of batches {next(_fresh)} [[gold:42]]"
    return ChatRequest(messages=(Message(role="user", content=text),), sampling={"temperature": 0.5} | sampling)


@pytest.fixture
async def gather(server: OpenAIServer, tmp_path: Path) -> AsyncIterator[Gather]:
    """Make teachers with times short enough for a test, all of one state; they are closed at its end."""
    made: list[BatchTeacher] = []

    def make(url: str = "", state: Path = tmp_path / "state", **more: Any) -> BatchTeacher:
        options = {"attempts": 4, "patience": 5.0, "settle": 0.1} | more
        settings = BatchSettings(**QUICK | options.pop("batch", {}))
        made.append(BatchTeacher("m", url or server.base_url, state=state, settings=settings, **options))
        return made[-1]

    yield make
    for teacher in made:
        await teacher.aclose()


class World:
    """Requests as rows, run into a journal."""

    def __init__(self, segment: Segment, requests: list[ChatRequest]) -> None:
        self.segment, self.requests = segment, requests

    @property
    def work(self) -> Work[int]:
        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", self.requests[row])).content})

        return work_of(len(self.requests), function)

    async def run(self, teacher: Any, **more: Any) -> Progress:
        return await asyncio.wait_for(run_rows(self.work, self.segment, roles_of(teacher), **more), 60)

    async def ends(self, teacher: Any) -> list[Outcome]:
        return [outcome async for _, outcome, _ in replay_rows(self.work, self.segment, roles_of(teacher))]

    async def check(self, teacher: Any) -> None:
        """Every row has the right answer."""
        for request, outcome in zip(self.requests, await self.ends(teacher), strict=True):
            assert outcome.records == ({"text": right_answer(request)},)


def world(segment: Segment, rows: int = 20) -> World:
    return World(segment, [ask() for _ in range(rows)])


class Sent:
    """Batches that the server has had since this was made."""

    def __init__(self, server: OpenAIServer) -> None:
        self._server, self._before = server, len(server.batches()["batches"])
        self._logged = len(server.log())

    @property
    def batches(self) -> list[Json]:
        return list(self._server.batches()["batches"][self._before :])

    @property
    def sizes(self) -> list[int]:
        return [batch["request_counts"]["total"] for batch in self.batches]

    @property
    def most_paid(self) -> int:
        """How often the request that was answered most often was."""
        seen = self._server.log()[self._logged :]
        return max(Counter(seen.sha256 for seen in seen if seen.status == 200).values(), default=0)


@pytest.fixture
def sent(server: OpenAIServer) -> Sent:
    return Sent(server)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


async def killed(teacher: BatchTeacher) -> None:
    """As far as others can see: nothing it does goes on, and its locks are gone."""
    tasks = [teacher._pump, *(following.task for following in teacher._following.values())]
    for task in tasks:
        if task is not None:
            task.cancel()
    await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
    teacher.book.close()


class TestTheSameCalls:
    async def test_all_rows_are_one_batch_and_its_answers_are_those_of_direct_calls(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        rows, teacher = world(segment, 60), gather()
        progress = await rows.run(teacher)
        assert progress.counts.accepted == 60
        assert progress.stats.made == 60
        assert {entry.tier for entry in segment.entries()} == {"batch"}, "its price is another"
        assert sent.sizes == [60]
        await rows.check(teacher)
        before = len(server.log())
        direct = OpenAITeacher("m", [server.base_url])
        assert (await rows.run(direct)).stats.replayed == 60
        assert len(server.log()) == before, "the journal does not tell how an answer came"
        await direct.aclose()

    async def test_answers_of_direct_calls_are_used(self, gather: Gather, segment: Segment, sent: Sent) -> None:
        rows = world(segment, 3)
        direct = OpenAITeacher("m", [gather().provider.url])
        await rows.run(direct)
        await direct.aclose()
        assert (await rows.run(gather())).stats.replayed == 3
        assert sent.sizes == []

    async def test_a_prompt_over_the_context_window_ends_as_by_a_direct_call(
        self, gather: Gather, server: OpenAIServer, segment: Segment, tmp_path: Path
    ) -> None:
        server.control(context_tokens=50)
        rows, teacher = World(segment, [ask("word " * 100), ask()]), gather()
        progress = await rows.run(teacher)
        assert progress.counts.as_dict()["rejected"] == {"task fault": 1}
        assert progress.counts.accepted == 1
        direct = OpenAITeacher("m", [server.base_url])
        with Journal(tmp_path / "direct") as journal:
            again = World(journal.segment("s"), rows.requests)
            await again.run(direct)
            assert await again.ends(direct) == await rows.ends(teacher)
        await direct.aclose()

    async def test_rows_that_ask_twice_take_two_batches(self, gather: Gather, segment: Segment, sent: Sent) -> None:
        firsts, seconds = [ask() for _ in range(10)], [ask() for _ in range(10)]

        async def function(row: int, calls: Calls) -> Outcome:
            first = await calls.chat("curator", firsts[row])
            second = await calls.chat("teacher", seconds[row])
            return accepted({"text": first.content + second.content})

        progress = await run_rows(work_of(10, function), segment, roles_of(gather()))
        assert progress.counts.accepted == 10
        assert sent.sizes == [10, 10]

    async def test_a_shard_of_many_batches(self, gather: Gather, segment: Segment, sent: Sent) -> None:
        teacher = gather(batch={"requests": 20})
        rows = world(segment, 50)
        await rows.run(teacher)
        assert sorted(sent.sizes) == [10, 20, 20]
        await rows.check(teacher)

    async def test_a_batchs_file_has_a_limit_in_bytes(self, gather: Gather, segment: Segment, sent: Sent) -> None:
        rows = World(segment, [ask(f"{n} " + "x" * 2000) for n in range(10)])
        await rows.run(gather(batch={"megabytes": 0.005}))
        assert sent.sizes == [2] * 5

    async def test_one_request_of_two_rows_is_sent_once(self, gather: Gather, tmp_path: Path, sent: Sent) -> None:
        """Providers refuse a file in which it stands twice."""
        teacher, request = gather(), ask()
        with Journal(tmp_path / "journal") as journal:
            segments = [journal.segment(name) for name in "ab"]
            await asyncio.gather(*(World(segment, [request]).run(teacher) for segment in segments))
        assert sent.sizes == [1]


class TestFlaws:
    @pytest.mark.parametrize("flaw", ["missing", "doubled", "unreadable", "unknown", "429", "500"])
    async def test_of_single_lines_cost_another_batch_at_most(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent, flaw: str
    ) -> None:
        server.control(batch_flaws={flaw: 0.4}, max_faulty_attempts=1)
        rows, teacher = world(segment), gather()
        progress = await rows.run(teacher)
        assert progress.counts.accepted == 20
        await rows.check(teacher)
        harmless = flaw in ("doubled", "unknown")
        assert len(sent.sizes) == (1 if harmless else 2)
        assert harmless or 0 < sent.sizes[1] < 20

    async def test_what_always_fails_is_no_verdict(
        self, gather: Gather, segment: Segment, sent: Sent, caplog: pytest.LogCaptureFixture
    ) -> None:
        rows = World(segment, [ask(), ask(f"[[dead]] {next(_fresh)}")])
        progress = await rows.run(gather(attempts=2), again=0)
        assert (progress.counts.accepted, progress.counts.as_dict()["errored"]) == (1, {"infrastructure": 1})
        assert "500" in str([failure.error for failure in segment.failures()])
        assert sent.sizes == [2, 1]

    async def test_a_batch_that_the_provider_refuses_shows_why_and_is_not_sent_again(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        server.control(models=["another"])
        progress = await world(segment, 4).run(gather())
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 4}
        assert "model_not_found: line 1" in str([failure.error for failure in segment.failures()])
        assert sent.sizes == [4]

    async def test_a_line_that_the_provider_refuses_takes_no_other_with_it(
        self, gather: Gather, server: OpenAIServer, segment: Segment
    ) -> None:
        server.control(batch_bad_line="poison")
        rows = World(segment, [ask(), ask(f"poison {next(_fresh)}"), ask()])
        progress = await rows.run(gather())
        assert (progress.counts.accepted, progress.counts.as_dict()["errored"]) == (2, {"infrastructure": 1})
        assert "refused it: invalid_request: line 2" in str(list(segment.failures()))

    async def test_an_expired_batch_is_asked_for_the_rest(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        server.control(batch_end="expired", batch_share=0.6)
        rows, teacher = world(segment, 10), gather(attempts=8)
        assert (await rows.run(teacher)).counts.accepted == 10
        assert sent.sizes[:3] == [10, 4, 1]
        await rows.check(teacher)
        assert sent.most_paid == 1

    async def test_answers_whose_file_is_gone_are_asked_for_again(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.control(batch_files_gone=True)
        rows, teacher = world(segment, 3), gather()
        run = asyncio.create_task(rows.run(teacher))
        await until(lambda: len(sent.batches) == 2)
        server.control(batch_files_gone=False)
        assert (await run).counts.accepted == 3
        assert "any more" in caplog.text

    async def test_an_answer_that_its_row_has_no_use_for_is_asked_for_anew(
        self, gather: Gather, segment: Segment, sent: Sent
    ) -> None:
        seen, request = [], ask()

        def check(answer: ChatAnswer) -> None:
            seen.append(answer)
            if len(seen) == 1:
                raise InfrastructureFault("not readable")

        async def function(row: int, calls: Calls) -> Outcome:
            await calls.chat_call("judge", request, check=check)
            return accepted({})

        assert (await run_rows(work_of(1, function), segment, roles_of(gather()))).counts.accepted == 1
        assert sent.sizes == [1, 1]

    async def test_waiting_has_an_end_and_the_next_run_has_the_answer(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        server.control(batch_hold=True)
        rows = world(segment, 2)
        progress = await rows.run(gather(batch={"wait": 0.5 / 3600}), again=0)
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 2}
        assert "`wait` of the batch settings" in str(list(segment.failures()))
        server.control(batch_hold=False)
        assert (await rows.run(gather())).counts.accepted == 2
        assert sent.sizes == [2]


class TestTheEndpoint:
    @pytest.mark.parametrize("part", ["none", "files"])
    async def test_without_a_batch_api(self, gather: Gather, server: OpenAIServer, segment: Segment, part: str) -> None:
        server.control(batch_api=part)
        progress = await world(segment, 2).run(gather())
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 2}
        assert "has no Batch API" in str(list(segment.failures()))
        assert "take `batch` out of this role's settings" in str(list(segment.failures()))

    async def test_trouble_with_its_files_and_batches_passes(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        routes = ["GET batches", "POST files", "POST batches", "GET batches/id", "GET files/id/content"]
        server.control(batch_faults={route: [503, 429] for route in routes}, retry_after=0.02)
        rows, teacher = world(segment, 5), gather()
        assert (await rows.run(teacher)).counts.accepted == 5
        await rows.check(teacher)
        assert (sent.sizes, sent.most_paid) == ([5], 1)

    async def test_a_batch_whose_start_was_not_heard_of_is_started_once(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        server.control(batch_faults={"POST batches": [-1]})
        assert (await world(segment, 5).run(gather())).counts.accepted == 5
        assert (sent.sizes, sent.most_paid) == ([5], 1)

    async def test_a_refused_key_is_said_at_once_and_shown_nowhere(
        self, gather: Gather, server: OpenAIServer, segment: Segment, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "genesys")
        server.control(api_key="another")
        secret = "sk-very-secret-0123456789"
        progress = await world(segment, 40).run(gather(api_key=secret))
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 40}
        assert all("401" in failure.error for failure in segment.failures())
        assert sum(server.batches()["requests"].values()) <= 2
        server.control(api_key=secret, batch_flaws={"500": 0.5}, max_faulty_attempts=1)
        assert (await world(segment, 10).run(gather(api_key=secret))).counts.accepted == 10
        await segment.flush()
        kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        assert secret.encode() not in kept
        assert secret not in caplog.text

    async def test_no_room_for_so_many_tokens_makes_batches_smaller(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.control(batch_room=12, batch_seconds=0.05)
        rows, teacher = world(segment, 30), gather()
        progress = await rows.run(teacher, again=0)
        assert progress.counts.accepted == 30
        await rows.check(teacher)
        assert max(size for size, batch in zip(sent.sizes, sent.batches, strict=True) if batch["output_file_id"]) <= 12
        assert sent.most_paid == 1
        assert "the limit of enqueued tokens" in caplog.text


class TestResuming:
    """A run that is killed at any moment: the next one sends nothing that was sent."""

    async def test_while_it_waits(self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent) -> None:
        server.control(batch_hold=True)
        rows, first = world(segment), gather()
        run = asyncio.create_task(rows.run(first))
        await until(lambda: sent.batches and any(b.state == "sent" for b in first.book.batches()))
        await killed(first)
        run.cancel()
        server.control(batch_hold=False)
        second = gather()
        assert (await rows.run(second)).counts.accepted == 20
        await rows.check(second)
        assert (sent.sizes, sent.most_paid) == ([20], 1)

    async def test_before_and_while_the_file_is_uploaded(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        rows, first = world(segment, 3), gather()
        keys = [call_key("chat", request.payload("m")) for request in rows.requests]
        assert first.book.plan("a" * 32, "m", "m", keys, frozenset()) is not None
        await killed(first)
        assert (await rows.run(gather())).counts.accepted == 3
        assert sent.sizes == [3]

    @pytest.mark.parametrize("heard", [True, False], ids=["started", "not started"])
    async def test_between_the_start_of_a_batch_and_its_record(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent, heard: bool
    ) -> None:
        rows, first = world(segment, 3), gather()
        keys = [call_key("chat", request.payload("m")) for request in rows.requests]
        batch = first.book.plan("b" * 32, "m", "m", keys, frozenset())
        assert batch is not None
        file = first.book.folder / "file.jsonl"
        file.write_bytes(b"".join(map(lines.request_line, keys, ["m"] * 3, rows.requests)))
        file_id = await first.provider.upload(file)
        first.book.uploaded(batch.number, file_id)
        if heard:
            await first.provider.create(batch.name, file_id, "24h", {})
        await killed(first)
        second = gather()
        assert (await rows.run(second)).counts.accepted == 3
        await rows.check(second)
        assert (sent.sizes, sent.most_paid) == ([3], 1)

    async def test_in_the_middle_of_its_answers(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        rows, first = world(segment), gather()
        first.provider.download = _torn  # type: ignore[method-assign]
        run = asyncio.create_task(rows.run(first))
        await until(lambda: list(first.book.folder.glob("*.part")))
        await killed(first)
        run.cancel()
        second = gather()
        assert (await rows.run(second)).counts.accepted == 20
        await rows.check(second)
        assert (sent.sizes, sent.most_paid) == ([20], 1)

    async def test_after_its_answers_came_and_before_all_were_journalled(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        rows, first = world(segment), gather()
        some = World(segment, rows.requests[:5])
        whole = asyncio.gather(*(first.complete(request) for request in rows.requests))
        await some.run(first)
        await whole
        await killed(first)
        before = server.batches()["requests"]
        second = gather()
        assert (await rows.run(second)).stats.replayed == 5
        await rows.check(second)
        assert (sent.sizes, server.batches()["requests"]) == ([20], before), "they were on this disk already"

    async def test_by_another_machine_or_without_the_state(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent, tmp_path: Path
    ) -> None:
        server.control(batch_hold=True)
        rows, first = world(segment), gather()
        run = asyncio.create_task(rows.run(first))
        await until(lambda: sent.batches)
        await killed(first)
        run.cancel()
        server.control(batch_hold=False)
        second = gather(state=tmp_path / "elsewhere")
        assert (await rows.run(second)).counts.accepted == 20
        assert (sent.sizes, sent.most_paid) == ([20], 1)

    async def test_two_runs_at_the_same_time_send_a_call_once(
        self, gather: Gather, tmp_path: Path, server: OpenAIServer, sent: Sent
    ) -> None:
        requests = [ask() for _ in range(40)]
        with Journal(tmp_path / "a") as first, Journal(tmp_path / "b") as second:
            worlds = [World(journal.segment("s"), requests) for journal in (first, second)]
            progress = await asyncio.gather(*(rows.run(gather()) for rows in worlds))
        assert [p.counts.accepted for p in progress] == [40, 40]
        assert (sum(sent.sizes), sent.most_paid) == (40, 1)

    async def test_a_batch_that_a_person_cancels_is_used_and_not_sent_again_by_this_run(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        server.control(batch_hold=True, batch_share=0.25)
        rows, first = world(segment), gather()
        run = asyncio.create_task(rows.run(first))
        await until(lambda: sent.batches)
        await asyncio.sleep(0.1)
        await first.provider.cancel(sent.batches[0]["id"])
        progress = await run
        assert (progress.counts.accepted, progress.counts.as_dict()["errored"]) == (5, {"infrastructure": 15})
        assert "was cancelled" in str(list(segment.failures()))
        assert sent.sizes == [20]
        server.control(batch_hold=False)
        second = gather()
        assert (await rows.run(second)).counts.accepted == 20
        assert (sent.sizes, sent.most_paid) == ([20, 15], 1)

    async def test_a_batch_that_was_cancelled_between_two_runs(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent
    ) -> None:
        server.control(batch_hold=True, batch_share=0.25)
        rows, first = world(segment), gather()
        run = asyncio.create_task(rows.run(first))
        await until(lambda: any(b.state == "sent" for b in first.book.batches()))
        await killed(first)
        run.cancel()
        second = gather()
        await second.provider.cancel(sent.batches[0]["id"])
        server.control(batch_hold=False)
        assert (await rows.run(second, again=0)).counts.accepted == 20
        assert (sent.sizes, sent.most_paid) == ([20, 15], 1)

    async def test_stopped_it_says_what_is_left_and_how_to_cancel_it(
        self, gather: Gather, server: OpenAIServer, segment: Segment, sent: Sent, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.control(batch_hold=True)
        teacher = gather()
        run = asyncio.create_task(world(segment, 3).run(teacher))
        await until(lambda: any(b.state == "sent" for b in teacher.book.batches()))
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        await teacher.aclose()
        name = sent.batches[0]["id"]
        assert f"3 requests are left with {server.base_url} as batch {name}" in caplog.text
        assert f"--cancel {name}" in caplog.text
        server.control(batch_hold=False)


async def _torn(file_id: str, target: Path) -> None:
    """A download that never comes to its end."""
    target.write_bytes(b'{"custom_id": "')
    await asyncio.sleep(60)


class TestMany:
    async def test_a_thousand_rows_take_little_time(self, gather: Gather, segment: Segment, sent: Sent) -> None:
        began = time.process_time()
        rows = world(segment, 1500)
        assert (await rows.run(gather())).counts.accepted == 1500
        assert sent.sizes == [1500]
        assert time.process_time() - began < 15
