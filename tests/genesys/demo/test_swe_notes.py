"""The demo's commits: what each sample's note says of it is what rules and the written judge make of it."""

import asyncio
import json
from collections import Counter

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.demo.build import ANSWERS, _record
from genesys.lanes import LANES
from genesys.settings import load_settings
from genesys.stages.stage import seal_stage
from genesys.stages.verifications import verifications_stages
from genesys.tables.lake import Lake
from genesys.teachers.script import Script
from genesys.verifiers.runner import VerifierRunner

LANE, SHARD = LANES["swe"], "swe-00000"


async def verdicts(settings, folder):
    """The table of verdicts, sealed from what was recorded: no judge is asked, since none is there."""
    lake = Lake(folder / "lake")
    async with VerifierRunner(settings=settings) as runner:
        with Journal(folder / "journal") as journal:
            for stage in verifications_stages(lake, LANE, SHARD, runner=runner, acceptance=settings.acceptance):
                await seal_stage(stage, lake, journal, Roles(verifiers=runner))
    return lake


def test_every_sample_gets_the_verdict_that_its_note_says(tmp_path):
    settings, script = load_settings("demo"), Script.read(ANSWERS / "swe.toml")
    asyncio.run(_record(settings, LANE, script, tmp_path / "recorded", tmp_path))
    lake = asyncio.run(verdicts(settings, tmp_path))
    subjects = {row["problem_id"]: json.loads(row["metadata"])["subject"] for row in lake.rows("swe/tasks", SHARD)}
    samples = {task.problem.partition("\n")[0]: task.sample for task in script.task}
    numbers = {row["response_id"]: row["sample_index"] for row in lake.rows("swe/generations", SHARD)}
    rules = Counter()
    for row in lake.rows("swe/verifications", SHARD):
        sample = samples[subjects[row["problem_id"]]][numbers[row["response_id"]]]
        assert row["accepted"] == sample.note.startswith("right"), sample.note
        assert (row["rule"] == "judge") == (sample.judged is not None), sample.note
        rules[row["rule"]] += 1
    assert rules == {
        "judge": 13,
        "rules/equal": 6,
        "rules/does-not-parse": 2,
        "rules/no-file": 1,
        "rules/unchanged": 1,
        "rules/cut-off": 1,
    }
    dropped = lake.need("swe/tasks", SHARD).parts["curated"].counts["dropped"]
    assert sum(dropped.values()) == 8
    assert len(dropped) == 8, "each at a step of its own, so that the funnel shows something"
