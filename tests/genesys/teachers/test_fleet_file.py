"""A file lists the endpoints: they join and leave while a run goes on, and a broken file changes nothing."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import fsspec
import pytest
from pydantic import ValidationError

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import run_rows
from genesys.calls.segment import Segment
from genesys.chat import ChatRequest
from genesys.faults import GenesysError, InfrastructureFault
from genesys.outcomes import Outcome, accepted
from genesys.settings import Settings, load_settings
from genesys.settings.roles import RoleSettings
from genesys.teachers.casting import open_teacher
from genesys.teachers.endpoint_spec import EndpointSpec, specs_of
from genesys.teachers.fleet_file import FleetFile
from genesys.teachers.openai_teacher import OpenAITeacher
from tests.genesys.teachers.conftest import Teach
from tests.support.calls import question, work_of
from tests.support.openai_server import OpenAIServer

ROLE = RoleSettings(kind="openai", model="m", concurrency=7, tokens_per_minute=5000, api_key_env="ROLES_KEY")
_fresh = itertools.count()


def ask() -> ChatRequest:
    return ChatRequest(messages=question(f"Fleet {next(_fresh)}"), sampling={})


def listing(*urls: str) -> str:
    return "\n".join(f'[[endpoints]]\nurl = "{url}"' for url in urls) or "endpoints = []"


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    return tmp_path / "fleet.toml"


@pytest.fixture
def other() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


class TestSettings:
    def test_what_is_not_given_for_an_endpoint_is_as_the_role_has_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ROLES_KEY", "sk-role")
        monkeypatch.setenv("ITS_KEY", "sk-its")
        own = {"url": "https://b/v1/", "concurrency": 2, "requests_per_minute": 60, "api_key_env": "ITS_KEY"}
        role = RoleSettings.model_validate(ROLE.model_dump() | {"endpoints": [own | {"model": "there"}]})
        assert specs_of(role, ["http://a/v1"]) == [
            EndpointSpec("http://a/v1", 7, api_key="sk-role", tokens_per_minute=5000),
            EndpointSpec("https://b/v1", 2, "there", "sk-its", 60, 5000),
        ]
        assert "sk-" not in repr(specs_of(role))

    @pytest.mark.parametrize(
        ("endpoint", "told"),
        [
            ({"url": "http://u:sk-secret@a/v1"}, "url: give the key of a in the environment"),
            ({"url": "http://a/v1?key=sk-secret"}, "url: give the key of a in the environment"),
            ({"url": "a:8000/v1"}, "url: an endpoint's URL begins with"),
            ({"url": "http://a/v1", "concurency": 3}, "concurency: Extra inputs"),
            ({"url": "http://a/v1", "tokens_per_minute": 0}, "tokens_per_minute: Input should be greater than 0"),
        ],
    )
    def test_a_mistake_names_its_field_and_no_secret(
        self, tmp_path: Path, endpoint: dict[str, object], told: str
    ) -> None:
        lines = "\n".join(f"{name} = {value!r}".replace("'", '"') for name, value in endpoint.items())
        (tmp_path / "genesys.toml").write_text(f'[teacher]\nkind="openai"\nmodel="m"\n[[teacher.endpoints]]\n{lines}\n')
        with pytest.raises(GenesysError, match="teacher.endpoints.0") as caught:
            load_settings(tmp_path / "genesys.toml")
        assert told in str(caught.value)
        assert "secret" not in str(caught.value)

    def test_named_twice_or_with_a_key_that_is_not_there(self) -> None:
        twice = RoleSettings.model_validate({"kind": "openai", "model": "m", "endpoints": [{"url": "http://a/v1"}]})
        with pytest.raises(GenesysError, match="http://a/v1 is named twice"):
            specs_of(twice, ["http://a/v1/"])
        keyless = {"url": "http://a/v1", "api_key_env": "NOT_THERE"}
        with pytest.raises(GenesysError, match="endpoints 1: api_key_env: NOT_THERE is not set"):
            specs_of(RoleSettings.model_validate({"kind": "openai", "model": "m", "endpoints": [keyless]}))

    def test_only_endpoints_of_others_can_be_listed(self) -> None:
        with pytest.raises(ValidationError, match="`fleet` are for a role of kind openai"):
            RoleSettings(kind="vllm", model="m", fleet="fleet.toml")

    def test_a_second_call_is_made_where_it_costs_nothing_or_is_asked_for(self) -> None:
        assert ROLE.hedged
        priced = ROLE.model_copy(update={"price_per_million_completion_tokens": 0.5})
        assert not priced.hedged
        assert priced.model_copy(update={"hedge": True}).hedged
        assert not ROLE.model_copy(update={"hedge": False}).hedged


class TestFile:
    def test_it_is_read_from_a_path_or_an_url(self, fleet: Path) -> None:
        text = listing("http://a/v1") + "\nconcurrency = 2"
        fleet.write_text(text)
        with fsspec.open("memory://fleets/fleet.toml", "w") as stream:
            stream.write(text)
        for place in (str(fleet), fleet.as_uri(), "memory://fleets/fleet.toml"):
            assert FleetFile(place, ROLE).read() == [EndpointSpec("http://a/v1", 2, tokens_per_minute=5000)]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "endpoints: Field required; an empty fleet is written `endpoints = []`"),
            ("[[endpoints]]\nurl = ", "not TOML"),
            ("[[endpoints]]\nurl = 'http://sk-secret@a/v1'", "endpoints.0.url: give the key of a in the environment"),
            (listing("http://a/v1", "http://a/v1/"), "endpoints.1.url: http://a/v1 is listed twice"),
            (listing("http://a/v1") + "\napi_key_env = 'NOT_THERE'", "endpoints.0.api_key_env: NOT_THERE is not set"),
            (None, "there is no such file"),
        ],
    )
    def test_what_is_wrong_with_it_names_file_and_field(self, fleet: Path, text: str | None, told: str) -> None:
        if text is not None:
            fleet.write_text(text)
        with pytest.raises(GenesysError) as caught:
            FleetFile(str(fleet), ROLE).read()
        assert str(caught.value).startswith(f"{fleet}: ")
        assert told in str(caught.value)
        assert "secret" not in str(caught.value)

    async def test_it_is_told_once_and_when_it_is_well_again(
        self, fleet: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file, used = FleetFile(str(fleet), ROLE), []
        for _ in range(3):
            assert "no such file" in await file.look(used.append)
        fleet.write_text("endpoints = []")
        for _ in range(2):
            assert await file.look(used.append) == ""
        assert used == [[], []]
        assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
        assert "no such file; the endpoints that are there go on" in caplog.text
        assert "can be read again" in caplog.text


async def joined(teacher: OpenAITeacher, count: int) -> None:
    give_up_at = time.monotonic() + 10
    while len(teacher.pool.endpoints) != count:
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.01)


class TestDuringARun:
    async def test_endpoints_join_and_leave_and_no_call_is_lost(
        self, teach: Teach, server: OpenAIServer, other: OpenAIServer, fleet: Path, segment: Segment
    ) -> None:
        for each in (server, other):
            each.control(latency_min=0.02, latency_max=0.04)
        before = len(server.log())
        fleet.write_text(listing(server.base_url))
        teacher = teach(concurrency=4, timeout=60.0, idle_timeout=30.0)
        for endpoint in list(teacher.pool.endpoints):
            teacher.pool.remove(endpoint)
        teacher._fixed = frozenset()
        await teacher.follow(FleetFile(str(fleet), ROLE.model_copy(update={"tokens_per_minute": None}), every=0.05))
        count = 400

        async def function(row: int, calls: Calls) -> Outcome:
            return accepted({"text": (await calls.chat("teacher", ask())).content})

        run = asyncio.create_task(run_rows(work_of(count, function), segment, Roles(teacher=teacher)))
        while server.stats()["completed"] < 20:
            await asyncio.sleep(0.01)
        fleet.write_text(listing(server.base_url, other.base_url))
        await joined(teacher, 2)
        fleet.write_text("[[endpoints]]\nurl = 'http")
        while other.stats()["completed"] < 20:
            await asyncio.sleep(0.01)
        assert teacher.concurrency == 14
        fleet.write_text(listing(other.base_url))
        await joined(teacher, 1)
        progress = await asyncio.wait_for(run, 60)
        assert progress.counts.accepted == count
        assert [failure.error for failure in segment.failures()] == []
        first, second = server.log()[before:], other.log()
        assert {seen.end for seen in (*first, *second)} == {"completed"}
        assert len(first) + len(second) == count
        assert [view.url for view in teacher.views()] == [other.base_url]

    async def test_one_that_leaves_finishes_what_it_has_and_gets_nothing_new(
        self, teach: Teach, server: OpenAIServer, other: OpenAIServer
    ) -> None:
        server.control(latency_min=0.4, latency_max=0.4)
        teacher = teach(other.base_url)
        teacher.use_fleet([EndpointSpec(server.base_url, 4)])
        leaving = teacher.pool.endpoints[-1]
        other.control(capacity=0, retry_after=0.1)
        call = asyncio.create_task(teacher.complete(ask()))
        while not leaving.limit.in_flight:
            await asyncio.sleep(0.01)
        other.control(capacity=None)
        teacher.use_fleet([])
        assert [(view.url, view.state) for view in teacher.views()] == [
            (other.base_url, "open"),
            (server.base_url, "leaving"),
        ]
        assert (await teacher.complete(ask())).endpoint == other.base_url
        assert (await call).endpoint == server.base_url
        await asyncio.sleep(0)
        assert [view.url for view in teacher.views()] == [other.base_url]
        while teacher._closing:
            await asyncio.sleep(0.01)
        assert all(client.is_closed() for client in leaving.clients)

    async def test_an_empty_fleet_waits_for_the_patience(
        self, server: OpenAIServer, fleet: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("genesys.teachers.fleet_file.EVERY", 0.05)
        role = ROLE.model_copy(update={"fleet": "fleet.toml", "patience": 0.5, "tokens_per_minute": None})
        settings = Settings(folder=str(fleet.parent))
        async with AsyncExitStack() as stack:
            teacher = await open_teacher(settings, role, stack)
            began = time.monotonic()
            with pytest.raises(InfrastructureFault, match=r"no endpoint: .*fleet.toml: there is no such file"):
                await teacher.complete(ask())
            assert 0.4 < time.monotonic() - began < 5
            assert teacher.concurrency == 0
        async with AsyncExitStack() as stack:
            teacher = await open_teacher(settings, role.model_copy(update={"patience": 60.0}), stack)
            call = asyncio.create_task(teacher.complete(ask()))
            await asyncio.sleep(0.05)
            fleet.write_text(listing(server.base_url))
            assert (await asyncio.wait_for(call, 20)).endpoint == server.base_url


class TestEndpointsOfTheirOwn:
    async def test_each_has_its_own_key_and_model(
        self, teach: Teach, server: OpenAIServer, other: OpenAIServer
    ) -> None:
        server.control(api_key="sk-one-0123456789", models=["m"])
        other.control(api_key="sk-two-0123456789", models=["org/m"])
        specs = [
            EndpointSpec(server.base_url, 1, api_key="sk-one-0123456789"),
            EndpointSpec(other.base_url, 1, model="org/m", api_key="sk-two-0123456789"),
        ]
        both = teach(*specs)
        done = await asyncio.gather(*(both.complete(ask()) for _ in range(8)))
        assert {each.endpoint for each in done} == {server.base_url, other.base_url}
        assert {each.answer.model for each in done} == {"m", "org/m"}

    async def test_requests_a_minute_are_kept_and_the_rest_goes_elsewhere(
        self, teach: Teach, server: OpenAIServer, other: OpenAIServer
    ) -> None:
        for each in (server, other):
            each.control(latency_min=0.02, latency_max=0.02)
        teacher = teach(EndpointSpec(server.base_url, 16, requests_per_minute=60), EndpointSpec(other.base_url, 4))
        before, began = server.stats()["requests"], time.monotonic()
        await asyncio.gather(*(teacher.complete(ask()) for _ in range(60)))
        seconds = time.monotonic() - began
        assert server.stats()["requests"] - before <= 1 + seconds
        assert other.stats()["requests"] >= 59 - seconds

    async def test_tokens_a_minute_are_kept_by_what_answers_took(self, teach: Teach, server: OpenAIServer) -> None:
        """A hundred tokens each, 12,000 a minute: half a second for each, whatever was first thought."""
        server.control(answer_chars=400)
        teacher = teach(EndpointSpec(server.base_url, 16, tokens_per_minute=12_000))
        request = ask().model_copy(update={"sampling": {"max_tokens": 100}})
        began, tokens = time.monotonic(), 0
        for number in range(5):
            done = await teacher.complete(request.model_copy(update={"sampling": {"max_tokens": 100, "seed": number}}))
            tokens += (done.answer.prompt_tokens or 0) + (done.answer.completion_tokens or 0)
        assert tokens > 450
        assert time.monotonic() - began > (tokens - 100 - 200 - 20) / 200
