"""``genesys watch``: all runs of a state from another terminal."""

import json
from pathlib import Path

import pytest

from genesys.commands.watch import main
from genesys.live.monitor import Monitor
from genesys.live.status import kept, live_folder, views_in
from genesys.outcomes import accepted
from tests.genesys.commands.test_reasons import response, write
from tests.support.waiting import wait_until


@pytest.fixture
def settings(here: Path) -> Path:
    (here / "genesys.toml").write_text('state = "elsewhere"\n')
    return here / "elsewhere"


def test_a_run_of_the_state_is_shown_with_its_stage_and_how_far_it_is(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = Monitor("abc", lane="math", shard="math-00007", stage="generations", total=4)
    monitor.progress().counts.add(accepted({}))
    with kept(monitor, live_folder(settings), every=0.02):
        wait_until(lambda: bool(views_in(live_folder(settings))), 10)
        assert main(["--once"]) == 0
        told = capsys.readouterr().out
        assert "math-00007" in told
        assert "1/4 25%" in told
        assert main(["--json"]) == 0
        (view,) = json.loads(capsys.readouterr().out)
        assert (view["run_id"], view["state"], view["rows"], view["total"]) == ("abc", "running", 1, 4)
    assert main(["--once"]) == 0
    assert "✓ math-00007" in capsys.readouterr().out


def test_where_nothing_runs_it_says_where_it_looked(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--once"]) == 0
    assert f"Nothing runs, and nothing ended lately: no news in {settings}/live" in capsys.readouterr().out
    assert not settings.exists(), "to look makes nothing"


def test_commands_on_files_are_seen_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from genesys.commands.verify import main as verify

    write(here / "out.jsonl", [response(0, "0"), response(1, "1")])
    verify(["--file", "out.jsonl"])
    capsys.readouterr()
    assert main(["--once"]) == 0
    told = capsys.readouterr().out
    assert "✓ out.jsonl" in told
    assert "verifications" in told
    assert main(["--json", "--at", str(here / "nowhere")]) == 0
    assert json.loads(capsys.readouterr().out) == []
