"""Before ``genesys generate`` asks anything: tasks that no verifier could judge, files of its own among the tasks."""

import json
import re
from pathlib import Path

import pytest

from genesys.cli import main
from genesys.verifiers.registry import VERIFIER_REGISTRY
from tests.genesys.commands.runs import REPO, outputs, read, task, write
from tests.support.openai_server import OpenAIServer

VERIFIER = """
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.registry import VERIFIER_REGISTRY

class Mine(BaseVerifier):
    pass

VERIFIER_REGISTRY["mine"] = Mine
"""


def generate(server: OpenAIServer, *words: str) -> int:
    return main(["generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", *words])


def test_where_no_task_has_a_verifier_nothing_is_asked(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "tasks.jsonl", [task(i, task_type="math") for i in range(3)])
    assert generate(server, "tasks.jsonl") == 2
    told = capsys.readouterr().err
    assert "no verifier is registered for the task_type of any task ('math'; first: p0)" in told
    assert "verifiable_math" in told, "which there are"
    assert server.stats()["requests"] == 0


def test_a_verifier_of_ones_own_is_known_where_its_code_is_named(
    here: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VERIFIER_REGISTRY, "_classes", dict(VERIFIER_REGISTRY._classes))  # type: ignore[attr-defined]
    (here / "mine.py").write_text(VERIFIER)
    write(here / "tasks.jsonl", [task(0, task_type="mine")])
    assert generate(server, "tasks.jsonl") == 2
    assert generate(server, "tasks.jsonl", "--verifiers", "mine.py") == 0


def test_some_tasks_without_a_verifier_or_a_gold_are_named_and_all_are_asked(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [task(0), task(1, task_type="math"), task(2, verification_info={"answer": "3"})]
    rows += [task(3, task_type="verifiable_code", verification_info={}), task(4, task_type="code_output_prediction")]
    rows += [task(5, task_type="llm_judgeable_groundtruth_similarity", verification_info=None)]
    write(here / "tasks.jsonl", rows)
    assert generate(server, "tasks.jsonl") == 0
    told = capsys.readouterr().err
    assert "1 of 6 tasks have the task_type 'math', for which no verifier is registered (first: p1)" in told
    assert "3 of 6 tasks have no gold" in told
    for ident in ("p2", "p3", "p5"):
        assert re.search(rf"^  {ident}: \S", told, re.MULTILINE)
    assert server.stats()["requests"] == 6


def test_the_readmes_task_is_one_that_can_be_verified(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = re.findall(r"```json\n(.*)\n```", (REPO / "README.md").read_text("utf-8"))
    write(here / "tasks.jsonl", [json.loads(line)])
    server.control(answers={"6 times 7": "It is \\boxed{42}."})
    assert generate(server, "tasks.jsonl") == 0
    assert "Look" not in capsys.readouterr().err
    (file,) = (here / "output").glob("*.jsonl")
    assert main(["verify", "--file", str(file)]) == 0
    assert read(file.with_name(f"{file.stem}_verified.jsonl"))[0]["score"] == 1.0


def test_a_folder_of_tasks_that_holds_the_output_gives_the_same_tasks_again(
    here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "tasks.jsonl", [task(i) for i in range(3)])
    assert generate(server, ".") == 0
    (file,) = outputs(here / "output")
    assert main(["verify", "--file", str(file)]) == 0
    capsys.readouterr()
    assert generate(server, ".") == 0
    said = capsys.readouterr()
    assert ".: 2 files left out, which this command wrote itself" in said.err
    assert outputs(here / "output") == [file]
    assert server.stats()["requests"] == 3
    assert generate(server, "output") == 2
    assert "holds nothing but files that this command wrote" in capsys.readouterr().err


def test_a_folder_that_may_not_be_read_is_not_called_empty(
    here: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "tasks").mkdir()
    monkeypatch.setattr("genesys.sources.files.os.access", lambda path, mode: False)  # who is root may read everything
    assert generate(server, "tasks") == 2
    assert capsys.readouterr().err == "genesys generate: tasks: Permission denied\n"
