"""What verifying tasks of some types needs and this machine has not. Asked cheaply: nothing is built or started."""

from __future__ import annotations

from collections.abc import Iterable

from genesys.faults import InfrastructureFault
from genesys.settings import Settings
from genesys.verifiers.registry import executes
from genesys.verifiers.runner import VerifierRunner


async def missing_here(settings: Settings, task_types: Iterable[str]) -> list[str]:
    """One line for each task type that could not be verified here, with what is missing."""
    from genesys.sandbox.sandbox import missing

    found = []
    runner = VerifierRunner(settings=settings)
    try:
        for kind in dict.fromkeys(task_types):
            # Where programs run, being ready may mean that an image is built, which takes minutes.
            problem = missing(settings.sandbox) if executes(kind) else await _ready(runner, kind)
            if problem is not None:
                found.append(f"{kind}: {problem}")
    finally:
        await runner.aclose()
    return found


async def _ready(runner: VerifierRunner, kind: str) -> str | None:
    try:
        runner.identity(kind)
    except InfrastructureFault as fault:
        return str(fault)
    return await runner.ready(kind)
