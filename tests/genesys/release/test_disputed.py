"""Disputed golds in the tables: which tasks, what becomes of their responses, and when votes are counted anew."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genesys.quality.same_answers import SameAnswers
from genesys.release import filtered
from genesys.release.disputed import COMPANION, DISPUTED, count_again, dispute_of, entries, listed
from genesys.release.filtered import disputed_problems, make_filtered
from genesys.release.preference import make_preference
from genesys.release.raw import make_raw
from genesys.release.rl import make_rl
from genesys.release.sft import make_sft
from genesys.settings import DisputeSettings
from genesys.tables.columns import GENERATIONS
from genesys.tables.lake import WHOLE, Part
from tests.support.disputing import NAMING, NamingVerifier, teacher_saying
from tests.support.tiny_lane import ROWS, TinyTeacher, World, write_rows

Row = dict[str, Any]
WRONG = {"1+2": ["4"]}
"""Every sample says 4, the gold says 3."""


def world_of(folder: Path, said: dict[str, list[str]] | None = None, **more: Any) -> World:
    world = World.at(folder, teacher=teacher_saying(WRONG if said is None else said), registry=NAMING, **more)
    world.update(shard_size=2)
    world.run()
    return world


def make(world: World, **more: Any) -> Part:
    return make_filtered(world.lake, [world.lane], **more)


def table(world: World) -> list[Row]:
    return list(listed(world.lake, filtered.ASSET, world.lake.need(filtered.ASSET).parts[filtered.CAMPAIGN]))


def kinds(world: World, **more: Any) -> list[str]:
    make(world, **more)
    return [row["kind"] for row in table(world)]


def problem(world: World, question: str) -> str:
    tasks = (row for shard in world.shards() for row in world.rows("tasks", shard))
    return next(str(row["problem_id"]) for row in tasks if question in row["prompt"])


def other(world: World, said: dict[str, list[str]], **more: Any) -> World:
    """The same tables with responses of another teacher beside those that are there."""
    return replace(world, teacher=teacher_saying(said, teacher_id="other", **more))


def test_a_task_on_whose_gold_nobody_agrees_is_listed_with_its_votes(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    part = make(world)
    (row,) = table(world)
    ids = sorted(r["response_id"] for r in world.rows("generations") if r["problem_id"] == row["problem_id"])
    assert row == {
        "problem_id": problem(world, "1+2"),
        "kind": "disputed",
        "lane": "sums",
        "shard": "sums-00000",
        "task_hash": world.rows("tasks")[0]["task_hash"],
        "task_type": "tiny_sum",
        "source": "tiny/sums",
        "in_source_id": None,
        "voters": 4,
        "agreeing": 0,
        "answers": [{"answer": "4", "votes": 4, "teachers": [{"teacher_id": "tiny", "votes": 4}], "response_ids": ids}],
    }
    assert list(row) == DISPUTED.names
    assert part.figures == {"tasks": 3.0, "disputed_tasks": 1.0, "contested_tasks": 0.0}
    assert disputed_problems(world.lake) == {row["problem_id"]}
    (entry,) = entries(world.lake, {"sums": world.lane}, [row])
    assert (entry.prompt, entry.gold, entry.leader.answer) == ("What is 1+2?", "3", "4")
    assert dict(dispute_of(row)).items() <= dict(entry).items()


def test_its_responses_are_dropped_for_that_reason_with_the_votes_and_stand_in_raw_alone(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"1+2": ["4", "4", "4", "4", "hm"]}, samples=5)
    part = make(world)
    assert part.counts["rejected"] == {"disputed gold": 5}
    ends = list(world.lake.file_rows(filtered.ASSET, WHOLE, part.companions[filtered.ENDS_FILE]))
    ends = [row for row in ends if row["reason"] is not None]
    assert {row["detail"] for row in ends} == {"4 of 4 answers agree on 4, none with the gold; teachers: tiny"}
    released = {}
    for name, make_set in {"sft": make_sft, "rl": make_rl, "preference": make_preference, "raw": make_raw}.items():
        made = make_set(world.lake, [world.lane])
        files = [made.data, made.companions["test"]]
        rows = [row for file in files for row in world.lake.file_rows(f"dataset/{name}", WHOLE, file)]
        released[name] = {row["problem_id"] for row in rows}
    disputed = disputed_problems(world.lake)
    assert {name for name, problems in released.items() if problems & disputed} == {"raw"}
    assert len(released["sft"]) == len(released["rl"]) == 2


def test_a_contested_task_is_listed_and_stays(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"1+2": ["3", "4"]}, samples=16)
    part = make(world)
    assert [(row["kind"], row["agreeing"], row["voters"]) for row in table(world)] == [("contested", 1, 16)]
    assert part.counts["rejected"] == {"not accepted: wrong answer": 15}
    assert disputed_problems(world.lake) == frozenset()
    assert problem(world, "1+2") in {row["problem_id"] for row in world.lake.rows(filtered.ASSET)}


def test_votes_of_all_campaigns_and_teachers_count(tmp_path: Path) -> None:
    world = world_of(tmp_path, samples=3)
    assert kinds(world) == []
    more = other(world, WRONG)
    more.run("generations", "verifications")
    make(world)
    (row,) = table(world)
    assert (row["kind"], row["voters"]) == ("disputed", 6)
    assert row["answers"][0]["teachers"] == [{"teacher_id": "other", "votes": 3}, {"teacher_id": "tiny", "votes": 3}]


def test_samples_that_agree_with_the_gold_end_the_dispute(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert kinds(world) == ["disputed"]
    more = other(world, {})
    more.run("generations", "verifications")
    assert kinds(world) == []
    assert disputed_problems(world.lake) == frozenset()
    assert problem(world, "1+2") in {row["problem_id"] for row in world.lake.rows(filtered.ASSET)}


@pytest.mark.parametrize(
    "teacher",
    [
        teacher_saying({"1+2": ["hm"]}),
        teacher_saying(WRONG, cut_off=True),
        teacher_saying(WRONG, words="the very same words"),
        teacher_saying({"1+2": ["4", "4", "5", "5"]}),
    ],
    ids=["no answer", "cut off", "one text", "a tie"],
)
def test_what_is_no_evidence_makes_no_dispute(tmp_path: Path, teacher: Any) -> None:
    world = World.at(tmp_path, teacher=teacher, registry=NAMING)
    world.update()
    world.run()
    assert kinds(world) == []


def test_nothing_is_counted_again_until_an_input_the_rule_or_a_comparison_changes(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    first = make(world, run_id="one")
    assert make(world, run_id="two", disputes=DisputeSettings(warn_above=0.5)) == first
    assert make(world, run_id="three", disputes=DisputeSettings(votes=5)).run_id == "three"
    assert table(world) == []
    assert make(world, run_id="four", disputes=DisputeSettings(votes=5, share=0.9)).run_id == "four"
    again = make(world, run_id="five")
    assert (again.run_id, again.companions, again.data) == ("five", first.companions, first.data)
    with_comparison = make(world, run_id="six", same=SameAnswers({"tiny_sum": Comparing}))
    assert with_comparison.run_id == "six"
    assert with_comparison.versions["same_answer:tiny_sum"] == "a"
    replace(world, samples=5).run("generations", "verifications")
    assert make(world, run_id="seven").run_id == "seven"


class Comparing(NamingVerifier):
    version = "a"

    def same_answer(self, left: str, right: str) -> bool:
        return int(left) == int(right)


def test_other_spellings_count_where_the_verifier_can_compare(tmp_path: Path) -> None:
    world = world_of(tmp_path, {"1+2": ["4", "04", "004", "0004"]})
    assert kinds(world) == []
    assert kinds(world, same=SameAnswers({"tiny_sum": Comparing})) == ["disputed"]


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    shas = []
    for name in ("a", "b"):
        part = make(world_of(tmp_path / name), run_id=name)
        shas.append((part.data.sha256, part.companions[COMPANION].sha256))
    assert shas[0] == shas[1]


def test_votes_against_an_earlier_gold_do_not_count(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert kinds(world) == ["disputed"]
    write_rows(world.source_file, [ROWS[0] | {"answer": "4"}, *ROWS[1:]])
    world.update(shard_size=2)
    assert kinds(world) == [], "the row was mended, and its task is not made yet"
    world.run()
    assert kinds(world) == []
    assert problem(world, "1+2") in {row["problem_id"] for row in world.lake.rows(filtered.ASSET)}


def test_a_row_that_was_withdrawn_is_no_task_any_more(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    write_rows(world.source_file, ROWS[1:])
    world.update(shard_size=2)
    part = make(world)
    assert table(world) == []
    assert part.figures["tasks"] == 2


def test_a_verdict_on_another_text_has_no_vote(tmp_path: Path) -> None:
    """Journal and responses were lost, and a teacher that is not deterministic answered the same calls anew."""
    world = world_of(tmp_path)
    assert kinds(world) == ["disputed"]
    changed = replace(world, journal_name="another", teacher=teacher_saying({"1+2": ["5"]}))
    shutil.rmtree(world.folder / "lake" / "sums" / "generations")
    changed.run("generations")
    assert kinds(world) == []
    changed.run("verifications")
    make(world)
    assert [row["answers"][0]["answer"] for row in table(world)] == ["5"]


def test_a_response_that_is_gone_has_no_vote(tmp_path: Path) -> None:
    world = world_of(tmp_path, samples=6)
    shard = "sums-00000"
    ((campaign, part),) = world.lake.need("sums/generations", shard).parts.items()
    rows = [row for row in world.rows("generations", shard) if row["sample_index"] != 5]
    file = world.lake.write("sums/generations", shard, GENERATIONS, rows)
    world.lake.publish("sums/generations", shard, {campaign: part.model_copy(update={"data": file})})
    make(world)
    assert [(row["kind"], row["voters"]) for row in table(world)] == [("disputed", 5)]


def test_a_dispute_whose_task_is_gone_is_listed_with_its_votes(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    make(world)
    gone = [row | {"problem_id": "0" * 24} for row in table(world)]
    (entry,) = entries(world.lake, {"sums": world.lane}, gone)
    assert (entry.prompt, entry.task_type, entry.leader.votes) == ("", "tiny_sum", 4)


@pytest.mark.parametrize("said", [WRONG, {"1+2": ["3", "4"]}, {"1+2": ["4", "4", "4", "4", "3"]}])
def test_counting_without_writing_gives_the_same_rows(tmp_path: Path, said: dict[str, list[str]]) -> None:
    world = world_of(tmp_path, said, samples=8)
    make(world)
    with SameAnswers() as same:
        counted = list(count_again(world.lake, [world.lane], DisputeSettings(), same))
    assert counted == table(world)
    assert len(counted) == (said != {"1+2": ["4", "4", "4", "4", "3"]})


def test_what_is_repeated_word_for_word_in_favour_of_the_gold_counts_once_too(tmp_path: Path) -> None:
    said = teacher_saying(WRONG).answer

    def answer(request: Any) -> Any:
        given = said(request)
        is_gold = request.name != "is_sum" and "1+2" in request.messages[-1].content and request.sample_index < 8
        return given.model_copy(update={"content": "always 3"}) if is_gold else given

    world = World.at(tmp_path, teacher=TinyTeacher(answer=answer), registry=NAMING, samples=16)
    world.update()
    world.run()
    make(world)
    assert [(row["kind"], row["agreeing"], row["voters"]) for row in table(world)] == [("contested", 1, 9)]
    with SameAnswers() as same:
        assert list(count_again(world.lake, [world.lane], DisputeSettings(), same)) == table(world)


def test_verdicts_on_an_earlier_content_of_a_task_say_nothing_of_it(tmp_path: Path) -> None:
    world = world_of(tmp_path, samples=16)

    async def curate(row: Any, calls: Any) -> Any:
        outcome = await world.lane.curate(row, calls)
        records = tuple(record | {"gold_standard_solution": "mended"} for record in outcome.records)
        return replace(outcome, records=records)

    changed = replace(world, lane=replace(world.lane, curate=curate, version="2"))
    changed.run("tasks")
    part = make(changed)
    assert table(changed) == []
    assert part.figures["tasks"] == 0
    changed.run("generations", "verifications")
    assert kinds(changed) == ["disputed"]


def test_a_list_that_was_made_before_there_was_one_is_empty(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    part = make(world).model_copy(update={"companions": {}})
    world.lake.publish(filtered.ASSET, WHOLE, {filtered.CAMPAIGN: part})
    assert disputed_problems(world.lake) == frozenset()
