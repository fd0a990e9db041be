"""Tables: atomic, named by their content, the same bytes for the same rows, and honest about a full disk."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import s3fs

from genesys.calls.journal import Journal
from genesys.faults import GenesysError, InfrastructureFault
from genesys.lineage.audit import audit
from genesys.release.filtered import make_filtered
from genesys.release.sft import make_sft
from genesys.tables import lake as lake_module
from genesys.tables.lake import WHOLE, File, Lake, Manifest, Part
from tests.support.s3 import Bucket, s3_bucket
from tests.support.tiny_lane import World

REPO = Path(__file__).parents[3]
SCHEMA = pa.schema({"id": pa.int64(), "text": pa.string(), "tags": pa.list_(pa.string())})
ROWS = [{"id": number, "text": f"row {number} – ü", "tags": ["a", str(number % 7)]} for number in range(3000)]


def part(file: File, **fields: Any) -> Part:
    return Part(data=file, **{"fingerprint": "f", **fields})


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_rows_come_back_as_they_were_written(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS)
    lake.publish("t/rows", "p", {"c": part(file)})
    assert list(lake.rows("t/rows", "p")) == ROWS
    assert file.rows == 3000
    assert lake.find("t/rows", "p", file, "id", 2999) == [ROWS[2999]]
    assert lake.frame("t/rows", "p", ["id"])["id"].to_list() == [row["id"] for row in ROWS]


def test_many_rows_are_found_by_their_ids_and_what_holds_none_is_hardly_read(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = pa.schema({"name": pa.string(), "text": pa.string()})
    rows = [{"name": f"{number:05d}", "text": f"text {number}"} for number in range(3000)]
    for ordered in (rows, rows[1::2] + rows[::2]):
        file = lake.write("a", "_", schema, ordered)
        wanted = {"00003", "01500", "02999", "not there"}
        found = [row for row in ordered if row["name"] in wanted]
        assert list(lake.find_all("a", "_", file, "name", wanted)) == found
        assert list(lake.find_all("a", "_", file, "name", wanted, ["text"])) == [{"text": row["text"]} for row in found]
        assert list(lake.find_all("a", "_", file, "name", set())) == []
    read: list[object] = []
    plain = pq.ParquetFile.read_row_group

    def counted(self: Any, number: int, columns: Any = None, **options: Any) -> Any:
        read.append((number, columns))
        return plain(self, number, columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    file = lake.write("a", "_", schema, rows)
    assert len(list(lake.find_all("a", "_", file, "name", {"00001", "02048"}))) == 2
    assert {number for number, columns in read if columns is None} == {0, 2}
    assert 1 not in {number for number, _ in read}, "the file says what is in its groups"


def test_same_rows_give_the_same_bytes_and_name_wherever_and_whenever(tmp_path: Path) -> None:
    first = Lake(tmp_path / "a").write("t/rows", "p", SCHEMA, ROWS, provenance="x")
    second = Lake(tmp_path / "b").write("t/rows", "q", SCHEMA, iter(ROWS), provenance="x")
    assert first == second
    assert first.name == f"{first.sha256[:32]}.parquet"
    other = Lake(tmp_path / "b").write("t/rows", "q", SCHEMA, ROWS[:-1], provenance="x")
    assert other.sha256 != first.sha256


def test_a_row_without_a_column_is_null_and_an_unknown_column_is_an_error(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, [{"id": 1}])
    assert list(lake.file_rows("t/rows", "p", file)) == [{"id": 1, "text": None, "tags": None}]
    with pytest.raises(GenesysError, match="no such column in this table: texts"):
        lake.write("t/rows", "p", SCHEMA, [{"id": 1, "texts": "x"}])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"id": 7, "text": "half a \ud835"}, r"row 7 \(id\).*its text is str 'half a \\ud835'.*string"),
        ({"id": 7, "text": 42}, r"row 7 \(id\).*its text is int 42.*string"),
        ({"id": 2**63}, r"row 9223372036854775808 \(id\).*its id is int.*int64"),
        ({"id": 7, "tags": 1}, r"row 7 \(id\).*its tags is int 1.*list"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_named(
    lake: Lake, tmp_path: Path, row: dict[str, Any], told: str
) -> None:
    with pytest.raises(GenesysError, match=told):
        lake.write("t/rows", "p", SCHEMA, [*ROWS[:5], row, *ROWS[5:9]])
    assert files_below(tmp_path) == []


def test_a_block_that_fails_leaves_nothing_and_its_own_error(lake: Lake, tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield ROWS[0]
        raise FileNotFoundError("not ours")

    with pytest.raises(FileNotFoundError, match="not ours"):
        lake.write("t/rows", "p", SCHEMA, rows())
    assert files_below(tmp_path) == []


def test_what_is_half_written_stands_where_the_whole_will_stand(lake: Lake, tmp_path: Path) -> None:
    """On another disk it could not take its place by its name alone, and gc would not find what a killed run left."""
    with lake.writer("t/rows", "p", SCHEMA) as writer:
        writer.add(ROWS[0])
        assert [path.parent for path in tmp_path.rglob("*.tmp")] == [Path(lake.root, "t/rows/p")]


def test_tables_take_less_room_than_their_text(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS)
    assert file.bytes < sum(len(row["text"]) for row in ROWS)


def test_a_killed_writer_leaves_no_part_and_no_manifest(tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(REPO)!r})
import pyarrow as pa
import pyarrow.parquet as pq
from genesys.tables.lake import Lake
schema = pa.schema({{"id": pa.int64()}})
with Lake({str(tmp_path)!r}).writer("t/rows", "p", schema) as writer:
    for number in range(5000):
        writer.add({{"id": number}})
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    lake = Lake(tmp_path)
    assert lake.manifest("t/rows", "p") is None
    assert lake.partitions("t/rows") == []
    assert not list(tmp_path.rglob("*.parquet"))
    assert [name for name in files_below(tmp_path) if not name.endswith(".tmp")] == []


def test_publish_keeps_other_campaigns_and_orders_them_by_name(lake: Lake) -> None:
    late = lake.write("t/rows", "p", SCHEMA, ROWS[2:4])
    early = lake.write("t/rows", "p", SCHEMA, ROWS[:2])
    lake.publish("t/rows", "p", {"b": part(late)})
    before = lake.need("t/rows", "p").data_version
    lake.publish("t/rows", "p", {"a": part(early)})
    assert list(lake.rows("t/rows", "p")) == ROWS[:4]
    assert list(lake.rows("t/rows", "p", campaign="b")) == ROWS[2:4]
    assert lake.need("t/rows", "p").data_version != before
    assert lake.partitions("t/rows") == ["p"]


def test_a_partition_without_parts_is_an_empty_table(lake: Lake) -> None:
    lake.publish("t/rows", "p", {})
    assert list(lake.rows("t/rows", "p")) == []
    assert lake.frame("t/rows", "p").is_empty()


def test_data_version_is_that_of_the_content_alone(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:2])
    versions = {
        lake.publish("t/rows", "p", {"c": part(file, run_id=run, made_at=at)}).data_version
        for run, at in (("one", 1.0), ("two", 2.0))
    }
    assert len(versions) == 1
    companion = lake.write("t/rows", "p", SCHEMA, ROWS[2:3])
    assert lake.publish("t/rows", "p", {"c": part(file, companions={"more": companion})}).data_version not in versions


def test_what_a_graph_is_told_is_of_the_origin_too(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:2])
    one, again, other = (
        lake.publish("t/rows", "p", {"c": part(file, run_id=run, fingerprint=fingerprint)})
        for run, fingerprint in (("one", "a"), ("two", "a"), ("two", "b"))
    )
    assert one.made_version == again.made_version != other.made_version
    assert one.data_version == other.data_version


def test_parallel_publishers_lose_nothing(lake: Lake) -> None:
    files = [lake.write("t/rows", "p", SCHEMA, [row]) for row in ROWS[:20]]
    threads = [
        threading.Thread(target=Lake(lake.root).publish, args=("t/rows", "p", {f"c{number:02}": part(file)}))
        for number, file in enumerate(files)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row["id"] for row in lake.rows("t/rows", "p")] == list(range(20))


def test_tampering_is_seen(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:10])
    assert lake.trouble("t/rows", "p", file) is None
    path = Path(lake.path("t/rows", "p", file))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert str(lake.trouble("t/rows", "p", file)).startswith(f"{path} has SHA-256")
    path.unlink()
    assert str(lake.trouble("t/rows", "p", file)).startswith(f"{path} cannot be read")
    renamed = file.model_copy(update={"sha256": "0" * 64})
    other = lake.write("t/rows", "p", SCHEMA, ROWS[:10])
    assert "its manifest says 000" in str(lake.trouble("t/rows", "p", renamed.model_copy(update={"name": other.name})))


def test_a_file_under_a_name_that_is_not_its_own_is_seen(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:10])
    other = file.model_copy(update={"name": f"{'0' * 32}.parquet"})
    Path(lake.path("t/rows", "p", file)).rename(lake.path("t/rows", "p", other))
    assert "has SHA-256" in str(lake.trouble("t/rows", "p", other))


def test_a_mistake_of_ours_is_no_full_disk(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    with pytest.raises(ValueError, match="Unable to serialize"):
        lake.publish("t/rows", "p", {"c": part(file, settings={"not JSON": object()})})


def test_missing_foreign_and_broken_manifests_are_told_apart(lake: Lake) -> None:
    assert lake.manifest("t/rows", "p") is None
    with pytest.raises(GenesysError, match="t/rows has no partition p in .*: materialize it first"):
        lake.need("t/rows", "p")
    manifest = lake.publish("t/rows", "p", {})
    path = Path(lake.path("t/rows", "p", "manifest.json"))
    path.write_text(json.dumps(manifest.model_dump() | {"format": 99}))
    with pytest.raises(GenesysError, match="table format 99; this version reads format 1"):
        lake.manifest("t/rows", "p")
    path.write_text('{"asset": "t/rows", "part')
    with pytest.raises(GenesysError, match="is no manifest"):
        lake.manifest("t/rows", "p")


def test_versions_of_inputs_by_name(lake: Lake) -> None:
    versions_hold(lake)


def versions_hold(lake: Lake) -> None:
    """What must hold of them on a folder and on object storage."""
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    lake.publish("t/rows", "p", {"c": part(file)})
    lake.publish("t/whole", WHOLE, {"shard-0": part(lake.write("t/whole", WHOLE, SCHEMA, ROWS[:1]))})
    assert lake.version_of("t/rows/p") == lake.need("t/rows", "p").data_version
    assert lake.version_of("t/rows/p/c") == file.sha256
    assert lake.version_of("t/whole/shard-0") == file.sha256
    assert lake.version_of(f"t/whole/{WHOLE}") == lake.need("t/whole").data_version
    assert [lake.version_of(name) for name in ("t/rows/q", "t/rows/p/d", "t/whole/shard-1", "t/no/p")] == [None] * 4
    made = part(file, inputs={"t/rows/p/c": file.sha256, "t/whole/shard-0": "other", "t/no/p": "x"})
    assert lake.changed(made) == ["t/whole/shard-0", "t/no/p"]


def test_a_manifest_sums_its_parts() -> None:
    file = File(name="x", sha256="x", rows=1, bytes=1)
    counts = {"rows": 3, "accepted": 1, "rejected": {"a": 1}, "errored": {"b": 1}, "records": 1}
    parts = {"1": part(file, counts=counts, figures={"tokens": 2.0}), "2": part(file, counts=counts), "3": part(file)}
    manifest = Manifest(asset="t/rows", partition="p", parts=parts)
    assert manifest.counts.as_dict() == {
        "rows": 6,
        "accepted": 2,
        "rejected": {"a": 2},
        "errored": {"b": 2},
        "records": 2,
    }
    assert manifest.counts.balanced
    assert manifest.figure("tokens") == 2.0
    assert (parts["1"].unfinished, parts["3"].unfinished) == (True, False)


# A disk that is full ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Writes past ``size`` bytes of a file fail, as they do where the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_stops_the_run_and_leaves_nothing_half_written(lake: Lake, tmp_path: Path) -> None:
    rows = ({"id": number, "text": os.urandom(500).hex()} for number in range(5000))
    with (
        largest_file(200_000),
        pytest.raises(InfrastructureFault, match="could not be written.*disk is full") as caught,
    ):
        lake.write("t/rows", "p", SCHEMA, rows)
    assert caught.value.fatal
    assert files_below(tmp_path) == []


def test_a_disk_that_is_full_when_a_table_is_begun(lake: Lake, tmp_path: Path) -> None:
    with largest_file(0), pytest.raises(InfrastructureFault, match="could not be written.*disk is full") as caught:
        lake.write("t/rows", "p", SCHEMA, ROWS)
    assert caught.value.fatal
    assert files_below(tmp_path) == []


def test_a_place_where_no_folder_can_be_made_is_named(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("in the way")
    with pytest.raises(InfrastructureFault, match="t/rows p could not be written to .*lake: .*Not a directory"):
        lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    with pytest.raises(InfrastructureFault, match="t/rows p could not be written to .*lake: .*Not a directory"):
        lake.publish("t/rows", "p", {})


def test_a_full_disk_leaves_the_manifest_that_stood(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    before = lake.publish("t/rows", "p", {"c": part(file)})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InfrastructureFault, match="No space left") as caught:
        lake.publish("t/rows", "p", {"d": part(file)})
    assert caught.value.fatal
    assert lake.manifest("t/rows", "p") == before
    assert not list(Path(lake.root).rglob("*.tmp"))


def test_a_manifest_never_names_a_file_that_is_gone(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    before = lake.publish("t/rows", "p", {"c": part(file)})
    lost = lake.write("t/rows", "p", SCHEMA, ROWS[1:2])
    lake.delete("t/rows", "p", lost.name)
    with pytest.raises(InfrastructureFault, match=f"{lost.name} was removed before it was published"):
        lake.publish("t/rows", "p", {"d": part(file, companions={"more": lost})})
    assert lake.manifest("t/rows", "p") == before


def test_publishing_after_what_was_read_yields_to_whoever_was_first(lake: Lake) -> None:
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    first = lake.publish_after(None, "t/rows", "p", {"a": part(file)})
    assert first is not None
    assert lake.publish_after(None, "t/rows", "p", {"b": part(file)}) is None
    second = lake.publish_after(first, "t/rows", "p", {"b": part(file)})
    assert second is not None
    assert list(second.parts) == ["a", "b"]
    assert lake.manifest("t/rows", "p") == second
    assert lake.part("t/rows", "p", "b") == part(file)
    assert (lake.part("t/rows", "p", "c"), lake.part("t/rows", "q", "b")) == (None, None)


def meanwhile(monkeypatch: pytest.MonkeyPatch, lake: Lake, act: Callable[[], object]) -> None:
    """Something that another machine does just after this lake has read a manifest, once."""
    read = lake.manifest

    def reads(*place: Any) -> Manifest | None:
        found = read(*place)
        monkeypatch.setattr(lake, "manifest", read)
        act()
        return found

    monkeypatch.setattr(lake, "manifest", reads)


# Object storage --------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with s3_bucket() as bucket:
        yield bucket


@pytest.fixture
def s3_lake(bucket: Bucket) -> Lake:
    return Lake(f"{bucket.url}/tables", bucket.options)


@pytest.mark.s3
def test_object_storage_gives_the_same_tables_as_a_folder(s3_lake: Lake, tmp_path: Path) -> None:
    worlds = [World.at(tmp_path / "here"), World.at(tmp_path / "there", lake=s3_lake)]
    for world in worlds:
        world.update(shard_size=2)
        world.run()
        make_filtered(world.lake, [world.lane])
        make_sft(world.lake, [world.lane])
    here, there = (world.lake for world in worlds)
    lane_tables = ("ledger", "withdrawn", "tasks", "generations", "verifications")
    for asset in [*(f"sums/{table}" for table in lane_tables), "dataset/filtered", "dataset/sft"]:
        assert there.partitions(asset) == here.partitions(asset) != []
        for partition in here.partitions(asset):
            ours, theirs = here.need(asset, partition), there.need(asset, partition)
            assert {name: made.data for name, made in theirs.parts.items()} == {
                name: made.data for name, made in ours.parts.items()
            }
            assert list(there.rows(asset, partition)) == list(here.rows(asset, partition))
            for made in theirs.parts.values():
                assert [there.trouble(asset, partition, file) for file in made.files] == [None] * len(made.files)
    ident = next(there.rows("dataset/sft"))["response_id"]
    with Journal(worlds[1].journal_root, readonly=True) as journal:
        assert audit(there, journal, [worlds[1].lane], ident, replay=True, registry=worlds[1].registry).agrees


@pytest.mark.s3
def test_object_storage_shows_what_another_process_wrote_since(s3_lake: Lake, bucket: Bucket) -> None:
    assert s3_lake.partitions("t/rows") == []
    assert s3_lake.manifest("t/rows", "p") is None
    other = Lake(f"{bucket.url}/tables", bucket.options | {"skip_instance_cache": True})
    for number in range(3):
        file = other.write("t/rows", "p", SCHEMA, ROWS[number : number + 1])
        other.publish("t/rows", "p", {f"c{number}": part(file)})
        assert [row["id"] for row in s3_lake.rows("t/rows", "p")] == list(range(number + 1))
        assert file.name in s3_lake.files("t/rows", "p")


@pytest.mark.s3
def test_object_storage_is_asked_for_many_manifests_at_a_time(s3_lake: Lake, bucket: Bucket) -> None:
    versions_hold(s3_lake)
    found = s3_lake.manifests([("t/rows", "p"), ("t/rows", "q"), ("t/whole", WHOLE)])
    assert found == {place: s3_lake.manifest(*place) for place in found}
    assert [place for place, manifest in found.items() if manifest is None] == [("t/rows", "q")]
    assert s3_lake.manifests([]) == {}
    s3fs.S3FileSystem(**bucket.options).pipe_file(s3_lake.path("t/rows", "q", "manifest.json"), b"{")
    with pytest.raises(GenesysError, match="q/manifest.json is no manifest"):
        s3_lake.manifests(found)


@pytest.mark.s3
def test_a_small_and_a_large_table_of_object_storage_read_alike(s3_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    file = s3_lake.write("t/rows", "p", SCHEMA, ROWS)
    place = ("t/rows", "p", file)

    def read() -> list[Any]:
        frame = s3_lake.file_frame(*place)
        found = s3_lake.find(*place, "id", 1)
        return [list(s3_lake.file_rows(*place)), frame.to_dicts(), found, s3_lake.footer(*place).num_rows]

    whole = read()
    assert whole[0] == whole[1]
    monkeypatch.setattr(lake_module, "SMALL", 0)
    assert read() == whole


@pytest.mark.s3
def test_object_storage_that_cannot_be_written_is_a_fault(bucket: Bucket) -> None:
    lake = Lake("s3://there-is-no-such-bucket/tables", bucket.options)
    with pytest.raises(InfrastructureFault, match="could not be written"):
        lake.write("t/rows", "p", SCHEMA, ROWS[:1])


@pytest.mark.s3
@pytest.mark.parametrize("stood_before", [False, True])
def test_two_machines_publish_at_once(
    s3_lake: Lake, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, stood_before: bool
) -> None:
    other = Lake(s3_lake.root, bucket.options)
    file = s3_lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    if stood_before:
        s3_lake.publish("t/rows", "p", {"a": part(file)})
    meanwhile(monkeypatch, s3_lake, lambda: other.publish("t/rows", "p", {"b": part(file)}))
    s3_lake.publish("t/rows", "p", {"c": part(file)})
    assert list(other.need("t/rows", "p").parts) == [*(["a"] if stood_before else []), "b", "c"]


def test_two_machines_publish_at_once_on_a_store_without_conditions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one read before we wrote, and wrote after us: we look again, and put ours beside it."""
    lake = Lake(f"memory://{tmp_path.name}")
    file = lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    others = Manifest(asset="t/rows", partition="p", parts={"b": part(file)})
    left = [others]

    def settle(_: float) -> None:
        if left:
            lake._fs.pipe_file(lake.path("t/rows", "p", "manifest.json"), left.pop().model_dump_json().encode())

    monkeypatch.setattr("genesys.storage.time.sleep", settle)
    lake.publish("t/rows", "p", {"c": part(file)})
    assert list(lake.need("t/rows", "p").parts) == ["b", "c"]


@pytest.mark.s3
def test_publishing_after_what_was_read_on_object_storage(
    s3_lake: Lake, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = s3_lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    before = s3_lake.publish("t/rows", "p", {"a": part(file)})
    other = Lake(s3_lake.root, bucket.options)
    meanwhile(monkeypatch, s3_lake, lambda: other.publish("t/rows", "p", {"b": part(file)}))
    assert s3_lake.publish_after(before, "t/rows", "p", {"c": part(file)}) is None
    assert list(other.need("t/rows", "p").parts) == ["a", "b"]


@pytest.mark.s3
def test_a_put_whose_reply_was_lost_is_no_other_machines(s3_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client sends it again then, and finds that something stands there: its own."""
    file = s3_lake.write("t/rows", "p", SCHEMA, ROWS[:1])
    put = s3_lake._fs.pipe_file

    def twice(*arguments: Any, **conditions: str) -> Any:
        put(*arguments, **conditions)
        return put(*arguments, **conditions)

    monkeypatch.setattr(s3_lake._fs, "pipe_file", twice)
    published = s3_lake.publish_after(None, "t/rows", "p", {"a": part(file, settings={"range": (0, 4)})})
    assert published == s3_lake.need("t/rows", "p")


def test_threads_of_pyarrow_hold_no_file_of_pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lets go of it while the interpreter ends takes the process with it: one in thirteen short commands."""
    lake = Lake(tmp_path)
    schema = pa.schema({"name": pa.string()})
    file = lake.write("a", "_", schema, [{"name": "x"}, {"name": "y"}])

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a file of Python's was opened")

    monkeypatch.setattr(lake._fs, "open", opened)
    assert lake.file_frame("a", "_", file).to_dicts() == [{"name": "x"}, {"name": "y"}]
    assert list(lake.file_rows("a", "_", file)) == [{"name": "x"}, {"name": "y"}]
    assert lake.find("a", "_", file, "name", "y") == [{"name": "y"}]
    assert lake.find("a", "_", file, "name", "z") == []
