"""Curator, teacher and judge as resources: who plays the role, and how to open it. No calls are made here."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from genesys.calls.context import Roles
from genesys.chat import Teacher
from genesys.choices import TEACHER
from genesys.settings import Settings
from genesys.settings.roles import RoleSettings
from genesys.teachers.casting import Named, OnDemand, open_teacher, with_judges, with_named_judges
from genesys.verifiers.runner import VerifierRunner

ROLES = ("curator", "teacher", "judge")
JUDGE = "judge"


@dataclass(frozen=True)
class RoleResource:
    """One role as the settings cast it."""

    settings: Settings
    name: str
    player: str = ""
    """Of several teachers the one that a line of the plan names."""

    @property
    def chosen(self) -> RoleSettings:
        """The role's section of the settings."""
        section: RoleSettings = getattr(self.settings, self.name)
        return self.settings.teacher_named(self.player) if self.player else section

    def played_by(self, teacher: str) -> "RoleResource":
        """The role as the teacher of this name in the plan plays it, if it is the teacher's."""
        return replace(self, player=teacher) if self.name == TEACHER else self

    @property
    def description(self) -> str:
        """For the UI: who plays, never where a key is."""
        further = self.settings.teachers if self.name == TEACHER else {}
        playing = [role for role in (self.chosen, *further.values()) if role.kind != "none"]
        if not playing:
            return f"The {self.name}: nobody is set up."
        return f"The {self.name}: {', '.join(f'{role.teacher_id} ({role.kind})' for role in playing)}."

    async def open(self, stack: AsyncExitStack) -> Teacher | None:
        """The teacher that plays the role, closed with the stack; None if nobody does.

        A judge is opened when it is first asked: every lane has it at hand, and few ask it.

        Raises:
            GenesysError: The role is set up wrongly.
            InfrastructureFault: A vLLM engine did not start.
        """
        if self.chosen.kind == "none":
            return None
        if self.name == JUDGE:
            return OnDemand(self.settings, self.chosen, stack)
        return await open_teacher(self.settings, self.chosen, stack)


async def opened(wanted: dict[str, RoleResource], stack: AsyncExitStack, runner: VerifierRunner | None) -> Roles:
    """Roles that can be asked, with the judge all further ones; closed with the stack."""
    playing = {name: await role.open(stack) for name, role in wanted.items()}
    roles = _roles(wanted, playing, runner)
    return with_judges(roles, wanted[JUDGE].settings, stack) if JUDGE in wanted else roles


def named(wanted: dict[str, RoleResource], runner: VerifierRunner | None) -> Roles:
    """The same roles for a replay, in which nobody is asked."""
    playing = {name: Named(role.chosen.teacher_id) for name, role in wanted.items() if role.chosen.kind != "none"}
    roles = _roles(wanted, playing, runner)
    return with_named_judges(roles, wanted[JUDGE].settings) if JUDGE in wanted else roles


def _roles(wanted: dict[str, RoleResource], playing: dict[str, Any], runner: VerifierRunner | None) -> Roles:
    structured = frozenset(name for name, role in wanted.items() if role.chosen.structured and playing.get(name))
    return Roles(**playing, verifiers=runner, structured=structured)
