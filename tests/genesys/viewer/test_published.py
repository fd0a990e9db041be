"""A published data set as the viewer reads it: by its manifest, from a folder or from object storage."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.tables.columns import ENDS
from genesys.viewer import published as module
from genesys.viewer.published import Published, is_release
from genesys.viewer.query import Query
from tests.genesys.viewer.conftest import client_of
from tests.support.published import sealed, table, traces, write
from tests.support.s3 import s3_bucket

Row = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data set, in which the filters dropped the one wrong answer to a problem of math."""
    made = write(tmp_path / "release", traces())
    wrong = next(row for row, _ in traces() if row["problem_id"] == "problem-20")
    names = {"response_id": wrong["response_id"], "problem_id": "problem-20"}
    ends = [dict.fromkeys(ENDS.names) | names | {"step": "verdict", "reason": "wrong answer", "for_all": False}]
    table(made / "ends/ends-00000-of-00001.parquet", ENDS, ends)
    return sealed(made)


def found(release: Published, **asked: str) -> list[str]:
    query = Query.read(asked)
    rows = release.index.find(query)
    if query.all_words:
        rows = release.search(rows, query.all_words, query.place, "").rows
    return release.index.traces[rows]["problem_id"].to_list()


def test_every_trace_of_raw_is_there_with_its_lineage_and_its_end(folder: Path) -> None:
    place = Published(str(folder))
    assert len(place.index.traces) == len(traces())
    assert place.index.notes == ()
    assert found(place, verdict="rejected") == ["problem-20"]
    assert found(place, step="verdict", reason="wrong answer") == ["problem-20"]
    assert found(place, verdict="no score") == ["problem-22"]
    assert found(place, ident="row_id 30") == ["problem-30"]
    assert found(place, teacher="teacher_id 31") == ["problem-31"]
    assert found(place, sort="-length")[0].startswith("problem-3"), "a program is the longest"
    assert found(place, words="print 7") == ["problem-31"]
    assert found(place, words="question 31,", place="prompt") == ["problem-31"]
    assert found(place, words="question 31,", place="response") == []


def test_a_trace_is_read_with_its_tests_and_its_proof(folder: Path) -> None:
    client = client_of(Published(str(folder)))
    (ident,) = (row["response_id"] for row, _ in traces() if row["problem_id"] == "problem-31")
    page = client.get(f"/trace?id={ident}").text
    assert '<span class="nb">print</span>' in page
    assert 'id="tests"' in page
    assert "verifier_version 31" in page
    assert json.loads((folder / "manifest.json").read_text())["merkle"]["root"] in page
    assert "raw/" in client.get(f"/lineage?id={ident}").text
    assert "Dagster UI" not in page
    assert client.get("/").text.count("<tr>") == len(traces()) + 1


def test_a_file_that_is_lost_is_named_and_the_others_are_shown(folder: Path) -> None:
    lost = "raw/train-00000-of-00002.parquet"
    (folder / lost).unlink()
    (folder / "lineage/lineage-00000-of-00001.parquet").write_bytes(b"no parquet")
    place = Published(str(folder))
    assert 0 < len(place.index.traces) < len(traces())
    assert [note.split(" is left out")[0] for note in place.index.notes] == [
        lost,
        "lineage/lineage-00000-of-00001.parquet",
    ]
    number = place.index.traces["response_id"].to_list()[0]
    assert client_of(place).get(f"/trace?id={number}").status_code in (200, 503)


def test_lengths_of_very_large_data_sets_are_not_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEASURED_UP_TO", 10)
    place = Published(str(folder))
    assert place.index.unit == ""
    assert "Length" not in client_of(place).get("/").text


@pytest.mark.parametrize("content", [None, "no json", "[]", "{}", '{"files": 3}'])
def test_what_is_no_release_is_told_from_one(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    assert not is_release(str(tmp_path), {})


def test_a_manifest_that_names_no_sizes_is_an_error(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"files": {"raw/train-0.parquet": {}}}))
    with pytest.raises(GenesysError, match=r"manifest.json cannot be read"):
        _ = Published(str(folder)).index


def test_a_manifest_leads_to_no_file_outside_of_its_folder(folder: Path) -> None:
    outside = folder.parent / "outside.parquet"
    (folder / "raw/train-00000-of-00002.parquet").rename(outside)
    told = json.loads((folder / "manifest.json").read_text())
    told["files"] = {"raw/../../outside.parquet": {"bytes": 1}, str(outside): {"bytes": 1}}
    (folder / "manifest.json").write_text(json.dumps(told))
    assert len(Published(str(folder)).index.traces) == 0


@pytest.mark.s3
def test_a_release_on_object_storage_is_read_where_it_stands(folder: Path) -> None:
    import s3fs

    with s3_bucket() as bucket:
        s3fs.S3FileSystem(**bucket.options).put(str(folder), f"{bucket.url}/release", recursive=True)
        assert is_release(f"{bucket.url}/release", bucket.options)
        place = Published(f"{bucket.url}/release", bucket.options)
        assert found(place, words="print 7") == ["problem-31"]
        number = place.index.find(Query.read({"ident": "problem-31"}))[0]
        assert place.trace(number).task["prompt"].startswith("Question 31")
