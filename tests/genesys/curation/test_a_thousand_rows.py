"""Math and coding on a folder of rows in the true upstream columns, some of them broken in every way that we know.

Every row ends once, each breakage with the reason that one expects, and the counts sum. Programs are not run here.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.curation.coding import preflight
from genesys.lanes import LANES
from genesys.ledger import update_ledger
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import WHOLE, Lake
from genesys.verifiers.runner import VerifierRunner
from tests.support.presumed import PresumedPrograms
from tests.support.upstream import coding, math

SOUND, EACH = 1000, 5
SHARD = 300


class Curator:
    """Answers as the generator of the rows knows best."""

    teacher_id = "knows"
    concurrency = 64

    def __init__(self, upstream: ModuleType) -> None:
        self._upstream = upstream

    async def complete(self, request: ChatRequest) -> Completed:
        text = self._upstream.curator(request)
        return Completed(answer=ChatAnswer(content=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1))

    async def aclose(self) -> None:
        pass


def lines(upstream: ModuleType) -> Iterator[tuple[str | None, str]]:
    """(name of the breakage, line): sound rows, and among them other rows that are broken."""
    broken = upstream.rows(EACH * len(upstream.BREAKAGES), seed=1)
    breakages = [name for name in upstream.BREAKAGES for _ in range(EACH)]
    gap = SOUND // len(breakages)
    sound = upstream.rows(SOUND)
    for name in breakages:
        for row in islice(sound, gap):
            yield None, json.dumps(row)
        made = upstream.BREAKAGES[name](next(broken))
        yield name, made if isinstance(made, str) else json.dumps(made)
    for row in sound:
        yield None, json.dumps(row)


def outcomes(lake: Lake, asset: str, partition: str) -> list[dict[str, Any]]:
    (part,) = lake.need(asset, partition).parts.values()
    assert part.outcomes is not None
    return list(lake.file_rows(asset, partition, part.outcomes))


@pytest.mark.parametrize("upstream", [math, coding], ids=["math", "coding"])
def test_every_row_ends_once_and_each_breakage_as_expected(
    upstream: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Mutants are made by parsing programs, and none of them is run here.
    monkeypatch.setattr(preflight, "MUTANTS", 1)
    monkeypatch.setattr(preflight, "SPARE_MUTANTS", 0)
    lane, lake = LANES[upstream.__name__.rpartition(".")[2]], Lake(tmp_path / "lake")
    written, wanted = list(lines(upstream)), Counter[str | None]()
    folder, expected = tmp_path / "rows", {}
    folder.mkdir()
    for number, name in enumerate(("a", "b", "c")):
        part = written[number::3]
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for _, line in part), "utf-8")
        expected |= {f"{name}.jsonl:{place}": breakage for place, (breakage, _) in enumerate(part, 1)}
    wanted.update(upstream.ENDS[breakage] if breakage else None for breakage in expected.values())
    assert len(upstream.BREAKAGES) >= 10
    assert upstream.ENDS.keys() == upstream.BREAKAGES.keys()

    opened = open_source(Source(path=str(folder), name="upstream", license="Apache-2.0"))
    update = update_ledger(lake, lane, [opened], shard_size=SHARD)
    places = {row["problem_id"]: f"{row['file']}:{row['row']}" for row in lake.rows(f"{lane.name}/ledger")}
    ends = {row["row_id"]: row for row in outcomes(lake, f"{lane.name}/withdrawn", WHOLE) if row["reason"]}
    assert update.counts.balanced
    assert update.counts.rows == len(expected)
    assert update.counts.rejected == {"broken row": wanted["broken row"]}

    asyncio.run(curate(lane.name, lake, upstream, tmp_path))
    for shard in update.new_shards:
        counts = lake.need(f"{lane.name}/tasks", shard).counts
        found = outcomes(lake, f"{lane.name}/tasks", shard)
        assert counts.balanced
        assert counts.rows == len(found) <= SHARD
        ends |= {places[row["row_id"]]: row for row in found}
    assert ends.keys() == expected.keys(), "every row ends, and once"
    wrong = {
        place: (breakage, ends[place]["status"], ends[place]["reason"], ends[place]["detail"])
        for place, breakage in expected.items()
        if ends[place]["reason"] != (upstream.ENDS[breakage] if breakage else None)
    }
    assert wrong == {}
    assert sum(lake.need(f"{lane.name}/tasks", shard).counts.records for shard in update.new_shards) == SOUND


async def curate(name: str, lake: Lake, upstream: ModuleType, folder: Path) -> None:
    """The tasks of all shards."""
    lane, runner = LANES[name], VerifierRunner()
    curator = Curator(upstream) if hasattr(upstream, "curator") else None
    roles = Roles(curator=curator, verifiers=PresumedPrograms(runner))
    try:
        with Journal(folder / "journal") as journal:
            for shard in lake.need(f"{name}/ledger").parts:
                stage = tasks_stage(lake, lane, shard, verifier_versions={})
                await run_stage(stage, journal, roles)
                await seal_stage(stage, lake, journal, roles)
    finally:
        await runner.aclose()
