"""``genesys verify`` of responses that judges score: judges from the settings, the journal beside the file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.journal import Journal
from genesys.commands.verify import main
from tests.support.judge_server import JudgeServer
from tests.support.judging import GOLD, WRONG, record


@pytest.fixture(scope="module")
def server() -> Iterator[JudgeServer]:
    with JudgeServer() as server:
        yield server


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENESYS_CONFIG", raising=False)
    responses = [GOLD, WRONG, f"<think>{WRONG}</think>{GOLD}", "<think>never ends"]
    rows = [
        record(text, response_id=f"r-{n}", source="test", model_name="teacher-7b") for n, text in enumerate(responses)
    ]
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def settings(here: Path, server: JudgeServer, judge: str = "honest", more: str = "") -> None:
    text = f'[judge]\nkind = "openai"\nmodel = "{judge}"\nbase_urls = ["{server.base_url}"]\n{more}'
    (here / "genesys.toml").write_text(text)


def verified(here: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (here / "out_verified.jsonl").read_text().splitlines()]


def test_judged_once_and_in_order(here: Path, server: JudgeServer, capsys: pytest.CaptureFixture[str]) -> None:
    settings(
        here, server, more=f'[[judging.judges]]\nkind = "openai"\nmodel = "no-code"\nbase_urls = ["{server.base_url}"]'
    )
    before = server.stats()["requests"]
    for _ in range(2):
        assert main(["--file", "out.jsonl"]) == 0
        found = verified(here)
        assert [row["score"] for row in found] == [1.0, 0.0, 1.0, 0.0]
        assert [row["response_id"] for row in found] == ["r-0", "r-1", "r-2", "r-3"]
    assert server.stats()["requests"] - before == 3 * 2 * 2
    told = capsys.readouterr().out
    assert "50.0%" in told
    assert "Judged: 3 responses; all votes on one side 100.0%" in told
    assert "mean difference between judges +0.000" in told
    keys = [key for vote in found[0]["verification_result_info"]["votes"] for key in vote["calls"]]
    with Journal(here / ".journal", readonly=True) as journal:
        assert all(journal.segment("verify").get(key) is not None for key in keys)


@pytest.mark.parametrize("own_settings", [True, False])
def test_without_a_judge_it_says_once_what_to_set_up(
    own_settings: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without settings of one's own, the demo's judge, who knows the demo's responses alone, is not asked either."""
    if own_settings:
        (here / "genesys.toml").write_text("")
    assert main(["--file", "out.jsonl"]) == 3
    told = capsys.readouterr().out
    assert told.count("no judge is set up") == 1
    assert "[judge]" in told
    assert [row["score"] for row in verified(here)] == [None] * 4


def test_a_judge_of_the_teachers_family_scores_nothing(here: Path, server: JudgeServer) -> None:
    settings(here, server, "teacher-7b")
    assert main(["--file", "out.jsonl"]) == 3
    assert all("same model family" in row["verification_result_info"]["error"] for row in verified(here)[:3])
