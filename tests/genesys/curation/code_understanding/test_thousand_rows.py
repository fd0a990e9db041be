"""A folder of a thousand rows with every breakage in it, from the source to the sealed table: every row ends once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatRequest
from genesys.curation.code_understanding.lane import CODE_UNDERSTANDING
from genesys.ledger import BROKEN, broken_rows, update_ledger
from genesys.outcomes import Counts
from genesys.partition import partitions_of
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import Lake
from genesys.verifiers.runner import VerifierRunner
from tests.genesys.curation.code_understanding.conftest import REGISTRY
from tests.support.calls import FakeTeacher
from tests.support.tiny_lane import write_rows
from tests.support.upstream.code_understanding import BREAKAGES, FLAWS, curator, flawed, rows, seed_rows

SOUND_NEWS, SOUND_SEEDS, TIMES = 850, 150, 3
LANE = replace(CODE_UNDERSTANDING, languages=("python",))
Row = dict[str, Any]

BROKEN_AS = {
    "no column text": "text: missing",
    "no column url": "url: missing",
    "text is a list": "text: is list, expected text",
    "text is null": "text: is NoneType, expected text",
    "text is empty": "text: is empty",
    "nothing names it": "url: is empty, and so is title",
    "url is a mapping": "url: is dict, expected text",
    "title is a number": "title: is int, expected text",
}
"""What the ledger says of a breakage; others are told by the reader of the file, or go on."""


@dataclass
class Run:
    """What came of the folder."""

    lake: Lake
    ledger: Counts
    partition: str

    @property
    def counts(self) -> Counts:
        return self.lake.need("code_understanding/tasks", self.partition).counts

    def tasks(self) -> Iterator[Row]:
        return self.lake.rows("code_understanding/tasks", self.partition)

    def outcomes(self) -> list[Row]:
        (part,) = self.lake.need("code_understanding/tasks", self.partition).parts.values()
        assert part.outcomes is not None
        return list(self.lake.file_rows("code_understanding/tasks", self.partition, part.outcomes))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("thousand")
    _write(folder)
    names = ("news", "seeds")
    opened = [open_source(Source(path=str(folder / f"{name}.jsonl"), name=f"tests/{name}")) for name in names]
    lake = Lake(folder / "lake")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("genesys.curation.code_understanding.design.DEPTHS", (6, 3, 1))  # deep ones take long
    update = update_ledger(lake, LANE, opened, shard_size=2000)
    (partition,) = partitions_of(LANE, update.new_shards)
    asyncio.run(_run(folder, lake, partition.name))
    monkeypatch.undo()
    return Run(lake, update.counts, partition.name)


def _write(folder: Path) -> None:
    """Both files, breakages spread over the sound rows."""
    news: list[Row | str] = list(rows(SOUND_NEWS))
    other = iter(rows(TIMES * len(BREAKAGES), seed=1))
    for place, breaks in enumerate(list(BREAKAGES.values()) * TIMES):
        news.insert(17 * place + 5, breaks(next(other)))
    write_rows(folder / "news.jsonl", map(_line, news))
    seeds = [*seed_rows(SOUND_SEEDS), *(flawed(flaw, number) for flaw in FLAWS for number in range(TIMES))]
    write_rows(folder / "seeds.jsonl", seeds)


def _line(row: Row | str) -> str:
    return row if isinstance(row, str) else json.dumps(row)  # ASCII: half a character is an escape


async def _run(folder: Path, lake: Lake, partition: str) -> None:
    async def reply(request: ChatRequest) -> str:
        return curator(request)

    async with VerifierRunner(REGISTRY) as runner:
        roles = Roles(curator=FakeTeacher(reply, concurrency=64), verifiers=runner)
        with Journal(folder / "journal") as journal:
            stage = tasks_stage(lake, LANE, partition, verifier_versions={})
            await run_stage(stage, journal, roles)
            await seal_stage(stage, lake, journal, roles)


def test_every_row_ends_once_and_the_counts_sum(run: Run) -> None:
    in_all = SOUND_NEWS + SOUND_SEEDS + TIMES * (len(BREAKAGES) + len(FLAWS))
    assert run.ledger.balanced
    assert run.ledger.rows == in_all
    counts = run.counts
    assert counts.balanced
    assert not counts.errored
    assert counts.rows == run.ledger.accepted
    ids = [row["row_id"] for row in run.outcomes()]
    assert len(set(ids)) == len(ids) == counts.rows
    assert counts.dropped.total() == counts.rejected.total(), "each drop says at which step"


def test_each_breakage_is_told_by_its_reason(run: Run) -> None:
    details = list(broken_rows(run.lake, LANE))
    for breakage, told in BROKEN_AS.items():
        assert sum(told in detail for detail in details) == TIMES, breakage
    unread = len(BREAKAGES) - len(BROKEN_AS) - 2  # no JSON, a list, half a character; two others go on to the curation
    assert run.ledger.rejected == {BROKEN: TIMES * (len(BROKEN_AS) + unread)}
    assert run.counts.rejected["text is too short"] == 2 * TIMES, "short, or nothing that a screen shows"


def test_each_flaw_of_a_function_is_counted(run: Run) -> None:
    wanted = Counter[str]()
    for reason in FLAWS.values():
        wanted[reason] += TIMES
    for reason, count in wanted.items():
        assert run.counts.rejected[reason] >= count, reason
    others = set(run.counts.rejected) - set(wanted) - {"text is too short", "near-duplicate"}
    assert not others


def test_sound_rows_are_kept(run: Run) -> None:
    counts = run.counts
    assert counts.accepted + counts.rejected["near-duplicate"] + counts.rejected["trivial"] - 2 * TIMES >= 1000
    assert counts.accepted >= 0.8 * (SOUND_NEWS + SOUND_SEEDS), "functions of the grammar are seldom alike"
    tasks = list(run.tasks())
    assert len(tasks) == counts.records
    assert len({task["problem_id"] for task in tasks}) == len(tasks)
    rounds = Counter(task["round"] for task in tasks)
    assert set(rounds) == {0, 1, 2}
    assert all(task["family_id"] == task["row_id"] for task in tasks)
    assert all(json.loads(task["metadata"])["predicted_difficulty"] > 0 for task in tasks)
