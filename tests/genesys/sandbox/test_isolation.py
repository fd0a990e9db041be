"""Containers or processes, where the settings leave it open."""

from collections.abc import Iterator

import pytest

from genesys.sandbox import isolation
from genesys.sandbox.isolation import isolation_of
from tests.support.sandbox import settings


@pytest.fixture(autouse=True)
def looked_up_anew() -> Iterator[None]:
    isolation._looked_up.cache_clear()
    yield
    isolation._looked_up.cache_clear()


@pytest.mark.parametrize("said", ["docker", "process"])
def test_what_the_settings_say_is_what_is_done_whether_or_not_there_is_an_engine(said: str) -> None:
    assert isolation_of(settings(said, docker_host="unix:///nowhere/docker.sock")) == said


def test_without_an_engine_any_is_a_process() -> None:
    assert isolation_of(settings("any", docker_host="unix:///nowhere/docker.sock")) == "process"


@pytest.mark.docker
def test_with_an_engine_any_is_a_container_once_the_image_is_there() -> None:
    assert isolation_of(settings("any", image="genesys-sandbox:nobody-built-this")) == "process"
    assert isolation_of(settings("any", image="debian:trixie-slim")) == "docker"
