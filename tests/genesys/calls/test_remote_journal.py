"""The journal on object storage: a local log whose records go up as parts, and come back on another machine."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from genesys.calls.engine import run_rows
from genesys.calls.journal import Journal
from genesys.calls.parts import RemoteParts
from genesys.faults import GenesysError, InfrastructureFault
from genesys.tables.lake import Lake
from tests.support.calls import FakeTeacher, entry, roles_of, text_of, work_of
from tests.support.drive_calls import ASSET, PARTITION
from tests.support.openai_server import OpenAIServer

pytestmark = pytest.mark.s3
REPO = Path(__file__).parents[3]


class Store:
    """A local S3 server that can go away and come back with what it held."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        self._make = ThreadedMotoServer
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        self.server.start()
        self.port = self.server.get_host_and_port()[1]

    @property
    def options(self) -> dict[str, Any]:
        config = {"connect_timeout": 1, "read_timeout": 2, "retries": {"max_attempts": 1}}
        endpoint = {"endpoint_url": f"http://127.0.0.1:{self.port}"}
        return {"key": "k", "secret": "s", "client_kwargs": endpoint, "config_kwargs": config}

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = self._make(ip_address="127.0.0.1", port=self.port)
        self.server.start()


@pytest.fixture(scope="module")
def running() -> Iterator[Store]:
    store = Store()
    yield store
    store.stop()


@pytest.fixture
def store(running: Store, request: pytest.FixtureRequest) -> Iterator[Store]:
    fs = fsspec.filesystem("s3", **running.options)
    fs.call_s3("create_bucket", Bucket="bucket")
    yield running
    fs.invalidate_cache()
    fs.rm("bucket", recursive=True)


def journal_at(store: Store, cache: Path, **more: Any) -> Journal:
    return Journal("s3://bucket/journal", cache=cache, storage_options=store.options, **({"window": 60.0} | more))


def parts(store: Store, segment: str = "a/s") -> RemoteParts:
    return RemoteParts("s3://bucket/journal", segment, store.options)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said; the store says things too."""
    return [record.message for record in caplog.records if record.name.startswith("genesys")]


def wait_for(true: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.05)


async def test_a_new_machine_repeats_no_call(store: Store, tmp_path: Path) -> None:
    with journal_at(store, tmp_path / "one") as journal:
        first = await run_rows(work_of(200), journal.segment("a/s"), roles_of(FakeTeacher()))
    teacher = FakeTeacher()
    with journal_at(store, tmp_path / "two") as journal:
        assert journal.names() == ["a/s"]
        second = await run_rows(work_of(300), journal.segment("a/s"), roles_of(teacher))
    assert (first.stats.made, second.stats.made, second.stats.replayed) == (200, 100, 200)
    with journal_at(store, tmp_path / "one") as journal:
        assert len(list(journal.segment("a/s").entries())) == 300


async def test_records_go_up_within_the_window(store: Store, tmp_path: Path) -> None:
    """What a machine that is lost loses is the window: here it never closes its journal."""
    journal = journal_at(store, tmp_path / "one", window=0.3)
    for n in range(3):
        await journal.segment("a/s").put(entry(n))
    wait_for(lambda: parts(store).names())
    with journal_at(store, tmp_path / "two") as other:
        assert other.segment("a/s").get(entry(2).key) == entry(2)
    await journal.segment("a/s").put(entry(3))
    wait_for(lambda: len(parts(store).names()) == 2)
    journal.close()
    assert len(parts(store).names()) == 2, "nothing new, no new part"


async def test_a_store_that_goes_away_in_mid_run(store: Store, tmp_path: Path) -> None:
    """No row waits for it, nothing is lost, and the end says plainly where the records are."""
    journal = journal_at(store, tmp_path / "one", window=0.2)
    segment = journal.segment("a/s")
    await segment.put(entry(0))
    store.stop()
    try:
        began = time.monotonic()
        for n in range(1, 50):
            await segment.put(entry(n))
            time.sleep(0.01)
        assert time.monotonic() - began < 3, "writers wait for the store"
        with pytest.raises(
            InfrastructureFault, match=r"a/s: the last records are in .* only.*uploaded by the next run"
        ):
            journal.close()
    finally:
        store.start()
    with journal_at(store, tmp_path / "one") as journal:
        assert len(list(journal.segment("a/s").entries())) == 50
    with journal_at(store, tmp_path / "two") as other:
        assert len(list(other.segment("a/s").entries())) == 50


async def test_a_store_that_comes_back_in_mid_run(store: Store, tmp_path: Path) -> None:
    journal = journal_at(store, tmp_path / "one", window=0.2)
    await journal.segment("a/s").put(entry(0))
    store.stop()
    try:
        await journal.segment("a/s").put(entry(1))
        time.sleep(1.0)
    finally:
        store.start()
    wait_for(lambda: sum(len(rows) for _, rows in parts(store).read(parts(store).names())) == 2)
    journal.close()


async def test_a_store_that_is_not_there_at_the_start(store: Store, tmp_path: Path) -> None:
    """Nobody knows then which calls others made: better no run than one that pays again."""
    store.stop()
    try:
        with pytest.raises(InfrastructureFault, match="could not be read from s3://bucket/journal/a/s") as caught:
            journal_at(store, tmp_path / "one").segment("a/s")
        assert caught.value.fatal
    finally:
        store.start()


async def test_a_part_that_was_uploaded_twice(store: Store, tmp_path: Path) -> None:
    """As after a crash between the upload and the note of it, and by two machines that made the same call."""
    rows = [(e.key, e.kind, e.name, e.row_id, e.made_at, e.to_bytes()) for e in map(entry, range(3))]
    assert parts(store).write(rows) == parts(store).write(rows)
    parts(store).write(rows[1:])
    assert len(parts(store).names()) == 2
    with journal_at(store, tmp_path / "one") as journal:
        assert sorted(e.row_id for e in journal.segment("a/s").entries()) == ["row-0", "row-1", "row-2"]


def test_killed_between_upload_and_note(store: Store, tmp_path: Path) -> None:
    with journal_at(store, tmp_path / "one") as journal:
        journal.segment("a/s").put_now(entry(0))
    with journal_at(store, tmp_path / "one") as journal, journal.segment("a/s")._db as db:
        db.execute("update calls set part = null")
        db.execute("delete from parts")
    with journal_at(store, tmp_path / "one") as journal:
        assert len(list(journal.segment("a/s").entries())) == 1
    assert len(parts(store).names()) == 1, "the same content has the same name"


async def test_a_long_segment_goes_up_in_parts_and_comes_back_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesys.calls.upload._PART_BYTES", 1500)
    with journal_at(store, tmp_path / "one") as journal:
        for n in range(200):
            journal.segment("a/s").put_now(entry(n, text=f"{n} \u2028 é"))
    assert len(parts(store).names()) > 16
    with journal_at(store, tmp_path / "two", readonly=True) as other:
        found = {record.row_id: record for record in other.segment("a/s").entries()}
    assert found == {f"row-{n}": entry(n, text=f"{n} \u2028 é") for n in range(200)}


def test_two_processes_with_one_log_do_not_upload_side_by_side(store: Store, tmp_path: Path) -> None:
    """Each would upload the other's records too."""
    one, other = (journal_at(store, tmp_path / "one", window=0.1) for _ in range(2))
    with other.segment("a/s")._alone() as alone:
        assert alone
        for n in range(10):
            one.segment("a/s").put_now(entry(n))
        time.sleep(0.5)
        assert parts(store).names() == []
        closing = threading.Thread(target=one.close)
        closing.start()
        time.sleep(0.3)
        assert closing.is_alive(), "it ended before its records were safe"
    closing.join(10)
    other.close()
    assert len([row for _, rows in parts(store).read(parts(store).names()) for row in rows]) == 10


def test_two_machines_that_made_the_same_call_come_to_agree(store: Store, tmp_path: Path) -> None:
    """Neither could know of the other; from the next opening on the earlier answer stands, on all of them."""
    for number in range(4):  # parts come back in the order of their names, which are hashes
        with journal_at(store, tmp_path / "a") as a, journal_at(store, tmp_path / "b") as b:
            for journal, made_at in ((a, 1.0), (b, 2.0)):
                answer = entry(number, text=f"at {made_at:g}").model_copy(update={"made_at": made_at})
                journal.segment(f"a/{number}").put_now(answer)
    for machine in ("b", "c", "a", "b"):
        with journal_at(store, tmp_path / machine) as journal:
            for number in range(4):
                assert text_of(journal.segment(f"a/{number}").get(entry(number).key)) == "at 1", machine


def test_who_has_to_take_another_machines_answer_hears_of_it(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with journal_at(store, tmp_path / "a") as a, journal_at(store, tmp_path / "b") as b:
        for journal in (a, b):
            journal.segment("a/s").put_now(entry(0, text="the same"))
        for number in (1, 2):
            a.segment("a/s").put_now(entry(number, text="first"))
            b.segment("a/s").put_now(entry(number, text="second").model_copy(update={"made_at": 9.0}))
    for machine, said in (("a", []), ("c", []), ("b", ["s3://bucket/journal/a/s: 2 calls"]), ("b", [])):
        caplog.clear()
        with journal_at(store, tmp_path / machine) as journal:
            journal.segment("a/s")
        assert [message.partition(" had been")[0] for message in told(caplog)] == said, machine


def test_a_part_that_was_changed_on_the_store_is_named(store: Store, tmp_path: Path) -> None:
    with journal_at(store, tmp_path / "one") as journal:
        for number in range(3):
            journal.segment("a/s").put_now(entry(number))
    fs = fsspec.filesystem("s3", **store.options)
    (path,) = fs.find("s3://bucket/journal")
    content = bytearray(fs.cat_file(path))
    content[len(content) // 2] ^= 1
    fs.pipe_file(path, bytes(content))
    with pytest.raises(InfrastructureFault, match=f"{path.rpartition('/')[2]} was changed since it was written"):
        journal_at(store, tmp_path / "two").segment("a/s")


def test_uploads_that_fail_are_told_at_once_and_then_ever_more_rarely(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever trusts in the window must hear that there is none, before the machine is gone."""
    with journal_at(store, tmp_path) as journal:
        segment = journal.segment("a/s")
        for number in range(3):
            segment.put_now(entry(number))
        uploader = segment._uploader
        assert uploader is not None

        def expired(_: Any) -> str:
            raise PermissionError("ExpiredToken")

        with monkeypatch.context() as patch:
            patch.setattr(uploader._parts, "write", expired)
            for _ in range(20):
                uploader._upload()
        assert len(told(caplog)) == 5
        for words in ("a/s", "ExpiredToken", "3 of them are on this machine alone"):
            assert words in told(caplog)[0]
        uploader._upload()
        uploader._upload()
        assert "uploaded again" in told(caplog)[5]
        assert len(told(caplog)) == 6


async def test_for_reading_only(store: Store, tmp_path: Path) -> None:
    with journal_at(store, tmp_path / "one") as journal:
        await journal.segment("a/s").put(entry(0))
    with journal_at(store, tmp_path / "two", readonly=True) as reading:
        assert reading.segment("a/s").get(entry(0).key) == entry(0)
        with pytest.raises(GenesysError, match="opened for reading"):
            await reading.segment("a/s").put(entry(1))
        with pytest.raises(GenesysError, match="no journal segment a/other at s3://bucket/journal"):
            reading.segment("a/other")
    assert len(parts(store).names()) == 1


async def test_removed_here_and_there(store: Store, tmp_path: Path) -> None:
    with journal_at(store, tmp_path / "one") as journal:
        await journal.segment("a/s").put(entry(0))
        await journal.segment("a/other").put(entry(0))
    with journal_at(store, tmp_path / "two") as journal:
        journal.remove("a/s")
        assert journal.names() == ["a/other"]
    with journal_at(store, tmp_path / "three") as journal:
        assert journal.segment("a/s").get(entry(0).key) is None


def test_two_journals_may_share_a_cache(store: Store, tmp_path: Path) -> None:
    """What one of them holds is not taken for uploaded to the other."""
    with journal_at(store, tmp_path) as journal:
        journal.segment("a/s").put_now(entry(0))
    with Journal("s3://bucket/second", cache=tmp_path, storage_options=store.options) as journal:
        assert journal.segment("a/s").get(entry(0).key) is None
        journal.segment("a/s").put_now(entry(0))
    assert len(RemoteParts("s3://bucket/second", "a/s", store.options).names()) == 1


def test_it_needs_a_place_for_its_log() -> None:
    with pytest.raises(GenesysError, match=r"journal\.cache"):
        Journal("s3://bucket/journal")


def test_a_lost_machine_loses_the_window_and_nothing_else(store: Store, tmp_path: Path) -> None:
    """Killed in mid-run, its disk gone: what was uploaded is not called again, and the table is the same."""

    def drive(machine: str) -> list[str]:
        return [sys.executable, "-m", "tests.support.drive_calls", "--journal", "s3://bucket/journal",
                "--cache", str(tmp_path / machine), "--window", "0.3", "--lake", str(tmp_path / "lake"),
                "--storage-options", json.dumps(store.options), "--base-url", server.base_url,
                "--rows", "60", "--concurrency", "4"]  # fmt: skip

    with OpenAIServer(latency_min=0.02, latency_max=0.08) as server:
        process = subprocess.Popen(drive("one"), cwd=REPO)
        wait_for(lambda: server.stats()["completed"] >= 150)
        process.kill()
        process.wait()
        segment = f"drive/{PARTITION}"
        uploaded = sum(len(rows) for _, rows in parts(store, segment).read(parts(store, segment).names()))
        answered = server.stats()["completed"]
        run = subprocess.run(drive("two"), cwd=REPO, capture_output=True, text=True, check=True)
        found = json.loads(run.stdout.splitlines()[-1])
    assert 0 < uploaded <= answered
    assert found["replayed"] == uploaded
    assert found["counts"]["accepted"] == 240
    with contextlib.closing(fsspec.open(tmp_path / "lake" / ASSET / PARTITION / "manifest.json").open()) as stream:
        assert json.load(stream)["parts"]["campaign"]["data"]["sha256"] == found["sha256"]
    assert len(list(Lake(tmp_path / "lake").rows(ASSET, PARTITION))) == 240
