"""``genesys audit``: what a person and a program read, and the exit codes."""

import json
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from genesys import cli
from genesys.commands import audit as command
from genesys.faults import GenesysError
from genesys.release.filtered import make_filtered
from genesys.release.sft import make_sft
from genesys.verifiers.registry import VERIFIER_REGISTRY
from tests.support.tiny_lane import TinyVerifier, World, write_rows

REPO = Path(__file__).parents[3]
SETTINGS = """
[lake]
root = "lake"
[journal]
root = "journal"
[lanes.sums]
sources = [{ path = "rows.jsonl", name = "tiny/sums", license = "cc0-1.0" }]
"""


@pytest.fixture
def world(here: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World.at(here)
    (here / "genesys.toml").write_text(SETTINGS)
    monkeypatch.setattr(command, "LANES", {"sums": world.lane})
    monkeypatch.setitem(VERIFIER_REGISTRY, "tiny_sum", TinyVerifier)
    world.update()
    world.run()
    make_filtered(world.lake, [world.lane])
    make_sft(world.lake, [world.lane])
    return world


def published(world: World) -> str:
    return str(next(world.lake.rows("dataset/sft"))["response_id"])


def test_a_person_reads_the_chain(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    ident = published(world)
    assert command.main([ident[:8]]) == 0
    text = capsys.readouterr().out
    steps = ["1 source row", "2 ledger", "3 task", "4 generation", "5 verdict", "6 release"]
    assert [line.partition("  ")[0] for line in text.splitlines() if line[:1].isdigit()] == steps
    assert text.startswith(f"Response {ident}\nlane sums, shard sums-00000, campaign ")
    assert "TinyVerifier@7" in text
    assert "rows.jsonl" in text
    assert text.rstrip().splitlines()[-1].startswith("All agrees: ")
    assert "replay" not in text


def test_replay_and_live_add_what_they_derived(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([published(world), "--replay"]) == 0
    assert "replay task_hash" in (text := capsys.readouterr().out)
    assert "live score" not in text
    assert command.main([published(world), "--live"]) == 0
    assert "replay task_hash" in (text := capsys.readouterr().out)
    assert "live score" in text


def test_a_discrepancy_exits_with_1_and_says_what_it_means(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(world.source_file, [])
    assert command.main([published(world)]) == 1
    text = capsys.readouterr().out
    assert "is gone from the source since it was read" in text
    assert text.rstrip().splitlines()[-1].endswith("(source row).")


def test_json_is_one_object(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([published(world), "--json", "--replay"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["response_id"], value["agrees"], value["findings"]) == (published(world), True, [])
    write_rows(world.source_file, [])
    assert command.main([published(world), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["step"] == "source row"


def test_an_unknown_id_exits_with_2(world: World) -> None:
    with pytest.raises(GenesysError, match="no response has the id 0000.*`genesys audit` without an id lists more"):
        command.main(["0000"])


def test_without_an_id_some_are_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == 2
    assert published(world) in capsys.readouterr().out


def test_before_anything_was_made(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "genesys.toml").write_text(SETTINGS)
    assert command.main([]) == 2
    assert "no responses yet" in capsys.readouterr().out


def test_another_settings_file(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert command.main([published(world), "--config", str(tmp_path / "genesys.toml")]) == 0


def test_the_project_installs_it_as_a_command(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    point = EntryPoint("audit", project["entry-points"]["genesys.commands"]["audit"], "genesys.commands")
    monkeypatch.setattr(cli, "entry_points", lambda group: [point])
    assert cli.main(["audit", "0000"]) == 2
    assert "genesys audit: no response has the id 0000" in capsys.readouterr().err
    assert cli.main(["audit", published(world)]) == 0


def test_a_person_reads_what_became_of_a_row(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    dropped = next(row["problem_id"] for row in world.lake.rows("sums/ledger") if row["row"] == 3)
    assert command.main([dropped, "--replay"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Row {dropped}\nlane sums, shard sums-00000\n")
    assert "not a sum" in text
    assert f"decision                 is_sum:{world.lane.prompts[0].hash} -> is_sum: False (call " in text
    assert command.main([dropped, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["row_id"], value["agrees"], value["links"][-1]["facts"]["status"]) == (dropped, True, "dropped")


def test_a_task_shows_what_the_curator_decided(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([published(world)]) == 0
    text = capsys.readouterr().out
    assert f"is_sum:{world.lane.prompts[0].hash} -> is_sum: True (call " in text
    assert " by tiny)" in text
