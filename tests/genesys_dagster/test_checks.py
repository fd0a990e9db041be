"""Checks fail when they must, and what fails them does not spread."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genesys.outcomes import Counts, Outcome, accepted, rejected
from genesys.tables import columns
from genesys.tables.lake import WHOLE, Lake, Part
from genesys_dagster import internals
from genesys_dagster.checks.soundness import problems_of, schema_problems, sums_of
from genesys_dagster.definitions import build_defs
from genesys_dagster.ops import phases
from tests.genesys_dagster.conftest import Graph

TABLE, SHARD = "sums/filtered", "sums-00000"
ROW = {name: "x" for name in columns.FILTERED.names} | {"score": 1.0, "chars": 9}
SHARDS = ["sums-00000", "sums-00001"]
CHOOSE = "This run has no partition: choose one, a shard of the lane."


def table(lake: Lake, **changes: Any) -> Part:
    """Three accepted rows and one rejected; the manifest counts them so, but for the changes."""
    counts = Counts()
    ends: list[Outcome] = [*(accepted(ROW) for _ in range(3)), rejected("no")]
    for end in ends:
        counts.add(end)
    listed = [{"row_id": str(n), "status": end.status} for n, end in enumerate(ends)]
    part = Part(
        data=lake.write(TABLE, SHARD, columns.FILTERED, [ROW] * 3),
        outcomes=lake.write(TABLE, SHARD, columns.OUTCOMES, listed),
        fingerprint="f",
        counts=counts.as_dict() | changes,
    )
    lake.publish(TABLE, SHARD, {"all": part})
    return part


def path_of(lake: Lake, part: Part) -> Path:
    return Path(lake.path(TABLE, SHARD, part.data))


def test_a_sound_table_has_no_problems(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    table(lake)
    assert problems_of(lake, TABLE, SHARD) == []
    assert schema_problems(lake, TABLE, SHARD, columns.FILTERED, columns.FILTERED.names) == []
    sums = sums_of(lake, TABLE, SHARD)
    assert (sums.rows, sums.accepted, sums.rejected, sums.errored, sums.records, sums.stored) == (4, 3, 1, 0, 3, 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": 5}, "5 rows went in, but 3 accepted + 1 rejected + 0 errored = 4 came out"),
        ({"records": 2}, "2 records were counted and 3 written"),
        ({"accepted": 2, "rejected": {"no": 2}}, "the manifest counts 2 accepted, the list of outcomes has 3"),
        ({"rejected": {}, "errored": {"out": 1}}, "the manifest counts 1 errored, the list of outcomes has 0"),
    ],
)
def test_sums_that_do_not_hold_are_told(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    lake = Lake(tmp_path)
    table(lake, **changes)
    assert any(says in problem for problem in problems_of(lake, TABLE, SHARD)), problems_of(lake, TABLE, SHARD)


def remove(path: Path) -> None:
    path.unlink()


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def spoil(content: bytes, where: str) -> bytes:
    """A page or the footer made unreadable, of the same size."""
    start, end = (200, 400) if where == "page" else (len(content) - 200, len(content) - 8)
    return content[:start] + bytes(byte ^ 255 for byte in content[start:end]) + content[end:]


def spoil_page(path: Path) -> None:
    path.write_bytes(spoil(path.read_bytes(), "page"))


def spoil_footer(path: Path) -> None:
    path.write_bytes(spoil(path.read_bytes(), "footer"))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("damage", [remove, flip_a_byte, cut_off, spoil_footer])
def test_a_file_that_is_not_what_was_written_is_named(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    lake = Lake(tmp_path)
    part = table(lake)
    damage(path_of(lake, part))
    assert [part.data.name in problem for problem in problems_of(lake, TABLE, SHARD)] == [True]


@pytest.mark.parametrize("damage", [remove, cut_off, spoil_page, spoil_footer])
def test_a_file_that_cannot_be_read_fails_the_checks_and_not_their_run(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    lake = Lake(tmp_path)
    part = table(lake)
    damage(path_of(lake, part))
    [problem] = schema_problems(lake, TABLE, SHARD, columns.FILTERED, columns.FILTERED.names)
    assert problem.startswith(f"all: {part.data.name} cannot be read: ")
    assert sums_of(lake, TABLE, SHARD).stored in (0, 3)


@pytest.mark.parametrize(
    ("schema", "row", "says"),
    [
        (columns.FILTERED.remove(0), {}, "column response_id is missing"),
        (columns.FILTERED.append(pa.field("more", pa.string())), {"more": "x"}, "column more is not in the schema"),
        (
            columns.FILTERED.set(columns.FILTERED.get_field_index("score"), pa.field("score", pa.float32())),
            {},
            "column score is float, expected double",
        ),
        (columns.FILTERED, {"lane": None}, "lane is null in 3 rows"),
    ],
)
def test_columns_that_differ_are_told(tmp_path: Path, schema: pa.Schema, row: dict[str, Any], says: str) -> None:
    lake = Lake(tmp_path)
    part = table(lake)
    rows = pa.Table.from_pylist([{**ROW, **row}] * 3, schema=schema)
    pq.write_table(rows, path_of(lake, part))
    assert any(says in p for p in schema_problems(lake, TABLE, SHARD, columns.FILTERED, ["lane", "shard"]))


def rewrite_manifest(lake: Lake, asset: str, shard: str, **counts: Any) -> None:
    """As a bug, or a person with an editor, would."""
    path = Path(lake.path(asset, shard, "manifest.json"))
    manifest = json.loads(path.read_text())
    for part in manifest["parts"].values():
        part["counts"].update(counts)
    path.write_text(json.dumps(manifest))


def test_a_failed_check_stops_what_comes_after_it(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    async def miscounting(stage: Any, lake: Lake, *rest: Any, **named: Any) -> Part:
        part = await sealed(stage, lake, *rest, **named)
        rewrite_manifest(lake, stage.asset, stage.partition, accepted=part.counts["accepted"] + 1)
        return part

    sealed = phases.seal_stage
    monkeypatch.setattr(phases, "seal_stage", miscounting)
    graph.run_job("sums_ledger")
    end = graph.run_job("sums", SHARDS[0])
    assert not end.success
    assert any("check accounting of sums/tasks" in problem for problem in end.problems), end.problems
    assert graph.lake.manifest("sums/generations", SHARDS[0]) is None, "no answer was bought for it"
    assert graph.teacher.asked == []


def test_an_unsound_shard_keeps_out_of_the_data_sets_until_it_is_made_again(graph: Graph) -> None:
    graph.run()
    graph.asked()
    lake = graph.lake
    rewrite_manifest(lake, "sums/verifications", SHARDS[1], rows=99)
    end = graph.run_job("dataset")
    assert not end.success
    assert any(f"sums/verifications {SHARDS[1]}" in problem for problem in end.problems), end.problems

    assert graph.run_job("sums", SHARDS[1]).success, "sealed again from the journal"
    assert graph.run_job("dataset").success
    assert graph.asked() == 0


def test_a_data_set_that_was_tampered_with_fails_its_check(graph: Graph) -> None:
    graph.run()
    part = next(iter(graph.lake.need("dataset/sft").parts.values()))
    flip_a_byte(Path(graph.lake.path("dataset/sft", WHOLE, part.data)))
    end = graph.run_job("dataset")
    assert any("check accounting of dataset/sft" in problem for problem in end.problems), end.problems


@pytest.mark.parametrize("damage", ["page", "footer"])
def test_what_object_storage_damaged_is_made_again_from_the_journal(graph: Graph, damage: str) -> None:
    """There only the sizes of files are looked at before, and these are right."""
    storage = graph.settings.lake.model_copy(update={"root": f"memory://{uuid.uuid4().hex}"})
    remote = graph.with_settings(lake=storage)
    assert [end for end in remote.run() if not end.success] == []
    remote.asked()
    files = fsspec.filesystem("memory")
    for kind in ("tasks", "generations", "verifications"):
        part = next(iter(remote.lake.need(f"sums/{kind}", SHARDS[0]).parts.values()))
        path = remote.lake.path(f"sums/{kind}", SHARDS[0], part.data)
        whole = files.cat_file(path)
        files.pipe_file(path, spoil(whole, damage))
        end = remote.run_job("sums", SHARDS[0])
        assert end.success, end.problems
        assert files.cat_file(path) == whole, kind
    assert remote.asked() == 0


def manifest_path(graph: Graph, asset: str, shard: str) -> Path:
    return Path(graph.lake.path(asset, shard, "manifest.json"))


def test_a_lost_manifest_does_not_drop_its_shard_unseen(graph: Graph) -> None:
    graph.run()
    graph.asked()
    manifest_path(graph, "sums/verifications", SHARDS[0]).unlink()
    end = graph.run_job("dataset")
    assert not end.success
    assert any(f"sums/verifications {SHARDS[0]}: was materialized" in problem for problem in end.problems), end.problems
    assert graph.run_job("sums", SHARDS[0]).success
    assert graph.run_job("dataset").success
    assert graph.asked() == 0


def test_a_shard_that_a_person_gave_up_is_not_missed(graph: Graph) -> None:
    graph.run()
    manifest_path(graph, "sums/verifications", SHARDS[0]).unlink()
    graph.instance.delete_dynamic_partition("sums_shards", SHARDS[0])
    assert graph.run_job("dataset").success


def test_a_manifest_that_is_none_is_told_plainly(graph: Graph) -> None:
    graph.run()
    path = manifest_path(graph, "sums/verifications", SHARDS[0])
    path.write_text("")
    end = graph.run_job("dataset")
    assert [problem.startswith(f"dataset__filtered: {path} is no manifest") for problem in end.problems] == [True]
    assert "materialize sums/verifications sums-00000 again" in end.problems[0]


@pytest.mark.parametrize("name", ["accounting", "schema", "complete"])
def test_each_check_can_be_run_by_itself(graph: Graph, name: str) -> None:
    graph.run_job("sums_ledger")
    done = graph.run_checks("sums/ledger", name)
    assert [(check.check_name, check.passed) for check in done.get_asset_check_evaluations()] == [(name, True)]
    assert done.get_asset_materialization_events() == []
    assets = build_defs(graph.settings).resolve_asset_graph()
    for table in ("sums/ledger", "sums/tasks", "dataset/sft"):
        key = dg.AssetCheckKey(dg.AssetKey(table.split("/")), name)
        assert assets.get_execution_set_asset_and_check_keys(key) == {key}, "the UI offers it"


def test_a_run_without_a_shard_says_what_to_do(graph: Graph) -> None:
    graph.run_job("sums_ledger")
    end = graph.run_job("sums")
    assert [problem.partition(": ")[2] for problem in end.problems[:1]] == [CHOOSE]
    for name in ("accounting", "judges"):
        events = graph.run_checks("sums/verifications", name).all_events
        assert [internals.failure_text(event) for event in events if event.is_step_failure] == [CHOOSE]
