"""Sources: rows with their places, broken ones in between, and errors that say what to do."""

import datetime
import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genesys.faults import GenesysError
from genesys.sources import BadRow, Source, SourceRow
from genesys.sources.files import read_jsonl
from genesys.sources.opening import open_source, open_sources

REPO = Path(__file__).parents[2]


def read(path: str | Path, **fields: Any) -> list[SourceRow | BadRow]:
    return list(open_source(Source(path=str(path), **fields)).rows())


def places(rows: list[SourceRow | BadRow]) -> list[tuple[str, int, str]]:
    return [(row.file, row.row, "bad" if isinstance(row, BadRow) else "good") for row in rows]


def test_json_lines_with_broken_ones_in_between(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b'{"a": 1}\n'
        b"\n"
        b'{"a": "caf\xe9"}\n'  # Latin-1
        b'{"a": \n'
        b"[1, 2]\n"
        b'{"a": "\\ud800"}\n'  # half a character
        b'{"a": "\\ud83d\\ude00 \xc3\xbc"}\r\n'
        b"   \n"
        b'{"a": ' + b"[" * 200_000 + b"\n"
        b'{"a": 2}'  # no line end
    )
    rows = read(path)
    assert places(rows) == [
        ("rows.jsonl", 1, "good"),
        ("rows.jsonl", 3, "bad"),
        ("rows.jsonl", 4, "bad"),
        ("rows.jsonl", 5, "bad"),
        ("rows.jsonl", 6, "bad"),
        ("rows.jsonl", 7, "good"),
        ("rows.jsonl", 9, "bad"),
        ("rows.jsonl", 10, "good"),
    ]
    assert [row.data["a"] for row in rows if isinstance(row, SourceRow)] == [1, "😀 ü", 2]
    reasons = [row.reason for row in rows if isinstance(row, BadRow)]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "not valid Unicode",
        "not JSON",
        "not a JSON object",
        "not valid Unicode",
        "not JSON",
    ]
    assert isinstance(rows[1], BadRow)
    assert rows[1].raw == '{"a": "caf\ufffd"}'
    assert str(rows[3]) == "rows.jsonl:5: line: not a JSON object"


def test_a_byte_order_mark_is_no_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n')
    assert places(read(path)) == [("rows.jsonl", 1, "good"), ("rows.jsonl", 2, "good")]


def test_parquet(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "text": "ü", "tests": [{"input": "1", "output": "2"}], "when": datetime.datetime(2024, 1, 2)},
        {"id": 2, "text": None, "tests": [], "when": None},
    ]
    path = tmp_path / "part[1].parquet"  # a name that reads like a pattern
    pq.write_table(pa.Table.from_pylist(rows), path)
    found = read(path)
    assert places(found) == [("part[1].parquet", 1, "good"), ("part[1].parquet", 2, "good")]
    assert [row.data for row in found if isinstance(row, SourceRow)] == rows


def test_a_broken_parquet_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 this is none")
    with pytest.raises(GenesysError, match=r"rows\.parquet: cannot be read as Parquet"):
        read(path)


def test_a_folder_is_read_whole_in_order_and_says_which_file_a_row_is_from(tmp_path: Path) -> None:
    for name in ("b/rows.jsonl", "a/rows.jsonl", "c.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'{{"from": "{name}"}}\nbroken\n')
    (tmp_path / "README.md").write_text("no rows")
    (tmp_path / "empty.jsonl").write_text("")
    rows = read(tmp_path)
    assert places(rows) == [
        ("a/rows.jsonl", 1, "good"),
        ("a/rows.jsonl", 2, "bad"),
        ("b/rows.jsonl", 1, "good"),
        ("b/rows.jsonl", 2, "bad"),
        ("c.jsonl", 1, "good"),
        ("c.jsonl", 2, "bad"),
    ]
    assert all(row.file == row.data["from"] for row in rows if isinstance(row, SourceRow))


def test_a_glob_a_limit_and_a_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (2, 1, 3):
        (tmp_path / f"rows{number}.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    assert [row.file for row in read(tmp_path / "rows[12].jsonl")] == ["rows1.jsonl"] * 2 + ["rows2.jsonl"] * 2
    assert [row.file for row in read(tmp_path / "*.jsonl", max_rows=3)] == ["rows1.jsonl"] * 2 + ["rows2.jsonl"]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(read("~/rows1.jsonl")) == 2


def test_the_revision_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n')
    first = open_source(Source(path=str(path))).revision
    copy = tmp_path / "copy.jsonl"
    copy.write_text('{"a": 1}\n')
    assert open_source(Source(path=str(copy))).revision == first
    path.write_text('{"a": 2}\n')
    assert open_source(Source(path=str(path))).revision != first


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/there/is/none.jsonl", "/there/is/none.jsonl: there is no such file or folder"),
        ("./none", "./none: there is no such file or folder"),
        ("none.jsonl", "none.jsonl: there is no such file or folder"),
        ("a/b/c", "a/b/c: there is no such file or folder"),
        ("~/there-is-none", "there is no such file or folder"),
        ("{here}", "expected .jsonl or .parquet files, found none"),
        ("{here}/*.jsonl", "expected .jsonl or .parquet files, found none"),
        ("{here}/rows.csv", r"expected .jsonl or .parquet files, found .*rows.csv"),
    ],
)
def test_a_path_that_is_not_there_or_of_another_kind(path: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    with pytest.raises(GenesysError, match=message):
        read(path.replace("{here}", str(tmp_path)))


@pytest.mark.parametrize(
    ("attempt", "offline"),
    [
        ("open_source(source)", {}),
        ("open_source(source)", {"HF_HUB_OFFLINE": "1"}),
        # Without this mark of its own the hub's client tries again for half a minute.
        ('list(set_rows(Opened(source, "main")))', {"HF_HUB_OFFLINE": "1"}),
    ],
)
def test_a_hub_that_cannot_be_reached_is_said_so(attempt: str, offline: dict[str, str], tmp_path: Path) -> None:
    code = f"""
from genesys.faults import InfrastructureFault
from genesys.sources import Opened, Source
from genesys.sources.hub import set_rows
from genesys.sources.opening import open_source
source = Source(path="nobody/nothing")
try:
    {attempt}
except InfrastructureFault as fault:
    print(fault.final, fault)
"""
    env = (
        os.environ | offline | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "PYTHONPATH": str(REPO)}
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("True nobody/nothing is no local file, and could not be read from the hub: ")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b'{"a": 1}\n'), "gzip"),
        (b'[{"a": 1}]', "JSON array"),
        (b'\xef\xbb\xbf\n [\n{"a": 1}]', "JSON array"),
        ('{"a": 1}\n'.encode("utf-16"), "UTF-16"),
        (b"PAR1....", ".parquet"),
        (b"PK\x03\x04....", "zip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_only_bears_the_name_is_one_mistake(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(GenesysError, match=f"rows.jsonl: is .*{what}"):
        list(read_jsonl(path))


def test_all_sources_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("{}")
    with pytest.raises(GenesysError, match=r"one\.jsonl.*two\.jsonl"):
        open_sources(Source(path=str(tmp_path / f"{name}.jsonl")) for name in ("one", "there", "two"))
