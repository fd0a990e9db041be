"""A thousand tasks, whole and broken in twenty ways, through ledger and curation: each ends once, as it should."""

import json
from collections import Counter
from pathlib import Path

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.curation.translated_coding import proof
from genesys.curation.translated_coding.lane import TRANSLATED_CODING
from genesys.ledger import BROKEN, update_ledger
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import task_rows, tasks_stage
from genesys.tables.lake import Lake
from genesys.verifiers.runner import VerifierRunner
from tests.support.translating import Curator, Knowing
from tests.support.upstream.translated_coding import BREAKAGES, rows

COUNT, EVERY = 1000, 10
"""Rows, and which of them are broken."""
AT_THE_LEDGER = {
    "a column is missing",
    "prompt of a wrong type",
    "empty prompt",
    "half a character",
    "broken JSON",
    "info that is no mapping",
    "gold of a wrong type",
}
REASONS = {
    "another task type": "no Python task",
    "another language": "no Python task",
    "no tests": "no tests",
    "a test without an output": "task fault",
    "mixed arguments": "no type for its arguments",
    "mixed results": "no type for what it returns",
    "integers without a bound": "integers too large for the language",
    "different numbers of arguments": "calls with different numbers of arguments",
    "returns nothing": "returns nothing",
    "a name with dots": "no name for its function",
    "tests of two kinds": "tests of two kinds",
    "contradictory tests": "translated gold fails its tests",
    "about Python itself": "cannot be put in the language",
}


async def test_each_of_a_thousand_rows_ends_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "MUTANTS", 1)
    monkeypatch.setattr(proof, "SPARE_MUTANTS", 0)
    kinds, lines = list(BREAKAGES), []
    broken: Counter[str] = Counter()
    for number, row in enumerate(rows(COUNT)):
        if number % EVERY:
            lines.append(json.dumps(row))
            continue
        kind = kinds[number // EVERY % len(kinds)]
        broken[kind] += 1
        made = BREAKAGES[kind](row)
        lines.append(made if isinstance(made, str) else json.dumps(made))
    assert min(broken.values()) >= 5
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")

    lake = Lake(tmp_path / "lake")
    opened = [open_source(Source(path=str(tmp_path / "rows.jsonl"), name="lane:coding"))]
    update = update_ledger(lake, TRANSLATED_CODING, opened, shard_size=2000)
    refused = sum(broken[kind] for kind in AT_THE_LEDGER)
    assert update.counts.rejected == {BROKEN: refused}
    assert update.counts.accepted == COUNT - refused

    [shard] = update.new_shards
    stage = tasks_stage(lake, TRANSLATED_CODING, f"{shard}-rust", verifier_versions={})
    async with VerifierRunner({"verifiable_code": Knowing}) as runner:
        with Journal(tmp_path / "journal") as journal:
            roles = Roles(curator=Curator(), verifiers=runner)
            await run_stage(stage, journal, roles, again=0)
            counts = (await seal_stage(stage, lake, journal, roles)).counts
    wanted: Counter[str] = Counter()
    for kind, reason in REASONS.items():
        wanted[reason] += broken[kind]
    assert counts["rejected"] == dict(wanted)
    assert (counts["errored"], counts["rows"]) == ({}, COUNT - refused)
    assert counts["accepted"] == counts["records"] == COUNT - refused - wanted.total() == COUNT - COUNT // EVERY
    tasks = list(task_rows(lake, TRANSLATED_CODING, f"{shard}-rust", ["problem_id", "family_id", "license"]))
    assert len({task["problem_id"] for task in tasks}) == len({task["family_id"] for task in tasks}) == len(tasks)
    assert {task["license"] for task in tasks} == {"Apache-2.0"}
