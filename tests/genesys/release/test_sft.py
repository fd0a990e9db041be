"""The published chats: their form, their order, their lineage, and that nothing outdated is joined into them."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from genesys.faults import GenesysError
from genesys.release import sft, sorting
from genesys.release.choice import CAMPAIGN, FILTERED
from genesys.release.sft import make_sft
from genesys.tables.columns import LINEAGE
from genesys.tables.lake import WHOLE, Lake, Part
from tests.support.choice import choose
from tests.support.tiny_lane import World, sums_lane, write_rows

Row = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path, samples=6)
    world.update()
    world.run()
    choose(world.lake, [world])
    return world


def make(world: World, **more: Any) -> Part:
    return make_sft(world.lake, [world.lane], **more)


def rows(world: World) -> list[Row]:
    return list(world.lake.rows(sft.ASSET))


def lineage(world: World) -> list[Row]:
    part = world.lake.need(sft.ASSET).parts[CAMPAIGN]
    return list(world.lake.file_rows(sft.ASSET, WHOLE, part.companions["lineage"]))


def test_chats_in_the_published_columns_sorted_by_id(world: World) -> None:
    part = make(world)
    found = rows(world)
    assert [list(row) for row in found] == [["response_id", "problem_id", "task_type", "score", "messages"]] * 12
    assert part.counts["accepted"] == part.data.rows == 12
    ids = [row["response_id"] for row in found]
    assert ids == sorted(ids) == [row["response_id"] for row in world.lake.rows(FILTERED)]
    contents = {tuple(turn["content"] for turn in row["messages"]) for row in found}
    assert ("What is 20+22?", "<think>\n20 and 22\n</think>\n\nIt is 42") in contents
    assert {tuple(turn["role"] for turn in row["messages"]) for row in found} == {("user", "assistant")}


def test_a_system_prompt_is_part_of_the_chat(tmp_path: Path) -> None:
    world = World.at(tmp_path, lane=sums_lane(system_prompt="Think."), samples=1)
    world.update()
    world.run()
    choose(world.lake, [world])
    make(world)
    assert {row["messages"][0]["content"] for row in rows(world)} == {"Think."}
    assert {row["messages"][0]["role"] for row in rows(world)} == {"system"}


def test_each_row_has_its_lineage_in_the_same_order(world: World) -> None:
    make(world)
    found = lineage(world)
    assert [row["response_id"] for row in found] == [row["response_id"] for row in rows(world)]
    tasks = {row["problem_id"]: row for row in world.rows("tasks")}
    generations = {row["response_id"]: row for row in world.rows("generations")}
    verdicts = {row["response_id"]: row for row in world.rows("verifications")}
    for row in found:
        task, generation = tasks[row["problem_id"]], generations[row["response_id"]]
        verdict = verdicts[row["response_id"]]
        assert list(row) == LINEAGE.names
        assert (row["source"], row["license"], row["lane"], row["shard"]) == (
            "tiny/sums",
            "cc0-1.0",
            "sums",
            "sums-00000",
        )
        assert (row["row_hash"], row["task_hash"]) == (task["row_hash"], task["task_hash"])
        assert (row["prompt_hashes"], row["task_call_keys"]) == (task["prompt_hashes"], task["call_keys"])
        assert (row["generation_call_key"], row["verdict_call_key"]) == (generation["call_key"], verdict["call_key"])
        assert (row["teacher_id"], row["model_name"], row["sample_index"]) == (
            "tiny",
            "tiny-1",
            generation["sample_index"],
        )
        assert (row["verifier"], row["verifier_version"]) == ("TinyVerifier", "7")
        assert all(
            row[name] is not None for name in LINEAGE.names if name not in ("source_url", "attribution", "toolchain")
        )


def test_datasets_loads_it(world: World, tmp_path: Path) -> None:
    part = make(world)
    code = f"""
import datasets
data = datasets.load_dataset("parquet", data_files={world.lake.uri(sft.ASSET, WHOLE, part.data)!r}, split="train")
assert len(data) == 12, len(data)
assert data[0]["messages"][-1]["role"] == "assistant", data[0]
assert data[0]["messages"][-1]["content"].startswith("<think>"), data[0]
print(data.column_names)
"""
    env = {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "PATH": "/usr/bin"}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "['response_id', 'problem_id', 'task_type', 'score', 'messages']" in ended.stdout


def test_no_run_id_and_no_time_in_any_file(world: World) -> None:
    part = make(world, run_id="run-with-a-name")
    for file in part.files:
        path = Path(world.lake.path(sft.ASSET, WHOLE, file))
        assert b"run-with-a-name" not in path.read_bytes()
        assert set(pq.read_schema(path).metadata) == {b"genesys.format"}
    assert world.lake.need(sft.ASSET).parts[CAMPAIGN].run_id == "run-with-a-name"


def test_nothing_is_done_again_until_the_choice_changes(world: World) -> None:
    first = make(world, run_id="one")
    assert make(world, run_id="two") == first
    more = replace(world, samples=7)
    more.run("generations", "verifications")
    choose(world.lake, [world])
    again = make(more, run_id="three")
    assert (again.run_id, again.data.rows) == ("three", 15)


def test_a_choice_made_of_earlier_tables_is_refused(world: World) -> None:
    make(world)
    before = world.lake.need(sft.ASSET)
    replace(world, lane=replace(world.lane, version="2"), samples=7).run()
    choose(world.lake, [world])
    replace(world, samples=8).run("generations", "verifications")
    with pytest.raises(
        GenesysError, match="made of earlier versions of sums/generations/sums-00000.*materialize it again"
    ):
        make(world)
    assert world.lake.need(sft.ASSET) == before


def test_a_chosen_response_that_its_table_lost_is_not_left_out_in_silence(world: World) -> None:
    """The file was replaced, by a copy of another day for instance, under a manifest that stands as it was."""
    lost = next(world.lake.rows(FILTERED))["response_id"]
    (part,) = world.lake.need("sums/generations", "sums-00000").parts.values()
    path = Path(world.lake.path("sums/generations", "sums-00000", part.data))
    table = pq.read_table(path)
    pq.write_table(table.filter(pc.field("response_id") != lost), path)
    with pytest.raises(GenesysError, match="sums/generations sums-00000 has 11 of 12 chosen responses"):
        make(world)
    assert world.lake.manifest(sft.ASSET) is None


def test_without_a_choice_it_says_what_is_to_be_done_first(tmp_path: Path) -> None:
    with pytest.raises(GenesysError, match="dataset/filtered has no partition _ in .*: materialize it first"):
        make_sft(Lake(tmp_path), [sums_lane()])


def test_a_lane_that_is_not_there_any_more_is_named(world: World) -> None:
    with pytest.raises(GenesysError, match="traces of the lane sums"):
        make_sft(world.lake, [])


def test_many_rows_go_through_files_and_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name, held, shard_size in (("memory", 2**27, 20), ("files", 10_000, 6), ("more files", 1, 3)):
        monkeypatch.setattr(sorting, "HELD", held)
        world = World.at(tmp_path / name, samples=12)
        write_rows(world.source_file, [{"id": n, "question": f"{n}+1", "answer": str(n + 1)} for n in range(20)])
        world.update(shard_size=shard_size)
        world.run()
        choose(world.lake, [world])
        part = make(world)
        assert part.data.rows == 200
        found.append((part.data.sha256, {row["response_id"]: row["task_hash"] for row in lineage(world)}))
        assert not list(Path(world.lake.root).rglob("*.tmp"))
    assert found[0] == found[1] == found[2]


def test_the_table_reads_as_any_parquet_file(world: World) -> None:
    part = make(world)
    frame = pl.read_parquet(world.lake.path(sft.ASSET, WHOLE, part.data))
    assert frame.height == 12
    assert frame["response_id"].is_sorted()
