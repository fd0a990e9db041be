"""Streams: data files by patterns, named sets, a pinned revision, and a hub that is a small server here."""

import bz2
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from genesys.faults import GenesysError
from genesys.sources import BadRow, Opened, Source, SourceRow
from genesys.sources.hub import set_rows
from genesys.sources.opening import open_source
from tests.support.hub import COMMIT, HubServer

REPO = Path(__file__).parents[2]
ROWS = [{"id": number, "tests": {"inputs": [str(number)] * 3}, "big": 10**30 + number} for number in range(1, 5)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def read(path: Path | str, *patterns: str, **more: Any) -> list[SourceRow | BadRow]:
    return list(open_source(Source(path=str(path), data_files=patterns, **more)).rows())


def places(rows: list[SourceRow | BadRow]) -> list[tuple[str, int, Any]]:
    return [(row.file, row.row, row.data["id"] if isinstance(row, SourceRow) else row.reason[:8]) for row in rows]


def write_arrow(path: Path, rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.jsonl", LINES),
        ("train.json", LINES),
        ("train.jsonl.gz", gzip.compress(LINES)),
        ("train.jsonl.bz2", bz2.compress(LINES)),
        ("train.jsonl.zst", zstandard.compress(LINES)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lines_packed_or_not(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(content)
    found = read(tmp_path, "data/train*")
    assert places(found) == [(f"data/{name}", number, number) for number in range(1, 5)]
    assert [row.data for row in found if isinstance(row, SourceRow)] == ROWS, (
        "integers of any length, nothing filled in"
    )


def test_parquet_and_arrow_files(tmp_path: Path) -> None:
    rows = [{"id": number, "text": "ü" * number, "tests": {"input": ["1"], "output": ["2"]}} for number in range(200)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part[1].parquet")
    write_arrow(tmp_path / "data-0.arrow", rows)
    for pattern in ("*.parquet", "*.arrow"):
        found = read(tmp_path, pattern)
        assert [row.data for row in found if isinstance(row, SourceRow)] == rows
        assert found[-1].row == 200


def test_files_come_in_the_order_of_patterns_and_of_names_and_once(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "test.jsonl"):
        (tmp_path / name).write_text(json.dumps({"id": name}) + "\n")
    assert [row.file for row in read(tmp_path, "test.jsonl", "*.jsonl")] == ["test.jsonl", "a.jsonl", "b.jsonl"]
    assert len(read(tmp_path, "*.jsonl", max_rows=2)) == 2


def test_a_broken_line_is_told_and_the_rows_behind_it_come(tmp_path: Path) -> None:
    lines = [json.dumps(ROWS[0]), '{"id": 2, "te', "", json.dumps(ROWS[3])]
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    assert places(read(tmp_path, "*.gz")) == [
        ("rows.jsonl.gz", 1, 1),
        ("rows.jsonl.gz", 2, "not JSON"),
        ("rows.jsonl.gz", 4, 4),
    ]


def test_a_file_that_cannot_be_unpacked_is_the_fault_of_the_file(tmp_path: Path) -> None:
    content = gzip.compress("".join(json.dumps({"id": number}) + "\n" for number in range(50_000)).encode())
    (tmp_path / "rows.jsonl.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(GenesysError, match=r"cannot be read behind row [\d,]+: EOFError") as caught:
        read(tmp_path, "*.gz")
    assert type(caught.value) is GenesysError, "trying again would not help"


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (("*.txt",), "no file matches .*txt"),
        (("*",), r"notes\.md is matched by data_files, and no JSON-lines file"),
        (("rows.parquet.gz",), r"rows\.parquet\.gz is matched"),
    ],
)
def test_patterns_that_match_nothing_or_what_is_not_read(
    tmp_path: Path, patterns: tuple[str, ...], message: str
) -> None:
    for name in ("notes.md", "rows.jsonl", "rows.parquet.gz"):
        (tmp_path / name).write_text("{}\n")
    with pytest.raises(GenesysError, match=message):
        read(tmp_path, *patterns)


def test_the_revision_of_a_folder_is_its_content(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(LINES)
    source = Source(path=str(tmp_path), data_files=("*.jsonl",))
    first = open_source(source).revision
    (tmp_path / "notes.md").write_text("of no account")
    assert open_source(source).revision == first
    (tmp_path / "rows.jsonl").write_bytes(LINES * 2)
    assert open_source(source).revision != first


def test_a_named_set_whose_lines_break_off_says_what_to_do(tmp_path: Path) -> None:
    """``datasets`` reads a folder by the code by which it reads a repository of the hub."""
    good = "".join(json.dumps({"id": number, "text": "x" * 100}) + "\n" for number in range(100))
    (tmp_path / "train.jsonl").write_text(good)
    opened = Opened(Source(path=str(tmp_path)), "main")
    assert [row.row for row in set_rows(opened)] == list(range(1, 101))
    (tmp_path / "train.jsonl").write_text(good + '{"id": 7, "te\n' + good)
    with pytest.raises(GenesysError, match="one by one: data_files = ") as caught:
        list(set_rows(opened))
    assert type(caught.value) is GenesysError


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with a loading script, which ``datasets`` refuses, and a converted copy."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "script-set.py").write_text("raise SystemExit")
    (folder / "data").mkdir()
    (folder / "data" / "a.jsonl").write_bytes(LINES)
    (folder / "data" / "b.jsonl.gz").write_bytes(gzip.compress(LINES + b"half\n" + LINES))
    pq.write_table(pa.Table.from_pylist([{"id": n, "text": "t" * n} for n in range(300)]), folder / "0000.parquet")
    big = b"".join(json.dumps({"id": number, "text": "x" * 1000}).encode() + b"\n" for number in range(20_000))
    (folder / "big.jsonl").write_bytes(big)
    return folder


ASK = """
import json, sys, time
time.sleep = lambda seconds: None  # the client waits between its attempts
from genesys.faults import GenesysError
from genesys.sources import BadRow, Source
from genesys.sources.opening import open_source
fields, rows = json.loads(sys.argv[1]), []
try:
    opened = open_source(Source(**fields))
    rows.append(opened.revision)
    for row in opened.rows():
        rows.append([row.file, row.row, None if isinstance(row, BadRow) else row.data["id"]])
except GenesysError as error:
    rows.append([type(error).__name__, getattr(error, "final", None), str(error)])
print(json.dumps(rows))
"""


def ask(hub: HubServer, folder: Path, **fields: Any) -> list[Any]:
    """What a process reads whose hub is this one: its client reads the address when it is imported."""
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder), "PYTHONPATH": str(REPO)}
    ended = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(fields)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: list[Any] = json.loads(ended.stdout)
    return found


def test_data_files_of_a_repository_with_a_script_at_a_pinned_commit(repository: Path, tmp_path: Path) -> None:
    with HubServer("them/script-set", repository) as hub:
        revision, *rows = ask(hub, tmp_path, path="them/script-set", data_files=["data/*.jsonl*"], revision="v1")
        assert revision == COMMIT
        assert rows[:4] == [["data/a.jsonl", number, number] for number in range(1, 5)]
        assert rows[4:] == [
            *(["data/b.jsonl.gz", number, number] for number in range(1, 5)),
            ["data/b.jsonl.gz", 5, None],
            *(["data/b.jsonl.gz", number + 5, number] for number in range(1, 5)),
        ]
        assert hub.revisions == {"v1"}, "a branch or tag is asked for its commit once"
        assert all(f"/{COMMIT}/" in path for path in hub.paths if "/resolve/" in path)
        revision, *rows = ask(
            hub, tmp_path, path="them/script-set", data_files=["*.parquet"], revision="refs/convert/parquet"
        )
        assert rows == [["0000.parquet", number + 1, number] for number in range(300)]


def test_a_stream_that_breaks_in_the_middle_may_be_tried_again(repository: Path, tmp_path: Path) -> None:
    with HubServer("them/script-set", repository, gone_after=8_000_000) as hub:
        _, *rows, end = ask(hub, tmp_path, path="them/script-set", data_files=["big.jsonl"])
    assert len(rows) > 3000
    assert end[:2] == ["InfrastructureFault", False]
    assert "them/script-set broke off behind row" in end[2]
