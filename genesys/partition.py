"""What a partition of a lane is: a shard, or one language of a shard; and its name.

The name stands for it everywhere outside Dagster: in the lake and in the journal, on disk and in object storage, in
releases and in audits. Nothing else puts one together or takes one apart. In lanes without languages it is that of the
shard, so that nothing there has to know of languages. Dagster's own keys are ``genesys_dagster.partitions``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from genesys.faults import GenesysError
from genesys.lane import Lane

_NAME = re.compile(r"(.+)-([a-z][a-z0-9_]*)")


@dataclass(frozen=True, order=True)
class Partition:
    """One partition of a lane. Partitions are sorted by shard, then by language, and so are their names."""

    shard: str
    language: str | None = None
    """None in lanes without languages."""

    @property
    def name(self) -> str:
        """As in ``math-00000`` or ``translated_coding-00000-rust``: safe as a folder and as a key of object storage."""
        return self.shard if self.language is None else f"{self.shard}-{self.language}"

    @classmethod
    def of(cls, lane: Lane, name: str) -> Self:
        """The partition that has this name in a lane, also in a language that the lane has no more.

        Raises:
            GenesysError: The lane has languages, and the name says none.
        """
        if not lane.languages:
            return cls(name)
        if (found := _NAME.fullmatch(name)) is None:
            raise GenesysError(
                f"{name} is no partition of the lane {lane.name}, which has languages: say which one, as in "
                f"{name}-{lane.languages[0]}"
            )
        return cls(*found.groups())

    @property
    def languages(self) -> tuple[str, ...]:
        """The language, if there is one."""
        return () if self.language is None else (self.language,)


def partitions_of(lane: Lane, shards: Iterable[str]) -> list[Partition]:
    """All partitions of these shards, shard by shard."""
    return [Partition(shard, language) for shard in shards for language in lane.languages or (None,)]
