"""Curator, teacher and judge as resources: who plays the role, and how to open it. No calls are made here."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from genesys.calls.context import Roles
from genesys.settings import RoleSettings, Settings
from genesys.teachers.base import ChatRequest, Completed, Teacher
from genesys.teachers.casting import open_teacher
from genesys.verifiers.runner import VerifierRunner

ROLES = ("curator", "teacher", "judge")


@dataclass(frozen=True)
class RoleResource:
    """One role as the settings cast it."""

    settings: Settings
    name: str

    @property
    def chosen(self) -> RoleSettings:
        """The role's section of the settings."""
        section: RoleSettings = getattr(self.settings, self.name)
        return section

    @property
    def description(self) -> str:
        """For the UI: who plays, never where a key is."""
        if self.chosen.kind == "none":
            return f"The {self.name}: nobody is set up."
        return f"The {self.name}: {self.chosen.teacher_id} ({self.chosen.kind})."

    async def open(self, stack: AsyncExitStack) -> Teacher | None:
        """The teacher that plays the role, closed with the stack; None if nobody does.

        Raises:
            GenesysError: The role is set up wrongly.
            InfrastructureFault: A vLLM engine did not start.
        """
        return None if self.chosen.kind == "none" else await open_teacher(self.settings, self.chosen, stack)


class Named:
    """A teacher of whom only the name is known: enough to find its answers in the journal."""

    concurrency = 1

    def __init__(self, teacher_id: str) -> None:
        """Under this name answers are looked up."""
        self.teacher_id = teacher_id

    async def complete(self, request: ChatRequest) -> Completed:
        """Never called: a replay does not make calls."""
        raise AssertionError(f"{self.teacher_id} was asked {request.name!r} in a replay")

    async def aclose(self) -> None:
        """Nothing is held."""


async def opened(wanted: dict[str, RoleResource], stack: AsyncExitStack, runner: VerifierRunner | None) -> Roles:
    """Roles that can be asked; closed with the stack."""
    playing = {name: await role.open(stack) for name, role in wanted.items()}
    return _roles(wanted, playing, runner)


def named(wanted: dict[str, RoleResource], runner: VerifierRunner | None) -> Roles:
    """The same roles for a replay, in which nobody is asked."""
    playing = {name: Named(role.chosen.teacher_id) for name, role in wanted.items() if role.chosen.kind != "none"}
    return _roles(wanted, playing, runner)


def _roles(wanted: dict[str, RoleResource], playing: dict[str, Any], runner: VerifierRunner | None) -> Roles:
    structured = frozenset(name for name, role in wanted.items() if role.chosen.structured and playing.get(name))
    return Roles(**playing, verifiers=runner, structured=structured)
