"""A release on the hub: the real client against a small server that answers as the hub does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from genesys.faults import GenesysError, InfrastructureFault
from genesys.release.publishing.places import Placed
from genesys.release.publishing.publish import destination_of, publish
from genesys.release.publishing.release import plan_release
from genesys.settings import Settings
from genesys.tables.lake import Lake
from tests.support.hub_writing import WritableHub
from tests.support.set_tables import SetTables

TOKEN = "hf_thisIsNoRealToken"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WritableHub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with WritableHub("owl/traces", tmp_path / "hub", token=TOKEN) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield server


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    SetTables(lake, problems=12).write()
    return lake


def settings_of(tmp_path: Path) -> Settings:
    return Settings(state=str(tmp_path / "state"), folder=str(tmp_path), release={"publish": {"to": "hub:owl/traces"}})


def put(lake: Lake, tmp_path: Path, most: int = 450_000_000) -> tuple[str, Placed]:
    settings = settings_of(tmp_path)
    release = plan_release(lake, settings, [], most=most)
    return release.version, publish(release, settings, destination_of(settings))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_files_go_up_in_one_commit_with_a_tag_in_a_private_repository(
    lake: Lake, tmp_path: Path, hub: WritableHub
) -> None:
    version, placed = put(lake, tmp_path)
    here = files(tmp_path / f"state/releases/verified-reasoning-{version}")
    there = files(hub.folder)
    assert there.pop(".gitattributes")
    assert there == here
    assert hub.private is True
    assert len(hub.commits) == 1
    assert list(hub.tags) == [version]
    assert placed == Placed(f"{hub.url}/datasets/owl/traces", True)


def test_a_version_that_is_there_is_not_sent_again(lake: Lake, tmp_path: Path, hub: WritableHub) -> None:
    put(lake, tmp_path)
    sent = len(hub.uploads)
    _, placed = put(lake, tmp_path)
    assert (placed.is_new, len(hub.commits), len(hub.uploads)) == (False, 1, sent)


def test_files_of_an_earlier_version_go_and_those_of_people_stay(tmp_path: Path, hub: WritableHub) -> None:
    lake = Lake(tmp_path / "lake")
    SetTables(lake, problems=500).write()  # enough for two groups of rows
    put(lake, tmp_path, most=10_000)
    (hub.folder / "picture.png").write_bytes(b"by hand")
    assert len(list(hub.folder.glob("raw/train-*"))) > 1
    first, second = list(hub.tags), put(lake, tmp_path)[0]
    assert len(list(hub.folder.glob("raw/train-*"))) == 1
    assert (hub.folder / "picture.png").exists()
    assert list(hub.tags) == [*first, second]


def test_after_a_failed_commit_nothing_is_seen_and_what_went_up_is_not_sent_again(
    lake: Lake, tmp_path: Path, hub: WritableHub
) -> None:
    hub.failing_commits = 1
    with pytest.raises(InfrastructureFault, match="HTTP 500"):
        put(lake, tmp_path)
    assert set(files(hub.folder)) == {".gitattributes"}
    assert not hub.tags
    sent = sorted(hub.uploads)
    assert sent
    put(lake, tmp_path)
    assert sorted(hub.uploads) == sent
    assert len(hub.tags) == 1


def test_without_a_token_nothing_is_written_at_all(
    lake: Lake, tmp_path: Path, hub: WritableHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(GenesysError, match="HF_TOKEN is not set"):
        put(lake, tmp_path)
    assert not (tmp_path / "state").exists()
    assert not hub.paths


def test_a_token_that_may_not_write_is_told_so_and_not_shown(
    lake: Lake, tmp_path: Path, hub: WritableHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    with pytest.raises(GenesysError, match=r"does not let this token write to owl/traces \(HTTP 403\)") as caught:
        put(lake, tmp_path)
    assert "hf_another" not in str(caught.value)
    assert not isinstance(caught.value, InfrastructureFault)


@pytest.mark.parametrize("name", ["hub:owl", "hub:", "hub:a/b/c", "hub:/x"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(GenesysError, match="hub:owner/name"):
        destination_of(settings_of(tmp_path), name)
