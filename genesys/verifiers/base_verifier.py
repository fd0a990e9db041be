"""What a verifier is, and which version of it gave a verdict; no running of verifiers (``runner`` does that)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

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
        version: Names what the verdict depends on. ``None`` means a hash of the class's source.
        rests_on: Modules (``package.module``), packages (all their modules) and distributions (``dist:name``) which
            decide the verdict too; their source or version goes into the hash.
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

    def verify(self, result: Any) -> Any:
        """Check one response; may also be ``async def``.

        Args:
            result: The response record, read by key as in ``result["llm_response"]``.

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

    The hash takes in the class, the classes it inherits from (without ``BaseVerifier`` and built-ins) and
    ``rests_on``, so that a verdict is made anew when any of them changes.

    Args:
        verifier: A verifier class or an instance of it.

    Returns:
        The declared version as text, or 16 hex digits.
    """
    cls = verifier if isinstance(verifier, type) else type(verifier)
    declared = getattr(verifier, "version", None)
    if declared is not None:
        return str(declared)
    digest = hashlib.sha256()
    for base in cls.__mro__:
        if base in (BaseVerifier, object):
            continue
        digest.update(base.__qualname__.encode() + b"\0" + _class_source(base) + b"\0")
    for name in getattr(cls, "rests_on", ()):
        digest.update(name.encode() + b"\0" + _outside_source(name) + b"\0")
    return digest.hexdigest()[:_HASH_CHARS]


def _class_source(cls: type) -> bytes:
    """The class's source text, or its compiled methods where there is no file (a class typed into a prompt)."""
    try:
        return inspect.getsource(cls).encode()
    except (OSError, TypeError):
        codes = [_code_bytes(value) for _, value in sorted(vars(cls).items()) if inspect.isfunction(value)]
        return b"\0".join(codes)


def _code_bytes(function: Any) -> bytes:
    """Instructions and constants, by value: the repr of a nested code object would hold a memory address."""
    code = function.__code__
    constants = [constant for constant in code.co_consts if not inspect.iscode(constant)]
    return bytes(code.co_code) + repr((constants, code.co_names)).encode()


def _outside_source(name: str) -> bytes:
    """Source of a module, found without importing it, or the installed version of a distribution."""
    if name.startswith("dist:"):
        return importlib.metadata.version(name.removeprefix("dist:")).encode()
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"rests_on names the module {name!r}, which is not there.")
    if spec.submodule_search_locations is None:
        return Path(spec.origin).read_bytes()
    modules = (path for place in spec.submodule_search_locations for path in Path(place).rglob("*.py"))
    return b"\0".join(path.read_bytes() for path in sorted(modules))
