"""``genesys view``: what it opens, what it prints, and that Ctrl-C ends it."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from genesys.commands.view import ViewOptions, main, open_place
from genesys.faults import GenesysError
from genesys.tables.lake import Lake
from genesys.viewer.published import Published
from tests.support.published import traces, write
from tests.support.viewed import Viewed


@pytest.fixture
def state(tmp_path: Path) -> Path:
    viewed = Viewed(Lake(tmp_path / "state/lake"))
    viewed.add("a1", answer="Said so.")
    viewed.write()
    return tmp_path / "state"


def test_a_state_is_served_on_this_machine_until_ctrl_c(state: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "genesys.cli", "view", str(state), "--port", "0", "--no-open"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        told = re.fullmatch(r"1 traces: (http://127\.0\.0\.1:\d+/)  \(Ctrl-C ends it\)\n", lines[1])
        assert told is not None, lines
        assert "Said so." in httpx2.get(f"{told[1]}trace?id=a1").text
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read().strip() == ""
    finally:
        process.kill()
        process.communicate()


def test_a_folder_of_a_release_is_known_by_its_manifest(tmp_path: Path) -> None:
    folder = write(tmp_path / "release", traces())
    assert isinstance(open_place(ViewOptions(where=str(folder), config="demo")), Published)


def test_a_state_folder_is_read_whatever_the_settings_name(state: Path) -> None:
    place = open_place(ViewOptions(where=str(state), config="demo", ui="http://ui.example/"))
    assert len(place.index.traces) == 1
    assert place.ui == "http://ui.example"


def test_without_a_place_it_is_the_state_of_the_settings(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYS__STATE", str(state))
    assert len(open_place(ViewOptions(config="demo")).index.traces) == 1


@pytest.mark.parametrize("where", ["nowhere", "."])
def test_what_is_neither_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GenesysError, match=rf"{re.escape(where)}: there is neither a release .* nor a state"):
        main([where, "--config", "demo"])


def test_a_port_that_is_taken_is_named(state: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(GenesysError, match=f"127.0.0.1:{port} cannot be used .* give another --port"):
            main([str(state), "--port", str(port), "--config", "demo"])


def test_an_address_of_the_ui_that_is_none_is_refused(state: Path) -> None:
    with pytest.raises(GenesysError, match="has to begin with http"):
        main([str(state), "--ui", "javascript:alert(1)", "--config", "demo"])


def test_no_browser_is_opened_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    from genesys.commands import view

    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(sys, "platform", "linux")
    assert not view._has_screen()
