"""A local log goes when the store has all of it and nobody writes to it; a run never loses the log under its feet."""

import time
from pathlib import Path

import pytest

from genesys.calls.journal import Journal
from genesys.garbage.caches import in_caches
from genesys.garbage.found import USED_SINCE, Kept, Removable
from tests.support.calls import entry

SEGMENT = "a/s"


class Machine:
    """A journal on a store, and the log of it here."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.root = folder, f"memory://{store}"

    def open(self, cache: str = "cache") -> Journal:
        return Journal(self.root, cache=self.folder / cache)

    def found(self) -> list[Removable]:
        items = list(in_caches(self.open(), time.time()))
        return [item for item in items if isinstance(item, Removable)]

    def on_the_store(self) -> int:
        with self.open("elsewhere") as journal:
            return len(list(journal.segment(SEGMENT).entries()))


@pytest.fixture(params=["plain", "with # and ?"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / request.param, f"{tmp_path.name}/{request.param.split()[0]}")
    with machine.open() as journal:
        journal.segment(SEGMENT).put_now(entry(0))
    return machine


def test_a_log_that_the_store_has_goes(machine: Machine) -> None:
    (item,) = machine.found()
    assert item.name == SEGMENT
    assert item.remove() == ""
    assert not list(machine.folder.rglob("*.journal*"))
    with machine.open() as journal:
        assert journal.segment(SEGMENT).get(entry(0).key) == entry(0), "fetched again"


def test_a_log_with_a_record_that_the_store_lacks_stays(machine: Machine) -> None:
    with machine.open() as journal:
        segment = journal.segment(SEGMENT)
        segment._uploader = None  # as if it were killed before it could upload
        segment.put_now(entry(1))
    assert machine.found() == []


def test_a_run_that_is_going_on_keeps_its_log(machine: Machine) -> None:
    (item,) = machine.found()
    with machine.open() as journal:
        segment = journal.segment(SEGMENT)
        assert "in use by another process" in item.remove()
        for number in range(1, 5):
            segment.put_now(entry(number))
    assert machine.on_the_store() == 5


def test_a_log_that_was_written_after_it_was_found_stays(machine: Machine) -> None:
    (item,) = machine.found()
    with machine.open() as journal:
        journal.segment(SEGMENT).put_now(entry(1))
    assert item.remove() == USED_SINCE
    assert machine.on_the_store() == 2


def test_a_log_that_cannot_be_read_stays_and_the_others_are_looked_at(machine: Machine) -> None:
    with machine.open() as journal:
        journal.segment("a/damaged").put_now(entry(1))
    (path,) = machine.folder.rglob("damaged.journal")
    path.write_bytes(b"no database")
    kept, removable = in_caches(machine.open(), time.time())
    assert isinstance(kept, Kept)
    assert kept.name == "a/damaged"
    assert "is no journal segment" in kept.why
    assert isinstance(removable, Removable)
    assert removable.remove() == ""
    assert path.read_bytes() == b"no database"


def test_a_local_journal_has_none(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.segment(SEGMENT).put_now(entry(0))
        assert list(in_caches(journal, time.time())) == []
