"""TACO (``BAAI/TACO``): columns -> ``CodeProblem``. As APPS, with limits, a name and tags, and without a key."""

from __future__ import annotations

import dataclasses
from typing import Any

from genesys.curation.coding import apps
from genesys.curation.coding import values as values
from genesys.curation.coding.problem import CodeProblem, Columns

NEEDED = (
    "question", "solutions", "starter_code", "input_output", "difficulty", "name", "source", "tags", "url",
    "time_limit", "memory_limit",
)  # fmt: skip


def key(row: dict[str, Any]) -> str:
    """The problem's text, since upstream gives no key: a mended test is a new version of the row."""
    if not (found := values.text(row, "question").strip()):
        raise ValueError("question: is empty")
    return found


def read(row: dict[str, Any]) -> CodeProblem:
    """A row of TACO as a problem: APPS' columns and more."""
    return dataclasses.replace(
        apps.read(row),
        time_limit=values.seconds(row.get("time_limit")),
        memory_limit=values.word(row, "memory_limit"),
        memory_limit_bytes=values.size(row.get("memory_limit")),
        name=values.word(row, "name"),
        tags=values.words(row, "tags"),
    )


TACO = Columns("taco", NEEDED, key, read)
