"""``genesys land``: what it names, what it puts where, and that nobody ever sees half of a landing."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genesys.commands.land import main as land
from genesys.faults import GenesysError
from genesys.landing import given
from genesys.settings import load_settings
from genesys.settings.landing import landing_place
from genesys.sources import Opened, Source, SourceRow, files
from genesys.sources.opening import open_source
from tests.genesys.commands.runs import environment, wait_for
from tests.support.upstream.landing import rows


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GENESYS")]:
        monkeypatch.delenv(name)
    (tmp_path / "genesys.toml").write_text('[sandbox]\nisolation = "process"\n', "utf-8")
    return tmp_path


def write(path: Path, tasks: Any, *raw: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in [*map(json.dumps, tasks), *raw]), "utf-8")
    return path


def landed(folder: Path) -> list[Path]:
    return sorted((folder / "state" / "landing").glob("*.jsonl"))


def read_back(folder: Path) -> list[dict[str, Any]]:
    """What the lane reads."""
    opened = open_source(landing_place(load_settings(folder / "genesys.toml")))
    found: list[dict[str, Any]] = []
    for row in opened.rows():
        assert isinstance(row, SourceRow)
        found.append(row.data)
    return found


def test_a_file_is_landed_whole_and_counted_by_type_and_language(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "mine.jsonl", rows(10))
    assert land(["mine.jsonl", "--license", "CC0-1.0", "--attribution", "us"]) == 0
    said = capsys.readouterr().out
    assert "10 rows: 10 tasks, 0 repeated, 0 broken" in said
    assert said.split("verifiable_code ")[1].split()[:2] == ["python", "4"]
    assert "Missing on this machine: llm_judgeable_groundtruth_similarity: no judge is set up" in said
    assert "verifiable_math: " not in said
    assert "Next: genesys run --lane landing" in said
    [file] = landed(here)
    assert file.name in said
    back = read_back(here)
    assert [row["problem_id"] for row in back] == [row["problem_id"] for row in rows(10)]
    # What a row says itself goes before what the command says of all.
    assert {row["license"] for row in back} == {"CC0-1.0", "CC-BY-SA-4.0"}
    assert [row["verification_info"] for row in back] == [row["verification_info"] for row in rows(10)]


def test_broken_rows_are_named_and_the_others_landed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, three = rows(3)
    write(here / "a.jsonl", [one, {**two, "prompt": ""}, {**three, "verification_info": "{"}, one], "{half")
    assert land(["a.jsonl", "--list", "2"]) == 3
    said = capsys.readouterr().out
    assert "5 rows: 1 tasks, 1 repeated, 3 broken" in said
    assert "broken: a.jsonl:2: prompt: is empty" in said
    assert "broken: a.jsonl:3: verification_info: is neither JSON nor a Python literal: '{'" in said
    assert "broken: 1 more; --list 3 shows them all" in said
    assert read_back(here) == [one]


def test_strict_and_dry_run_land_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(here / "a.jsonl", rows(3), "oops")
    with pytest.raises(GenesysError, match="nothing was landed"):
        land(["a.jsonl", "--strict"])
    assert landed(here) == []
    write(here / "b.jsonl", rows(3))
    assert land(["b.jsonl", "--dry-run"]) == 0
    assert "Not landed (--dry-run): 3 tasks" in capsys.readouterr().out
    assert landed(here) == []


def test_a_folder_with_broken_files_among_good_ones(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = list(rows(6))
    write(here / "in" / "a.jsonl", good[:2])
    write(here / "in" / "deep" / "b.jsonl", good[2:4])
    (here / "in" / "c.jsonl").write_bytes(gzip.compress(b"{}"))
    (here / "in" / "d.parquet").write_bytes(b"PAR1 and no more")
    (here / "in" / "e.jsonl").write_text(json.dumps(good), "utf-8")
    (here / "in" / "notes.csv").write_text("a,b\n", "utf-8")
    (here / "in" / "f.jsonl").write_text("", "utf-8")
    assert land(["in"]) == 3
    said = capsys.readouterr().out
    assert "c.jsonl: is compressed by gzip: unpack it" in said
    assert "d.parquet: cannot be read as Parquet" in said
    assert "e.jsonl: is one JSON array: write one object a line" in said
    assert "left out, being no .jsonl or .parquet: notes.csv" in said
    assert [row["problem_id"] for row in read_back(here)] == [row["problem_id"] for row in good[:4]]
    assert len(landed(here)) == 1


def test_one_id_for_two_tasks_is_broken_and_for_one_task_twice_is_not(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = rows(2)
    write(here / "a.jsonl", [one, two, {**two, "problem_id": one["problem_id"], "source": one["source"]}])
    write(here / "b.jsonl", [two, {**one, "source": "another"}])
    assert land(["a.jsonl", "b.jsonl"]) == 3
    said = capsys.readouterr().out
    assert f"broken: a.jsonl:3: problem_id: {one['problem_id']!r} of source 'olympiads' stands for another task" in said
    assert "5 rows: 3 tasks, 1 repeated, 1 broken" in said
    assert [row["source"] for row in read_back(here)] == ["olympiads", "apps", "another"]


def test_parquet_with_nested_columns_and_nulls_of_other_types(here: Path) -> None:
    tasks = [{**row, "verification_info": _as_dict(row), "metadata": {"number": n}} for n, row in enumerate(rows(10))]
    for task in tasks:
        task.setdefault("license", None)
        task.setdefault("attribution", None)
        task.setdefault("family_id", None)
    pq.write_table(pa.Table.from_pylist(tasks), here / "tasks.parquet")
    assert land(["tasks.parquet"]) == 0
    back = read_back(here)
    assert len(back) == 10
    assert back[1]["verification_info"]["test_cases"][0]["type"] == "stdin_stdout"
    assert back[0]["metadata"] == {"number": 0}


def _as_dict(row: dict[str, Any]) -> Any:
    from genesys.schemas import parse_info

    return parse_info(row["verification_info"])


def test_rows_without_a_source_get_the_name_of_the_command(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = [{name: value for name, value in row.items() if name != "source"} for row in rows(2)]
    write(here / "a.jsonl", bare)
    with pytest.raises(GenesysError, match="there is no task to be landed"):
        land(["a.jsonl"])
    assert "a.jsonl:1: source: missing; give it by --name" in capsys.readouterr().out
    assert land(["a.jsonl", "--name", "my-team/algebra"]) == 0
    assert {row["source"] for row in read_back(here)} == {"my-team/algebra"}


def test_the_same_file_twice_is_noticed_and_a_mended_one_goes_first(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = rows(2)
    write(here / "a.jsonl", [one, two])
    assert land(["a.jsonl"]) == 0
    capsys.readouterr()
    assert land(["a.jsonl"]) == 0
    assert "These 2 tasks stand there already" in capsys.readouterr().out
    assert len(landed(here)) == 1
    write(here / "a.jsonl", [one, {**two, "metadata": {"mended": True}}])
    assert land(["a.jsonl"]) == 0
    assert [row.get("metadata") for row in read_back(here)][1] == {"mended": True}
    write(here / "a.jsonl", [one, two])
    capsys.readouterr()
    assert land(["a.jsonl"]) == 0
    assert "--again lands them once more" in capsys.readouterr().out
    assert len(landed(here)) == 2
    assert land(["a.jsonl", "--again"]) == 0
    assert len(landed(here)) == 3
    assert [row.get("metadata") for row in read_back(here)][1] == two["metadata"]


def test_a_line_without_end_is_one_broken_row(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 5000)
    one, two = rows(2)
    (here / "a.jsonl").write_text(f"{json.dumps(one)}\n{'x' * 3_000_000}\n{json.dumps(two)}\n", "utf-8")
    assert land(["a.jsonl"]) == 3
    assert "broken: a.jsonl:2: line: is longer than 5,000 bytes" in capsys.readouterr().out
    assert len(read_back(here)) == 2


@pytest.mark.parametrize(
    ("name", "advice"),
    [("t.json", "jq -c"), ("t.csv", "one JSON object a line"), ("t.jsonl.gz", "unpack it"), ("t.txt", ".jsonl file")],
)
def test_other_kinds_of_files_are_refused_with_what_to_do(here: Path, name: str, advice: str) -> None:
    (here / name).write_text("{}", "utf-8")
    with pytest.raises(GenesysError, match=advice):
        land([name])


def test_what_is_not_there_and_where_no_settings_are(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GenesysError, match="nowhere.jsonl: there is no such file or folder"):
        land(["nowhere.jsonl"])
    (here / "genesys.toml").unlink()
    with pytest.raises(GenesysError, match="`genesys init` writes one"):
        land(["nowhere.jsonl"])


def test_a_data_set_of_the_hub_by_its_id_with_its_commit_in_the_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hub(source: Source) -> Opened:
        """Stands in for the hub, of which the rows have no source of their own."""
        assert (source.revision, source.split, source.config, source.max_rows) == ("v2", "test", "hard", 9)
        bare = [{name: value for name, value in row.items() if name != "source"} for row in rows(5)]
        found = [
            SourceRow(source, "f" * 40, source.path, n, row) for n, row in enumerate([*bare, {"problem_id": 5}], 1)
        ]
        return Opened(source, "f" * 40, read=lambda: iter(found))

    monkeypatch.setattr(given, "open_source", hub)
    assert land(["some/tasks", "--revision", "v2", "--split", "test", "--subset", "hard", "--max-rows", "9"]) == 3
    said = capsys.readouterr().out
    assert "broken: some/tasks:6: task_type, prompt: missing" in said
    [file] = landed(here)
    assert f"-some-tasks@{'f' * 12}-" in file.name
    assert {row["source"] for row in read_back(here)} == {"some/tasks"}


def test_files_of_a_repository_by_patterns_for_which_a_folder_stands(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = list(rows(4))
    write(here / "repo" / "data" / "a.jsonl", tasks[:2])
    (here / "repo" / "data" / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(tasks[2]).encode() + b"\n{oops\n"))
    write(here / "repo" / "else.jsonl", tasks[3:])
    assert land(["repo", "--data-files", "data/*.jsonl", "data/*.gz"]) == 3
    assert "b.jsonl.gz:2: line: not JSON" in capsys.readouterr().out
    assert [row["problem_id"] for row in read_back(here)] == [row["problem_id"] for row in tasks[:3]]


PROGRAM = """
import sys, time
from genesys.landing import checking
slow = float(sys.argv.pop(1))
whole = checking.Checker.line
async def line(self, *given):
    time.sleep(slow)
    return await whole(self, *given)
checking.Checker.line = line
from genesys.commands.land import main
sys.exit(main(sys.argv[1:]))
"""


def test_killed_in_the_middle_it_leaves_nothing_that_a_reader_sees(here: Path) -> None:
    write(here / "a.jsonl", rows(400))
    command = [sys.executable, "-c", PROGRAM, "0.05", "a.jsonl"]
    place = here / "state" / "landing"
    with subprocess.Popen(command, cwd=here, env=environment(), stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: any(place.glob(".landing.*.tmp")))
        process.send_signal(signal.SIGKILL)
    assert read_back(here) == []
    assert any(place.glob(".landing.*.tmp"))
    assert land(["a.jsonl"]) == 0
    assert len(read_back(here)) == 400
    assert not any(place.glob(".landing.*.tmp"))


def test_two_at_once_land_both_and_the_same_only_once(here: Path) -> None:
    write(here / "a.jsonl", rows(60))
    write(here / "b.jsonl", rows(60, seed=1))
    commands = [[sys.executable, "-c", PROGRAM, "0.01", name] for name in ("a.jsonl", "b.jsonl", "a.jsonl")]
    processes = [
        subprocess.Popen(command, cwd=here, env=environment(), stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum("stand there already" in text or "were landed before" in text for text in said) == 1
    assert len(landed(here)) == 2
    assert len(read_back(here)) == 120


def test_the_lane_is_there_without_an_edit_of_the_settings(here: Path) -> None:
    settings = load_settings("genesys.toml")
    assert settings.lanes == {}
    assert landing_place(settings).path == str(here / "state" / "landing")
    (here / "genesys.toml").write_text("[lanes.landing]\nshard_size = 16\n", "utf-8")
    settings = load_settings("genesys.toml")
    [source] = settings.lanes["landing"].sources
    assert settings.source(source).path == str(here / "state" / "landing")
    assert list(open_source(settings.source(source)).rows()) == []
