"""A finished shard that was left alone for two days."""

import os
import time
from pathlib import Path

import pytest

from tests.support.tiny_lane import World

DAY = 86400.0


def make_old(folder: Path) -> None:
    """As if nobody had written there for two days."""
    before = time.time() - 2 * DAY
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (before, before))


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path)
    world.update()
    world.run()
    make_old(tmp_path)
    return world
