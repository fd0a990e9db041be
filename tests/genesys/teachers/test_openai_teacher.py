"""A real server and every fault it knows: the run ends, the sums hold, and no fault becomes an answer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls
from genesys.calls.engine import Progress, replay_rows, run_rows
from genesys.calls.segment import Segment
from genesys.chat import ChatRequest, Message
from genesys.faults import GenesysError, InfrastructureFault
from genesys.outcomes import Outcome, accepted
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.genesys.teachers.conftest import Teach
from tests.support.calls import question, roles_of, work_of
from tests.support.openai_answers import answer, answer_key, canonical_sha256
from tests.support.openai_behaviour import ALL_FAULTS, Behaviour, Fault
from tests.support.openai_server import OpenAIServer, Seen

REPO = Path(__file__).parents[3]
_fresh = itertools.count()


def ask(text: str | None = None, **sampling: Any) -> ChatRequest:
    """A request; without a text one that the server has never seen."""
    return ChatRequest(messages=question(text or f"Question {next(_fresh)}"), sampling={"temperature": 0.5} | sampling)


def right_answer(request: ChatRequest) -> str:
    """What the server says to it, by its own rules."""
    body = {"model": "m", "messages": [m.model_dump() for m in request.messages], **request.sampling}
    return answer(body, [("user", request.messages[-1].content)], answer_key(body), Behaviour())[1]


def arrivals_since(server: OpenAIServer, before: int) -> list[Seen]:
    return server.log()[before:]


@pytest.fixture(params=[True, False], ids=["streamed", "whole"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


class TestAnswers:
    async def test_an_answer(self, teach: Teach, stream: bool) -> None:
        request = ask(seed=1, max_tokens=500, top_p=0.9)
        done = await teach(stream=stream).complete(request)
        assert done.answer.content == right_answer(request)
        assert done.answer.finish_reason == "stop"
        assert done.answer.completion_tokens == -(-len(done.answer.content) // 4)
        assert done.answer.prompt_tokens is not None
        assert (done.answer.model, done.attempts) == ("m", 1)

    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
    async def test_thinking_is_kept_apart(self, teach: Teach, server: OpenAIServer, stream: bool, name: str) -> None:
        server.control(reasoning=name)
        found = (await teach(stream=stream).complete(ask())).answer
        assert found.reasoning
        assert "\\boxed" in found.content
        assert found.text == f"<think>\n{found.reasoning}\n</think>\n\n{found.content}"

    @pytest.mark.parametrize(
        ("by", "flags", "mark"),
        [
            ("continue_final_message", {"continue_final_message": True, "add_generation_prompt": False}, {}),
            ("prefix", {}, {"prefix": True}),
            ("nothing", {}, {}),
        ],
    )
    async def test_an_endpoint_is_told_in_its_own_words_to_go_on(
        self, teach: Teach, server: OpenAIServer, by: str, flags: dict[str, Any], mark: dict[str, Any]
    ) -> None:
        begun = Message(role="assistant", content="Let us ")
        request = ask().model_copy(update={"messages": (*question("Why?"), begun)})
        await teach(stream=False, goes_on_by=by).complete(request)
        messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Let us ", **mark}]
        body = {"model": "m", "messages": messages, "stream": False, **request.sampling, **flags}
        assert server.log()[-1].sha256 == canonical_sha256(body)

    async def test_cut_off_at_the_token_limit(self, teach: Teach, stream: bool) -> None:
        assert (await teach(stream=stream).complete(ask(max_tokens=10))).answer.finish_reason == "length"

    async def test_a_text_with_any_character(self, teach: Teach, server: OpenAIServer, stream: bool) -> None:
        text = 'é\u2028\u0085\x0b\x1c\r\n\t\\" \N{GRINNING FACE} data: [DONE]\n\ndata: {}\n\nend'
        server.control(answers={"odd": text})
        assert (await teach(stream=stream).complete(ask("odd"))).answer.content == text

    async def test_an_empty_answer_that_took_tokens(self, teach: Teach, server: OpenAIServer) -> None:
        """Thinking aside: the server's tokens are counted from its text, so this one is told apart in test_answers."""
        server.control(answers={"nothing": ""})
        with pytest.raises(InfrastructureFault, match="without content"):
            await teach(attempts=2).complete(ask("nothing"))

    async def test_parameters_beyond_the_clients_travel_in_the_body(self, teach: Teach, server: OpenAIServer) -> None:
        request = ask(top_k=20, min_p=0.1, seed=3)
        before = len(server.log())
        assert (await teach(stream=False).complete(request)).answer.content == right_answer(request)
        assert len(arrivals_since(server, before)) == 1

    async def test_structured_answers(self, teach: Teach) -> None:
        schema = {"type": "object", "properties": {"checkable": {"type": "boolean"}}}
        wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        found = (await teach().complete(ask(response_format=wanted))).answer.content
        assert json.loads(found.rpartition("</think>")[2]).keys() == {"checkable"}


class TestFaults:
    @pytest.mark.parametrize("fault", ["cut", "reset"])
    async def test_a_lost_connection_is_no_time_out(self, teach: Teach, server: OpenAIServer, fault: Fault) -> None:
        """Else its error would name settings that it has nothing to do with, and the endpoint would get fewer calls."""
        server.control(faults={fault: 1.0})
        teacher = teach(attempts=1)
        with pytest.raises(InfrastructureFault, match="(?i)disconnected|reset by peer") as caught:
            await teacher.complete(ask())
        assert not caught.value.overload

    async def test_nobody_listening_is_told_as_the_system_says_it(self, teach: Teach) -> None:
        with pytest.raises(InfrastructureFault, match="ConnectionRefusedError") as caught:
            await teach(nobody(), attempts=1).complete(ask())
        assert not caught.value.overload

    @pytest.mark.parametrize("fault", ALL_FAULTS)
    async def test_each_fault_ends_in_the_right_answer_or_in_none(
        self, teach: Teach, server: OpenAIServer, segment: Segment, stream: bool, fault: Fault
    ) -> None:
        """Two of five requests meet it, some again and again. Every answer that came through is the right one."""
        server.control(faults={fault: 0.4}, fault_seed=next(_fresh), retry_after=0.05, drip_seconds=60)
        requests = [ask() for _ in range(16)]

        async def function(row: int, calls: Calls) -> Outcome:
            found = await calls.chat("teacher", requests[row])
            return accepted({"text": found.content})

        work, teacher = work_of(len(requests), function), teach(stream=stream, timeout=1.0, idle_timeout=0.3)
        progress = await asyncio.wait_for(run_rows(work, segment, roles_of(teacher)), 60)
        assert progress.counts.balanced
        assert progress.counts.accepted == progress.counts.rows == len(requests)
        async for row, outcome, _ in replay_rows(work, segment, roles_of(teacher)):
            assert outcome.records == ({"text": right_answer(requests[row])},)
        assert server.stats()["by_action"].get(fault), "the fault was never met"

    @pytest.mark.slow
    async def test_all_faults_together(self, teach: Teach, server: OpenAIServer, segment: Segment) -> None:
        server.control(
            faults=dict.fromkeys(ALL_FAULTS, 0.03), fault_seed=next(_fresh), retry_after=0.05, drip_seconds=60
        )
        requests = [ask(f"Question {next(_fresh)} {'[[dead]]' if n % 20 == 0 else ''}") for n in range(200)]

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", requests[row])).content})

        progress, work = Progress(), work_of(len(requests), function)
        teacher = teach(timeout=1.5, idle_timeout=0.4, attempts=6)
        await asyncio.wait_for(run_rows(work, segment, roles_of(teacher), progress=progress), 120)
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 10}
        assert progress.counts.as_dict()["rejected"] == {}
        assert progress.counts.accepted == 190
        async for row, outcome, _ in replay_rows(work, segment, roles_of(teacher)):
            if row % 20 == 0:
                assert (outcome.status, outcome.records) == ("errored", ())
                assert "answered 500" in str(outcome.detail) or "no endpoint answers" in str(outcome.detail)
            else:
                assert outcome.records == ({"text": right_answer(requests[row])},)

    async def test_silence_is_said_to_be_that_and_lowers_the_number_of_calls_at_once(
        self, teach: Teach, server: OpenAIServer, stream: bool
    ) -> None:
        server.control(faults={"hang": 1.0})
        teacher = teach(timeout=0.3, idle_timeout=0.2, attempts=1, stream=stream)
        with pytest.raises(InfrastructureFault, match=r"no whole answer within 0\.3 s") as caught:
            await teacher.complete(ask())
        assert caught.value.overload
        assert teacher.pool.endpoints[0].limit.limit < 16

    async def test_silence_is_noticed_early(self, teach: Teach, server: OpenAIServer) -> None:
        for fault in ("hang", "hang_mid_body"):
            server.control(faults={fault: 1.0}, max_faulty_attempts=1)
            began = time.monotonic()
            done = await teach(timeout=30.0, idle_timeout=0.3).complete(ask())
            assert done.attempts == 2
            assert time.monotonic() - began < 3

    async def test_an_answer_that_takes_long_is_not_silent(self, teach: Teach, server: OpenAIServer) -> None:
        server.control(latency_min=1.2, latency_max=1.2, stream_chunks=12)
        done = await teach(timeout=30.0, idle_timeout=0.5).complete(ask())
        assert done.attempts == 1

    async def test_an_abandoned_answer_is_hung_up_on(self, teach: Teach, server: OpenAIServer) -> None:
        """Else the endpoint goes on generating it, at our cost."""
        server.control(faults={"hang_mid_body": 1.0}, max_faulty_attempts=1)
        before = len(server.log())
        await teach(idle_timeout=0.2).complete(ask())
        task = asyncio.create_task(teach(idle_timeout=20.0).complete(ask()))
        while len(arrivals_since(server, before)) < 3:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.1)
        assert [seen.end for seen in arrivals_since(server, before)] == ["client_gone", "completed", "client_gone"]


class TestPauses:
    @pytest.mark.parametrize("fault", ["rate_limit", "rate_limit_date"])
    async def test_retry_after_is_kept_in_both_its_forms(
        self, teach: Teach, server: OpenAIServer, fault: Fault
    ) -> None:
        server.control(faults={fault: 1.0}, max_faulty_attempts=1, retry_after=1.0)
        before = len(server.log())
        assert (await teach(longest_pause=0.1).complete(ask())).attempts == 2
        first, second = arrivals_since(server, before)
        assert 1.0 <= second.time - first.time < 2.5

    async def test_being_told_to_come_later_takes_no_attempt(self, teach: Teach, server: OpenAIServer) -> None:
        server.control(faults={"rate_limit": 1.0}, max_faulty_attempts=6, retry_after=0.02)
        assert (await teach(attempts=2).complete(ask())).attempts == 7
        server.control(max_faulty_attempts=100)
        with pytest.raises(InfrastructureFault, match="429"):
            await asyncio.wait_for(teach(attempts=2).complete(ask()), 20)
        server.control(faults={"error_500": 1.0}, max_faulty_attempts=2)
        with pytest.raises(InfrastructureFault, match="500"):
            await teach(attempts=2).complete(ask())

    async def test_nobody_is_kept_waiting_for_hours(self, teach: Teach, server: OpenAIServer) -> None:
        server.control(faults={"rate_limit": 1.0}, max_faulty_attempts=1, retry_after=86_400)
        began = time.monotonic()
        teacher = teach(patience=0.5, longest_pause=0.1)
        assert (await teacher.complete(ask())).attempts == 2
        await asyncio.gather(*(teacher.complete(ask()) for _ in range(20)), return_exceptions=True)
        server.control(faults={})
        await asyncio.sleep(0.6)
        await teacher.complete(ask())
        assert time.monotonic() - began < 5

    async def test_concurrency_follows_what_the_endpoint_takes(
        self, teach: Teach, server: OpenAIServer, segment: Segment
    ) -> None:
        server.control(capacity=4, latency_min=0.02, latency_max=0.03, retry_after=0.05)
        teacher = teach(concurrency=64)
        before = server.stats()["requests"]
        requests = [ask() for _ in range(200)]

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", requests[row])).content})

        progress = await run_rows(work_of(200, function), segment, roles_of(teacher), again=0)
        assert progress.counts.accepted == 200
        assert server.stats()["requests"] - before < 200 * 3, "it hammers an endpoint that says it is full"
        assert teacher.pool.endpoints[0].limit.limit < 10

    async def test_an_endpoint_that_was_restarted(self, teach: Teach, segment: Segment) -> None:
        requests = [ask() for _ in range(60)]

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", requests[row])).content})

        with OpenAIServer(latency_min=0.05, latency_max=0.1) as server:
            run = asyncio.create_task(
                run_rows(work_of(60, function), segment, roles_of(teach(server.base_url, concurrency=4)))
            )
            while server.stats()["completed"] < 10:
                await asyncio.sleep(0.01)
            server.stop()
            await asyncio.sleep(0.7)
            assert not run.done()
            server.start()
            progress = await asyncio.wait_for(run, 30)
        assert progress.counts.accepted == 60


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


class TestDeadEndpoints:
    async def test_one_of_two_is_dead(self, teach: Teach, server: OpenAIServer, segment: Segment) -> None:
        teacher = teach(nobody(), server.base_url)
        requests = [ask() for _ in range(200)]

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", requests[row])).content})

        progress = await asyncio.wait_for(run_rows(work_of(200, function), segment, roles_of(teacher)), 30)
        assert progress.counts.accepted == 200

    async def test_all_are(self, teach: Teach, segment: Segment) -> None:
        teacher = teach(nobody(), nobody(), patience=1.0)

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", ask())).content})

        began = time.monotonic()
        work = work_of(500, function)
        progress = await asyncio.wait_for(run_rows(work, segment, roles_of(teacher)), 30)
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 500}
        assert 1.0 < time.monotonic() - began < 8
        assert "Connection" in str([failure.error for failure in segment.failures()][-1])

    @pytest.mark.parametrize("behaviour", [{"api_key": "another"}, {"models": ["another"]}])
    async def test_refused_for_good(
        self, teach: Teach, server: OpenAIServer, segment: Segment, behaviour: dict[str, Any]
    ) -> None:
        """A wrong key or model: each row says so at once, and the endpoint is not asked once a row."""
        server.control(**behaviour)
        before = len(server.log())

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", ask())).content})

        began = time.monotonic()
        teacher = teach(api_key="mine")
        progress = await run_rows(work_of(1000, function), segment, roles_of(teacher))
        assert progress.counts.as_dict()["errored"] == {"infrastructure": 1000}
        assert time.monotonic() - began < 10
        assert len(arrivals_since(server, before)) <= 40
        assert all("40" in failure.error for failure in segment.failures())


@pytest.fixture
def unreachable() -> Iterator[str]:
    """An address that does not even refuse: its queue of connections is full."""
    with socket.socket() as listening, contextlib.ExitStack() as queue:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


async def test_an_address_that_swallows_everything(teach: Teach, unreachable: str, stream: bool) -> None:
    teacher = teach(unreachable, stream=stream, timeout=60.0, idle_timeout=0.4, attempts=1)
    began = time.monotonic()
    with pytest.raises(InfrastructureFault):
        await teacher.complete(ask())
    assert time.monotonic() - began < 3


class TestRefusal:
    async def test_a_prompt_over_the_context_window_is_the_tasks_fault_and_journalled(
        self, teach: Teach, server: OpenAIServer, segment: Segment, stream: bool
    ) -> None:
        server.control(context_tokens=50)
        long = ask("word " * 100)

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", long)).content})

        before = len(server.log())
        for _ in range(2):
            progress = await run_rows(work_of(1, function), segment, roles_of(teach(stream=stream)))
            assert progress.counts.as_dict()["rejected"] == {"task fault": 1}
        assert len(arrivals_since(server, before)) == 1
        assert "maximum context length" in str(next(segment.entries()).result["answer"]["refused"])


SECRET = "sk-very-secret-0123456789"


def _number_in(text: str) -> int:
    found = re.search(r"pad (\d+)", text)
    return int(found[1]) if found else 0


class Echo(BaseHTTPRequestHandler):
    """An endpoint that repeats the key it was sent wherever it can, as some do."""

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        text = self.rfile.read(length).decode()
        key = self.headers["authorization"]
        way = json.loads(text)["messages"][-1]["content"].split()[0]
        status, body = {
            "unauthorized": (401, json.dumps({"error": {"message": f"incorrect key: {key}", "code": key}})),
            "broken": (500, f"Traceback: headers={dict(self.headers)}"),
            "too-long": (400, json.dumps({"error": {"code": "context_length_exceeded", "message": f"for {key}"}})),
            "in-200": (200, json.dumps({"error": {"message": f"no credit on {key}"}})),
            "in-stream": (200, f'data: {{"error": {{"message": "no credit on {key}"}}}}\n\n'),
            "in-long": (200, json.dumps({"error": {"message": "x" * _number_in(text) + key}})),
            "escaped": (200, json.dumps({"error": json.dumps({"key": key}).replace("/", "\\/")})),
        }[way]
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}/v1"
    running.shutdown()
    running.server_close()


class TestSecrets:
    @pytest.mark.parametrize("way", ["unauthorized", "broken", "too-long", "in-200", "in-stream"])
    @pytest.mark.parametrize("ending", ["", "\n"])
    async def test_the_key_stands_in_no_error_log_or_journal(
        self,
        teach: Teach,
        echo: str,
        segment: Segment,
        tmp_path: Path,
        way: str,
        ending: str,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", ask(f"{way} {next(_fresh)}"))).content})

        caplog.set_level(logging.DEBUG)
        teacher = teach(echo, api_key=SECRET + ending, attempts=2, stream=way == "in-stream")
        work = work_of(2, function)
        await run_rows(work, segment, roles_of(teacher))
        details = [str(outcome.detail) async for _, outcome, _ in replay_rows(work, segment, roles_of(teacher))]
        segment.close()
        files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        everything = [*details, caplog.text, *capfd.readouterr(), files.decode(errors="replace"), repr(teacher.pool)]
        assert not [text for text in everything if SECRET in text]

    @pytest.mark.parametrize("pad", range(170, 300, 7))
    async def test_nor_does_a_part_of_it_where_a_long_error_is_cut(self, teach: Teach, echo: str, pad: int) -> None:
        with pytest.raises(InfrastructureFault) as caught:
            await teach(echo, api_key=SECRET, attempts=1, stream=False).complete(
                ask(f"in-long pad {pad} of {next(_fresh)}")
            )
        assert "xxx" in str(caught.value)
        assert SECRET[:6] not in str(caught.value)

    async def test_nor_does_a_key_with_slashes_as_json_escapes_them(self, teach: Teach, echo: str) -> None:
        with pytest.raises(InfrastructureFault) as caught:
            await teach(echo, api_key="sk/very/secret", attempts=1, stream=False).complete(
                ask(f"escaped {next(_fresh)}")
            )
        assert "***" in str(caught.value)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("bad", ["sk-very\nsecret", "sk-véry-secret", "sk-secret\x00key"])
    def test_a_key_that_no_header_can_carry(self, bad: str) -> None:
        """The HTTP library would repeat it in its refusal."""
        with pytest.raises(GenesysError, match="environment variable") as caught:
            OpenAITeacher("m", ["https://example.org/v1"], api_key=bad)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("url", [f"https://user:{SECRET}@example.org/v1", f"https://example.org/v1?key={SECRET}"])
    def test_a_key_in_an_url_is_refused(self, url: str) -> None:
        with pytest.raises(GenesysError, match="api_key_env") as caught:
            OpenAITeacher("m", [url])
        assert SECRET not in str(caught.value)


class TestOneHost:
    async def test_two_teachers_at_one_url_stay_within_its_concurrency(
        self, teach: Teach, server: OpenAIServer
    ) -> None:
        """A curator and a teacher at the same address, or two runs."""
        with OpenAIServer(latency_min=0.02, latency_max=0.04) as fresh:
            teachers = [teach(fresh.base_url, concurrency=6), teach(fresh.base_url + "/", concurrency=6)]
            await asyncio.gather(*(teachers[n % 2].complete(ask()) for n in range(120)))
            assert fresh.stats()["max_concurrent"] == 6

    def test_and_so_do_two_processes(self, tmp_path: Path) -> None:
        with OpenAIServer(latency_min=0.02, latency_max=0.04) as fresh:
            runs = [
                subprocess.Popen(
                    [sys.executable, "-m", "tests.support.drive_calls", "--journal", str(tmp_path / name), "--lake",
                     str(tmp_path / name), "--base-url", fresh.base_url, "--rows", "40", "--concurrency", "5"],
                    cwd=REPO, stdout=subprocess.PIPE, text=True,
                )
                for name in ("one", "two")
            ]  # fmt: skip
            found = [json.loads(run.communicate()[0].splitlines()[-1]) for run in runs]
            assert fresh.stats()["max_concurrent"] == 5
            assert fresh.stats()["requests"] == 2 * 192
        assert [each["counts"]["accepted"] for each in found] == [160, 160]
        assert all(run.returncode == 0 for run in runs)
