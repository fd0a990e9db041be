"""Settings made into the things that they name: lake, journal, and who plays curator, teacher and judge."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from genesys.calls.context import Roles
from genesys.calls.errors import GenesysError
from genesys.calls.journal import Journal
from genesys.lake import Lake
from genesys.settings import RoleSettings, Settings
from genesys.teachers.base import Teacher
from genesys.verifiers.runner import VerifierRunner

ROLES = ("curator", "teacher", "judge")


def open_lake(settings: Settings) -> Lake:
    """The tables."""
    return Lake(settings.path(settings.lake.root), settings.lake.storage_options)


def open_journal(settings: Settings, *, readonly: bool = False) -> Journal:
    """The journal."""
    chosen = settings.journal
    return Journal(
        settings.path(chosen.root),
        cache=settings.path(chosen.cache),
        window=chosen.window,
        storage_options=chosen.storage_options,
        readonly=readonly,
    )


@asynccontextmanager
async def open_roles(
    settings: Settings, wanted: Iterable[str], *, runner: VerifierRunner | None = None
) -> AsyncIterator[Roles]:
    """Those of the roles that are wanted and set up, closed at the end; a vLLM engine is started and stopped.

    Raises:
        GenesysError: A role is set up wrongly.
        InfrastructureFault: A vLLM engine did not start.
    """
    async with AsyncExitStack() as stack:
        playing: dict[str, Teacher] = {}
        for role in wanted:
            chosen: RoleSettings = getattr(settings, role)
            if chosen.kind != "none":
                playing[role] = await open_teacher(settings, chosen, stack)
        structured = frozenset(role for role in playing if getattr(settings, role).structured)
        yield Roles(**playing, verifiers=runner, structured=structured)


async def open_teacher(settings: Settings, chosen: RoleSettings, stack: AsyncExitStack) -> Teacher:
    """One role's teacher, closed with the stack."""
    if chosen.kind == "recorded":
        from genesys.teachers.recorded import RecordedTeacher

        recorded = RecordedTeacher(settings.path(chosen.journal), chosen.teacher_id)
        stack.push_async_callback(recorded.aclose)
        return recorded
    from genesys.teachers.openai_teacher import OpenAITeacher

    urls = chosen.base_urls or tuple(filter(None, [os.environ.get("OPENAI_BASE_URL")]))
    api_key = os.environ.get(chosen.api_key_env)
    if chosen.kind == "vllm":
        from genesys.teachers.vllm_engine import VllmEngine

        log = Path(settings.path("{state}")) / "logs" / "vllm.log"
        engine = VllmEngine(chosen.model, num_gpus=chosen.num_gpus, engine_args=chosen.engine_args, log_path=log)
        urls = ((await stack.enter_async_context(engine)).base_url,)
        api_key = engine.api_key
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
