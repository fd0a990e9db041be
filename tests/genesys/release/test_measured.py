"""What is measured, when again, and that neither order nor processes change a byte of it or of what is chosen."""

import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError, InfrastructureFault
from genesys.lane import Lane
from genesys.release import filtered, measured
from genesys.release.filtered import make_filtered, plain_settings
from genesys.release.measuring import ASSET, PROBLEMS
from genesys.release.processes import in_processes
from genesys.settings import Settings
from genesys.settings.release import ReleaseSettings
from genesys.tables.lake import Lake, Part
from tests.support.tiny_lane import ROWS, World, sums_lane, write_rows

Row = dict[str, Any]


def world_of(folder: Path, **more: Any) -> World:
    world = World.at(folder, **more)
    world.update(shard_size=1)
    world.run()
    return world


def settings(workers: int) -> Settings:
    return plain_settings().model_copy(update={"release": ReleaseSettings(workers=workers)})


def made_at(world: World) -> dict[str, str]:
    """Which run measured each shard."""
    return {name: world.lake.need(ASSET, name).parts["all"].run_id for name in world.lake.partitions(ASSET)}


def hashes(lake: Lake, part: Part) -> dict[str, str]:
    """Of every file of the choice, and of every shard as it was measured."""
    found = {name: file.sha256 for name, file in part.companions.items()} | {"data": part.data.sha256}
    for name in lake.partitions(ASSET):
        one = lake.need(ASSET, name).parts["all"]
        found |= {f"{name} {kind}": file.sha256 for kind, file in one.companions.items()}
        found[name] = one.data.sha256
    return found


def test_the_order_of_shards_and_the_number_of_processes_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path / "lake")
    worlds = [World.at(tmp_path / name, lake=lake, lane=sums_lane(name=name), samples=7) for name in ("sums", "more")]
    for world in worlds:
        write_rows(world.source_file, [row | {"id": f"{world.lane.name}{row['id']}"} for row in ROWS])
        world.update(shard_size=1)
        world.run()
    lanes = [world.lane for world in worlds]
    found = [hashes(lake, make_filtered(lake, lanes, settings=settings(1)))]

    def turned(lake: Lake, lanes: Sequence[Lane]) -> list[tuple[Lane, str]]:
        return measured.shards_of(lake, lanes)[::-1]

    monkeypatch.setattr(filtered, "shards_of", turned)
    for workers in (1, 2):
        for asset in (ASSET, filtered.ASSET):
            shutil.rmtree(Path(lake.root) / asset)
        found.append(hashes(lake, make_filtered(lake, lanes, settings=settings(workers))))
    assert len(found[0]) > 3 * len(lake.partitions(ASSET)) > 12
    assert found[0] == found[1] == found[2]


def test_only_shards_that_changed_are_measured_again(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    make_filtered(world.lake, [world.lane], run_id="one")
    assert set(made_at(world).values()) == {"one"}
    write_rows(world.source_file, [*ROWS, {"id": 9, "question": "7+8", "answer": "15"}])
    world.update(shard_size=1)
    world.run()
    make_filtered(world.lake, [world.lane], run_id="two")
    assert sorted(made_at(world).values()).count("two") == 1
    more = replace(world, samples=5)
    more.run("generations", "verifications")
    make_filtered(world.lake, [world.lane], run_id="three")
    assert set(made_at(world).values()) == {"three"}


def test_a_withdrawn_row_makes_nothing_be_measured_again(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    make_filtered(world.lake, [world.lane], run_id="one")
    write_rows(world.source_file, ROWS[1:])
    world.update(shard_size=1)
    part = make_filtered(world.lake, [world.lane], run_id="two")
    assert part.counts["rejected"]["removed source row"] == 4
    assert set(made_at(world).values()) == {"one"}


def test_each_verdict_and_each_task_is_measured(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    make_filtered(world.lake, [world.lane])
    (name, *_) = world.lake.partitions(ASSET)
    rows = list(world.lake.rows(ASSET, name))
    verdicts = world.rows("verifications", name.partition(".")[2])
    assert [row["response_id"] for row in rows] == sorted(row["response_id"] for row in verdicts)
    by_text = {(row["answer_chars"], row["finish_reason"], row["accepted"]) for row in rows}
    assert (len("It is 3"), "stop", True) in by_text or (len("It is 42"), "stop", True) in by_text
    assert {row["faults"][0] for row in rows if row["finish_reason"] == "length"} == {"cut off: at the token limit"}
    assert all((row["signature"] is None) is not row["accepted"] for row in rows)
    part = world.lake.need(ASSET, name).parts["all"]
    (problem,) = world.lake.file_rows(ASSET, name, part.companions[PROBLEMS])
    assert (problem["lane"], problem["task_type"], problem["license"]) == ("sums", "tiny_sum", "cc0-1.0")
    assert problem["words"] > 0
    assert problem["overlap"] is None


def double(common: int, item: int) -> int:
    if item == -1:
        raise GenesysError(f"no {item}")
    if item == -2:
        os.kill(os.getpid(), signal.SIGKILL)
    return common * item


@pytest.mark.parametrize("workers", [1, 3])
def test_every_item_has_its_result_whatever_the_number_of_processes(workers: int) -> None:
    items = list(range(20))
    assert sorted(in_processes(double, 2, items, workers)) == [(item, 2 * item) for item in items]


def test_what_a_function_says_is_wrong_comes_to_the_caller() -> None:
    with pytest.raises(GenesysError, match="no -1"):
        list(in_processes(double, 2, [1, -1, 2, 3], 2))


def test_a_killed_process_is_the_infrastructures_fault_and_says_what_to_do() -> None:
    with pytest.raises(InfrastructureFault, match="by signal 9.*workers") as raised:
        list(in_processes(double, 2, [1, -2], 2))
    assert raised.value.fatal
