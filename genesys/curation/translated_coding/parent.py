"""The task that is translated: a row of the coding lane's table of tasks, typed. Nothing is decided about it here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesys.curation.coding.problem import Solution
from genesys.lane import Adapter, Identity
from genesys.schemas import parse_info
from genesys.verifiers.code.blocks import fenced_blocks

NEEDED = ("problem_id", "task_type", "prompt", "gold_standard_solution", "verification_info", "metadata")

_CONTRACT = re.compile(
    r"\n\n(?:Your solution has to begin with this code:\n\n(?:`{3,})python\n|"
    r"Write a whole program in Python 3\. It reads |Write it in Python 3\. The tests call )"
)
"""With what the coding lane's prompt goes on after the statement."""


@dataclass(frozen=True)
class Parent:
    """A task of the coding lane.

    Args:
        problem_id: Of the task.
        family_id: Of the problem that it comes from.
        task_type: As its table has it.
        statement: What the prompt says before the contract.
        gold: Its gold, in whatever language; None where its source has none.
        info: ``verification_info``.
        metadata: Difficulty, limits, what its preflight found.
        carried: Other columns that a translation keeps: licence, attribution, addresses.
    """

    problem_id: str
    family_id: str
    task_type: str
    statement: str
    gold: Solution | None
    info: Mapping[str, Any]
    metadata: Mapping[str, Any]
    carried: Mapping[str, Any]


def identify(row: dict[str, Any]) -> Identity:
    """A task is known by its problem_id; duplicates by marks were found in its own lane.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    read(row)
    return Identity(key=row["problem_id"], statement=row["prompt"])


def read(row: dict[str, Any]) -> Parent:
    """A task row.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    problem_id, prompt = _text(row, "problem_id"), _text(row, "prompt")
    info, metadata = _mapping(row, "verification_info"), _mapping(row, "metadata")
    carried = ("in_source_id", "hf_dataset_name", "source_url", "license", "attribution")
    return Parent(
        problem_id=problem_id,
        family_id=row.get("family_id") or problem_id,
        task_type=_text(row, "task_type"),
        statement=statement_of(prompt),
        gold=_gold(row.get("gold_standard_solution"), metadata),
        info=info,
        metadata=metadata,
        carried={name: row[name] for name in carried if row.get(name) is not None},
    )


def statement_of(prompt: str) -> str:
    """The statement in a task's prompt: what stands before the contract, or all of it where there is none of ours."""
    found = [match.start() for match in _CONTRACT.finditer(prompt)]
    if not found:
        return prompt.strip()
    # Starter code comes before the sentence about the function; a statement may hold either text itself.
    last = found[-1]
    before = found[-2] if len(found) > 1 and prompt.startswith("\n\nYour solution has", found[-2]) else last
    return prompt[:before].strip()


def _gold(text: Any, metadata: Mapping[str, Any]) -> Solution | None:
    """The gold's program; one in another language than Python is marked by its fence."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    if not isinstance(text, str):
        raise ValueError(f"gold_standard_solution: is {type(text).__name__}, expected text")
    language = metadata.get("gold_language") or "python"
    if language != "python" and (blocks := fenced_blocks(text)):
        return Solution(str(language), blocks[-1].text)
    return Solution("python", text)


def _text(row: dict[str, Any], column: str) -> str:
    found = row.get(column)
    if not isinstance(found, str) or not found.strip():
        raise ValueError(f"{column}: is {'empty' if found in (None, '') else type(found).__name__}, expected text")
    try:
        found.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{column}: holds half a character") from None
    return found


def _mapping(row: dict[str, Any], column: str) -> dict[str, Any]:
    try:
        return dict(parse_info(row.get(column)))
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


TASKS = Adapter("coding tasks", NEEDED, identify, read)
