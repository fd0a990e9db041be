"""Tasks depend on who was asked about them, as far as that is known."""

from dataclasses import replace
from pathlib import Path

import pytest

from genesys.lane import Lane
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import Part
from tests.support.tiny_lane import World

SHARD = "sums-00000"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path)
    world.update()
    world.run("tasks")
    return world


def finished(world: World, lane: Lane | None = None, **teacher_ids: str) -> bool:
    stage = tasks_stage(world.lake, lane or world.lane, SHARD, verifier_versions={}, teacher_ids=teacher_ids)
    return stage.finished(world.lake) is not None


def part(world: World) -> Part:
    return world.lake.need("sums/tasks", SHARD).parts["curated"]


def test_another_curator_has_the_shard_curated_anew(world: World) -> None:
    assert part(world).settings == {"curator": "tiny"}
    assert finished(world, curator="tiny")
    assert not finished(world, curator="another")


def test_who_plays_a_role_that_no_prompt_asks_does_not_matter(world: World) -> None:
    assert finished(world, curator="tiny", judge="another")
    asks_nobody = replace(world, lane=replace(world.lane, prompts=()))
    asks_nobody.run("tasks")
    assert part(world).settings == {}
    assert finished(world, asks_nobody.lane, curator="another")


def test_where_no_curator_is_set_up_what_was_curated_stands(world: World) -> None:
    assert finished(world, curator="")


def test_parts_that_do_not_name_their_curator_are_not_made_anew_for_that(world: World) -> None:
    """Their journal may be gone, and then all would be asked and paid once more."""
    stage = tasks_stage(world.lake, world.lane, SHARD, verifier_versions={})
    old = part(world).model_copy(update={"settings": {}, "fingerprint": stage.fingerprint})
    world.lake.publish("sums/tasks", SHARD, {"curated": old})
    assert finished(world, curator="tiny")
    assert finished(world, curator="another")
    assert not finished(world, replace(world.lane, version="2"), curator="tiny")
