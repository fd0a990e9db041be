"""A release is what its manifest and its card say, loads as they say, and is the same whenever its tables are."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.overrides import open_overrides
from genesys.release.proof.tree import root
from genesys.release.publishing.items import checksum
from genesys.release.publishing.publish import Destination, publish
from genesys.release.publishing.release import Release, plan_release
from genesys.settings import Settings
from genesys.tables.lake import WHOLE, Lake
from tests.support.set_tables import SetTables


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    SetTables(lake).write()
    return lake


def settings_of(tmp_path: Path, **publish: Any) -> Settings:
    return Settings(state=str(tmp_path), folder=str(tmp_path), release={"publish": publish})


def planned(lake: Lake, tmp_path: Path, most: int = 450_000_000, **publish: Any) -> Release:
    return plan_release(lake, settings_of(tmp_path, **publish), [], most=most)


def published(lake: Lake, tmp_path: Path, to: str = "out", **more: Any) -> Path:
    release = planned(lake, tmp_path, **more)
    return Path(publish(release, settings_of(tmp_path), Destination(str(tmp_path / to))).place)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): checksum(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_load_dataset_reads_every_set_of_the_folder_with_its_splits(
    lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    monkeypatch.setattr(logging.getLogger("datasets"), "propagate", True)

    folder = published(lake, tmp_path)
    rows = {"raw": (18, 6), "sft": (12, 4), "preference": (6, 2), "rl": (6, 2)}
    for name, (train, test) in rows.items():
        found = datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))
        assert {split: part.num_rows for split, part in found.items()} == {"train": train, "test": test}
    sft = datasets.load_dataset(str(folder), split="test", cache_dir=str(tmp_path / "cache"))
    assert sft[0]["messages"][-1] == {"role": "assistant", "content": "It is 42."}, "the default set"
    assert "dataset card" not in caplog.text, "nothing in the head is passed over"


def test_the_manifest_names_every_file_with_its_hash_size_and_rows(lake: Lake, tmp_path: Path) -> None:
    folder = published(lake, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == f"verified-reasoning-{manifest['version']}"
    assert {*manifest["files"], "manifest.json"} == {*contents(folder)}
    for path, file in manifest["files"].items():
        assert (file["sha256"], file["bytes"]) == (checksum(folder / path), (folder / path).stat().st_size)
        rows = pq.read_metadata(folder / path).num_rows if path.endswith(".parquet") else None
        assert file["rows"] == rows
    assert manifest["made_from"].keys() == {
        f"dataset/{name}" for name in ("filtered", "raw", "sft", "preference", "rl")
    }
    leaves = pl.read_parquet(folder / "lineage/*.parquet")["leaf"].to_list()
    assert manifest["merkle"] == {"root": root(leaves), "leaves": 24, "algorithm": manifest["merkle"]["algorithm"]}
    known = {name: value for name, value in manifest.items() if name not in ("version", "files")}
    assert manifest["version"] == digest(known, 12), "whoever has the manifest can tell the version again"


def test_the_same_tables_give_the_same_bytes_and_no_run_or_time_stands_in_them(lake: Lake, tmp_path: Path) -> None:
    other = Lake(tmp_path / "other")
    SetTables(other).write()
    one, two = published(lake, tmp_path), published(other, tmp_path, "out2")
    assert contents(one) == contents(two)
    assert "a run" not in (one / "manifest.json").read_text()


def test_other_words_on_the_card_make_another_version(lake: Lake, tmp_path: Path) -> None:
    one = published(lake, tmp_path)
    two = published(lake, tmp_path, description="Better words.")
    assert one.name != two.name
    assert "Better words." in (two / "README.md").read_text()
    assert one.exists(), "an earlier version stays"


def test_a_large_table_is_cut_between_row_groups_and_no_row_is_lost(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    SetTables(lake, problems=900).write()
    folder = published(lake, tmp_path, most=60_000)
    files = sorted((folder / "raw").glob("train-*.parquet"))
    assert len(files) > 1
    assert [path.name for path in files] == [f"train-{n:05d}-of-{len(files):05d}.parquet" for n in range(len(files))]
    whole = list(lake.rows("dataset/raw"))
    assert [row for path in files for row in pq.read_table(path).to_pylist()] == whole
    again = published(lake, tmp_path, "out2", most=60_000)
    assert contents(folder) == contents(again)


def test_dropped_traces_are_listed_with_reasons_and_without_what_was_found_in_them(lake: Lake, tmp_path: Path) -> None:
    folder = published(lake, tmp_path)
    ends = pl.read_parquet(folder / "ends/*.parquet")
    assert ends["step"].value_counts().sort("step").rows() == [("secrets and personal data", 8), ("verdict", 8)]
    assert "detail" not in ends.columns
    assert not any(b"AKIA12" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_whom_to_name_stands_in_a_table_by_problem(lake: Lake, tmp_path: Path) -> None:
    folder = published(lake, tmp_path)
    table = pl.read_parquet(folder / "attribution/*.parquet")
    assert table["problem_id"].to_list() == sorted(SetTables.problem_id(number) for number in (0, 2, 4, 6))
    assert set(table["attribution"]) == {f"Ann & Bob {number}" for number in (0, 2, 4, 6)}


def test_a_release_that_stands_is_not_written_again(lake: Lake, tmp_path: Path) -> None:
    folder = published(lake, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    placed = publish(planned(lake, tmp_path), settings_of(tmp_path), Destination(str(tmp_path / "out")))
    assert (Path(placed.place), placed.is_new) == (folder, False)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(GenesysError, match="move it away"):
        published(lake, tmp_path)


KILLED = """
import os, signal, sys
from pathlib import Path
from genesys.release.publishing import places
from genesys.release.publishing.publish import Destination, publish
from genesys.release.publishing.release import plan_release
from genesys.settings import Settings
from genesys.tables.lake import Lake

folder = sys.argv[1]
settings = Settings(state=folder, folder=folder)
release = plan_release(Lake(folder + "/lake"), settings, [])
seen = []

def told(text):
    seen.append(text)
    if len(seen) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

publish(release, settings, Destination(folder + "/out"), told)
"""


@pytest.mark.parametrize("after", [1, 7])
def test_a_killed_writer_leaves_nothing_that_looks_whole_and_the_next_one_ends_it(
    lake: Lake, tmp_path: Path, after: int
) -> None:
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(after)], env={**os.environ}, timeout=120
    )
    assert process.returncode == -signal.SIGKILL
    out = tmp_path / "out"
    assert [path.name for path in out.iterdir() if not path.name.startswith(".")] == []
    assert not list(out.rglob("manifest.json"))
    leftover = next(path for path in out.iterdir() if path.name.endswith(".partial")) if after > 1 else None
    if leftover:
        (leftover / "sft").mkdir(exist_ok=True)
        (leftover / "sft" / "odd.parquet").write_bytes(b"half")
        damaged = leftover / "raw" / "train-00000-of-00001.parquet"
        damaged.write_bytes(bytes(damaged.stat().st_size))
    folder = published(lake, tmp_path)
    assert contents(folder) == contents(published(lake, tmp_path, "clean"))
    assert [path.name for path in out.iterdir()] == [folder.name]


def test_what_killed_writers_left_of_other_versions_goes_and_what_is_being_written_stays(
    lake: Lake, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for version in ("dead", "alive"):
        (out / f".verified-reasoning-{version}.partial" / "raw").mkdir(parents=True)
    (out / ".other-set-dead.partial").mkdir()
    with (out / ".verified-reasoning-alive.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = published(lake, tmp_path)
    assert sorted(path.name for path in out.iterdir()) == [
        ".other-set-dead.partial",
        ".verified-reasoning-alive.lock",
        ".verified-reasoning-alive.partial",
        folder.name,
    ]


def test_processes_that_publish_at_once_make_one_release(lake: Lake, tmp_path: Path) -> None:
    release, to = planned(lake, tmp_path), Destination(str(tmp_path / "out"))
    with ThreadPoolExecutor(4) as pool:
        placed = list(pool.map(lambda _: publish(release, settings_of(tmp_path), to), range(4)))
    assert sorted(each.is_new for each in placed) == [False, False, False, True]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [release.folder]


def test_a_damaged_table_is_found_before_anything_is_seen_of_it(lake: Lake, tmp_path: Path) -> None:
    release = planned(lake, tmp_path)
    part = lake.need("dataset/sft").parts["all"]
    place = Path(lake.path("dataset/sft", WHOLE, part.data))
    place.write_bytes(place.read_bytes()[:-1] + b"X")
    with pytest.raises(GenesysError, match=r"sft/train.*was damaged"):
        publish(release, settings_of(tmp_path), Destination(str(tmp_path / "out")))
    assert not [path for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")]


def test_tables_that_are_out_of_date_are_refused_by_name(lake: Lake, tmp_path: Path) -> None:
    SetTables(Lake(tmp_path / "lake2"), problems=9).write()
    newer = Lake(tmp_path / "lake2").need("dataset/filtered")
    for path in (tmp_path / "lake2/dataset/filtered/_").glob("*.parquet"):
        path.rename(tmp_path / "lake/dataset/filtered/_" / path.name)
    lake.publish("dataset/filtered", WHOLE, newer.parts)
    release = planned(lake, tmp_path)
    assert [problem.partition(" was made")[0] for problem in release.against] == [
        "dataset/raw",
        "dataset/sft",
        "dataset/preference",
        "dataset/rl",
    ]
    with pytest.raises(GenesysError, match="dataset/sft was made of earlier versions of dataset/filtered"):
        publish(release, settings_of(tmp_path), Destination(str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def test_what_people_decided_since_the_choice_holds_a_release_up(lake: Lake, tmp_path: Path) -> None:
    decision = {"id": "row", "action": "withdraw", "why": "asked to", "by": "Ann", "at": "2026-01-01T00:00:00+00:00"}
    (tmp_path / "overrides.jsonl").write_text(json.dumps(decision) + "\n")
    assert ["people decided something" in problem for problem in planned(lake, tmp_path).against] == [True]
    known = open_overrides(settings_of(tmp_path)).version
    part = lake.need("dataset/filtered").parts["all"]
    lake.publish("dataset/filtered", WHOLE, {"all": part.model_copy(update={"versions": {"overrides": known}})})
    assert planned(lake, tmp_path).against == []


def test_a_lake_without_data_sets_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match="dataset/filtered was never made"):
        planned(Lake(tmp_path / "lake"), tmp_path)


def test_a_share_alike_row_without_any_name_is_refused_and_one_with_a_page_is_not(tmp_path: Path) -> None:
    SetTables(Lake(tmp_path / "a"), odd={"attribution": " ", "source_url": None}).write()
    against = planned(Lake(tmp_path / "a"), tmp_path).against
    assert len(against) == 1
    assert SetTables.problem_id(0) in against[0]
    assert "CC-BY-SA-4.0" in against[0]
    SetTables(Lake(tmp_path / "b"), odd={"attribution": None}).write()
    assert planned(Lake(tmp_path / "b"), tmp_path).against == []


def test_nulls_where_a_value_must_be_are_refused(tmp_path: Path) -> None:
    SetTables(Lake(tmp_path / "lake"), text=None).write()  # type: ignore[arg-type]
    against = planned(Lake(tmp_path / "lake"), tmp_path).against
    assert any("dataset/raw" in problem and "nulls in llm_response" in problem for problem in against)


def test_licences_of_the_whole(lake: Lake, tmp_path: Path) -> None:
    assert "license: other\n" in planned(lake, tmp_path).card
    assert "license_name: by-row\n" in planned(lake, tmp_path).card
    chosen = planned(lake, tmp_path, license="Apache 2.0")
    assert "license: apache-2.0\n" in chosen.card
    assert any("CC-BY-SA-4.0" in note for note in chosen.notes), "share-alike rows under a freer licence are told"
    assert any("says nothing" in problem for problem in planned(lake, tmp_path, license="other").against)
    assert "license_name: House-1.0\n" in planned(lake, tmp_path, license="House-1.0").card


def test_sets_without_rows_are_left_out_of_folder_and_head(tmp_path: Path) -> None:
    import datasets

    lake = Lake(tmp_path / "lake")
    SetTables(lake, problems=3).write()  # none of them is held back
    folder = published(lake, tmp_path)
    assert not list(folder.rglob("test-*"))
    assert datasets.load_dataset(str(folder), "rl", cache_dir=str(tmp_path / "c")).keys() == {"train"}
