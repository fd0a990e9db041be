"""What became of a row: kept, dropped at a step, refused by the ledger; what the curator said; what was altered."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Roles
from genesys.calls.journal import Journal
from genesys.faults import GenesysError
from genesys.lane import LedgerRow
from genesys.lane_source import TASK_COLUMNS
from genesys.ledger import update_ledger
from genesys.lineage.evidence import Recorded
from genesys.lineage.records import RowAudit
from genesys.lineage.rows import Replay, audit_row
from genesys.outcomes import Outcome, accepted
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.stages.stage import run_stage, seal_stage
from genesys.stages.tasks import tasks_stage
from genesys.tables.columns import OUTCOMES
from genesys.tables.lake import Lake
from tests.genesys.lineage.conftest import change_journal
from tests.support.spoken_lane import spoken_answers, spoken_lane
from tests.support.tiny_lane import ROWS, TinyTeacher, World, stepped_lane, sums_lane, write_rows


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Row 2 is too large, the curator refuses row 3; rows 5 and 6 are broken and a duplicate."""
    world = World.at(tmp_path, [*ROWS, "{", ROWS[0] | {"id": 9}], lane=stepped_lane())
    world.update()
    world.run("tasks")
    return world


def ident(world: World, number: int) -> str:
    rows = list(world.lake.rows("sums/ledger"))
    return str(next(row["problem_id"] for row in rows if row["row"] == number))


def look(world: World, wanted: str, *, replay: bool = False) -> RowAudit:
    with Journal(world.journal_root, readonly=True) as journal:
        again = Replay(world.registry) if replay else None
        found = audit_row(world.lake, Recorded(journal), [world.lane], wanted, sources=[world.source], replay=again)
    assert found is not None
    return found


def curation(audit: RowAudit) -> dict[str, Any]:
    return audit.link("curation").facts


def test_a_row_that_a_rule_dropped_says_at_which_step_and_why(world: World) -> None:
    audit = look(world, ident(world, 2), replay=True)
    assert audit.agrees, audit.findings
    assert [link.step for link in audit.links] == ["source row", "ledger", "curation"]
    assert (audit.lane, audit.shard) == ("sums", "sums-00000")
    assert audit.link("source row").facts["row"] == 2
    facts = curation(audit)
    assert (facts["status"], facts["at step"]) == ("dropped", "small numbers")
    assert (facts["reason"], facts["detail"]) == ("too large", "22")
    assert (facts["passed"], facts["calls"], facts["tasks"]) == ([], [], [])


def test_a_row_that_the_curator_dropped_says_what_the_curator_said(world: World) -> None:
    audit = look(world, ident(world, 3), replay=True)
    assert audit.agrees, audit.findings
    facts = curation(audit)
    assert (facts["status"], facts["at step"], facts["reason"]) == ("dropped", "a sum", "not a sum")
    assert facts["passed"] == ["small numbers"]
    [call] = facts["calls"]
    assert (call["name"], call["asked"], call["answer"]) == ("is_sum", "tiny", {"is_sum": False})
    assert call["prompt"] == f"is_sum:{world.lane.prompts[0].hash}"
    assert len(call["key"]) == 64
    assert {"replay status", "replay step", "replay reason"} <= {
        check.what for check in audit.link("curation").checks if check.result == "agrees"
    }


def test_a_row_that_was_kept_names_its_tasks_and_is_found_by_a_tasks_id_too(tmp_path: Path) -> None:
    async def two(row: LedgerRow, calls: Any) -> Outcome:
        outcome = await sums_lane().curate(row, calls)
        return (
            outcome
            if outcome.status == "rejected"
            else accepted(*({**record, "problem_id": f"{row.problem_id[:20]}task"} for record in outcome.records))
        )

    world = World.at(tmp_path, lane=replace(sums_lane(), curate=two))
    world.update()
    world.run("tasks")
    task = next(row["problem_id"] for row in world.rows("tasks"))
    audit = look(world, task)
    facts = curation(audit)
    assert (facts["status"], facts["passed"], facts["tasks"]) == ("kept", ["curated"], [task])
    assert audit.row_id == ident(world, 1) != task
    assert facts["calls"][0]["answer"] == {"is_sum": True}


@pytest.mark.parametrize(
    ("place", "reason"), [("rows.jsonl:5", "broken row"), ("rows.jsonl:6", "duplicate"), ("rows.jsonl:3", None)]
)
def test_a_row_is_found_by_its_place_also_where_the_ledger_refused_it(
    world: World, place: str, reason: str | None
) -> None:
    audit = look(world, place)
    if reason is None:
        assert audit.row_id == ident(world, 3)
        return
    assert (audit.row_id, audit.shard) == (place, "")
    facts = audit.link("ledger").facts
    assert (facts["status"], facts["reason"]) == ("dropped", reason)
    assert any(word in json.dumps(facts) for word in ("rows.jsonl:5", "the same statement as")), facts


def test_the_last_version_of_a_row_is_followed(world: World) -> None:
    before = ident(world, 4)
    write_rows(world.source_file, [ROWS[3] | {"answer": "11"}])
    world.update()
    audit = look(world, before)
    assert audit.shard == "sums-00001"
    assert curation(audit) == {"status": "not curated yet"}


def test_a_row_that_no_one_can_tell_from_another_is_told(world: World) -> None:
    with pytest.raises(GenesysError, match="several rows are called "):
        look(world, "")
    with Journal(world.journal_root, readonly=True) as journal:
        assert audit_row(world.lake, Recorded(journal), [world.lane], "0" * 24) is None


def alter_journal(world: World) -> None:
    change_journal(world, "update calls set blob = x'00'")


def alter_outcomes(world: World) -> None:
    part = world.lake.need("sums/tasks", "sums-00000").parts["curated"]
    assert part.outcomes is not None
    path = Path(world.lake.path("sums/tasks", "sums-00000", part.outcomes))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def claim_another_end(world: World) -> None:
    manifest = world.lake.need("sums/tasks", "sums-00000")
    part = manifest.parts["curated"]
    assert part.outcomes is not None
    rows = list(world.lake.file_rows("sums/tasks", "sums-00000", part.outcomes))
    forged = [row | ({"reason": "another"} if row["reason"] else {}) for row in rows]
    file = world.lake.write("sums/tasks", "sums-00000", OUTCOMES, forged)
    world.lake.publish("sums/tasks", "sums-00000", {"curated": part.model_copy(update={"outcomes": file})})


@pytest.mark.parametrize("alter", [alter_journal, alter_outcomes, claim_another_end])
def test_what_was_altered_is_found(world: World, alter: Callable[[World], None]) -> None:
    alter(world)
    audit = look(world, ident(world, 3), replay=True)
    assert {finding.step for finding in audit.findings} == {"curation"}, audit.findings


def test_a_journal_that_is_gone_is_noted_and_the_reason_stands(world: World) -> None:
    for path in world.journal_root.rglob("*.journal*"):
        path.unlink()
    audit = look(world, ident(world, 3), replay=True)
    assert audit.agrees
    assert curation(audit)["reason"] == "not a sum"
    assert any("removed by gc" in check.detail for check in audit.link("curation").checks)


async def test_a_row_of_a_lane_with_languages_has_an_end_in_each(tmp_path: Path) -> None:
    lane, lake, teacher = spoken_lane(), Lake(tmp_path / "lake"), TinyTeacher(answer=spoken_answers)
    columns = {name: "x" for name in TASK_COLUMNS}
    rows = [columns | {"problem_id": "1", "family_id": "1", "prompt": "What is 1+2?", "verification_info": {}}]
    rows = [row | {"metadata": {}, "gold_standard_solution": "3"} for row in rows]
    source = Source(path=str(write_rows(tmp_path / "rows.jsonl", rows)), name="sums")
    update_ledger(lake, lane, [open_source(source)], shard_size=9)
    with Journal(tmp_path / "journal") as journal:
        for language in lane.languages:
            stage = tasks_stage(lake, lane, f"spoken-00000-{language}", verifier_versions={})
            await run_stage(stage, journal, Roles(teacher, teacher))
            await seal_stage(stage, lake, journal, Roles(teacher, teacher))
        audit = await asyncio.to_thread(
            audit_row, lake, Recorded(journal), [lane], "rows.jsonl:1", sources=[source], replay=Replay({})
        )
    assert audit is not None
    assert audit.agrees, audit.findings
    assert audit.shard == "spoken-00000"
    ends = [link for link in audit.links if link.step == "curation"]
    assert [Path(link.where).parent.name for link in ends] == ["spoken-00000-cobol", "spoken-00000-latin"]
    assert len({link.facts["calls"][0]["key"] for link in ends}) == 2
    assert len({link.facts["tasks"][0] for link in ends}) == 2
