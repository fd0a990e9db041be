"""The landing lane through Dagster: from a user's file to verdicts, on a machine that lacks what some tasks need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.cli import main
from genesys.commands.land import main as land
from genesys.tables.lake import Lake
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.registry import VERIFIER_REGISTRY
from tests.support.openai_server import OpenAIServer

SETTINGS = """
samples = 2
[teacher]
kind = "openai"
model = "m"
base_urls = ["{url}"]
attempts = 1
[sandbox]
docker_host = "tcp://127.0.0.1:9"
"""


class Answered(BaseVerifier):
    """A plug-in's verifier: any answer is right."""

    version = "1"

    def verify(self, result: Any) -> dict[str, Any]:
        return {"score": 1.0, "verification_result_info": {"rule": "answered"}}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "set by the command, and so put back")
    return tmp_path


def math(number: int) -> dict[str, Any]:
    return {
        "problem_id": number,
        "source": "mine",
        "task_type": "verifiable_math",
        "prompt": f"Compute ${number} + 10$. [[gold:{number + 10}]]",
        "verification_info": {"ground_truth": str(number + 10)},
    }


def program(number: int) -> dict[str, Any]:
    return {
        "problem_id": f"code-{number}",
        "source": "mine",
        "task_type": "verifiable_code",
        "prompt": f"Print {number}.",
        "gold_standard_solution": f"print({number})",
        "verification_info": {"language": "python", "test_cases": [{"input": "", "output": str(number)}]},
    }


def write(folder: Path, *tasks: dict[str, Any]) -> None:
    (folder / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks), "utf-8")


def ends(folder: Path, table: str) -> dict[str, tuple[int, int]]:
    """Accepted and errored rows by shard."""
    lake = Lake(folder / "state" / "lake")
    found = {}
    for shard in lake.need("landing/ledger").parts:
        if (manifest := lake.manifest(f"landing/{table}", shard)) is not None:
            counts = manifest.counts
            found[shard] = (counts.accepted + counts.rejected.total(), counts.errored.total())
    return found


def test_math_goes_through_where_programs_cannot(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(VERIFIER_REGISTRY, "length_adherance", Answered)
    with OpenAIServer(answer_chars=120) as server:
        (here / "genesys.toml").write_text(SETTINGS.format(url=server.base_url), "utf-8")
        write(here, program(1), program(2))
        assert land(["tasks.jsonl"]) == 0
        assert "Missing on this machine: verifiable_code: " in capsys.readouterr().out
        assert main(["run"]) == 3  # nothing but programs: they were not tried
        assert ends(here, "tasks") == {}
        own = {**math(9), "problem_id": "own", "task_type": "length_adherance", "prompt": "Say it long."}
        write(here, math(1), math(2), program(3), own)
        assert land(["tasks.jsonl"]) == 0
        said = capsys.readouterr().out
        assert "length_adherance: " not in said
        assert main(["run", "--lane", "landing"]) == 3
        said = capsys.readouterr().out
        assert ends(here, "tasks") == {"landing-00001": (3, 1)}
        assert ends(here, "verifications") == {"landing-00001": (6, 0)}
        assert "127.0.0.1:9" in said
        tasks = list(Lake(here / "state" / "lake").rows("landing/tasks", "landing-00001"))
        preflights = {task["task_type"]: json.loads(task["metadata"])["preflight"] for task in tasks}
        assert preflights["verifiable_math"] == "passed"
        assert preflights["length_adherance"] == "not tried: the verifier of a plug-in decides"


def test_land_and_run_in_one_go(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAIServer(answer_chars=120) as server:
        (here / "genesys.toml").write_text(SETTINGS.format(url=server.base_url), "utf-8")
        write(here, *map(math, range(3)))
        assert land(["tasks.jsonl", "--run"]) == 0
        assert ends(here, "verifications") == {"landing-00000": (6, 0)}
        assert "landing/generations" in capsys.readouterr().out
        # What was landed is in the ledger with its file, by which it is found again.
        [row] = [
            row
            for row in Lake(here / "state" / "lake").rows("landing/ledger")
            if row["upstream_key"] == '["mine", "0"]'
        ]
        [file] = (here / "state" / "landing").glob("*.jsonl")
        assert (row["file"], row["row"], row["source"]) == (file.name, 1, "landing")
        responses = list(Lake(here / "state" / "lake").rows("landing/generations", "landing-00000"))
        assert main(["audit", responses[0]["response_id"]]) == 0
        assert file.name in capsys.readouterr().out
