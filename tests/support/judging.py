"""Records, settings and one way to have them judged, as commands and the graph do it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesys.calls.context import Calls, CallStats, Roles
from genesys.calls.journal import Journal
from genesys.settings import JudgingSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.teachers.casting import with_judges
from genesys.verifiers.after_rules import JUDGED
from genesys.verifiers.runner import VerifierRunner
from tests.support.openai_server import OpenAIServer

GOLD = "Binary search halves the interval, so it needs about log2(n) comparisons."
WRONG = "It looks at each element in turn, so it needs about n comparisons."


def record(response: str | None, **changes: Any) -> dict[str, Any]:
    """A response to one judged task."""
    return {
        "response_id": "r-1",
        "problem_id": "p-1",
        "task_type": JUDGED,
        "prompt": "How many comparisons does binary search need, and why?",
        "gold_standard_solution": GOLD,
        "verification_info": {},
        "llm_response": response,
        **changes,
    }


def judge_role(server: OpenAIServer, kind: str = "honest", **changes: Any) -> RoleSettings:
    """A judge of this kind behind the server."""
    values: dict[str, Any] = {"kind": "openai", "model": kind, "base_urls": (server.base_url,)}
    values |= {"attempts": 2, "patience": 2.0, "timeout": 20.0, "idle_timeout": 2.0, **changes}
    return RoleSettings(**values)


def settings_of(server: OpenAIServer, *kinds: str, tie_breaker: str = "", **judging: Any) -> Settings:
    """Settings with these judges."""
    first, *others = [judge_role(server, kind) for kind in kinds or ("honest",)]
    if tie_breaker:
        judging["tie_breaker"] = judge_role(server, tie_breaker)
    return Settings(judge=first, judging=JudgingSettings(judges=tuple(others), **judging))


@dataclass
class Court:
    """Judges at work over one journal."""

    journal: Journal
    roles: Roles
    runner: VerifierRunner
    stats: CallStats

    def calls(self, row_id: str = "row", **more: Any) -> Calls:
        return Calls(row_id, self.journal.segment("judged"), self.roles, stats=self.stats, **more)

    async def verdict(self, judged: dict[str, Any], **more: Any) -> dict[str, Any]:
        return await self.calls(str(judged["response_id"])).verify(judged, **more)


@contextlib.asynccontextmanager
async def court(folder: Path, settings: Settings, registry: dict[str, type[Any]] | None = None) -> AsyncIterator[Court]:
    """Open everything, and close it."""
    async with AsyncExitStack() as stack, VerifierRunner(registry, settings=settings) as runner:
        with Journal(folder) as journal:
            roles = with_judges(Roles(verifiers=runner), settings, stack)
            yield Court(journal, roles, runner, CallStats())
