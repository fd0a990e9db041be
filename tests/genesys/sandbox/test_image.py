"""The image: what it is made of names it, and whoever has no engine is told how to get one."""

from __future__ import annotations

import pytest

from genesys.faults import InfrastructureFault
from genesys.sandbox import image
from genesys.sandbox.container import connect
from genesys.sandbox.sandbox import missing, open_sandbox
from genesys.settings import SandboxSettings
from tests.support.sandbox import settings


def test_the_name_changes_with_anything_that_decides_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    files = image.context_files()
    names = set()
    for changed in ("", "Dockerfile", "genesys/sandbox/runner/running.py", "genesys/sandbox/node/launcher.js"):
        content = files | ({changed: files[changed] + b"\n"} if changed else {})
        image.fingerprint.cache_clear()
        monkeypatch.setattr(image, "context_files", lambda content=content: content)
        names.add(image.image_name(SandboxSettings()))
    image.fingerprint.cache_clear()
    assert len(names) == 4


def test_nothing_of_the_host_but_the_runner_goes_into_the_image() -> None:
    assert all(
        name == "Dockerfile" or name.startswith(("genesys/__init__", "genesys/sandbox/"))
        for name in image.context_files()
    )


def test_without_an_engine_the_message_says_how_to_get_one() -> None:
    nowhere = SandboxSettings(docker_host="unix:///nowhere/docker.sock")
    said = missing(nowhere)
    assert said is not None
    for words in ("apt-get install docker.io", "unix:///nowhere/docker.sock", 'isolation = "process"'):
        assert words in said
    with pytest.raises(InfrastructureFault):
        open_sandbox(nowhere)


@pytest.mark.docker
def test_an_image_of_ones_own_that_is_not_there_is_said() -> None:
    chosen = settings("docker")
    if reason := missing(chosen):
        pytest.skip(reason)
    with pytest.raises(InfrastructureFault, match="no image nobody/has-this"):
        image.ensure_image(connect(chosen), chosen.model_copy(update={"image": "nobody/has-this:1"}))


@pytest.mark.docker
def test_a_build_that_fails_says_at_which_step() -> None:
    chosen = settings("docker", base_image="nobody/has-this-base:1")
    if reason := missing(chosen):
        pytest.skip(reason)
    client = connect(chosen)
    with pytest.raises(InfrastructureFault, match="could not be built"):
        image._build(client, chosen, "genesys-sandbox:never", lambda line: None)


@pytest.mark.parametrize("address", ["tcp://mona:engine-password@127.0.0.1:1", "ssh://mona:engine-password@[::1"])
def test_the_login_in_an_engines_address_stays_out_of_messages(address: str) -> None:
    told = missing(SandboxSettings(docker_host=address))
    assert told is not None
    assert "No Docker engine answers at" in told
    assert "mona" not in told
    assert "engine-password" not in told
