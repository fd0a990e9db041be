"""Which responses are chosen, and that every other one has its reason."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.faults import GenesysError
from genesys.outcomes import Counts
from genesys.release import filtered
from genesys.release.filtered import make_filtered
from genesys.tables.columns import GENERATIONS
from genesys.tables.lake import WHOLE, Lake, Part
from tests.support.tiny_lane import ROWS, TinyTeacher, World, sums_lane, write_rows

Row = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.at(tmp_path)
    world.update()
    world.run()
    return world


def make(world: World, **more: Any) -> Part:
    return make_filtered(world.lake, [world.lane], **more)


def chosen(world: World) -> list[Row]:
    return list(world.lake.rows(filtered.ASSET))


def reasons(world: World) -> dict[str, str | None]:
    part = world.lake.need(filtered.ASSET).parts[filtered.CAMPAIGN]
    rows = world.lake.file_rows(filtered.ASSET, WHOLE, part.companions[filtered.ENDS_FILE])
    return {row["response_id"]: row["reason"] for row in rows}


def test_each_response_ends_chosen_or_dropped_with_its_reason(world: World) -> None:
    part = make(world)
    assert part.counts == {
        "rows": 12,
        "accepted": 3,
        "rejected": {"cut off": 3, "equal response": 3, "not accepted: wrong": 3},
        "errored": {},
        "records": 3,
        "dropped": {"equal responses": 3, "length and format": 3, "verdict": 3},
    }
    by_id = {row["response_id"]: row for row in world.rows("generations")}
    ends = reasons(world)
    assert ends.keys() == by_id.keys()
    for ident, reason in ends.items():
        index = by_id[ident]["sample_index"]
        expected = {1: {"not accepted: wrong"}, 3: {"cut off"}}.get(index, {None, "equal response"})
        assert reason in expected
    rows = chosen(world)
    assert [row["response_id"] for row in rows] == sorted(ident for ident, reason in ends.items() if reason is None)
    assert {(row["lane"], row["shard"], row["task_type"], row["score"]) for row in rows} == {
        ("sums", "sums-00000", "tiny_sum", 1.0)
    }


def test_of_equal_responses_to_a_problem_that_with_the_least_id_stays(world: World) -> None:
    make(world)
    texts: dict[tuple[str, str], list[str]] = {}
    for row in world.rows("generations"):
        if row["sample_index"] in (0, 2):
            texts.setdefault((row["problem_id"], row["messages"][-1]["content"]), []).append(row["response_id"])
    assert [row["response_id"] for row in chosen(world)] == sorted(min(ids) for ids in texts.values())


def test_equal_texts_of_different_problems_both_stay(tmp_path: Path) -> None:
    rows = [{"id": 1, "question": "1+3", "answer": "4"}, {"id": 2, "question": "2+2", "answer": "4"}]

    def answer(request: Any) -> Any:
        base = TinyTeacher().answer(request)
        return base.model_copy(update={"reasoning": None})

    world = World.at(tmp_path, rows, teacher=TinyTeacher(answer=answer), samples=1)
    world.update()
    world.run()
    assert make(world).counts["accepted"] == 2


def test_nothing_is_done_again_until_an_input_changes(world: World) -> None:
    first = make(world, run_id="one")
    assert make(world, run_id="two") == first
    assert world.lake.need(filtered.ASSET).parts[filtered.CAMPAIGN].run_id == "one"
    more = replace(world, samples=5)
    more.run("generations", "verifications")
    again = make(more, run_id="three")
    assert (again.run_id, again.counts["rows"], again.counts["accepted"]) == ("three", 15, 6)
    assert again.fingerprint != first.fingerprint


def test_same_inputs_give_the_same_bytes_whatever_the_order_of_lanes(tmp_path: Path) -> None:
    found = []
    for name, flipped in (("a", False), ("b", True)):
        lake = Lake(tmp_path / name / "lake")
        worlds = [
            World.at(tmp_path / name / lane, lake=lake, lane=sums_lane(name=lane), samples=6)
            for lane in ("sums", "more")
        ]
        for world in worlds:
            write_rows(world.source_file, [row | {"id": f"{world.lane.name}{row['id']}"} for row in ROWS])
            world.update(shard_size=2)
            world.run()
        lanes = [world.lane for world in worlds]
        part = make_filtered(lake, lanes[::-1] if flipped else lanes, run_id=name)
        found.append(([file.sha256 for file in part.files], part.counts))
        assert {row["lane"] for row in lake.rows(filtered.ASSET)} == {"sums", "more"}
        ids = [row["response_id"] for row in lake.rows(filtered.ASSET)]
        assert ids == sorted(ids)
    assert found[0] == found[1]


def test_a_stale_task_drops_its_responses_until_they_are_made_again(world: World) -> None:
    make(world)
    changed = replace(world, lane=replace(sums_lane(), curate=other_wording(world), version="2"))
    changed.run("tasks")
    part = make(changed)
    assert part.counts["rejected"] == {"stale task": 12}
    assert chosen(changed) == []
    changed.run("generations", "verifications")
    assert make(changed).counts["accepted"] == 3


def other_wording(world: World) -> Any:
    async def curate(row: Any, calls: Any) -> Any:
        outcome = await world.lane.curate(row, calls)
        records = tuple(record | {"metadata": {}, "gold_standard_solution": "other"} for record in outcome.records)
        return replace(outcome, records=records)

    return curate


def test_a_task_that_is_gone_drops_its_responses(world: World) -> None:
    other = TinyTeacher(teacher_id="stricter", answer=lambda request: refuse_if("5+5", request))
    replace(world, teacher=other).run("tasks")
    assert len(world.rows("tasks")) == 2
    assert make(world).counts["rejected"]["stale task"] == 4


def refuse_if(question: str, request: Any) -> Any:
    answer = TinyTeacher().answer(request)
    if request.name == "is_sum" and question in request.messages[-1].content:
        return answer.model_copy(update={"content": '{"is_sum": false}'})
    return answer


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([ROWS[0] | {"answer": "03"}, *ROWS[1:]], "superseded source row"),
        (ROWS[1:], "removed source row"),
    ],
)
def test_withdrawn_source_rows_drop_their_responses(world: World, rows: list[Row], reason: str) -> None:
    make(world)
    write_rows(world.source_file, rows)
    world.update()
    part = make(world)
    assert part.counts["rejected"][reason] == 4
    assert part.counts["accepted"] == 2
    write_rows(world.source_file, ROWS)
    world.update()
    assert make(world).counts["accepted"] == 3


def test_a_verdict_on_another_text_does_not_count(world: World) -> None:
    """Journal and responses were lost, and a teacher that is not deterministic answered the same calls anew."""
    make(world)
    other = TinyTeacher(answer=lambda request: shouted(TinyTeacher().answer(request), request))
    shutil.rmtree(world.folder / "lake" / "sums" / "generations")
    replace(world, journal_name="another", teacher=other).run("generations")
    assert world.rows("generations")[0]["messages"][-1]["content"] == "Now 3"
    assert make(world).counts["rejected"] == {"stale verdict": 12}
    replace(world, journal_name="another", teacher=other).run("verifications")
    assert make(world).counts["accepted"] == 3


def shouted(answer: Any, request: Any) -> Any:
    if request.name == "is_sum":
        return answer
    return answer.model_copy(
        update={"content": f"Now {answer.content.split()[-1]}", "reasoning": None, "finish_reason": "stop"}
    )


def test_a_response_that_is_gone_does_not_count(world: World) -> None:
    manifest = world.lake.need("sums/generations", "sums-00000")
    (campaign,) = manifest.parts
    part = manifest.parts[campaign]
    rows = [row for row in world.rows("generations") if row["sample_index"] != 2]
    file = world.lake.write("sums/generations", "sums-00000", GENERATIONS, rows)
    world.lake.publish("sums/generations", "sums-00000", {campaign: part.model_copy(update={"data": file})})
    counts = make(world).counts
    assert counts["rejected"]["stale verdict"] == 3
    assert counts["accepted"] == 3


def test_nothing_verified_yet_is_an_empty_set(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    part = make(world)
    assert (part.data.rows, part.counts) == (0, Counts().as_dict())
    assert chosen(world) == []


def test_two_campaigns_that_got_the_same_answer_count_it_once(world: World) -> None:
    manifest = world.lake.need("sums/generations", "sums-00000")
    (part,) = manifest.parts.values()
    rows = [row | {"campaign": "other-0004"} for row in world.rows("generations")]
    file = world.lake.write("sums/generations", "sums-00000", GENERATIONS, rows)
    world.lake.publish("sums/generations", "sums-00000", {"other-0004": part.model_copy(update={"data": file})})
    world.run("verifications")
    assert make(world).counts["rejected"]["equal response"] == 9
    assert len({row["response_id"] for row in chosen(world)}) == len(chosen(world)) == 3


def test_an_unreadable_table_stops_it_and_leaves_what_stood(world: World) -> None:
    before = make(world)
    replace(world, samples=5).run("generations", "verifications")
    for path in Path(world.lake.root).glob("sums/tasks/*/manifest.json"):
        path.write_text("{")
    with pytest.raises(GenesysError, match="is no manifest"):
        make(world)
    assert world.lake.need(filtered.ASSET).parts[filtered.CAMPAIGN] == before
