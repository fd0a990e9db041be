"""Which verifier checks which task type: built-in ones, those set in code, and installed plug-ins. Runs nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from genesys.faults import InfrastructureFault
from genesys.verifiers.code_output_prediction_verifier import CodeUnderstandingVerifier
from genesys.verifiers.code_test_verifier import CodeVerifier
from genesys.verifiers.llm_judge_verifier import LlmJudgeVerifier
from genesys.verifiers.math_verifier import MathVerifier

ENTRY_POINT_GROUP = "genesys.verifiers"


class VerifierRegistry(MutableMapping[str, type[Any]]):
    """A mapping from task type to verifier class, used like a dict.

    Besides what is set in code it holds the entry points of group ``genesys.verifiers`` (name: the task type, value:
    the class). They are looked up when first needed and imported only when their own task type is asked for, so that a
    broken plug-in fails under its name and leaves the others alone. What is set in code wins over a plug-in of the
    same name.
    """

    def __init__(self, verifiers: Mapping[str, type[Any]] | None = None) -> None:
        """Start with these classes, as ``dict(verifiers)`` would."""
        self._classes: dict[str, type[Any]] = dict(verifiers or {})
        self._plugins: dict[str, list[EntryPoint]] | None = None
        self._lock = threading.Lock()

    def __getitem__(self, task_type: str) -> type[Any]:
        """The class for a task type.

        Raises:
            KeyError: Nothing is registered under this name.
            InfrastructureFault: A plug-in of this name is installed but cannot be loaded.
        """
        if task_type in self._classes:
            return self._classes[task_type]
        found = self._installed().get(task_type)
        if not found:
            raise KeyError(task_type)
        loaded = _load(task_type, found)
        self._classes[task_type] = loaded
        return loaded

    def __setitem__(self, task_type: str, verifier: type[Any]) -> None:
        """Register a verifier class (the class, not an instance of it)."""
        if not isinstance(verifier, type):
            raise TypeError(f"VERIFIER_REGISTRY[{task_type!r}] takes a verifier class, not {verifier!r}.")
        self._classes[task_type] = verifier

    def __delitem__(self, task_type: str) -> None:
        """Forget a class that was set in code; an installed plug-in can only be uninstalled."""
        del self._classes[task_type]

    def __iter__(self) -> Iterator[str]:
        """All task types, in order of registration, plug-ins last and not imported."""
        return iter(dict.fromkeys([*self._classes, *self._installed()]))

    def __len__(self) -> int:
        """How many task types there are."""
        return len(list(iter(self)))

    def __contains__(self, task_type: object) -> bool:
        """Whether there is a verifier for it, without importing a plug-in."""
        return task_type in self._classes or task_type in self._installed()

    def __repr__(self) -> str:
        """As a dict would look."""
        return f"{type(self).__name__}({self._classes!r}, plug-ins: {sorted(self._installed())})"

    def _installed(self) -> dict[str, list[EntryPoint]]:
        """Plug-ins by task type. Reading all installed metadata takes a while, hence once and only when asked."""
        with self._lock:
            if self._plugins is None:
                self._plugins = {}
                for point in entry_points(group=ENTRY_POINT_GROUP):
                    self._plugins.setdefault(point.name, []).append(point)
            return self._plugins


def executes(task_type: str, registry: Mapping[str, type[Any]] | None = None) -> bool:
    """Whether the verifier of a task type runs programs (its ``executes``); no where there is none that loads."""
    try:
        cls = (VERIFIER_REGISTRY if registry is None else registry)[task_type]
    except (KeyError, InfrastructureFault):
        return False
    return bool(getattr(cls, "executes", False))


def _load(task_type: str, points: list[EntryPoint]) -> type[Any]:
    """Import a plug-in's class, or say which plug-in is at fault and what to do."""
    origins = sorted({f"{point.value} of {point.dist.name if point.dist else 'no package'}" for point in points})
    if len({point.value for point in points}) > 1:
        raise InfrastructureFault(
            f"Several plug-ins offer a verifier for task type {task_type!r}: {'; '.join(origins)}. "
            "Uninstall all but one, or choose one in code: VERIFIER_REGISTRY[...] = TheClass.",
            final=True,
        )
    try:
        loaded = points[0].load()
    except Exception as error:
        raise InfrastructureFault(
            f"The verifier plug-in for task type {task_type!r} ({origins[0]}) could not be loaded: "
            f"{type(error).__name__}: {error}. Repair or uninstall that package; other task types are not affected.",
            final=True,
        ) from error
    if not isinstance(loaded, type):
        raise InfrastructureFault(
            f"The verifier plug-in for task type {task_type!r} ({origins[0]}) is not a class. "
            "Its entry point has to name a verifier class, as in 'package.module:TheClass'.",
            final=True,
        )
    return loaded


VERIFIER_REGISTRY: MutableMapping[str, type[Any]] = VerifierRegistry(
    {
        "verifiable_math": MathVerifier,
        "verifiable_code": CodeVerifier,
        "llm_judgeable_groundtruth_similarity": LlmJudgeVerifier,
        "code_output_prediction": CodeUnderstandingVerifier,
        "verifiable_code_understanding": CodeUnderstandingVerifier,
    }
)
