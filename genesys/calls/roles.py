"""Who answers a row's calls: teachers in their roles, and the verifiers. Making calls stands with ``context``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from genesys.chat import Teacher
from genesys.faults import InfrastructureFault
from genesys.job import Execution, Job


class Verifiers(Protocol):
    """What verifies records (``genesys.verifiers.runner``)."""

    def identity(self, task_type: str) -> tuple[str, str]:
        """Name and version of a task type's verifier."""
        ...

    def response_kind(self, task_type: str) -> str:
        """The kind of verifier that responses to such tasks are put to: the task type, but for a union of two."""
        ...

    async def verify(self, record: Any, calls: Any = None, *, kind: str = "") -> dict[str, Any]:
        """The verdict on a record by the verifier of its task type or of ``kind``, within the row's ``calls``."""
        ...

    def execution_place(self) -> str:
        """Where programs are executed, as far as that decides what comes of them; known without a sandbox."""
        ...

    async def execute(self, job: Job) -> Execution:
        """What came of a program in the sandbox that verifiers of code use."""
        ...


@dataclass
class Roles:
    """Who answers: three roles, each an endpoint of its own choice, and the verifiers.

    ``structured`` names roles whose endpoint takes a JSON schema for the answer.
    """

    curator: Teacher | None = None
    teacher: Teacher | None = None
    judge: Teacher | None = None
    verifiers: Verifiers | None = None
    structured: frozenset[str] = frozenset()
    further: Mapping[str, Teacher] = field(default_factory=dict)
    """Judges besides the first one, by the names that ``Settings.judges`` gives them."""

    def chat(self, role: str) -> Teacher:
        """The teacher that plays a role.

        Raises:
            InfrastructureFault: Nobody was set up for it.
        """
        teacher: Teacher | None = self.further.get(role) or getattr(self, role, None)
        if teacher is None:
            raise InfrastructureFault(f"no {role} is set up: give [{role}] in genesys.toml", final=True)
        return teacher
