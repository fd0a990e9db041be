"""Rows in the Task schema, whoever wrote them: how they are read, and under which ids they and their kin stand."""

from __future__ import annotations

from typing import Any

import pytest

from genesys.curation.landing.curate import begin
from genesys.curation.landing.lane import LANDING
from genesys.curation.landing.task_row import known_as, read
from genesys.lane import LedgerRow
from genesys.ledger import problem_id


def row(**columns: Any) -> dict[str, Any]:
    return {
        "problem_id": "7",
        "source": "mine",
        "task_type": "verifiable_math",
        "prompt": "What is 3 + 4?",
        "verification_info": {"ground_truth": "7"},
    } | columns


def task_of(upstream: dict[str, Any], label: str = "landing") -> dict[str, Any]:
    identity = LANDING.identify(upstream)
    ident = problem_id(label, identity.key)
    return begin(LedgerRow(ident, "", label, upstream, "r", read=LANDING.read)).task | {"problem_id": ident}


@pytest.mark.parametrize(
    "info",
    [
        {"ground_truth": "7"},
        '{"ground_truth": "7"}',
        "{'ground_truth': '7'}",
        # As a Parquet column of several task types has it.
        {"ground_truth": "7", "language": None, "test_cases": None},
    ],
)
def test_verification_info_in_all_forms(info: Any) -> None:
    assert read(row(verification_info=info)).verification_info == {"ground_truth": "7"}


def test_nothing_is_said_in_many_ways() -> None:
    for nothing in (None, float("nan"), ""):
        task = read(row(metadata=nothing, gold_standard_solution=nothing, license=nothing))
        assert (task.metadata, task.gold_standard_solution or None, task.license or None) == ({}, None, None)
    assert read(row(parent_ids=None, round=None)).parent_ids == ()


def test_a_trace_of_others_is_the_task_that_it_answers() -> None:
    trace = row(llm_response="It is 7.", response_id="r1", score=1.0, task_hash="old", model_name="m")
    assert LANDING.identify(trace) == LANDING.identify(row())
    assert read(trace) == read(row())


def test_who_a_row_is_its_source_and_its_id_say() -> None:
    ids = {
        task_of(each)["problem_id"]
        for each in (row(), row(source="theirs"), row(problem_id="8"), row(source="mi", problem_id="ne7"))
    }
    assert len(ids) == 4
    changed = row(prompt="What is 3 plus 4?", metadata={"mended": True}, problem_id=7)
    assert task_of(changed)["problem_id"] == task_of(row())["problem_id"]


def test_families_and_parents_are_named_as_their_roots_are() -> None:
    root = task_of(row())
    child = task_of(row(problem_id="7-harder", family_id="7", parent_ids=["7"], round=1))
    assert child["family_id"] == root["family_id"] == root["problem_id"]
    assert child["parent_ids"] == [root["problem_id"]]
    assert child["round"] == 1
    elsewhere = task_of(row(source="theirs", problem_id="7-harder", family_id="7"))
    assert elsewhere["family_id"] != root["family_id"]
    of_another_lane = "0123456789abcdef01234567"
    assert known_as("landing", "mine", of_another_lane) == of_another_lane


def test_the_owners_words_are_kept() -> None:
    task = task_of(
        row(in_source_id=3, license="MIT", attribution="Ada", metadata={"problem_url": "https://x.example/7"})
    )
    assert (task["source"], task["in_source_id"], task["license"], task["attribution"]) == ("mine", "3", "MIT", "Ada")
    assert task["source_url"] == "https://x.example/7"
    assert task["metadata"] == {"problem_url": "https://x.example/7", "landed_problem_id": "7"}
    assert task_of(row(task_type="verifiable_code_understanding"))["task_type"] == "code_output_prediction"
    assert "license" not in task_of(row())  # that of the source counts then
