"""Records that are too much like an earlier one: dropped in row order, the same way each time, rows told apart."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from genesys.likeness import NEAR_DUPLICATE, STEP, THRESHOLD, Likeness, Unlike
from genesys.outcomes import accepted, rejected
from tests.support.tiny_lane import World, sums_lane

Row = dict[str, Any]


def words(number: int, count: int = 200) -> list[str]:
    rng = random.Random(number)
    return [f"{rng.random()}" for _ in range(count)]


def record(ident: str, group: str, features: list[str]) -> Row:
    return {"problem_id": ident, "group": group, "features": features}


def unlike() -> Unlike:
    return Unlike(lambda row: Likeness(row["group"], frozenset(row["features"])))


def changed(features: list[str], share: float) -> list[str]:
    """The same with so large a share of all that either has not in common."""
    keep = round(len(features) * (1 - share) / (1 + share)) if share else len(features)
    keep = round(len(features) * (2 - 2 * share) / (2 - share))
    return features[:keep] + words(-1, len(features) - keep)


def test_the_first_of_two_that_are_alike_stays() -> None:
    seen, base = unlike(), words(1)
    assert seen.checked(accepted(record("a", "1", base))).status == "accepted"
    twin = seen.checked(accepted(record("b", "2", list(reversed(base)))))
    assert (twin.status, twin.reason, twin.detail, twin.step) == ("rejected", NEAR_DUPLICATE, "of a", STEP)
    assert not twin.records
    assert seen.checked(accepted(record("c", "3", words(2)))).status == "accepted"


def test_it_goes_by_the_share_that_they_have_in_common() -> None:
    ends = []
    for number in range(40):
        seen, base = unlike(), words(number, 400)
        seen.checked(accepted(record("a", "1", base)))
        ends.append([seen.checked(accepted(record("b", "2", changed(base, apart)))).status for apart in (0.05, 0.4)])
    near, far = (list(column) for column in zip(*ends, strict=True))
    assert near.count("rejected") >= 38, f"of pairs that share 95%, threshold {THRESHOLD}"
    assert far.count("accepted") == 40


def test_records_of_one_row_are_not_compared_and_the_others_go_one_by_one() -> None:
    seen, base = unlike(), words(1)
    first = seen.checked(accepted(record("a", "1", base), record("b", "1", base), record("c", "1", words(2))))
    assert len(first.records) == 3
    second = seen.checked(accepted(record("d", "2", base), record("e", "2", words(3)), record("f", "2", words(3))))
    assert (second.status, [row["problem_id"] for row in second.records]) == ("accepted", ["e", "f"])


def test_a_dropped_row_and_one_that_is_compared_by_nothing_stay_as_they_are() -> None:
    seen = Unlike(lambda row: None)
    assert seen.checked(rejected("for another reason")) == rejected("for another reason")
    same = accepted(record("a", "1", ["x"]))
    assert [seen.checked(same).status for _ in range(2)] == ["accepted", "accepted"]


def test_a_lane_that_says_by_what_has_its_shards_sealed_so(tmp_path: Path) -> None:
    from dataclasses import replace

    def by_answer(task: Row) -> Likeness:
        return Likeness(task["row_id"], frozenset(task["gold_standard_solution"]))

    rows = [
        {"id": number, "question": question, "answer": answer}
        for number, (question, answer) in enumerate(
            [("1+2", "3"), ("2+1", "3"), ("20+22", "42"), ("22+20", "24"), ("Why?", "-")]
        )
    ]
    world = World.at(tmp_path, rows, lane=replace(sums_lane(), likeness=by_answer))
    world.update()
    world.run("tasks")
    counts = world.lake.need("sums/tasks", "sums-00000").counts
    assert counts.balanced
    assert (counts.accepted, counts.rejected) == (2, {NEAR_DUPLICATE: 2, "not a sum": 1})
    assert counts.dropped == {STEP: 2}
    assert [task["prompt"] for task in world.rows("tasks")] == ["What is 1+2?", "What is 20+22?"]
