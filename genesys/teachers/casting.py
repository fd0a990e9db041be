"""Who plays a role: a section of the settings made into the teacher that it names."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path

from genesys.calls.errors import GenesysError
from genesys.settings import RoleSettings, Settings
from genesys.teachers.base import Teacher

ROLES = ("curator", "teacher", "judge")


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
