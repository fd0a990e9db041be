"""The test server, through the official client: other tests rest on what is promised here."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

import openai
import pytest
from pydantic import BaseModel

from tests.support.openai_answers import canonical_sha256
from tests.support.openai_app import RequestLog, Server
from tests.support.openai_behaviour import Behaviour, Fault
from tests.support.openai_server import OpenAIServer, Seen, read_log

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def process() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def server(process: OpenAIServer) -> OpenAIServer:
    """One process for all tests, with the behaviour of a fresh one."""
    process.control(**Behaviour().model_dump())
    return process


@cache
def client_of(base_url: str, api_key: str = "any") -> openai.OpenAI:
    """One client an address: making one costs more than twenty calls."""
    return openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0, timeout=5)


def ask(server: OpenAIServer, text: str = "What is it?", **more: Any) -> Any:
    asked = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
    return client_of(server.base_url).chat.completions.create(**asked)


def ask_streamed(server: OpenAIServer, text: str = "What is it?", **more: Any) -> list[Any]:
    return list(ask(server, text, stream=True, **more))


def joined(chunks: list[Any], name: str = "content") -> str:
    return "".join(getattr(c.choices[0].delta, name, None) or "" for c in chunks if c.choices)


def seen_of(server: OpenAIServer, text: str) -> list[Seen]:
    sha = canonical_sha256({"model": "m", "messages": [{"role": "user", "content": text}]})
    return [seen for seen in server.log() if seen.sha256 == sha]


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.01)


class TestAnswers:
    def test_depend_on_the_request_alone(self, server: OpenAIServer) -> None:
        first = ask(server, seed=1, temperature=0.7)
        assert ask(server, seed=1, temperature=0.7) == first
        others: list[dict[str, Any]] = [
            {"seed": 2, "temperature": 0.7},
            {"seed": 1, "temperature": 0.8},
            {"seed": 1, "model": "other"},
        ]
        texts = {ask(server, **other).choices[0].message.content for other in others}
        assert len(texts | {first.choices[0].message.content}) == 4
        with OpenAIServer() as another:
            assert ask(another, seed=1, temperature=0.7) == first

    def test_streamed_and_whole_are_the_same(self, server: OpenAIServer) -> None:
        server.control(stream_chunks=5)
        whole = ask(server, seed=3)
        chunks = ask_streamed(server, seed=3, stream_options={"include_usage": True})
        assert joined(chunks) == whole.choices[0].message.content
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == whole.choices[0].finish_reason
        assert chunks[-1].choices == []
        assert chunks[-1].usage == whole.usage
        assert 5 <= len([c for c in chunks if c.choices and c.choices[0].delta.content]) <= 6
        assert all(c.usage is None for c in ask_streamed(server, seed=3))

    @pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
    def test_reasoning_apart(self, server: OpenAIServer, name: str) -> None:
        server.control(reasoning=name)
        message = ask(server, seed=4).choices[0].message
        assert "<think>" not in message.content
        assert "\\boxed{" in message.content
        chunks = ask_streamed(server, seed=4)
        assert joined(chunks, name) == getattr(message, name) != ""
        assert joined(chunks) == message.content

    def test_reasoning_inline_or_none(self, server: OpenAIServer) -> None:
        before, after = ask(server).choices[0].message.content.split("</think>")
        assert before.startswith("<think>")
        assert "\\boxed{" in after
        assert "\\boxed{" not in before
        server.control(reasoning="none")
        assert "think>" not in ask(server).choices[0].message.content

    def test_gold_is_hit_with_the_share_asked_for(self, server: OpenAIServer) -> None:
        server.control(p_right=0.3)

        def right(seed: int) -> bool:
            content = ask(server, "Add. [[gold:[\\frac{1}{2}]]]", seed=seed).choices[0].message.content
            return str(content).endswith("\\boxed{[\\frac{1}{2}]}.")

        assert 18 <= sum(right(seed) for seed in range(100)) <= 42
        server.control(p_right=1)
        assert all(right(seed) for seed in range(5))
        server.control(p_right=0)
        assert not any(right(seed) for seed in range(5))

    def test_length_in_characters(self, server: OpenAIServer) -> None:
        server.control(answer_chars=30_000)
        answer = ask(server)
        assert 30_000 <= len(answer.choices[0].message.content) <= 30_020
        assert answer.usage.completion_tokens >= 7_500
        assert answer.usage.total_tokens == answer.usage.completion_tokens + answer.usage.prompt_tokens

    def test_cut_off_by_hash_and_by_max_tokens(self, server: OpenAIServer) -> None:
        server.control(length_share=0.5)
        reasons = [ask(server, seed=seed).choices[0] for seed in range(40)]
        cut = [c for c in reasons if c.finish_reason == "length"]
        assert 8 <= len(cut) <= 32
        assert not any("\\boxed" in c.message.content for c in cut)
        server.control(length_share=0, reasoning="reasoning_content")
        short = ask(server, max_tokens=16)
        assert short.choices[0].finish_reason == "length"
        assert short.usage.completion_tokens == 16
        assert short.choices[0].message.content is None
        assert len(short.choices[0].message.reasoning_content) == 64

    def test_choices_differ_and_the_first_does_not_depend_on_n(self, server: OpenAIServer) -> None:
        three = [c.message.content for c in ask(server, n=3).choices]
        assert len(set(three)) == 3
        assert three[0] == ask(server).choices[0].message.content
        chunks = [c for c in ask_streamed(server, n=3) if c.choices[0].index == 2]
        assert joined(chunks) == three[2]

    def test_json_by_marker_and_by_schema(self, server: OpenAIServer) -> None:
        class Verdict(BaseModel):
            checkable: bool
            why: str
            kinds: list[str]
            score: int | None

        marked = ask(server, 'Judge. [[json:{"checkable": true, "why": "ü]]"}]]').choices[0].message.content
        assert json.loads(marked) == {"checkable": True, "why": "ü]]"}
        seen, messages = set(), [{"role": "user", "content": "Judge."}]
        for seed in range(10):
            completions: Any = client_of(server.base_url).chat.completions
            parsed = completions.parse(model="m", messages=messages, response_format=Verdict, seed=seed)
            seen.add(parsed.choices[0].message.parsed.checkable)
        assert seen == {True, False}

    def test_given_answers(self, server: OpenAIServer) -> None:
        server.control(answers={"2 + 2": "It is \\boxed{5}"})
        assert ask(server, "What is 2 + 2?").choices[0].message.content == "It is \\boxed{5}"
        assert "<think>" in ask(server, "What is 3 + 2?").choices[0].message.content


class TestLatency:
    @pytest.mark.parametrize("distribution", ["uniform", "lognormal"])
    def test_follows_the_request_within_its_bounds(self, server: OpenAIServer, distribution: str) -> None:
        server.control(latency_min=0.01, latency_max=0.08, latency_distribution=distribution)
        taken = []
        for seed in [*range(8), *range(8)]:
            start = time.perf_counter()
            ask(server, seed=seed)
            taken.append(time.perf_counter() - start)
        planned = [seen.seconds for seen in server.log()[-16:]]
        assert planned[:8] == planned[8:]
        assert len(set(planned[:8])) > 1
        assert all(0.01 <= seconds <= 0.08 for seconds in planned)
        assert all(real >= seconds for real, seconds in zip(taken, planned, strict=True))

    def test_a_stream_is_spread_over_it(self, server: OpenAIServer) -> None:
        server.control(latency_min=0.4, latency_max=0.4)
        start = time.perf_counter()
        times = [time.perf_counter() - start for _ in ask(server, stream=True)]
        assert times[0] < 0.25
        assert times[-1] >= 0.35


IN_ERROR = {
    "rate_limit": openai.RateLimitError,
    "rate_limit_date": openai.RateLimitError,
    "error_500": openai.InternalServerError,
    "error_503": openai.InternalServerError,
    "hang": openai.APITimeoutError,
    "hang_mid_body": openai.APITimeoutError,
    "cut": openai.APIConnectionError,
    "reset": openai.APIConnectionError,
    "cut_mid_body": openai.APIConnectionError,
    "invalid_json": json.JSONDecodeError,
}
QUIETLY_WRONG = {"early_end", "empty_choices", "null_content", "error_in_200", "html", "drip"}


class TestFaults:
    def test_all_are_tested(self) -> None:
        assert set(IN_ERROR) | QUIETLY_WRONG == set(get_args(Fault))

    @pytest.mark.parametrize("how", [ask, ask_streamed])
    @pytest.mark.parametrize("fault", IN_ERROR)
    def test_raised_by_the_client(self, server: OpenAIServer, fault: str, how: Callable[..., Any]) -> None:
        server.control(faults={fault: 1})
        with pytest.raises(IN_ERROR[fault]):
            how(server, timeout=0.3)
        server.control(faults_on=False)
        assert how(server)
        assert [seen.action for seen in server.log()[-2:]] == [fault, "answer"]

    def test_wrong_content_that_the_client_lets_pass(self, server: OpenAIServer) -> None:
        server.control(faults={"empty_choices": 1})
        assert ask(server).choices == []
        assert [c.choices for c in ask_streamed(server)] == [[]]
        server.control(faults={"null_content": 1})
        assert ask(server).choices[0].message.content is None
        assert joined(ask_streamed(server)) == ""
        server.control(faults={"html": 1})
        assert "<html>" in ask(server)
        assert ask_streamed(server) == []

    def test_error_in_200(self, server: OpenAIServer) -> None:
        server.control(faults={"error_in_200": 1})
        assert ask(server).choices is None
        with pytest.raises(openai.APIError, match="engine stopped"):
            ask_streamed(server)

    def test_early_end_looks_like_a_whole_stream_but_for_its_finish_reason(self, server: OpenAIServer) -> None:
        good = joined(ask_streamed(server))
        server.control(faults={"early_end": 1})
        chunks = ask_streamed(server)
        assert good.startswith(joined(chunks))
        assert 0 < len(joined(chunks)) < len(good)
        assert all(c.choices[0].finish_reason is None for c in chunks)
        with pytest.raises(json.JSONDecodeError):
            ask(server)

    @pytest.mark.parametrize("how", [ask, ask_streamed])
    def test_drip_is_slow_but_right(self, server: OpenAIServer, how: Callable[..., Any]) -> None:
        good = how(server)
        server.control(faults={"drip": 1}, drip_seconds=0.3)
        start = time.perf_counter()
        assert how(server) == good
        assert time.perf_counter() - start >= 0.25

    def test_retry_after_in_both_forms(self, server: OpenAIServer) -> None:
        server.control(faults={"rate_limit": 1}, retry_after=2.5)
        with pytest.raises(openai.RateLimitError) as caught:
            ask(server)
        assert caught.value.response.headers["retry-after"] == "2.5"
        server.control(faults={"rate_limit_date": 1})
        with pytest.raises(openai.RateLimitError) as caught:
            ask(server)
        until = parsedate_to_datetime(caught.value.response.headers["retry-after"]).timestamp()
        assert 1.5 < until - time.time() < 4.5

    def test_a_retry_succeeds_after_so_many_faulty_attempts(self, server: OpenAIServer) -> None:
        server.control(faults={"error_500": 1}, max_faulty_attempts=2)
        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                ask(server, "third time lucky")
        assert ask(server, "third time lucky")
        found = seen_of(server, "third time lucky")
        assert [(s.attempt, s.action, s.answered) for s in found] == [
            (1, "error_500", False),
            (2, "error_500", False),
            (3, "answer", True),
        ]

    def test_chance_is_reproducible_by_its_seed(self, server: OpenAIServer) -> None:
        def actions(asked: OpenAIServer) -> list[str]:
            asked.control(faults={"error_500": 0.3, "html": 0.2}, fault_seed=1)
            for seed in [*range(30), *range(30)]:
                with contextlib.suppress(openai.InternalServerError):
                    ask(asked, "by chance", seed=seed)
            return [seen.action for seen in asked.log()[-60:]]

        first = actions(server)
        with OpenAIServer() as another:
            assert actions(another) == first
        assert first[:30] != first[30:], "the second attempt of a request draws anew"
        assert 8 <= first.count("error_500") <= 28
        assert 3 <= first.count("html") <= 21

    def test_another_seed_is_another_draw(self) -> None:
        def drawn(fault_seed: int) -> list[Fault | None]:
            settings = Behaviour(faults={"error_500": 0.5}, fault_seed=fault_seed)
            return [Server(settings, RequestLog(None)).fault_for("a request", attempt, []) for attempt in range(1, 40)]

        assert drawn(1) == drawn(1) != drawn(2)

    def test_dead_marker_always_fails(self, server: OpenAIServer) -> None:
        server.control(faults_on=False)
        for _ in range(3):
            with pytest.raises(openai.InternalServerError):
                ask(server, "a poisoned task [[dead]]")
        server.control(always_fail="cut")
        with pytest.raises(openai.APIConnectionError):
            ask(server, "a poisoned task [[dead]]")
        assert ask(server, "a good task")


class TestRefusals:
    def test_key_model_context(self, server: OpenAIServer) -> None:
        server.control(api_key="right", models=["m", "judge"], context_tokens=10)
        with pytest.raises(openai.AuthenticationError):
            ask(server)
        client = client_of(server.base_url, "right")
        messages: Any = [{"role": "user", "content": "?"}]
        assert [m.id for m in client.models.list()] == ["m", "judge"]
        assert client.chat.completions.create(model="judge", messages=messages).choices
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="unknown", messages=messages)
        messages[0]["content"] = "x" * 41
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="m", messages=messages)
        assert caught.value.code == "context_length_exceeded"

    def test_not_a_chat_request(self, server: OpenAIServer) -> None:
        wrongs: list[dict[str, Any]] = [{"messages": []}, {"messages": "text"}, {"n": "many"}]
        for wrong in wrongs:
            with pytest.raises(openai.BadRequestError):
                ask(server, extra_body=wrong)
        assert server.log()[-1].action == "bad_request"

    def test_a_prompt_of_megabytes_is_none(self, server: OpenAIServer) -> None:
        assert ask(server, "x" * 3_000_000).usage.prompt_tokens == 750_000

    def test_capacity(self, server: OpenAIServer) -> None:
        server.control(capacity=2, latency_min=0.4, latency_max=0.4)

        async def five() -> list[Any]:
            async with openai.AsyncOpenAI(base_url=server.base_url, api_key="any", max_retries=0) as client:
                messages: Any = [{"role": "user", "content": "?"}]
                calls = [client.chat.completions.create(model="m", messages=messages, seed=i) for i in range(5)]
                return await asyncio.gather(*calls, return_exceptions=True)

        results = asyncio.run(five())
        assert sum(isinstance(result, openai.RateLimitError) for result in results) == 3
        assert sum(hasattr(result, "choices") for result in results) == 2
        assert [seen.action for seen in server.log()[-5:]].count("capacity") == 3

    def test_control_refuses_what_there_is_not(self, server: OpenAIServer) -> None:
        with pytest.raises(ValueError, match="no_such_fault"):
            server.control(faults={"no_such_fault": 1})
        with pytest.raises(ValueError, match="sum to 1"):
            server.control(faults={"hang": 0.6, "cut": 0.6})
        with pytest.raises(ValueError, match="latency"):
            OpenAIServer(latency_min=2, latency_max=1)


class TestProcess:
    def test_dead_and_alive(self, server: OpenAIServer) -> None:
        server.control(latency_min=30, latency_max=30)

        async def cut_in_flight() -> None:
            async with openai.AsyncOpenAI(base_url=server.base_url, api_key="any", max_retries=0) as client:
                messages: Any = [{"role": "user", "content": "?"}]
                call = asyncio.create_task(client.chat.completions.create(model="m", messages=messages))
                while not (await asyncio.to_thread(server.stats))["in_flight"]:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(server.control, dead=True)
                with pytest.raises(openai.APIConnectionError):
                    await asyncio.wait_for(call, 5)

        asyncio.run(cut_in_flight())
        with pytest.raises(openai.APIConnectionError):
            ask(server)
        with pytest.raises(openai.APIConnectionError):
            client_of(server.base_url).models.list()
        server.control(dead=False, latency_min=0, latency_max=0)
        assert ask(server)

    def test_a_client_killed_while_it_waits_is_in_the_log(self, server: OpenAIServer) -> None:
        server.control(latency_min=30, latency_max=30)
        code = (
            "import json, sys, urllib.request\n"
            "body = {'model': 'm', 'messages': [{'role': 'user', 'content': 'killed'}]}\n"
            "urllib.request.urlopen(sys.argv[1] + '/chat/completions', json.dumps(body).encode())\n"
        )
        client = subprocess.Popen([sys.executable, "-c", code, server.base_url])
        wait_until(lambda: bool(seen_of(server, "killed")))
        assert [seen.end for seen in seen_of(server, "killed")] == ["open"]
        client.kill()
        client.wait()
        wait_until(lambda: seen_of(server, "killed")[0].end == "client_gone")
        assert server.stats()["in_flight"] == 0

    def test_completed_means_that_the_socket_has_all_of_it(self, server: OpenAIServer) -> None:
        server.control(answer_chars=20_000_000)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "unread"}]}).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
            client.sendall(head + body)
            assert client.recv(100).startswith(b"HTTP/1.1 200")
            time.sleep(0.1)
            assert [seen.end for seen in seen_of(server, "unread")] == ["open"]
            while seen_of(server, "unread")[0].end == "open":
                client.recv(1 << 20)
        assert seen_of(server, "unread")[0].answered

    def test_log_and_behaviour_outlive_a_stop(self, tmp_path: Path) -> None:
        log = tmp_path / "requests.jsonl"
        with OpenAIServer(log, answers={"?": "given"}) as server:
            assert ask(server, "first?").choices[0].message.content == "given"
            server.control(answers={"?": "changed"})
            port = server.port
            server.stop()
            with pytest.raises(openai.APIConnectionError):
                ask(server, "first?")
            with log.open("ab") as torn:
                torn.write(b'{"event": "arri')
            assert [seen.answered for seen in server.log()] == [True]
            log.write_bytes(log.read_bytes()[: -len(b'{"event": "arri')])
            server.start()
            assert server.port == port
            assert ask(server, "first?").choices[0].message.content == "changed"
        assert [(seen.attempt, seen.answered) for seen in read_log(log)] == [(1, True), (1, True)]
        assert len({seen.sha256 for seen in read_log(log)}) == 1

    def test_ends_with_a_killed_owner(self) -> None:
        code = (
            "from tests.support.openai_server import OpenAIServer\n"
            "import time\n"
            "server = OpenAIServer().start()\n"
            "print(server.pid, server.port, flush=True)\n"
            "time.sleep(60)\n"
        )
        owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=REPO)
        assert owner.stdout is not None
        pid, port = map(int, owner.stdout.readline().split())
        assert pid != owner.pid
        socket.create_connection(("127.0.0.1", port)).close()
        owner.send_signal(signal.SIGKILL)
        owner.communicate()

        def refused() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                return True
            return False

        wait_until(refused)

    def test_command_line(self, tmp_path: Path) -> None:
        log = tmp_path / "requests.jsonl"
        command = [sys.executable, "-m", "tests.support.openai_server", "--port", "0", "--log", str(log)]
        command += ["--faults", "error_503=1", "--fault-seed", "7", "--latency-max", "0.5", "--models", "m"]
        environment = {**os.environ, "answer_chars": "9", "FAULT_SEED": "9"}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPO, env=environment)
        try:
            assert process.stdout is not None
            server = OpenAIServer(log, port=json.loads(process.stdout.readline())["port"])
            with pytest.raises(openai.InternalServerError):
                ask(server)
            expected = Behaviour(faults={"error_503": 1.0}, fault_seed=7, latency_max=0.5, models=["m"])
            assert Behaviour(**server.control()) == expected
            assert [seen.status for seen in server.log()] == [503]
        finally:
            process.kill()
            process.communicate()

    def test_stats(self) -> None:
        with OpenAIServer() as server:
            ask(server)
            ask(server)
            with pytest.raises(openai.InternalServerError):
                ask(server, "other [[dead]]")
            assert server.stats() == {
                "requests": 3,
                "distinct": 2,
                "completed": 3,
                "in_flight": 0,
                "max_concurrent": 1,
                "by_status": {"200": 2, "500": 1},
                "by_action": {"answer": 2, "error_500": 1},
            }

    def test_carries_5000_open_requests(self, server: OpenAIServer) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 6_000:
            pytest.skip("the limit of open files is below 6,000")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 6_000), hard))
        server.control(faults={"hang": 1})
        try:
            asyncio.run(self._hold(server, 5_000))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert server.stats()["max_concurrent"] >= 5_000
        wait_until(lambda: server.stats()["in_flight"] == 0)

    async def _hold(self, server: OpenAIServer, count: int) -> None:
        gate = asyncio.Semaphore(200)
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "?"}]}).encode()
        raw = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body

        async def one() -> asyncio.StreamWriter:
            async with gate:
                writer = (await asyncio.open_connection("127.0.0.1", server.port))[1]
                writer.write(raw)
                return writer

        writers = await asyncio.gather(*(one() for _ in range(count)))
        while (await asyncio.to_thread(server.stats))["in_flight"] < count:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(server.control, faults_on=False)
        start = time.perf_counter()
        await asyncio.to_thread(ask, server)
        assert time.perf_counter() - start < 2, "a quick request is answered beside them"
        for writer in writers:
            writer.transport.abort()
