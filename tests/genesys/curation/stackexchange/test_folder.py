"""The lane on a folder of a thousand rows with every breakage in it: each row ends once, as one expects."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.curation.stackexchange.lane import STACKEXCHANGE
from genesys.ledger import broken_rows, update_ledger
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.lake import Lake, Part
from tests.support.upstream.stackexchange import BREAKAGES, ENDS, curator, rows

EACH = 4
SOUND = 1000


@dataclass
class Curator:
    """Answers by the grammar's own knowledge."""

    teacher_id: str = "grammar"
    concurrency: int = 16

    async def complete(self, request: ChatRequest) -> Completed:
        return Completed(answer=ChatAnswer(content=curator(request), finish_reason="stop"))

    async def aclose(self) -> None:
        pass


@dataclass
class Ran:
    """What came of the folder."""

    lake: Lake
    shards: dict[str, Part]
    ledger: dict[str, Any]
    broken: list[str]
    kinds: dict[int, str]
    """Breakage by line; sound rows are not in it."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("stackexchange")
    (folder / "rows").mkdir()
    kinds, lines = {}, []
    names = sorted(BREAKAGES)
    for number, row in enumerate(rows(SOUND + EACH * len(names)), 1):
        name = names[number // 6 % len(names)] if number % 6 == 0 and len(kinds) < EACH * len(names) else None
        if name is not None:
            kinds[number] = name
        value = BREAKAGES[name](row) if name else row
        lines.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    (folder / "rows" / "part.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return asyncio.run(_run(folder, kinds))


async def _run(folder: Path, kinds: dict[int, str]) -> Ran:
    lake = Lake(folder / "lake")
    opened = [open_source(Source(path=str(folder / "rows"), name="grammar"))]
    update = update_ledger(lake, STACKEXCHANGE, opened, shard_size=512)
    with Journal(folder / "journal") as journal:
        for shard in update.new_shards:
            stage = tasks_stage(lake, STACKEXCHANGE, shard, verifier_versions={})
            await run_stage(stage, journal, Roles(curator=Curator()))
            await seal_stage(stage, lake, journal, Roles(curator=Curator()))
    shards = {shard: next(iter(lake.need("stackexchange/tasks", shard).parts.values())) for shard in update.new_shards}
    return Ran(lake, shards, update.counts.as_dict(), list(broken_rows(lake, STACKEXCHANGE)), kinds)


def outcomes(ran: Ran) -> dict[str, dict[str, Any]]:
    """Ends of the curation by row id."""
    found = {}
    for shard, part in ran.shards.items():
        assert part.outcomes is not None
        for row in ran.lake.file_rows("stackexchange/tasks", shard, part.outcomes):
            assert row["row_id"] not in found
            found[row["row_id"]] = row
    return found


def ends_by_line(ran: Ran) -> dict[int, str]:
    """Reason by line; an accepted row has none."""
    ends = outcomes(ran)
    return {
        row["row"]: ends[row["problem_id"]]["reason"] or ends[row["problem_id"]]["status"]
        for row in ran.lake.rows("stackexchange/ledger", columns=["row", "problem_id"])
    }


def test_every_row_ends_once_and_the_counts_sum(ran: Ran) -> None:
    total = SOUND + EACH * len(BREAKAGES)
    assert ran.ledger["rows"] == total == ran.ledger["accepted"] + sum(ran.ledger["rejected"].values())
    assert ran.ledger["errored"] == {}
    assert sum(part.counts["rows"] for part in ran.shards.values()) == ran.ledger["accepted"] == len(outcomes(ran))
    for part in ran.shards.values():
        counts = part.counts
        assert counts["rows"] == counts["accepted"] + sum(counts["rejected"].values())
        assert sum(counts.get("dropped", {}).values()) == sum(counts["rejected"].values()), (
            "every dropped row names its step"
        )


def test_sound_rows_are_kept_and_each_breakage_ends_with_its_reason(ran: Ran) -> None:
    ends = ends_by_line(ran)
    lines = range(1, ran.ledger["rows"] + 1)
    assert {ends.get(line) for line in lines if line not in ran.kinds} == {"accepted"}
    told: dict[str, Counter[str]] = {name: Counter() for name in BREAKAGES}
    for line, kind in ran.kinds.items():
        told[kind][ends.get(line, "broken row")] += 1
    assert told == {name: {ENDS.get(name, "broken row"): EACH} for name in BREAKAGES}


def test_what_is_broken_is_named_by_file_row_and_field(ran: Ran) -> None:
    places = {int(told.split(":")[1]): told for told in ran.broken}
    assert set(places) == {line for line, kind in ran.kinds.items() if kind not in ENDS}
    for kind, words in {
        "no column of answers": "answers: missing",
        "qid is text": "qid: is str, expected a whole number",
        "an answer without votes": ".pm_score: is null, expected a whole number",
        "address of another question": "metadata: the address is that of question",
        "no such day": "date: is '2015/02/31', expected a day as 2018/12/31",
        "half a character": "not valid Unicode",
    }.items():
        line = next(line for line, found in ran.kinds.items() if found == kind)
        assert words in places[line], kind


def test_tasks_are_whole_and_credit_their_authors(ran: Ran) -> None:
    for shard in ran.shards:
        for task in ran.lake.rows("stackexchange/tasks", shard):
            info, metadata = json.loads(task["verification_info"]), json.loads(task["metadata"])
            assert info["judging_instructions"]
            assert task["license"].startswith("CC-BY-SA-")
            assert task["source_url"] == metadata["question_url"]
            assert task["source_url"] in task["attribution"]
            assert f"/a/{metadata['gold']['answer_id']}" in task["attribution"]
            assert "<p>" not in task["prompt"] + task["gold_standard_solution"]
            assert task["gold_standard_solution"] not in task["prompt"]
