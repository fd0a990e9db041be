"""Real samples that lie beside the checkout on some machines, brought into NuminaMath's columns; tests skip without."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("GENESYS_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_shared_data = pytest.mark.skipif(not FOLDER.is_dir(), reason="the real samples are not on this machine")


def read(name: str) -> list[dict[str, Any]]:
    with (FOLDER / name).open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def numina_row(problem: str, solution: str, answer: str, source: str) -> dict[str, Any]:
    """Columns of NuminaMath-1.5."""
    return {
        "problem": problem.strip(),
        "solution": solution,
        "answer": answer,
        "problem_type": "Other",
        "question_type": "math-word-problem",
        "source": source,
        "problem_is_valid": "Yes",
        "solution_is_valid": "Yes",
        "synthetic": False,
    }


def gsm8k() -> list[dict[str, Any]]:
    rows = []
    for row in read("sources/gsm8k_test.jsonl"):
        solution, _, answer = row["answer"].partition("#### ")
        rows.append(numina_row(row["question"], solution, answer, "gsm8k"))
    return rows


def math500() -> list[dict[str, Any]]:
    return [numina_row(r["problem"], r["solution"], r["answer"], "math500") for r in read("sources/math500.jsonl")]


def olympiadbench() -> list[dict[str, Any]]:
    return [
        numina_row(r["question"], "\n".join(r["solution"]), ", ".join(r["final_answer"]), "olympiadbench")
        for r in read("sources/olympiadbench.jsonl")
    ]


def gsm8k_responses() -> dict[str, list[dict[str, Any]]]:
    """Labelled responses by problem, in the order of the file."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read("cases/math_gsm8k.jsonl"):
        found[row["prompt"].strip()].append(row)
    return found


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
