"""Releases on object storage, and the words that name a place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from genesys.faults import InfrastructureFault
from genesys.release.publishing.publish import Destination, destination_of, publish
from genesys.release.publishing.release import plan_release
from genesys.settings import Settings
from genesys.tables.lake import Lake
from tests.support.s3 import s3_bucket
from tests.support.set_tables import SetTables


def settings_of(tmp_path: Path, **publish_: object) -> Settings:
    return Settings(state=str(tmp_path), folder=str(tmp_path), release={"publish": publish_})


@pytest.mark.s3
def test_a_release_on_object_storage_is_the_one_of_a_folder_and_loads_from_there(tmp_path: Path) -> None:
    import datasets
    import s3fs

    with s3_bucket() as bucket:
        lake = Lake(f"{bucket.url}/lake", bucket.options)
        SetTables(lake).write()
        settings = settings_of(tmp_path, storage_options=bucket.options)
        release = plan_release(lake, settings, [])
        placed = publish(release, settings, Destination(f"{bucket.url}/out"))
        assert placed.place == f"{bucket.url}/out/{release.folder}"
        folder = Path(publish(release, settings, Destination(str(tmp_path / "out"))).place)
        fs = s3fs.S3FileSystem(**bucket.options, use_listings_cache=False)
        base = placed.place.removeprefix("s3://")
        there = {path.removeprefix(f"{base}/"): fs.cat_file(path) for path in fs.find(base)}
        assert there == {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        found = datasets.load_dataset(
            "parquet",
            data_files={"train": f"{placed.place}/sft/train-*.parquet", "test": f"{placed.place}/sft/test-*.parquet"},
            storage_options=bucket.options,
            cache_dir=str(tmp_path / "cache"),
        )
        assert {split: rows.num_rows for split, rows in found.items()} == {"train": 12, "test": 4}
        assert not publish(release, settings, Destination(f"{bucket.url}/out")).is_new


@pytest.mark.s3
def test_what_an_interrupted_writer_left_on_object_storage_is_no_release_and_is_written_again(tmp_path: Path) -> None:
    import s3fs

    lake = Lake(tmp_path / "lake")
    SetTables(lake).write()
    with s3_bucket() as bucket:
        settings = settings_of(tmp_path, storage_options=bucket.options)
        release = plan_release(lake, settings, [])
        fs = s3fs.S3FileSystem(**bucket.options, use_listings_cache=False)
        base = f"{bucket.url}/out/{release.folder}".removeprefix("s3://")

        def stop(path: str) -> None:
            if path.startswith("rl/"):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            publish(release, settings, Destination(f"{bucket.url}/out"), stop)
        assert fs.exists(f"{base}/raw/train-00000-of-00001.parquet")
        assert not fs.exists(f"{base}/manifest.json")
        fs.pipe_file(f"{base}/raw/train-00000-of-00001.parquet", b"half")
        assert publish(release, settings, Destination(f"{bucket.url}/out")).is_new
        files = json.loads(fs.cat_file(f"{base}/manifest.json"))["files"]
        assert all(fs.info(f"{base}/{path}")["size"] == file["bytes"] for path, file in files.items())


@pytest.mark.s3
def test_a_bucket_that_is_not_there_is_the_infrastructures_fault(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    SetTables(lake).write()
    with s3_bucket() as bucket:
        settings = settings_of(tmp_path, storage_options=bucket.options)
        release = plan_release(lake, settings, [])
        with pytest.raises(InfrastructureFault, match="could not be written to s3://nobody-has-this/out"):
            publish(release, settings, Destination("s3://nobody-has-this/out"))


def test_a_folder_given_here_counts_from_here_and_one_of_the_settings_from_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    settings = settings_of(tmp_path, to="sets")
    assert destination_of(settings) == Destination(str(tmp_path / "sets"))
    assert destination_of(settings, "sets") == Destination(str(tmp_path / "elsewhere/sets"))
    assert destination_of(settings_of(tmp_path)) == Destination(str(tmp_path / "releases"))
    assert destination_of(settings, "s3://bucket/sets") == Destination("s3://bucket/sets")
    assert destination_of(settings, "hub:owl/traces") == Destination("owl/traces", on_hub=True)


@pytest.mark.parametrize("name", ["../owls", "a/b", "", ".hidden"])
def test_a_name_that_is_no_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        settings_of(tmp_path, name=name)


def test_a_folder_that_cannot_be_written_is_the_infrastructures_fault(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    SetTables(lake).write()
    (tmp_path / "file").write_text("no folder")
    settings = settings_of(tmp_path)
    with pytest.raises(InfrastructureFault, match="could not be written"):
        publish(plan_release(lake, settings, []), settings, Destination(str(tmp_path / "file")))
