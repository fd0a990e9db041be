"""Whether two answers are the same, by the verifiers' own word. What counts as the same is theirs to say.

A verifier may have, beside ``verify``, a method ``same_answer(left, right) -> bool`` on two answers as written. Where
its class has none, answers are the same whose ``canonical_answer`` is.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from genesys.faults import InfrastructureFault
from genesys.quality.disputes import Same
from genesys.verifiers.base_verifier import verifier_version
from genesys.verifiers.registry import VERIFIER_REGISTRY

if TYPE_CHECKING:
    from genesys.settings import Settings


class SameAnswers:
    """The comparisons of all task types. To be used in a ``with`` block, which ends in the verifiers' shutdown.

    Args:
        registry: From task type to verifier class; by default ``VERIFIER_REGISTRY``.
        settings: For verifiers that are made from settings; by default each finds its own.
    """

    def __init__(self, registry: Mapping[str, type[Any]] | None = None, *, settings: Settings | None = None) -> None:
        """Make no verifier yet."""
        self._registry = VERIFIER_REGISTRY if registry is None else registry
        self._settings = settings
        self._made: dict[type[Any], Any] = {}

    def __enter__(self) -> Self:
        """For ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Shut down the verifiers that were made."""
        made, self._made = list(self._made.values()), {}
        for verifier in made:
            ended = verifier.shutdown() if hasattr(verifier, "shutdown") else None
            if inspect.iscoroutine(ended):
                asyncio.run(ended)

    def versions(self, task_types: Iterable[str]) -> dict[str, str]:
        """The version of each comparison that there is: votes are counted anew when it changes."""
        classes = {task_type: self._class(task_type) for task_type in sorted(set(task_types))}
        return {task_type: verifier_version(cls) for task_type, cls in classes.items() if cls is not None}

    def of(self, task_type: str) -> Same | None:
        """The comparison of a task type, None where its verifier has none."""
        cls = self._class(task_type)
        if cls is None:
            return None

        def same(left: str, right: str) -> bool:
            if cls not in self._made:
                makes = self._settings is not None and hasattr(cls, "from_settings")
                self._made[cls] = cls.from_settings(self._settings) if makes else cls()
            return bool(self._made[cls].same_answer(left, right))

        return same

    def _class(self, task_type: str) -> type[Any] | None:
        try:
            cls = self._registry[task_type]
        except (KeyError, InfrastructureFault):  # the stage of verifications says so, for each response
            return None
        return cls if callable(getattr(cls, "same_answer", None)) else None
