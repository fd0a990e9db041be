"""A judge is opened when it is first asked, once, and what keeps it from opening is said to everybody who asks."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from genesys.calls.context import Roles
from genesys.chat import ChatRequest
from genesys.faults import GenesysError, InfrastructureFault
from genesys.settings import JudgingSettings, Settings
from genesys.settings.roles import RoleSettings
from genesys.teachers import casting
from genesys.teachers.casting import OnDemand, with_judges, with_named_judges
from tests.support.calls import FakeTeacher, question

ROLE = RoleSettings(kind="openai", model="m", id="m-fp8", base_urls=("http://a/v1", "http://b/v1"), concurrency=3)
REQUEST = ChatRequest(messages=question("?"), sampling={})


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[RoleSettings]:
    found: list[RoleSettings] = []

    async def open_teacher(settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> Any:
        found.append(chosen)
        await asyncio.sleep(0)
        if chosen.model == "broken":
            raise GenesysError("no endpoint for broken")
        return FakeTeacher()

    monkeypatch.setattr(casting, "open_teacher", open_teacher)
    return found


async def test_it_is_opened_once_by_the_first_who_asks(opened: list[RoleSettings]) -> None:
    async with AsyncExitStack() as stack:
        judge = OnDemand(Settings(), ROLE, stack)
        assert (judge.teacher_id, judge.concurrency, opened) == ("m-fp8", 6, [])
        answers = await asyncio.gather(*(judge.complete(REQUEST) for _ in range(5)))
    assert [answer.answer.content for answer in answers] == ["re: ?"] * 5
    assert opened == [ROLE]


async def test_what_keeps_it_from_opening_is_said_to_everybody_and_not_tried_again(opened: list[RoleSettings]) -> None:
    async with AsyncExitStack() as stack:
        judge = OnDemand(Settings(), RoleSettings(kind="openai", model="broken"), stack)
        for _ in range(3):
            with pytest.raises(InfrastructureFault, match="no endpoint for broken") as caught:
                await judge.complete(REQUEST)
            assert caught.value.closed
    assert len(opened) == 1


async def test_all_judges_of_the_settings_get_a_role(opened: list[RoleSettings]) -> None:
    plain = RoleSettings(kind="openai", model="plain", structured=False)
    settings = Settings(judge=ROLE, judging=JudgingSettings(judges=(plain,), tie_breaker=ROLE.model_copy()))
    async with AsyncExitStack() as stack:
        for roles in (with_judges(Roles(), settings, stack), with_named_judges(Roles(), settings)):
            assert [roles.chat(name).teacher_id for name in ("judge", "judge-2", "tie-breaker")] == [
                "m-fp8",
                "plain",
                "m-fp8",
            ]
            assert roles.structured == {"judge", "tie-breaker"}
            with pytest.raises(InfrastructureFault, match="no judge-3 is set up"):
                roles.chat("judge-3")
        own = FakeTeacher()
        assert with_judges(Roles(judge=own), settings, stack).chat("judge") is own
        assert with_judges(Roles(), Settings(), stack) == Roles()
    assert opened == []
