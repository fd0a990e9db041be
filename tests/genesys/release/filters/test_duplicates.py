"""Which responses go as duplicates of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesys.release.filters.duplicates import equal_responses, near_responses
from genesys.settings.release import DuplicateSettings
from tests.support.compared import gone, traces_of

NEAR = near_responses(DuplicateSettings())
SAID = (
    "First the price of all 12 chairs is 12 * 40 = 480 dollars. Then the discount of 25 percent takes 120 dollars off, "
    "so that 360 dollars are left to pay. With the fee of 15 dollars for delivery the whole order costs 375 dollars, "
    "which is the answer that was asked for."
)
EDITED = SAID.replace("whole order", "complete order").replace("First", "To begin,").replace("asked for", "wanted")
PROBLEMS = [{"problem_id": name, "prompt": f"Problem {name}: what do chairs cost?"} for name in ("p1", "p2")]


def responses(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"response_id": name, "problem_id": problem, "text": text} for name, problem, text in rows]


def test_of_equal_responses_the_first_by_id_stays(tmp_path: Path) -> None:
    rows = responses(("r3", "p1", SAID), ("r1", "p1", SAID), ("r2", "p1", EDITED))
    assert gone(equal_responses(), traces_of(PROBLEMS, rows, tmp_path)) == {"r3": "of r1"}


def test_equal_responses_to_other_problems_stay_unless_these_ask_the_same(tmp_path: Path) -> None:
    rows = responses(("r1", "p1", SAID), ("r2", "p2", SAID))
    other = [PROBLEMS[0], {"problem_id": "p2", "prompt": "What do 12 tables cost?"}]
    same = [PROBLEMS[0], {"problem_id": "p2", "prompt": PROBLEMS[0]["prompt"].upper()}]
    assert gone(equal_responses(), traces_of(other, rows, tmp_path)) == {}
    assert gone(equal_responses(), traces_of(same, rows, tmp_path)) == {"r2": "of r1"}


def test_a_response_that_two_campaigns_have_stays_once(tmp_path: Path) -> None:
    rows = [{"response_id": "r1", "problem_id": "p1", "text": SAID, "campaign": name} for name in ("a", "b")]
    traces = traces_of(PROBLEMS, rows, tmp_path)
    assert equal_responses().drop(traces)["row"].to_list() == [1]


def test_an_edited_response_goes_and_names_its_twin(tmp_path: Path) -> None:
    rows = responses(("r1", "p1", SAID), ("r2", "p1", EDITED), ("r3", "p1", "Another way: 480 - 120 + 15 = 375."))
    found = gone(NEAR, traces_of(PROBLEMS, rows, tmp_path))
    assert found.keys() == {"r2"}
    assert found["r2"].startswith("of r1, likeness 0.")


@pytest.mark.parametrize(
    ("text", "goes"),
    [(EDITED, True), (EDITED.replace("375", "376"), False), (EDITED.replace("25 percent", "26 percent"), False)],
    ids=["same numbers", "another result", "another number within"],
)
def test_to_another_problem_it_goes_only_with_the_same_numbers(tmp_path: Path, text: str, goes: bool) -> None:
    found = gone(NEAR, traces_of(PROBLEMS, responses(("r1", "p1", SAID), ("r2", "p2", text)), tmp_path))
    assert bool(found) is goes


def test_a_short_answer_may_be_right_for_many_problems(tmp_path: Path) -> None:
    rows = responses(("r1", "p1", "The answer is 375."), ("r2", "p2", "The answer is 375."))
    assert gone(NEAR, traces_of(PROBLEMS, rows, tmp_path)) == {}


def test_only_what_is_left_counts_as_a_twin(tmp_path: Path) -> None:
    traces = traces_of(PROBLEMS, responses(("r1", "p1", SAID), ("r2", "p1", EDITED)), tmp_path)
    without = type(traces)(traces.rows.filter(traces.rows["response_id"] != "r1"), traces.problems, traces.signatures)
    assert NEAR.drop(without).is_empty()
    assert NEAR.drop(type(traces)(traces.rows.clear(), traces.problems, traces.signatures)).is_empty()
