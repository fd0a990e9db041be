"""``genesys gc``: only what nothing needs goes, only with ``--yes``, and what is left still works."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from genesys.calls.journal import Journal
from genesys.cli import main
from genesys.tables.lake import Lake
from tests.support.s3 import s3_bucket
from tests.support.tiny_lane import ROWS, World, sums_lane

SETTINGS = """
[lake]
root = "lake"
[journal]
root = "journal"
"""


@pytest.fixture
def world(here: Path) -> World:
    """A lane whose two shards are finished, all of it old."""
    world = World.at(here)
    world.update(shard_size=2)
    world.run()
    (here / "genesys.toml").write_text(SETTINGS)
    make_old(here)
    return world


def make_old(folder: Path, hours: float = 48) -> None:
    before = time.time() - hours * 3600
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (before, before))


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["gc", *words]) == 0
    return capsys.readouterr().out


def test_finished_shards_give_up_their_journals_when_told(
    here: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(here)
    told = shown(capsys)
    assert "journals: 2" in told
    assert "sums/sums-00000" in told
    assert "an audit cannot replay" in told
    assert "Nothing was removed" in told
    assert files(here) == before
    assert "Removed" in shown(capsys, "--yes")
    assert files(here / "lake") == {name.removeprefix("lake/") for name in before if name.startswith("lake/")}
    assert not list((here / "journal").rglob("*.journal*"))
    asked = len(world.teacher.asked)
    assert len(world.rows("verifications", "sums-00000")) == 8
    assert "Nothing can go" in shown(capsys, "--yes")
    assert len(world.teacher.asked) == asked


def test_what_is_young_may_belong_to_a_run(here: Path, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    make_old(here, hours=1)
    (here / "lake" / "sums" / "tasks" / "sums-00000" / f"{'0' * 32}.parquet").write_bytes(b"")
    assert "Nothing can go" in shown(capsys)
    make_old(here, hours=1)
    assert "journals: 2" in shown(capsys, "--grace", "0.5")


@pytest.mark.parametrize("missing", ["tasks", "generations", "verifications"])
def test_a_shard_that_is_not_sealed_keeps_its_journal(
    here: Path, world: World, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "lake" / "sums" / missing / "sums-00001" / "manifest.json").unlink()
    told = shown(capsys, "--what", "journals")
    assert "sums/sums-00000" in told
    assert "sums/sums-00001" not in told


def test_a_shard_with_rows_to_try_again_keeps_its_journal(
    here: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    del world.registry["tiny_sum"]

    class Down:
        version = "7"

        def verify(self, result: object) -> None:
            raise OSError("down")

    world.registry["tiny_sum"] = Down
    world.run("verifications")
    make_old(here)
    assert "journals" not in shown(capsys)


def test_a_shard_whose_tables_are_stale_keeps_its_journal(
    here: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lane = sums_lane(inline="{% block user %}Another prompt: {{ question }}{% endblock %}")
    changed = replace(world, lane=lane)
    changed.run("tasks")
    make_old(here)
    assert "journals" not in shown(capsys), "its generations are of earlier tasks"
    changed.run("generations")
    make_old(here)
    assert "journals" not in shown(capsys), "its verifications are of earlier generations"
    changed.run("verifications")
    make_old(here)
    assert "journals: 2" in shown(capsys)


def test_more_samples_that_wait_for_their_verdicts(
    here: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.samples = 6
    world.run("generations")
    make_old(here)
    assert "journals" not in shown(capsys)


def test_a_journal_that_a_recorded_teacher_reads_stays(
    here: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "genesys.toml").write_text(SETTINGS + '[teacher]\nkind = "recorded"\nid = "tiny"\njournal = "journal"')
    assert "Nothing can go" in shown(capsys)


def test_segments_that_belong_to_no_shard_stay(here: Path, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with Journal(here / "journal") as journal:
        journal.segment("generate")
        journal.segment("other/shard")
    make_old(here)
    told = shown(capsys, "--yes")
    assert "generate" not in told
    assert {"generate.journal", "other/shard.journal"} <= files(here / "journal")


def test_parts_that_no_manifest_names_and_leftovers(
    here: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = here / "lake" / "sums" / "generations" / "sums-00000"
    named = files(here / "lake")
    (folder / f"{'a' * 32}.parquet").write_bytes(b"x" * 2500)
    (folder / "part-abc123.tmp").write_bytes(b"y" * 10)
    (folder / ".manifest.json.77.tmp").write_bytes(b"{")
    (folder / "notes.txt").write_text("somebody's own")
    (here / "lake" / "new" / "asset" / "p").mkdir(parents=True)
    (here / "lake" / "new" / "asset" / "p" / f"{'b' * 32}.parquet").write_bytes(b"z")
    make_old(here)
    told = shown(capsys, "--what", "tables", "leftovers")
    assert "tables: 2, 2.5 kB" in told
    assert "leftovers: 2, 11 B" in told
    assert "journals" not in told
    assert "Removed: 2.5 kB" in shown(capsys, "--what", "tables,leftovers", "--yes")
    assert files(here / "lake") == named | {"sums/generations/sums-00000/notes.txt", "new/asset/p/.lock"}
    assert files(here / "journal"), "which were not chosen"
    assert len(world.rows("generations", "sums-00000")) == 8


@pytest.mark.s3
def test_on_object_storage(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with s3_bucket() as bucket:
        storage = (
            f'storage_options = {{ key = "test", secret = "test", client_kwargs = {{ endpoint_url = '
            f'"{bucket.options["client_kwargs"]["endpoint_url"]}" }} }}'
        )
        (here / "genesys.toml").write_text(
            f'[lake]\nroot = "{bucket.url}/lake"\n{storage}\n[journal]\nroot = "{bucket.url}/journal"\n'
            f'cache = "cache"\n{storage}'
        )
        lake = Lake(f"{bucket.url}/lake", bucket.options)
        world = World.at(here, ROWS, lake=lake)
        world.update()
        world.run()
        remote = {"cache": here / "cache", "storage_options": bucket.options}
        with Journal(here / "journal") as local, Journal(f"{bucket.url}/journal", **remote) as journal:
            for entry in local.segment("sums/sums-00000").entries():
                journal.segment("sums/sums-00000").put_now(entry)
        make_old(here)
        told = shown(capsys, "--what", "caches", "--yes")
        assert "caches: 1" in told
        assert not list((here / "cache").rglob("*.journal"))
        with Journal(f"{bucket.url}/journal", **remote) as journal:
            assert sum(journal.segment("sums/sums-00000").counts().values()) > 10, "fetched again"
        make_old(here)
        in_two_days = time.time() + 48 * 3600
        monkeypatch.setattr("time.time", lambda: in_two_days)
        told = shown(capsys, "--what", "journals", "--yes")
        assert "sums/sums-00000" in told
        with Journal(f"{bucket.url}/journal", **remote) as journal:
            assert journal.names() == []
