"""A segment as whoever clears up sees it: looking fetches and touches nothing, and no more goes than was seen."""

import os
import shutil
import time
from pathlib import Path

import pytest

from genesys.calls.journal import Journal
from genesys.faults import GenesysError
from tests.support.calls import entry

OLD = 1_000_000.0


def journal_of(root: Path | str, cache: Path | None = None, numbers: range = range(3)) -> Journal:
    journal = Journal(root, cache=cache)
    for number in numbers:
        journal.segment("a/s").put_now(entry(number))
    journal.close()
    return journal


def test_looking_leaves_no_trace(tmp_path: Path) -> None:
    stored = journal_of(tmp_path).stored("a/s")
    before = {path.name for path in tmp_path.rglob("*")}
    os.utime(tmp_path / "a/s.journal", (OLD, OLD))
    calls = sorted(stored.calls())
    assert [(call.row_id, call.made_at) for call in sorted(calls, key=lambda call: call.made_at)] == [
        ("row-0", 0.0),
        ("row-1", 1.0),
        ("row-2", 2.0),
    ]
    assert {call.key for call in calls} == {entry(number).key for number in range(3)}
    assert {path.name for path in tmp_path.rglob("*")} == before
    assert stored.modified() == OLD


def test_records_that_are_still_in_the_log_are_seen(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.segment("a/s").put_now(entry(0))
        os.utime(tmp_path / "a/s.journal", (OLD, OLD))
        stored = journal.stored("a/s")
        assert len(list(stored.calls())) == 1
        assert stored.modified() > time.time() - 60


def test_who_only_read_has_not_written(tmp_path: Path) -> None:
    """A reader may leave an empty log behind: that the segment was read keeps nothing from going."""
    stored = journal_of(tmp_path).stored("a/s")
    os.utime(tmp_path / "a/s.journal", (OLD, OLD))
    (tmp_path / "a/s.journal-wal").touch()
    assert stored.modified() == OLD


def test_looking_at_what_a_killed_run_left_does_not_make_it_young(tmp_path: Path) -> None:
    """Else it could never go: each look would seem to be a run that uses it."""
    with Journal(tmp_path / "running") as journal:
        journal.segment("a/s").put_now(entry(0))
        shutil.copytree(tmp_path / "running", tmp_path / "killed")  # as the disk is now, with nothing closed
    for path in (tmp_path / "killed/a").iterdir():
        os.utime(path, (OLD, OLD))
    stored = Journal(tmp_path / "killed").stored("a/s")
    assert len(list(stored.calls())) == 1
    assert stored.modified() == OLD
    with stored.alone():
        stored.delete()
    assert sorted(path.name for path in (tmp_path / "killed/a").iterdir()) == ["s.lock", "s.spent.json"]


def test_nothing_is_removed_under_a_writer(tmp_path: Path) -> None:
    stored = journal_of(tmp_path).stored("a/s")
    with Journal(tmp_path) as journal:
        journal.segment("a/s")
        with pytest.raises(GenesysError, match="a/s is in use by another process"), stored.alone():
            pass
    with stored.alone():
        stored.delete()
    assert Journal(tmp_path).names() == []


def test_calls_are_seen_that_only_the_store_has(tmp_path: Path) -> None:
    root = f"memory://{tmp_path.name}"
    journal = journal_of(root, tmp_path / "one")
    journal_of(root, tmp_path / "two", range(3, 5))
    for cache in ("one", "three"):
        stored = Journal(root, cache=tmp_path / cache).stored("a/s")
        assert {call.row_id for call in stored.calls()} == {f"row-{number}" for number in range(5)}
    assert not list((tmp_path / "three").rglob("*.journal")), "nothing is fetched"
    assert journal.stored("a/s").is_uploaded()


def test_a_part_that_goes_up_after_the_look_is_not_removed(tmp_path: Path) -> None:
    root = f"memory://{tmp_path.name}"
    stored = journal_of(root, tmp_path / "one").stored("a/s")
    stored.modified()
    journal_of(root, tmp_path / "two", range(3, 5))
    with stored.alone():
        stored.delete()
    with Journal(root, cache=tmp_path / "three") as third:
        assert {call.row_id for call in third.segment("a/s").entries()} == {"row-3", "row-4"}


def test_a_segment_within_a_segments_folder_is_another_one(tmp_path: Path) -> None:
    root = f"memory://{tmp_path.name}"
    with Journal(root, cache=tmp_path / "one") as journal:
        for name in ("a/s", "a/s/within"):
            journal.segment(name).put_now(entry(0))
    journal.remove("a/s")
    assert journal.names() == ["a/s/within"]
