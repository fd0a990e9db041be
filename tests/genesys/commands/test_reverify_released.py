"""``genesys reverify`` on what ``genesys publish`` makes, and on what is on the hub."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.commands import reverify
from genesys.release.publishing.publish import Destination, publish
from genesys.release.publishing.release import plan_release
from genesys.settings import Settings
from genesys.tables.lake import Lake
from tests.genesys.commands.runs import environment, genesys
from tests.support.hub import HubServer
from tests.support.published import traces, write
from tests.support.set_tables import SetTables


def reverified(capsys: pytest.CaptureFixture[str], expected: int, folder: Path) -> Any:
    words = [str(folder), "--sample", "100%", "--no-verdicts", "--json"]
    assert reverify.main(words) == expected
    return json.loads(capsys.readouterr().out)


def released(tmp_path: Path, most: int) -> Path:
    lake, settings = Lake(tmp_path / "lake"), Settings(state=str(tmp_path), folder=str(tmp_path))
    SetTables(lake).write()
    release = plan_release(lake, settings, [], most=most)
    return Path(publish(release, settings, Destination(str(tmp_path / "out"))).place)


@pytest.mark.parametrize("most", [450_000_000, 1000])
def test_a_release_proves_itself_whole_and_cut_into_many_files(
    tmp_path: Path, most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = released(tmp_path, most)
    told = reverified(capsys, 0, folder)
    assert (told["sampled"], told["proven"], told["found"], told["notes"]) == (24, 24, 0, [])
    assert told["files"] == len(json.loads((folder / "manifest.json").read_text())["files"])


def test_every_file_of_a_release_is_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = released(tmp_path, 450_000_000)
    for name in json.loads((folder / "manifest.json").read_text())["files"]:
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before + b" ")
        assert name in {each["where"] for each in reverified(capsys, 1, folder)["findings"]}
        (folder / name).write_bytes(before)
    assert reverified(capsys, 0, folder)["found"] == 0


def test_a_data_set_of_the_hub_is_fetched_and_checked(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", traces())
    with HubServer("them/tiny", folder) as hub:
        # Its client reads the address when it is imported.
        env = environment(HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path / "home"), HF_HUB_DISABLE_XET="1")
        words = ("--sample", "100%", "--no-verdicts", "--json")
        done = genesys("reverify", "hf://them/tiny@v1", *words, cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["proven"] == 22
        assert hub.revisions == {"v1"}
        lost = genesys("reverify", "them/other", *words, cwd=tmp_path, env=env)
    assert lost.returncode == 2
    assert "them/other is no folder here, and could not be had from the hub" in lost.stderr
    assert "Traceback" not in lost.stderr
