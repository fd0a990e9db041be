"""``genesys dropped``: the counts add up, and every trace that is asked for is listed with its reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.cli import DONE
from genesys.commands import dropped
from genesys.faults import GenesysError
from genesys.release import filtered
from genesys.release.filtered import make_filtered
from tests.support.tiny_lane import World

Row = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    Path("genesys.toml").write_text('state = "."\n', "utf-8")
    world = World.at(tmp_path)
    world.update()
    world.run()
    make_filtered(world.lake, [world.lane])
    return world


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert dropped.main(list(words)) == DONE
    return capsys.readouterr().out


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[Row]:
    return [json.loads(line) for line in said(capsys, *words, "--jsonl").splitlines()]


def test_counts_by_step_and_reason_add_up_to_all_that_was_dropped(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(said(capsys, "--json"))
    assert (told["traces"], told["kept"]) == (12, 3)
    assert {row["reason"]: (row["step"], row["traces"]) for row in told["reasons"]} == {
        "not accepted: wrong": ("verdict", 3),
        "cut off": ("length and format", 3),
        "equal response": ("equal responses", 3),
    }
    assert [step["left"] for step in told["steps"]] == sorted((s["left"] for s in told["steps"]), reverse=True)
    assert told["steps"][-1]["left"] == told["kept"]
    assert "12 traces, 3 kept" in said(capsys)


def test_traces_are_listed_by_step_reason_lane_problem_and_id(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = rows(capsys, "--step", "verdict")
    assert {(row["step"], row["reason"], row["lane"]) for row in wrong} == {("verdict", "not accepted: wrong", "sums")}
    assert rows(capsys, "--reason", "not accepted") == wrong
    assert len(rows(capsys, "--lane", "sums")) == 9
    assert rows(capsys, "--lane", "math") == []
    problem = wrong[0]["problem_id"]
    assert len(rows(capsys, "--problem", problem)) == 3
    assert rows(capsys, "--response", wrong[0]["response_id"][:12]) == [wrong[0]]


def test_a_response_that_was_kept_is_said_to_be(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    kept = next(world.lake.rows(filtered.ASSET))["response_id"]
    assert [row["step"] for row in rows(capsys, "--response", kept)] == [None]
    assert "  kept" in said(capsys, "--response", kept)


def test_of_many_traces_the_first_are_shown_and_the_others_counted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys, "--list", "--limit", "2").splitlines()
    assert len(lines) == 3
    assert lines[-1] == "9 traces; 7 more are not shown (--limit, --jsonl)."


def test_a_filter_that_does_not_exist_is_an_error_that_names_those_that_do(world: World) -> None:
    with pytest.raises(GenesysError, match="--step verdicts: no filter is called so; there are .*verdict, "):
        dropped.main(["--step", "verdicts"])
