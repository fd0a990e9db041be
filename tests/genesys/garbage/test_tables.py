"""What no manifest names goes; what a run makes again, publishes or takes away in the meantime is left alone."""

import threading
import time
from pathlib import Path

import pytest

from genesys.garbage.found import USED_SINCE, Removable
from genesys.garbage.tables import in_tables
from tests.genesys.garbage.conftest import DAY, make_old
from tests.support.tiny_lane import World

TASKS = "lake/sums/tasks/sums-00000"


def found(world: World) -> list[Removable]:
    return list(in_tables(world.lake, time.time() - DAY))


def test_what_a_manifest_names_is_not_found(world: World) -> None:
    assert found(world) == []


def test_a_part_that_is_made_again_after_it_was_found_stays(world: World) -> None:
    """The same content has the same name; here a manifest is gone, as if other contents had been published."""
    rows = world.rows("tasks")
    (world.folder / TASKS / "manifest.json").unlink()
    orphans = found(world)
    assert len(orphans) == 3
    world.run("tasks")
    assert [item.remove() for item in orphans] == [USED_SINCE] * 3
    assert world.rows("tasks") == rows


def test_a_part_that_is_published_after_it_was_found_stays(world: World) -> None:
    manifest = world.lake.need("sums/tasks", "sums-00000")
    (world.folder / TASKS / "manifest.json").unlink()
    orphans = found(world)
    world.lake.publish("sums/tasks", "sums-00000", manifest.parts)
    assert [item.remove() for item in orphans] == [USED_SINCE] * 3
    assert len(world.rows("tasks")) == 3


def test_nothing_is_removed_while_a_part_or_a_manifest_takes_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = world.rows("tasks")
    (world.folder / TASKS / "manifest.json").unlink()
    (*_, orphan) = found(world)
    replace, removers, waited = Path.replace, [], []

    def replaces(path: Path, target: Path | str) -> Path:
        removers.append(threading.Thread(target=orphan.remove))
        removers[-1].start()
        removers[-1].join(0.2)
        waited.append(removers[-1].is_alive())
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replaces)
    world.run("tasks")
    for remover in removers:
        remover.join()
    assert waited == [True] * 4, "three files and the manifest"
    assert world.rows("tasks") == rows


def test_what_goes_by_itself_is_no_trouble(world: World) -> None:
    folder = world.folder / TASKS
    (folder / "part-abc.tmp").write_bytes(b"half")
    make_old(world.folder)
    (item,) = found(world)
    (folder / "part-abc.tmp").unlink()
    assert item.remove() == ""


def test_a_file_that_goes_while_others_are_listed_is_passed_over(world: World) -> None:
    folder = world.folder / TASKS
    (folder / "part-abc.tmp").write_bytes(b"half")
    make_old(world.folder)
    Path(folder, "part-000.tmp").symlink_to("as if it were gone when its time is asked for")
    assert [item.name for item in found(world)] == ["sums/tasks/sums-00000/part-abc.tmp"]
