"""Curation of NuminaMath rows: which prompt is asked when, what becomes of each answer, and the gold preflight."""

import json
from pathlib import Path
from typing import Any

import pytest

from genesys.curation.math.numina_math import identify
from tests.support.lanes import curate_all

YES = json.dumps({"checkable": True, "kind": "final_answer", "why": "one number"})


def row(problem: str = "What is $1+1$?", solution: str = "It is $\\boxed{2}$.", **columns: Any) -> dict[str, Any]:
    return {"problem": problem, "solution": solution, "source": "olympiads", **columns}


def asked(calls: Any) -> list[str]:
    return [entry.name for entry in calls.entries if entry.kind == "chat"]


async def test_a_plain_row_becomes_a_task_without_asking_anybody(tmp_path: Path) -> None:
    [(outcome, calls)] = await curate_all(tmp_path, [row(answer="2", question_type="math-word-problem")])
    assert outcome.status == "accepted"
    [task] = outcome.records
    assert task["task_type"] == "verifiable_math"
    assert task["verification_info"] == {"ground_truth": "2"}
    assert "What is $1+1$?" in task["prompt"]
    assert "\\boxed{}" in task["prompt"]
    assert asked(calls) == []


async def test_columns_of_the_older_version_suffice(tmp_path: Path) -> None:
    upstream = row(messages=[{"role": "user", "content": "What is $1+1$?"}])
    [(outcome, _)] = await curate_all(tmp_path, [upstream])
    assert outcome.records[0]["verification_info"] == {"ground_truth": "2"}


async def test_multiple_choice_is_rewritten_into_a_direct_question(tmp_path: Path) -> None:
    answer = json.dumps({"possible": True, "problem": "What is twice two?", "answer": "$4$", "why": ""})
    upstream = row("What is twice two? (A) 3 (B) 4 (C) 5", "Four, so (B).", answer="B", question_type="MCQ")
    [(outcome, calls)] = await curate_all(tmp_path, [upstream], {"numina_direct_question": answer})
    [task] = outcome.records
    assert task["verification_info"] == {"ground_truth": "4"}
    assert "(A)" not in task["prompt"]
    assert task["metadata"]["rewritten_from_multiple_choice"] is True
    assert asked(calls) == ["numina_direct_question"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"possible": False, "why": "asks which statement is true"}, "multiple choice without a direct form"),
        ({"possible": True, "problem": "It? (A) 3 (B) 4 (C) 5", "answer": "4"}, "rewritten question still has options"),
        ({"possible": True, "problem": "What is twice two?", "answer": "(B)"}, "rewritten question still has options"),
        ({"possible": True, "problem": "What is twice two?", "answer": " "}, "no final answer"),
    ],
)
async def test_multiple_choice_that_stays_one_is_dropped(tmp_path: Path, answer: dict[str, Any], reason: str) -> None:
    upstream = row("Twice two? (A) 3 (B) 4 (C) 5", "(B)", answer="B", question_type="MCQ")
    [(outcome, _)] = await curate_all(tmp_path, [upstream], {"numina_direct_question": json.dumps(answer)})
    assert (outcome.status, outcome.reason) == ("rejected", reason)


async def test_the_final_answer_is_asked_for_where_no_rule_finds_it(tmp_path: Path) -> None:
    curator = {"numina_final_answer": json.dumps({"found": True, "answer": "$72$", "why": ""}), "numina_checkable": YES}
    [(outcome, calls)] = await curate_all(tmp_path, [row("How fast is it?", "So it goes 72 km/h.")], curator)
    assert outcome.records[0]["verification_info"] == {"ground_truth": "72"}
    assert asked(calls)[0] == "numina_final_answer"


async def test_a_row_without_a_final_answer_is_dropped(tmp_path: Path) -> None:
    curator = {"numina_final_answer": json.dumps({"found": False, "answer": "", "why": "a discussion"})}
    [(outcome, _)] = await curate_all(tmp_path, [row("What about it?", "It depends.")], curator)
    assert (outcome.status, outcome.reason, outcome.detail) == ("rejected", "no final answer", "a discussion")


async def test_what_is_not_plain_is_asked_about(tmp_path: Path) -> None:
    upstream = row("Find all $f$ with $f(f(x))=x$. Why are there no others?", answer="f(x)=x")
    no = json.dumps({"checkable": False, "kind": "several_questions", "why": "asks for a reason as well"})
    [(outcome, calls)] = await curate_all(tmp_path, [upstream], {"numina_checkable": no})
    assert (outcome.status, outcome.reason) == ("rejected", "not checkable: several questions")
    assert asked(calls) == ["numina_checkable"]


async def test_an_unreadable_curator_is_asked_again_and_then_a_counted_drop(tmp_path: Path) -> None:
    upstream = row("Find all $f$ with $f(f(x))=x$.", answer="f(x)=x")
    [(outcome, calls)] = await curate_all(tmp_path, [upstream], {"numina_checkable": "I would say yes."})
    # The script answers the first trial only, so the second finds no recorded answer: errored, not rejected.
    assert outcome.status == "errored"
    assert "no answer was written" in str(outcome.detail)
    assert asked(calls) == ["numina_checkable"]


async def test_without_a_curator_the_row_waits_for_one(tmp_path: Path) -> None:
    upstream = row("Find all $f$ with $f(f(x))=x$.", answer="f(x)=x")
    [(outcome, _)] = await curate_all(tmp_path, [upstream], {})
    assert outcome.status == "errored"


async def test_a_gold_that_its_own_verifier_rejects_makes_no_task(tmp_path: Path) -> None:
    curator = {"numina_checkable": YES}
    upstream = row("What shape is it, find it.", answer="\\boxed{}\\\\&&", solution="none")
    [(outcome, _)] = await curate_all(tmp_path, [upstream], curator)
    assert outcome.status == "rejected"
    assert outcome.reason in ("gold fails its own verifier", "task fault", "no final answer")


async def test_an_answer_that_no_mutant_of_fails_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesys.curation.math.numina_math.gold_mutants", lambda answer, k: ["2.0", "4/2"])
    [(outcome, _)] = await curate_all(tmp_path, [row(answer="2")])
    assert (outcome.status, outcome.reason) == ("rejected", "no mutant of the gold fails")


@pytest.mark.parametrize(
    ("upstream", "message"),
    [
        ({"problem": None, "solution": "x"}, "problem: is NoneType, expected text"),
        ({"problem": "  ", "solution": "x"}, "problem: is empty"),
        ({"problem": "What?", "solution": 5}, "solution: is int, expected text"),
    ],
)
def test_a_row_without_an_identity_says_which_field(upstream: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        identify(upstream)


def test_a_mended_solution_keeps_the_identity() -> None:
    assert identify(row(solution="old")) == identify(row(solution="new"))
    assert identify(row("A?")) != identify(row("B?"))


@pytest.mark.parametrize(
    ("rewritten", "reason"),
    [
        ("What is twice 21? It is 42.", "gives its answer away"),
        ("What is twice 21, if half of it is 21?", None),
        ("What is half of 84?", None),
    ],
)
async def test_a_rewritten_question_must_not_hold_its_answer(
    tmp_path: Path, rewritten: str, reason: str | None
) -> None:
    answer = json.dumps({"possible": True, "problem": rewritten, "answer": "42", "why": ""})
    upstream = row("What is twice 21? (A) 40 (B) 42 (C) 44", "It is (B).", answer="B", question_type="MCQ")
    [(outcome, calls)] = await curate_all(tmp_path, [upstream], {"numina_direct_question": answer})
    assert (outcome.reason, bool(outcome.records)) == (reason, reason is None)
    assert outcome.step == ("rewritten question gives no answer away" if reason else None)
    assert asked(calls) == ["numina_direct_question"]


async def test_an_answer_that_stood_in_the_problem_itself_is_no_leak(tmp_path: Path) -> None:
    answer = json.dumps({"possible": True, "problem": "42 goats, none ran away: how many are left?", "answer": "42"})
    upstream = row("Of 42 goats none ran away. Left: (A) 40 (B) 42 (C) 44", "(B)", answer="B", question_type="MCQ")
    [(outcome, _)] = await curate_all(tmp_path, [upstream], {"numina_direct_question": answer})
    assert outcome.status == "accepted"


@pytest.mark.parametrize("field", ["problem", "solution"])
async def test_a_row_with_somebodys_address_is_dropped_before_a_model_sees_it(tmp_path: Path, field: str) -> None:
    upstream = row(question_type="MCQ") | {field: "Find $x$ and write to jane@uni-bonn.de. (A) 1 (B) 2 (C) 3"}
    [(outcome, calls)] = await curate_all(tmp_path, [upstream], {})
    assert (outcome.reason, outcome.detail) == ("holds personal data", f"e-mail address in {field}")
    assert asked(calls) == []


async def test_a_dropped_row_says_at_which_step(tmp_path: Path) -> None:
    upstream = [row("Prove it.", "Clear."), row("What about it?", "It depends.")]
    curator = {"numina_final_answer": json.dumps({"found": False, "answer": "", "why": "a discussion"})}
    found = await curate_all(tmp_path, upstream, curator)
    assert [outcome.step for outcome, _ in found] == ["nothing rules it out", "a final answer"]
