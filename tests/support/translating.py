"""What tests of the translated coding lane need: a curator that answers, a verifier that knows the right programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from genesys.calls.context import Calls, Roles
from genesys.calls.engine import Work, end_of
from genesys.calls.journal import Journal
from genesys.chat import ChatAnswer, ChatRequest, Completed
from genesys.curation.translated_coding.lane import TRANSLATED_CODING
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from genesys.verifiers.code.blocks import extract_program
from genesys.verifiers.runner import VerifierRunner
from tests.support.upstream import translated_coding as upstream

Row = dict[str, Any]


@dataclass
class Curator:
    """A curator that answers by a function of what it is asked."""

    answer: Callable[[ChatRequest], str] = upstream.curator
    teacher_id: str = "curator-of-tests"
    concurrency: int = 8
    asked: list[ChatRequest] = field(default_factory=list)

    async def complete(self, request: ChatRequest) -> Completed:
        self.asked.append(request)
        return Completed(answer=ChatAnswer(content=self.answer(request), finish_reason="stop"), endpoint="test")

    async def aclose(self) -> None:
        """Nothing is open."""


class Knowing:
    """``verifiable_code`` without running anything: the program that the grammar writes gives the rule's values."""

    max_parallel = 4
    timeout = None
    version = "knowing"
    ran: ClassVar[list[Row]] = []

    def verify(self, result: Any) -> Row:
        info = result["verification_info"]
        self.ran.append(result)
        found = upstream.asked(result["prompt"])
        program = extract_program(result["llm_response"], info["language"], None)
        is_right = program is not None and program.source.strip() == upstream.program(found, info["language"]).strip()
        right = [is_right and _expected(test) == _given(found, test) for test in info["test_cases"]]
        first = next((place for place, passed in enumerate(right) if not passed), None)
        told = {
            "rule": "tests",
            "reason": "passed" if first is None else "wrong answer",
            "tests": [{"verdict": "passed" if passed else "wrong_answer"} for passed in right],
        }
        if first is not None:
            told |= {"first_failure": {"index": first, "expected": "7"}, "measured": {"first_failure": {"got": "8"}}}
        return {"score": sum(right) / len(right), "verification_result_info": told}


def _expected(test: Row) -> Any:
    return test["output"].split() if test["type"] == "stdin_stdout" else test["output"]


def _given(found: upstream.Rule, test: Row) -> Any:
    if test["type"] == "stdin_stdout":
        return [str(found.value(*map(int, test["input"].split())))]
    first, b = test["input"]
    return found.result(len(first) if isinstance(first, list) else first, b)


def ledger_row(row: Row, language: str) -> LedgerRow:
    """A row of one language's partition."""
    return LedgerRow(
        problem_id=row["problem_id"],
        row_hash="0" * 32,
        source="lane:coding",
        upstream=row,
        revision="r1",
        language=language,
        read=TRANSLATED_CODING.read,
    )


async def curate(
    folder: Path, row: Row, language: str, curator: Curator | None = None, verifier: type[Any] = Knowing
) -> Outcome:
    """One row through the lane."""
    async with VerifierRunner({"verifiable_code": verifier}) as runner:
        with Journal(folder) as journal:
            roles = Roles(curator=curator or Curator(), verifiers=runner)
            calls = Calls("row", journal.segment("test"), roles)
            work = Work(rows=lambda: [], row_id=lambda r: r.problem_id, function=TRANSLATED_CODING.curate)
            return await end_of(work, ledger_row(row, language), calls)
