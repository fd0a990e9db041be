"""What a verifier is, and which version of it gave a verdict; no running of verifiers (``runner`` does that)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from genesys.hashing import digest
from genesys.verifiers.sources import class_contents, named_contents

if TYPE_CHECKING:
    from genesys.settings import Settings

_HASH_CHARS = 16


class BaseVerifier:
    """A verifier as Genesys defines it: subclass, write ``verify``, and register it under a task type.

    An instance is made once, when the first record of its task type arrives: by ``from_settings`` where the settings
    are known, else without arguments.

    Attributes:
        max_parallel: How many calls of ``verify`` may be in flight at once.
        timeout: Seconds one call of ``verify`` may take, from its start; ``None`` for no limit.
        version: Names what the verdict depends on. ``None`` means a hash of the source of the class's module.
        rests_on: Modules (``package.module``), packages (all their modules) and distributions (``dist:name``) besides
            that which decide the verdict too; their source or version goes into the hash.
        asks: Whether ``verify`` takes a second argument, the row's ``genesys.calls.context.Calls``: for a verifier that
            asks a model or has other verdicts reached, so that each such call is durable by itself.
        executes: Whether it runs programs that somebody else wrote. Stages with such a verifier have a pool of their
            own in the graph, and want a machine with a Docker engine.
    """

    max_parallel: ClassVar[int] = 8
    timeout: ClassVar[float | None] = 60.0
    version: ClassVar[str | None] = None
    rests_on: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[bool] = False
    executes: ClassVar[bool] = False

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The instance for these settings; by default the class called without arguments."""
        return cls()

    @classmethod
    def place(cls, settings: Settings | None) -> str:
        """What of the settings decides its verdicts, in a word or a hash: part of its version. By default nothing."""
        return ""

    def ready(self) -> str | None:
        """Whether it can work here. Called once, after it was made and before the first record.

        Returns:
            None, or what is missing and the command that gets it: then no record is tried in this run.
        """
        return None

    def lacks(self, language: str) -> str | None:
        """What is missing here for records about programs in a language; asked where a partition is of one.

        Returns:
            None, or the same as ``ready``: then no record of this language is tried in this run.
        """
        return None

    def verify(self, result: Any) -> Any:
        """Check one response; may also be ``async def``.

        Args:
            result: The response record, read by key as in ``result["llm_response"]``. It is not to be changed: what
                stands below ``verification_info`` and ``metadata`` is shared by all responses to the task.

        Returns:
            ``{"score": 0 to 1 or None, "verification_result_info": {...}}``; ``None`` means that nothing can be said.
            What varies from run to run (times, memory) stands in the info under ``measured``: tables keep it apart
            from the verdict, so that the same inputs give the same table. Its ``endpoint`` names where it was measured.

        Raises:
            TaskFault: The task cannot be verified at all (no gold).
            ResponseFault: The response cannot be read.
            InfrastructureFault: Something between us and the verdict broke; the record is tried again by the next run.
        """
        raise NotImplementedError(f"{type(self).__name__} has no verify(result) method; write one.")

    def shutdown(self) -> Any:
        """Release what the verifier holds; called once, after all responses are verified. May also be ``async def``."""


def verifier_version(verifier: Any) -> str:
    """The version of a verifier: its ``version`` attribute, else a hash of the source that decides its verdicts.

    The hash takes in the modules of the class and of the classes it inherits from (without ``BaseVerifier`` and
    built-ins) and ``rests_on``, so that a verdict is made anew when any of them changes; what counts as a change
    stands in ``sources``.

    Args:
        verifier: A verifier class or an instance of it.

    Returns:
        The declared version as text, or 16 hex digits.
    """
    cls = verifier if isinstance(verifier, type) else type(verifier)
    declared = getattr(verifier, "version", None)
    if declared is not None:
        return str(declared)
    bases = [base for base in cls.__mro__ if base not in (BaseVerifier, object)]
    contents = {content for base in bases for content in class_contents(base)}
    for name in getattr(cls, "rests_on", ()):
        contents |= named_contents(name)
    return digest([[base.__qualname__ for base in bases], sorted(contents)], _HASH_CHARS)
