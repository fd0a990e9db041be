"""A small pipeline that ran to its end, and ways to tamper with what it left."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from genesys.calls.journal import Journal
from genesys.lineage.audit import audit
from genesys.lineage.records import Audit
from genesys.release.filtered import make_filtered
from genesys.release.preference import make_preference
from genesys.release.raw import make_raw
from genesys.release.rl import make_rl
from genesys.release.sft import make_sft
from genesys.tables.lake import WHOLE
from tests.support.tiny_lane import World

Row = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path)
    world.update()
    world.run()
    release(world)
    return world


def release(world: World) -> None:
    make_filtered(world.lake, [world.lane])
    for make in (make_raw, make_sft, make_preference, make_rl):
        make(world.lake, [world.lane])


def published(world: World) -> str:
    """The id of the first published response."""
    return str(next(world.lake.rows("dataset/sft"))["response_id"])


def look(world: World, ident: str | None = None, **more: Any) -> Audit:
    """The audit of a response, by default the first published one."""
    options = {"sources": [world.source], "registry": world.registry} | more
    with Journal(world.journal_root, readonly=True) as journal:
        return audit(world.lake, journal, [world.lane], ident or published(world), **options)


def found(audit: Audit) -> list[tuple[str, str]]:
    """Step and name of everything that differs."""
    return [(finding.step, finding.what) for finding in audit.findings]


def noted(audit: Audit) -> list[tuple[str, str]]:
    """Step and detail of everything that is noted."""
    return [(link.step, check.detail) for link in audit.links for check in link.checks if check.result == "noted"]


def where(world: World, asset: str) -> tuple[str, str]:
    """Asset and partition of a table named like ``tasks`` or ``dataset/sft``."""
    if asset.startswith("dataset/"):
        return asset, WHOLE
    return f"sums/{asset}", WHOLE if asset == "ledger" else world.shards()[0]


def data_file(world: World, asset: str) -> Path:
    table, partition = where(world, asset)
    (part,) = world.lake.need(table, partition).parts.values()
    return Path(world.lake.path(table, partition, part.data))


def forge(world: World, asset: str, change: Callable[[Row], Row]) -> None:
    """Rewrite a table with a manifest that fits it, as somebody does who knows how tables are kept."""
    table, partition = where(world, asset)
    ((campaign, part),) = world.lake.need(table, partition).parts.items()
    rows = [change(row) for row in world.lake.rows(table, partition)]
    schema = pq.read_schema(data_file(world, asset)).remove_metadata()
    file = world.lake.write(table, partition, schema, rows)
    world.lake.publish(table, partition, {campaign: part.model_copy(update={"data": file})})


def change_journal(world: World, sql: str, *values: Any) -> None:
    for path in world.journal_root.rglob("*.journal"):
        with sqlite3.connect(path) as db:
            db.execute(sql, values)
        db.close()
