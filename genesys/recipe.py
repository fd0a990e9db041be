"""What decides a table besides the tables that it is made from. Whoever makes a table has a function that gives this.

Two things rest on it: the fingerprint, by which finished work is known, and the code version that a graph shows. Both
come from one value, so that they cannot say different things.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from genesys.hashing import digest


@dataclass(frozen=True)
class Recipe:
    """Versions of code, prompts and verifiers by name; and settings, as they determine the result. Nothing secret."""

    versions: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def code_version(self) -> str:
        """Of all of it, without inputs."""
        return digest([self.versions, self.settings], 16)

    def fingerprint(self, inputs: Any) -> str:
        """Equal means that nothing which determines the result has changed.

        Args:
            inputs: Data versions of what is read.
        """
        return digest([inputs, self.versions, self.settings], 32)
