"""What a verifier measures stands beside the verdicts and never in them, and the audit shows it."""

import itertools
import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from genesys.calls.journal import Journal
from genesys.lineage.audit import audit
from genesys.lineage.records import Audit
from genesys.tables.columns import TIMINGS
from tests.support.tiny_lane import TinyVerifier, World

Row = dict[str, Any]
SECONDS = itertools.count(1)


class Stopwatch(TinyVerifier):
    """Measures something else each time, as a clock does."""

    def verify(self, result: Any) -> Row:
        verdict = super().verify(result)
        info = verdict["verification_result_info"] | {"isolation": "container", "toolchain": "gcc-14"}
        measured = {"endpoint": "container sha256:0123", "cpu_s": [float(next(SECONDS))]}
        return verdict | {"verification_result_info": info | {"measured": measured}}


def world_at(folder: Path) -> World:
    world = World.at(folder, registry={"tiny_sum": Stopwatch})
    world.update()
    world.run()
    return world


def timings(world: World) -> list[Row]:
    asset, shard = "sums/verifications", world.shards()[0]
    (part,) = world.lake.need(asset, shard).parts.values()
    assert part.timings
    return list(world.lake.file_rows(asset, shard, part.timings))


def look(world: World) -> Audit:
    ident = world.rows("verifications")[0]["response_id"]
    with Journal(world.journal_root, readonly=True) as journal:
        return audit(world.lake, journal, [world.lane], ident, registry=world.registry, replay=True, live=True)


def test_two_runs_that_measure_differently_give_the_same_table(tmp_path: Path) -> None:
    one, two = (world_at(tmp_path / name) for name in ("one", "two"))
    versions = [world.lake.need("sums/verifications", world.shards()[0]).data_version for world in (one, two)]
    assert versions[0] == versions[1]
    assert [row["measured"] for row in timings(one)] != [row["measured"] for row in timings(two)]
    for row in one.rows("verifications"):
        info = json.loads(row["verification_result_info"])
        assert "measured" not in info
        assert info["isolation"] == "container"


def test_each_verdict_has_its_measurements_and_where_they_were_taken(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    verdicts = {row["call_key"] for row in world.rows("verifications")}
    rows = timings(world)
    assert {row["call_key"] for row in rows} == verdicts
    assert {row["endpoint"] for row in rows} == {"container sha256:0123"}
    seconds = [json.loads(row["measured"])["cpu_s"][0] for row in rows]
    assert len(set(seconds)) == len(rows)
    (part,) = world.lake.need("sums/tasks", world.shards()[0]).parts.values()
    assert part.timings
    asked = world.lake.file_rows("sums/tasks", world.shards()[0], part.timings)
    assert [row["measured"] for row in asked] == [None] * 4


def test_the_audit_shows_them_and_takes_no_difference_for_tampering(tmp_path: Path) -> None:
    found = look(world_at(tmp_path))
    assert found.agrees, found.findings
    facts = found.link("verdict").facts
    assert facts["verifier"] == "Stopwatch@7"
    assert (facts["isolation"], facts["toolchain"]) == ("container", "gcc-14")
    assert facts["endpoint"] == "container sha256:0123"
    assert facts["measured"]["cpu_s"][0] >= 1.0
    assert facts["made_at"].startswith("20")


def test_a_verdict_that_cannot_be_reached_again_here_is_no_contradiction(tmp_path: Path) -> None:
    class Away(Stopwatch):
        def ready(self) -> str | None:
            return "no engine; get one: apt-get install docker.io"

    Away.__name__ = "Stopwatch"
    world = world_at(tmp_path)
    world.registry = {"tiny_sum": Away}
    found = look(world)
    assert found.agrees, found.findings
    details = [check.detail for check in found.link("verdict").checks if check.what == "live"]
    assert details == ["cannot be verified again here: no engine; get one: apt-get install docker.io"]


def test_parts_from_before_they_were_kept_are_read_still(tmp_path: Path) -> None:
    world = world_at(tmp_path)
    asset, shard = "sums/verifications", world.shards()[0]
    ((campaign, part),) = world.lake.need(asset, shard).parts.items()
    before = pa.schema([field for field in TIMINGS if field.name != "measured"])
    rows = [{name: row[name] for name in before.names} for row in timings(world)]
    file = world.lake.write(asset, shard, before, rows)
    world.lake.publish(asset, shard, {campaign: part.model_copy(update={"timings": file})})
    found = look(world)
    assert found.agrees
    assert found.link("verdict").facts["endpoint"] == "container sha256:0123"
    assert not found.link("verdict").facts["measured"]
