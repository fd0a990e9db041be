"""Who plays a role: a section of the settings made into the teacher that it names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from genesys.calls.context import Roles
from genesys.chat import ChatRequest, Completed, Teacher
from genesys.faults import GenesysError, InfrastructureFault
from genesys.settings import RoleSettings, Settings

ROLES = ("curator", "teacher", "judge")


class OnDemand:
    """A teacher that is opened when it is first asked: a judge is set up for all lanes, and most have no use for it.

    Args:
        settings: Where relative paths count from.
        chosen: Who it is.
        stack: Closes it.
    """

    def __init__(self, settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> None:
        """Nothing is opened."""
        self.teacher_id = chosen.teacher_id
        self.concurrency = chosen.concurrency * max(1, len(chosen.base_urls))
        self._settings, self._chosen, self._stack = settings, chosen, stack
        self._opening = asyncio.Lock()
        self._opened: Teacher | InfrastructureFault | None = None

    async def complete(self, request: ChatRequest) -> Completed:
        """Answer, by the teacher that is opened for it.

        Raises:
            InfrastructureFault: No answer could be had; or it could not be opened, which is not tried again.
        """
        async with self._opening:
            if self._opened is None:
                try:
                    self._opened = await open_teacher(self._settings, self._chosen, self._stack)
                except GenesysError as error:
                    self._opened = InfrastructureFault(str(error), closed=True)
        if isinstance(self._opened, InfrastructureFault):
            raise InfrastructureFault(str(self._opened), closed=True)
        return await self._opened.complete(request)

    async def aclose(self) -> None:
        """The stack closes what was opened."""


@dataclass
class Named:
    """A teacher in name only: enough to find its answers in the journal. A replay makes no calls."""

    teacher_id: str
    """Under this name answers are looked up."""
    concurrency: int = 1

    async def complete(self, request: ChatRequest) -> Completed:
        """Nothing is asked.

        Raises:
            InfrastructureFault: Always.
        """
        raise InfrastructureFault(f"{self.teacher_id} is not asked {request.name!r} in a replay", final=True)

    async def aclose(self) -> None:
        """Nothing is held."""


def with_judges(roles: Roles, settings: Settings, stack: AsyncExitStack) -> Roles:
    """The same roles with all judges that the settings name; one is opened when it is first asked, closed by the stack.

    A first judge that the roles have already stays.
    """
    return _with(roles, settings, {name: OnDemand(settings, role, stack) for name, role in settings.judges.items()})


def with_named_judges(roles: Roles, settings: Settings) -> Roles:
    """The same roles with all judges by name alone, for a replay."""
    return _with(roles, settings, {name: Named(role.teacher_id) for name, role in settings.judges.items()})


def _with(roles: Roles, settings: Settings, cast: Mapping[str, Teacher]) -> Roles:
    structured = {name for name, role in settings.judges.items() if role.structured}
    if roles.judge is not None:
        structured.discard("judge")  # the roles say it of their own
    further = {name: judge for name, judge in cast.items() if name != "judge"}
    first = roles.judge or cast.get("judge")
    return replace(roles, judge=first, further=further, structured=roles.structured | structured)


async def open_teacher(settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> Teacher:
    """One role's teacher, closed with the stack.

    Raises:
        GenesysError: Nobody is named, or no endpoint.
    """
    match chosen.kind:
        case "recorded":
            return _open_recorded(settings, chosen, stack)
        case "openai":
            urls = chosen.base_urls or tuple(filter(None, [os.environ.get("OPENAI_BASE_URL")]))
            return _open_endpoints(chosen, urls, os.environ.get(chosen.api_key_env), stack)
        case "vllm":
            return await _open_engine(settings, chosen, stack)
        case "none":
            raise GenesysError("nobody is named for this role: give it a `kind` and a `model` in genesys.toml")


def _open_recorded(settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> Teacher:
    from genesys.teachers.recorded import RecordedTeacher

    recorded = RecordedTeacher(settings.path(chosen.journal), chosen.teacher_id)
    stack.push_async_callback(recorded.aclose)
    return recorded


async def _open_engine(settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> Teacher:
    from genesys.teachers.vllm_engine import VllmEngine

    log = Path(settings.path("{state}")) / "logs" / "vllm.log"
    engine = VllmEngine(chosen.model, num_gpus=chosen.num_gpus, engine_args=chosen.engine_args, log_path=log)
    url = (await stack.enter_async_context(engine)).base_url
    return _open_endpoints(chosen, (url,), engine.api_key, stack)


def _open_endpoints(chosen: RoleSettings, urls: Sequence[str], api_key: str | None, stack: AsyncExitStack) -> Teacher:
    from genesys.teachers.openai_teacher import OpenAITeacher

    if not urls:
        raise GenesysError(
            f"no endpoint for {chosen.model}: give base_urls in genesys.toml, or OPENAI_BASE_URL in the environment"
        )
    teacher = OpenAITeacher(
        chosen.model,
        urls,
        teacher_id=chosen.teacher_id,
        api_key=api_key,
        concurrency=chosen.concurrency,
        stream=chosen.stream,
        timeout=chosen.timeout,
        idle_timeout=chosen.idle_timeout,
        attempts=chosen.attempts,
        patience=chosen.patience,
    )
    stack.push_async_callback(teacher.aclose)
    return teacher
