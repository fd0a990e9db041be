"""``genesys engines``: what runs, who uses it, and how it is stopped; ``genesys gc`` beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesys.commands import engines
from genesys.faults import GenesysError
from genesys.garbage.engines import in_engines
from genesys.teachers.shared_engine import FOLDER, Attached, SharedEngine
from tests.genesys.commands.runs import environment, genesys, task, write
from tests.genesys.garbage.conftest import make_old
from tests.support.stand_in_vllm import write_package


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedEngine]:
    monkeypatch.setenv("PYTHONPATH", str(write_package(tmp_path / "packages")))
    monkeypatch.setenv("STAND_IN", "plain")
    monkeypatch.delenv("GENESYS_VLLM_PYTHON", raising=False)
    yield SharedEngine(tmp_path / FOLDER, {"model": "some/model", "num_gpus": 0}, cwd=tmp_path)
    engines.main(["--state", str(tmp_path), "--stop", "--force"])


@pytest.fixture
def attached(engine: SharedEngine) -> Iterator[Attached]:
    attached = asyncio.run(engine.attach())
    yield attached
    attached.close()


def test_an_engine_is_listed_left_to_who_uses_it_and_stopped_when_nobody_does(
    attached: Attached, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["--state", str(tmp_path)]
    assert engines.main(state) == 0
    said = capsys.readouterr().out
    assert said.startswith("some/model  up for ")
    assert ", used by 1\n" in said
    assert attached.record.url in said
    assert attached.record.log in said
    assert attached.api_key not in said

    assert engines.main([*state, "--stop"]) == 0
    assert "some/model goes on: 1 use it; --force" in capsys.readouterr().out
    assert not attached.is_lost

    attached.close()
    assert engines.main([*state, "--stop"]) == 0
    assert "some/model was stopped" in capsys.readouterr().out
    assert engines.main(state) == 0
    assert capsys.readouterr().out == f"No engine runs for {tmp_path}.\n"


def test_force_alone_is_told_what_it_belongs_to(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match="--stop"):
        engines.main(["--state", str(tmp_path), "--force"])


def test_what_gc_removes_is_of_engines_that_ended_long_ago(attached: Attached, tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    yesterday = time.time() - 86400
    make_old(folder)
    assert list(in_engines(folder, yesterday)) == [], "it lives"
    attached.close()
    engines.main(["--state", str(tmp_path), "--stop"])
    assert list(in_engines(folder, yesterday)) == [], "its log may be read still"
    make_old(folder)
    (found,) = in_engines(folder, yesterday)
    assert found.size > 0
    assert found.remove() == ""
    assert not attached.folder.path.exists()


def test_an_engine_that_came_back_since_it_was_looked_at_stays(
    attached: Attached, engine: SharedEngine, tmp_path: Path
) -> None:
    attached.close()
    engines.main(["--state", str(tmp_path), "--stop"])
    make_old(tmp_path / FOLDER)
    (found,) = in_engines(tmp_path / FOLDER, time.time() - 86400)
    again = asyncio.run(engine.attach())
    make_old(tmp_path / FOLDER)
    assert "used since" in found.remove()
    assert not again.is_lost
    again.close()


def test_generate_leaves_its_engine_to_the_next_command_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "tasks.jsonl", [task(i) for i in range(3)])
    packages = write_package(tmp_path / "packages")
    env = environment(STAND_IN="plain")
    env["PYTHONPATH"] = f"{packages}:{env['PYTHONPATH']}"
    env.pop("VLLM_API_KEY", None)
    words = ("generate", "--name_model", "some/model", "--num_gpus", 0, "--data.path", "tasks.jsonl")
    first = genesys(*words, cwd=tmp_path, env=env)
    assert first.returncode == 0, first.stderr
    hint = "genesys engines --state output/.journal"
    assert hint in first.stdout
    second = genesys(*words, "--seed", 1, cwd=tmp_path, env=env)
    assert second.returncode == 0, second.stderr
    assert "starting vLLM" in first.stderr
    assert "starting vLLM" not in second.stderr
    assert engines.main(["--state", str(tmp_path / "output" / ".journal"), "--stop"]) == 0


def test_generate_refuses_numbers_of_gpus_that_contradict_each_other(tmp_path: Path) -> None:
    write(tmp_path / "tasks.jsonl", [task(0)])
    words = ("generate", "--name_model", "m", "--num_gpus", 3, "--data_parallel", 2, "--data.path", "tasks.jsonl")
    run = genesys(*words, cwd=tmp_path)
    assert run.returncode == 2
    assert "num_gpus = 3 cannot be divided" in run.stderr
    assert "Traceback" not in run.stderr
