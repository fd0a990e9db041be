"""Places: what is local, what stands in what, and objects that are replaced on a condition."""

import time
from pathlib import Path
from typing import Any

import fsspec
import pytest

from genesys.calls.journal import Journal
from genesys.settings import Settings
from genesys.storage import files_below, is_within, local_path, modified, object_tag, replace_object
from genesys.tables.lake import Lake
from tests.support.s3 import s3_bucket


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("state/lake", "state/lake"),
        ("/x/a#b", "/x/a#b"),
        ("file:///x", "/x"),
        ("file:/x", "/x"),
        ("local:///x", "/x"),
        ("s3://bucket/x", None),
        ("memory://x", None),
        ("simplecache::s3://bucket/x", None),
    ],
)
def test_one_word_on_what_is_local(place: str, path: str | None) -> None:
    assert local_path(place) == (None if path is None else Path(path))


@pytest.mark.parametrize("place", ["{folder}/x", "file://{folder}/x", "file:{folder}/x", "local://{folder}/x"])
def test_settings_lake_and_journal_mean_the_same_place(tmp_path: Path, place: str) -> None:
    place = place.format(folder=tmp_path)
    assert Settings(folder="/elsewhere").path(place) == str(tmp_path / "x")
    assert (Lake(place).local, Journal(place).remote) == (True, False)
    assert Lake(place).path("t/rows", "p", "f") == f"{tmp_path}/x/t/rows/p/f"
    assert Journal(place).folder == tmp_path / "x"


def test_what_stands_in_what(tmp_path: Path) -> None:
    folder = str(tmp_path / "journal")
    assert is_within(folder, folder)
    assert is_within(f"file://{folder}/math", folder)
    assert is_within(f"{tmp_path}/lake/../journal", folder)
    assert not is_within(f"{folder}-of-demo", folder)
    assert is_within("s3://b/journal/", "s3://b/journal")
    assert not is_within("s3://b/journal-of-demo", "s3://b/journal")
    assert not is_within("s3://b/journal", folder)


def test_a_link_is_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "link").symlink_to("journal")
    assert is_within(f"{tmp_path}/link", f"{tmp_path}/journal")


@pytest.mark.parametrize("store", ["folder", "memory", pytest.param("s3", marks=pytest.mark.s3)])
def test_files_and_their_times(tmp_path: Path, store: str) -> None:
    def check(url: str, options: dict[str, Any]) -> None:
        fs, base = fsspec.core.url_to_fs(url, **options)
        fs.makedirs(f"{base}/a", exist_ok=True)
        fs.pipe_file(f"{base}/a/x", b"123")
        (found,) = files_below(fs, base)
        assert (found.path, found.size) == (f"{base}/a/x", 3)
        assert abs(found.modified - time.time()) < 60
        assert abs(modified(fs, found.path) - found.modified) < 2
        with pytest.raises(FileNotFoundError):
            modified(fs, f"{base}/a/y")

    if store == "s3":
        with s3_bucket() as bucket:
            check(f"{bucket.url}/files", bucket.options)
    else:
        check(str(tmp_path) if store == "folder" else f"memory://{tmp_path.name}", {})


@pytest.mark.s3
def test_an_object_is_replaced_only_while_it_is_the_one_that_was_read() -> None:
    with s3_bucket() as bucket:
        fs, base = fsspec.core.url_to_fs(bucket.url, **bucket.options)
        path = f"{base}/x"
        assert object_tag(fs, path) is None
        assert replace_object(fs, path, b"1", None)
        assert not replace_object(fs, path, b"2", None), "one stands there"
        tag = object_tag(fs, path)
        assert replace_object(fs, path, b"3", tag)
        assert not replace_object(fs, path, b"4", tag), "it is another one now"
        assert not replace_object(fs, f"{base}/gone", b"5", tag)
        assert fs.cat_file(path) == b"3"
        with pytest.raises(FileNotFoundError):
            replace_object(fs, "there-is-no-such-bucket/x", b"6", None)


def test_a_store_that_knows_no_conditions_takes_it_and_says_to_look_again(tmp_path: Path) -> None:
    fs, path = fsspec.core.url_to_fs(f"memory://{tmp_path.name}/x")
    assert object_tag(fs, path) is None
    assert not replace_object(fs, path, b"1", None)
    assert not replace_object(fs, path, b"2", None)
    assert fs.cat_file(path) == b"2"


def test_a_store_that_refuses_conditions_is_one_that_knows_none() -> None:
    class Refusal(Exception):
        response = {"Error": {"Code": "NotImplemented"}}

    class Old:
        protocol = ("s3", "s3a")
        held = b""

        def pipe_file(self, path: str, content: bytes, **conditions: str) -> None:
            if conditions:
                raise OSError("a header you provided implies functionality that is not implemented") from Refusal()
            self.held = content

    fs = Old()
    assert not replace_object(fs, "bucket/x", b"1", "tag")
    assert fs.held == b"1"
