"""Rows taken through the lane with a curator from code, and a sandbox."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.chat import ChatRequest
from genesys.curation.code_understanding.lane import CODE_UNDERSTANDING
from genesys.lane import LedgerRow
from genesys.outcomes import Outcome
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.runner import VerifierRunner
from tests.support.calls import FakeTeacher
from tests.support.upstream.code_understanding import curator
from tests.support.upstream.running import RunsHere

Curate = Callable[..., Awaitable[Outcome]]
REGISTRY: dict[str, type[Any]] = {"verifiable_code": RunsHere, "code_output_prediction": CodeUnderstandingVerifier}


def ledger_row(upstream: dict[str, Any], language: str = "python", ident: str = "row") -> LedgerRow:
    return LedgerRow(ident, "hash", "tests", upstream, "1", language=language, read=CODE_UNDERSTANDING.read)


async def answer(request: ChatRequest) -> str:
    return curator(request)


@pytest.fixture
async def curate(tmp_path: Path) -> AsyncIterator[Curate]:
    """Take a row through the lane; ``reply`` answers prompts, ``runner`` executes."""
    number = itertools.count()
    async with VerifierRunner(REGISTRY) as here:
        with Journal(tmp_path / "journal") as journal:

            async def run(
                row: LedgerRow, reply: Any = answer, runner: Any = None, segment: str = "", **more: Any
            ) -> Outcome:
                roles = Roles(curator=FakeTeacher(reply), verifiers=runner or here)
                calls = Calls(row.problem_id, journal.segment(segment or f"s{next(number)}"), roles, **more)
                return await CODE_UNDERSTANDING.curate(row, calls)

            yield run
