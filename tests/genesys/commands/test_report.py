"""``genesys report`` writes the page where a person finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.commands.report import main
from genesys.faults import GenesysError
from genesys.release.report.make import make_report
from genesys.settings import load_settings
from genesys.tables.lake import Lake
from tests.support.released import release


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "genesys.toml"
    file.write_text("[lanes.math]\n")
    return file


def test_the_page_is_written_and_its_path_printed(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GenesysError, match="dataset/filtered has no partition"):
        main(["--config", str(config)])
    lake = Lake(tmp_path / "state/lake")
    release(lake, [])
    assert main(["--config", str(config)]) == 0
    target = tmp_path / "state/report.html"
    first, note = capsys.readouterr().out.splitlines()
    assert first == str(target)
    assert "materialize dataset/report" in note
    assert target.read_text("utf-8").startswith("<!doctype html>")
    assert lake.manifest("dataset/report") is None
    make_report(lake, [], load_settings(config))
    elsewhere = tmp_path / "other" / "page.html"
    assert main(["--config", str(config), "--output", str(elsewhere)]) == 0
    assert elsewhere.exists()
