"""Rows in every form that people bring, read as one problem; what is broken says which field, and what was expected."""

import math
from pathlib import Path
from typing import Any

import pytest

from genesys.curation.math.problem import read
from genesys.lanes import MATH
from genesys.ledger import broken_rows, update_ledger
from genesys.sources import Source
from genesys.sources.opening import open_source
from genesys.tables.lake import Lake
from tests.support.lanes import curate_all
from tests.support.tiny_lane import write_rows

PROBLEM = "What is 5 - 5?"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("0", "0"),
        (0, "0"),
        (0.0, "0"),
        (85.0, "85"),
        (0.25, "0.25"),
        (-3, "-3"),
        (10**20, "100000000000000000000"),
        (1e300, "1e+300"),
        (" \\frac12 ", "\\frac12"),
        ("", ""),
        (None, ""),
        (math.nan, ""),
    ],
)
def test_an_answer_is_text_or_a_number(answer: Any, text: str) -> None:
    assert read({"problem": PROBLEM, "answer": answer}).answer == text


@pytest.mark.parametrize("answer", [True, False, ["85"], {"a": 1}, []])
def test_what_is_neither_is_a_broken_row_and_no_gold(answer: Any) -> None:
    with pytest.raises(ValueError, match=f"answer: is {type(answer).__name__}, expected text or a number"):
        MATH.identify({"problem": PROBLEM, "solution": "", "answer": answer})


async def test_zero_is_a_gold(tmp_path: Path) -> None:
    [(outcome, _)] = await curate_all(tmp_path, [{"problem": PROBLEM, "solution": "Nothing is left.", "answer": 0}])
    assert outcome.records[0]["verification_info"] == {"ground_truth": "0"}


@pytest.mark.parametrize("row", [{"answer": "4"}, {"answer": "4", "solution": None}, {"solution": "\\boxed{4}"}])
async def test_an_answer_or_a_solution_is_enough(tmp_path: Path, row: dict[str, Any]) -> None:
    [(outcome, _)] = await curate_all(tmp_path, [{"problem": "What is $2+2$?", **row}])
    assert outcome.records[0]["verification_info"] == {"ground_truth": "4"}


def test_broken_rows_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    rows = [
        {"problem": PROBLEM, "answer": ["0"]},
        {"problem": 5, "answer": "0"},
        {"problem": " ", "answer": "0"},
        {"problem": PROBLEM, "solution": 7, "answer": "0"},
        {"problem": PROBLEM},
        {"problem": PROBLEM, "answer": "0"},
    ]
    source = Source(path=str(write_rows(tmp_path / "mine.jsonl", rows)), name="mine")
    lake = Lake(tmp_path / "lake")
    update = update_ledger(lake, MATH, [open_source(source)], shard_size=4)
    assert list(broken_rows(lake, MATH)) == [
        "mine.jsonl:1: answer: is list, expected text or a number",
        "mine.jsonl:2: problem: is int, expected text",
        "mine.jsonl:3: problem: is empty",
        "mine.jsonl:4: solution: is int, expected text",
        "mine.jsonl:5: solution or answer: missing",
    ]
    assert update.counts.accepted == 1
