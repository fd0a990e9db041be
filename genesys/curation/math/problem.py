"""What every source of math problems is brought into: one typed problem, whatever the upstream columns were.

A row has a problem and an answer, a solution that ends in one, or both. What becomes of it stands in ``numina_math``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MathProblem:
    """An upstream row of any source.

    Args:
        problem: The statement.
        solution: Worked, with the answer in its last box; empty where upstream has none.
        answer: As upstream writes it beside the solution; empty where it has none.
        source: Where upstream has the problem from.
        problem_type: Its topic, in upstream's words.
        question_type: Upstream's word for what is asked (``MCQ``, ``proof``, ...).
        flaws: Reasons by which upstream itself calls the row unusable, each with what it wrote.
    """

    problem: str
    solution: str = ""
    answer: str = ""
    source: Any = None
    problem_type: Any = None
    question_type: Any = None
    flaws: tuple[tuple[str, str], ...] = ()


def read(row: dict[str, Any]) -> MathProblem:
    """A row with a problem, and a solution or an answer.

    Raises:
        ValueError: ``field: what is wrong``.
    """
    problem = row["problem"]
    if not isinstance(problem, str):
        raise ValueError(f"problem: is {type(problem).__name__}, expected text")
    if not problem.strip():
        raise ValueError("problem: is empty")
    solution = row.get("solution")
    if not isinstance(solution, str | None):
        raise ValueError(f"solution: is {type(solution).__name__}, expected text")
    flaws = [
        (f"upstream: {part} invalid", f"{part}_is_valid is {value!r}")
        for part in ("problem", "solution")
        if str(value := row.get(f"{part}_is_valid") or "Yes").strip().lower() != "yes"
    ]
    return MathProblem(
        problem=problem,
        solution=solution or "",
        answer=_answer(row.get("answer")),
        source=row.get("source"),
        problem_type=row.get("problem_type"),
        question_type=row.get("question_type"),
        flaws=tuple(flaws),
    )


def _answer(value: Any) -> str:
    """An answer as text. A number is one too: tables of numbers come out of every spreadsheet, some of them as 85.0."""
    if value is None or value != value:  # NaN is how a frame says that there is none
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"answer: is {type(value).__name__}, expected text or a number")
    return str(int(value)) if abs(value) < 2**53 and value == int(value) else str(value)
