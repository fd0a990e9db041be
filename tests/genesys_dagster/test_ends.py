"""The check of a choice: what its manifest counts is what its list of ends says."""

from pathlib import Path

from genesys.release import filtered
from genesys.release.filtered import make_filtered
from genesys.tables.lake import WHOLE
from genesys_dagster.checks.soundness import problems_of
from tests.support.tiny_lane import World


def test_what_the_manifest_counts_is_what_the_ends_say(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.update()
    world.run()
    part = make_filtered(world.lake, [world.lane])
    assert problems_of(world.lake, filtered.ASSET, WHOLE) == []
    counts = part.counts | {"accepted": 4, "dropped": part.counts["dropped"] | {"verdict": 2}}
    counts["rejected"] = part.counts["rejected"] | {"not accepted: wrong": 2}
    world.lake.publish(filtered.ASSET, WHOLE, {filtered.CAMPAIGN: part.model_copy(update={"counts": counts})})
    problems = " ".join(problems_of(world.lake, filtered.ASSET, WHOLE))
    assert "the manifest counts 2 dropped by 'verdict', the list of ends has 3" in problems
    assert "the manifest counts 4 kept, the list of ends has 3" in problems
