"""``genesys generate --batch`` stopped while its batch is under way, and ``genesys batches`` beside it."""

import re
import signal
from collections import Counter
from pathlib import Path

import pytest

from genesys.commands.batches import main
from genesys.faults import GenesysError
from tests.genesys.commands.runs import contents, genesys, started, task, wait_for, write
from tests.support.openai_server import OpenAIServer

QUICK = "quiet=0.2,poll=0.05,longest_poll=0.1"


def words(server: OpenAIServer, output: Path) -> tuple[object, ...]:
    words = ("generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", "tasks.jsonl")
    return (*words, "--data.num_responses_per_question", 2, "--path_output", output)


@pytest.mark.slow  # the command is a process of its own each time
def test_stopped_looked_at_and_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "tasks.jsonl", [task(n) for n in range(8)])
    state = tmp_path / "out" / ".journal"
    with OpenAIServer(batch_hold=True) as server:
        by_batch = (*words(server, tmp_path / "out"), "--batch", "--batch_options", QUICK)
        with started(*by_batch, cwd=tmp_path) as run:
            wait_for(lambda: server.batches()["requests"].get("GET batches/id"))
            run.send_signal(signal.SIGINT)
            said = run.communicate(timeout=60)[1]
        (batch,) = server.batches()["batches"]
        assert run.returncode == 130
        assert f"16 requests are left with {server.base_url} as batch {batch['id']}" in said
        assert f"genesys batches --state {state} --cancel {batch['id']}" in said
        assert "run the same command again" in said

        assert main(["--state", str(state)]) == 0
        shown = capsys.readouterr().out
        assert re.search(rf"{batch['id']} +in_progress +0 of 16 +0 +0 min  m\n", shown)

        server.control(batch_hold=False)
        assert genesys(*by_batch, cwd=tmp_path).returncode == 0
        assert len(server.batches()["batches"]) == 1
        assert set(Counter(seen.sha256 for seen in server.log()).values()) == {1}
        main(["--state", str(state)])
        assert "completed" in capsys.readouterr().out

        assert genesys(*words(server, tmp_path / "direct"), cwd=tmp_path).returncode == 0
        assert contents(tmp_path / "direct") == contents(tmp_path / "out")


def test_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", str(tmp_path)]) == 0
    assert f"No batches were sent from {tmp_path}" in capsys.readouterr().out
    with pytest.raises(GenesysError, match="knows no batch batch_1"):
        main(["--state", str(tmp_path), "--cancel", "batch_1"])


def test_options_of_batches_that_there_are_not(tmp_path: Path) -> None:
    from genesys.commands.generate import main as generate

    write(tmp_path / "tasks.jsonl", [task(1)])
    given = ["--name_model", "m", "--data.path", str(tmp_path / "tasks.jsonl"), "--path_output", str(tmp_path / "out")]
    with pytest.raises(GenesysError, match="--batch_options request: "):
        generate([*given, "--base_url", "http://localhost:1/v1", "--batch", "--batch_options", "request=5"])
    with pytest.raises(GenesysError, match="--batch needs an endpoint"):
        generate([*given, "--batch"])
