"""``genesys calls``: what a person finds out from a journal that a run left."""

import json
from pathlib import Path

import pytest

from genesys.cli import main
from tests.genesys.commands.runs import journalled, kill_when, task, wait_for, write
from tests.support.openai_server import OpenAIServer

JOURNAL = ("--journal", "output/.journal")


@pytest.fixture
def ran(here: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> OpenAIServer:
    """Six calls that were answered and one that failed."""
    tasks = [task(i) for i in range(3)] + [task(3, prompt="[[dead]]")]
    write(here / "tasks.jsonl", tasks)
    words = ("--base_url", server.base_url, "--data.path", "tasks.jsonl", "--attempts", "1", "--data.max_samples")
    both = ("--data.num_responses_per_question", "2")
    assert main(["generate", "--name_model", "m", *words, "3", *both]) == 0
    assert main(["generate", "--name_model", "m", *words, "4"]) == 3
    capsys.readouterr()
    return server


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["calls", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_count(ran: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "count", *JOURNAL) == [
        "         6  generate  chat sample",
        "         1  generate  failed and without an answer",
        "         6  finished calls, 1 failed (genesys calls why)",
    ]
    assert lines(capsys, "count", *JOURNAL, "--kind", "verdict")[-1].split()[0] == "0"
    first = json.loads(lines(capsys, "count", *JOURNAL, "--json")[0])
    assert first == {"segment": "generate", "kind": "chat", "name": "sample", "calls": 6}


def test_list_and_its_filters(ran: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(lines(capsys, "list", *JOURNAL)) == 6
    some = lines(capsys, "list", *JOURNAL, "--limit", "2")
    assert (len(some), some[-1]) == (3, "... and more (--limit)")
    (one,) = lines(capsys, "list", *JOURNAL, "--row", "p1/0")
    assert " p1/0 " in one
    assert lines(capsys, "list", *JOURNAL, "--name", "judge") == []
    assert lines(capsys, "list", "--journal", "output/.journal/generate.journal", "--row", "p1/0") == [one]


def test_show_one_by_the_beginning_of_its_key(ran: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> None:
    entry = next(entry for entry in journalled(Path("output/.journal")) if entry.row_id == "p2/1")
    told = "\n".join(lines(capsys, "show", entry.key[:10], *JOURNAL))
    assert entry.key in told
    assert "What is 2 plus 1?" in told
    assert "1 attempt, http://127.0.0.1" in told
    (shown,) = lines(capsys, "show", entry.key, *JOURNAL, "--json")
    assert json.loads(shown)["result"] == entry.result
    keys = sorted(entry.key for entry in journalled(Path("output/.journal")))
    for wrong, why in (("xyz", "show takes a key"), ("", "show takes a key"), ("0" * 64, "no finished call's key")):
        assert main(["calls", "show", wrong, *JOURNAL]) == 2
        assert why in capsys.readouterr().err
    shared = next((a[0] for a, b in zip(keys, keys[1:], strict=False) if a[0] == b[0]), None)
    if shared is not None:
        assert main(["calls", "show", shared, *JOURNAL]) == 2
        assert f"calls begin with {shared}" in capsys.readouterr().err


def test_why_it_failed(ran: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(capsys, "why", *JOURNAL)
    assert "p3/0" in told[0]
    assert "answered 500" in told[1]
    assert lines(capsys, "why", "p3/0", *JOURNAL)[:2] == told[:2]
    assert lines(capsys, "why", told[0].split()[0], *JOURNAL)[:2] == told[:2]
    assert json.loads(lines(capsys, "why", *JOURNAL, "--json")[0])["row_id"] == "p3/0"
    assert lines(capsys, "why", "p1/0", *JOURNAL) == ["No call of p1/0 is without an answer; 1 have finished."]
    assert lines(capsys, "why", "p77/0", *JOURNAL)[0].startswith("The journal knows no call of p77/0")


def test_the_settings_name_the_journal(here: Path, ran: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "genesys.toml").write_text('[journal]\nroot = "output/.journal"')
    assert lines(capsys, "count")[-1].startswith("         6  finished")
    (here / "other.toml").write_text('[journal]\nroot = "elsewhere"')
    assert main(["calls", "count", "--config", "other.toml"]) == 2
    assert "there is no journal in" in capsys.readouterr().err
    assert not (here / "elsewhere").exists(), "looking makes nothing"


def test_what_there_is_not(ran: OpenAIServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calls", "count", *JOURNAL, "--segment", "math"]) == 2
    assert "has no segment math; it has generate" in capsys.readouterr().err
    assert main(["calls", "tell"]) == 2
    assert main(["calls", "count", "p1/0", *JOURNAL]) == 2


def test_the_journal_of_a_run_that_goes_on_or_was_killed(
    tmp_path: Path, server: OpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.control(latency_min=0.05, latency_max=0.1)
    tasks = write(tmp_path / "tasks.jsonl", [task(i) for i in range(200)])
    words = ("generate", "--name_model", "m", "--base_url", server.base_url, "--data.path", tasks, "--concurrency", 4)
    journal = ("--journal", str(tmp_path / "output" / ".journal"))
    told: list[str] = []

    def looked() -> bool:
        if server.stats()["completed"] >= 10 and main(["calls", "count", *journal]) == 0:
            told.append(capsys.readouterr().out)
        return len(told) == 3

    assert kill_when(looked, *words, cwd=tmp_path)
    counts = [int(text.split()[0]) for text in told]
    assert 0 < counts[0] <= counts[1] <= counts[2] < 200
    wait_for(lambda: server.stats()["in_flight"] == 0)
    assert int(lines(capsys, "count", *journal)[0].split()[0]) >= counts[2]
