"""The landing place on object storage, and sources that stand there: the same rows as from a folder of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genesys.commands.land import main as land
from genesys.curation.landing.lane import LANDING
from genesys.faults import GenesysError, InfrastructureFault
from genesys.ledger import update_ledger
from genesys.settings import load_settings
from genesys.settings.landing import landing_place
from genesys.sources import BadRow, Source, SourceRow
from genesys.sources.landing_place import newest_first, slug
from genesys.sources.opening import open_source
from genesys.sources.remote import store_of
from genesys.tables.lake import Lake
from tests.support.s3 import Bucket, s3_bucket
from tests.support.upstream.landing import rows


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_bucket() as bucket:
        yield bucket


def source_at(bucket: Bucket, path: str, **fields: Any) -> Source:
    return Source(path=f"{bucket.url}/{path}", storage_options=bucket.options, **fields)


def put(bucket: Bucket, path: str, content: bytes) -> None:
    fs, root = store_of(bucket.url, bucket.options)
    fs.pipe_file(f"{root}/{path}", content)


def test_landings_are_read_newest_first_and_files_of_others_after_them() -> None:
    one, two = (f"2026010{day}T000000000000Z-mine-{'a' * 16}.jsonl" for day in (1, 2))
    assert newest_first(["zzz.jsonl", one, "a.parquet", two]) == [two, one, "a.parquet", "zzz.jsonl"]
    assert slug("../My täsks/ü.jsonl") == "My-t-sks-.jsonl"
    assert slug("ä") == "tasks"


@pytest.mark.s3
def test_tasks_are_landed_in_a_bucket_and_read_from_there(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = json.dumps(bucket.options).replace('":', '" =')
    place = f'{{ path = "{bucket.url}/landing", landing = true, storage_options = {options} }}'
    (tmp_path / "genesys.toml").write_text(f"[lanes.landing]\nsources = [{place}]\n", "utf-8")
    source = landing_place(load_settings("genesys.toml"))
    assert source.label == "landing"
    lake = Lake(tmp_path / "lake")
    assert update_ledger(lake, LANDING, [open_source(source)], shard_size=16).counts.rows == 0
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows(20)), "utf-8")
    assert land(["a.jsonl"]) == 0
    assert land(["a.jsonl"]) == 0
    assert "stand there already" in capsys.readouterr().out
    mended = [next(rows(1)) | {"metadata": {"mended": True}}]
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in mended), "utf-8")
    assert land(["a.jsonl"]) == 0
    opened = open_source(source)
    found = list(opened.rows())
    assert len(found) == 21
    assert isinstance(found[0], SourceRow)
    assert found[0].data["metadata"] == {"mended": True}
    assert opened.revision != open_source(source_at(bucket, "landing")).revision  # the order is part of it
    update = update_ledger(lake, LANDING, [opened], shard_size=16)
    assert (update.counts.accepted, update.counts.rejected) == (20, {"duplicate": 1})
    assert update_ledger(lake, LANDING, [open_source(source)], shard_size=16).new_shards == []
    assert not [path for path in (tmp_path / "state").rglob("*") if path.is_file()]


@pytest.mark.s3
def test_a_folder_of_a_bucket_is_a_source_of_any_lane(bucket: Bucket, tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"a": number} for number in range(200)]), tmp_path / "b.parquet")
    put(bucket, "in/deep/b.parquet", (tmp_path / "b.parquet").read_bytes())
    put(bucket, "in/a.jsonl", b'{"a": 1}\n\n{"a": \n{"a": 3}')
    put(bucket, "in/notes.txt", b"nothing")
    put(bucket, "in/.a.jsonl.tmp", b"half")
    found = list(open_source(source_at(bucket, "in")).rows())
    assert [(row.file, row.row) for row in found[:3]] == [("a.jsonl", 1), ("a.jsonl", 3), ("a.jsonl", 4)]
    assert isinstance(found[1], BadRow)
    assert [row.data["a"] for row in found[3:] if isinstance(row, SourceRow)] == list(range(200))
    assert len(list(open_source(source_at(bucket, "in/*.jsonl")).rows())) == 3
    [(file, row)] = [(row.file, row.row) for row in open_source(source_at(bucket, "in/a.jsonl", max_rows=1)).rows()]
    assert (file, row) == ("a.jsonl", 1)
    before = open_source(source_at(bucket, "in")).revision
    assert before == open_source(source_at(bucket, "in")).revision
    put(bucket, "in/a.jsonl", b'{"a": 2}\n\n{"a": \n{"a": 3}')
    assert before != open_source(source_at(bucket, "in")).revision


@pytest.mark.s3
def test_what_is_wrong_with_a_store_is_said_in_a_sentence(bucket: Bucket) -> None:
    with pytest.raises(GenesysError, match="nothing: there is no .jsonl or .parquet file"):
        open_source(source_at(bucket, "nothing"))
    put(bucket, "bad/a.parquet", b"PAR1 but not for long")
    with pytest.raises(GenesysError, match=r"a.parquet: cannot be read as Parquet"):
        list(open_source(source_at(bucket, "bad")).rows())
    put(bucket, "bad/a.parquet", b"")
    with pytest.raises(InfrastructureFault, match="could not be read from its store"):
        open_source(Source(path="s3://no-such-bucket-here/x", storage_options=bucket.options))
    with pytest.raises(InfrastructureFault, match="could not be read from its store"):
        open_source(Source(path="nosuchstore://x/y"))
