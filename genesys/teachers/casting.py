"""Who plays a role: a section of the settings made into the teacher that it names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from genesys.calls.context import Roles
from genesys.chat import ChatRequest, Completed, Teacher
from genesys.costs.paid import paid_for
from genesys.faults import GenesysError, InfrastructureFault
from genesys.settings import Settings
from genesys.settings.roles import RoleSettings

if TYPE_CHECKING:
    from genesys.teachers.endpoint_spec import EndpointSpec
    from genesys.teachers.openai_teacher import OpenAITeacher

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
        self.guards_calls = chosen.batch is not None
        self._settings, self._chosen, self._stack = settings, chosen, stack
        self._opening = asyncio.Lock()
        self._opened: Teacher | InfrastructureFault | None = None

    @property
    def opened(self) -> Teacher | None:
        """The teacher that answers, once it was asked."""
        return None if isinstance(self._opened, InfrastructureFault) else self._opened

    @property
    def concurrency(self) -> int:
        """Calls at once: as the settings say until it is opened."""
        if self._opened is None or isinstance(self._opened, InfrastructureFault):
            return self._chosen.calls_at_once
        return self._opened.concurrency

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
    """One role's teacher, closed with the stack, its calls within the budget.

    Raises:
        GenesysError: Nobody is named, or no endpoint.
    """
    return paid_for(settings, chosen, await _open_teacher(settings, chosen, stack), stack)


async def _open_teacher(settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> Teacher:
    """The teacher itself.

    Raises:
        GenesysError: Nobody is named, or no endpoint.
    """
    match chosen.kind:
        case "recorded":
            return _open_recorded(settings, chosen, stack)
        case "openai":
            urls = chosen.base_urls
            if not urls and not chosen.endpoints and not chosen.fleet:
                urls = tuple(filter(None, [os.environ.get("OPENAI_BASE_URL")]))
            if chosen.batch:
                return _open_batches(settings, chosen, urls, stack)
            return await _open_fleet(settings, chosen, urls, stack)
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
    from genesys.teachers.engine_teacher import EngineTeacher
    from genesys.teachers.shared_engine import SharedEngine

    def connect(url: str, api_key: str, own: AsyncExitStack) -> Teacher:
        return _open_endpoints(chosen, (url,), api_key, own)

    teacher = EngineTeacher(
        SharedEngine.of(settings, chosen),
        connect,
        teacher_id=chosen.teacher_id,
        concurrency=chosen.concurrency,
        patience=chosen.patience,
    )
    stack.push_async_callback(teacher.aclose)
    await teacher.open()
    return teacher


def _open_batches(settings: Settings, chosen: RoleSettings, urls: Sequence[str], stack: AsyncExitStack) -> Teacher:
    from genesys.teachers.batches.teacher import BatchTeacher

    if not urls:
        raise _no_endpoint(chosen)
    assert chosen.batch is not None  # noqa: S101 - its caller looked
    teacher = BatchTeacher(
        chosen.model,
        urls[0],
        state=Path(settings.path("{state}")),
        settings=chosen.batch,
        teacher_id=chosen.teacher_id,
        api_key=os.environ.get(chosen.api_key_env),
        key_env=chosen.api_key_env,
        goes_on_by=chosen.goes_on_by,
        attempts=chosen.attempts,
        patience=chosen.patience,
        timeout=chosen.timeout,
    )
    stack.push_async_callback(teacher.aclose)
    return teacher


def _no_endpoint(chosen: RoleSettings) -> GenesysError:
    return GenesysError(
        f"no endpoint for {chosen.model}: give base_urls in genesys.toml, or OPENAI_BASE_URL in the environment"
    )


async def _open_fleet(settings: Settings, chosen: RoleSettings, urls: Sequence[str], stack: AsyncExitStack) -> Teacher:
    from genesys.teachers.endpoint_spec import specs_of
    from genesys.teachers.fleet_file import FleetFile

    specs = specs_of(chosen, urls)
    if not specs and not chosen.fleet:
        raise _no_endpoint(chosen)
    teacher = _open_endpoints(chosen, specs, None, stack)
    if chosen.fleet:
        await teacher.follow(FleetFile(settings.path(chosen.fleet), chosen))
    return teacher


def _open_endpoints(
    chosen: RoleSettings, urls: Sequence[str | EndpointSpec], api_key: str | None, stack: AsyncExitStack
) -> OpenAITeacher:
    from genesys.teachers.hedging import Hedging
    from genesys.teachers.openai_teacher import OpenAITeacher

    teacher = OpenAITeacher(
        chosen.model,
        urls,
        teacher_id=chosen.teacher_id,
        api_key=api_key,
        concurrency=chosen.concurrency,
        goes_on_by=chosen.goes_on_by,
        stream=chosen.stream,
        timeout=chosen.timeout,
        idle_timeout=chosen.idle_timeout,
        hedging=Hedging() if chosen.hedged else None,
        attempts=chosen.attempts,
        patience=chosen.patience,
    )
    stack.push_async_callback(teacher.aclose)
    return teacher
