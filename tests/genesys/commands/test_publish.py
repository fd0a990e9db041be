"""``genesys publish``: shows what it would do, and does it when told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.cli import DONE, REFUSED, main
from genesys.tables.lake import WHOLE, Lake
from tests.support.set_tables import SetTables


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    settings = ["[release.publish]", r'title = "Owls \u001b[31mred"']
    (tmp_path / "genesys.toml").write_text("\n".join(['state = "state"', *settings]))
    monkeypatch.chdir(tmp_path)
    lake = Lake(tmp_path / "state/lake")
    SetTables(lake).write()
    return lake


def test_without_yes_it_shows_files_rows_version_and_card_and_writes_nothing(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert main(["publish"]) == DONE
    said = capsys.readouterr().out
    assert f"to {tmp_path}/state/releases" in said
    for folder, rows in (("raw", 24), ("sft", 16), ("preference", 8), ("rl", 8), ("ends", 16)):
        assert any(line.split()[:3] == [folder, str(rows), "rows"] for line in said.splitlines())
    assert "license: other" in said
    assert "note: dataset/error_rates was never made" in said
    assert "Nothing was written. With --yes it is." in said
    assert sorted(tmp_path.rglob("*")) == before


def test_with_yes_it_writes_what_it_showed_and_the_second_time_nothing(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["publish", "out"])
    shown = capsys.readouterr().out
    version = next(line for line in shown.splitlines() if "version" in line).split("version ")[1].split(",")[0]
    assert main(["publish", "out", "--yes"]) == DONE
    assert f"Published: {tmp_path}/out/verified-reasoning-{version}" in capsys.readouterr().out
    assert main(["publish", "out", "--yes"]) == DONE
    assert "Stands already" in capsys.readouterr().out


def test_what_is_against_it_is_shown_and_nothing_is_written(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = lake.need("dataset/rl").parts["all"]
    stale = part.model_copy(update={"inputs": {f"dataset/filtered/{WHOLE}": "another"}})
    lake.publish("dataset/rl", WHOLE, {"all": stale})
    for words in (["publish"], ["publish", "--yes"]):
        assert main(words) == REFUSED
        assert "against it: dataset/rl was made of earlier versions of dataset/filtered/_" in capsys.readouterr().out
    assert not (tmp_path / "state/releases").exists()


def test_the_whole_card_can_be_read_before(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["publish", "--card"]) == DONE
    said = capsys.readouterr().out
    assert said.startswith("---\n")
    assert "\n## Known limits\n" in said
    assert "\x1b" not in said


def test_a_hub_without_a_token_is_refused_before_anything_is_written(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert main(["publish", "hub:owl/traces", "--yes"]) == REFUSED
    assert "HF_TOKEN is not set" in capsys.readouterr().err
    assert not (tmp_path / "state/releases").exists()
