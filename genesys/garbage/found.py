"""What was found: that something can go, or why it stays though it looks finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["tables", "journals", "caches", "engines", "leftovers"]
KINDS: tuple[Kind, ...] = ("tables", "journals", "caches", "engines", "leftovers")


@dataclass(frozen=True)
class Removable:
    """Something that can go."""

    kind: Kind
    name: str
    size: int
    """Bytes."""
    why: str
    remove: Callable[[], str]
    """Look again, and remove it; says why it stays after all, nothing if it is gone."""


@dataclass(frozen=True)
class Kept:
    """Something that a person would expect to go, and that stays."""

    kind: Kind
    name: str
    why: str


USED_SINCE = "it was used since it was looked at"
