"""What a lane is: one task family as data and pure functions. Everything else of it is shared machinery."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from genesys.calls.context import Calls
from genesys.likeness import Likeness
from genesys.outcomes import Outcome
from genesys.prompts import PromptFile
from genesys.sources import missing_columns


@dataclass(frozen=True)
class Identity:
    """Who an upstream row is, whatever was changed in it since."""

    key: str
    """The upstream key of the row; with the source's name it makes the problem_id."""
    statement: str
    """The problem's text, by which duplicates across sources are known."""
    marks: tuple[str, ...] = ()
    """What else makes a duplicate: any mark that another row has too. Written ``kind:hash``, as in ``tests:9f86d0``;
    the kind is what a person is told."""


@dataclass(frozen=True)
class Adapter:
    """One shape of upstream rows, known by its columns.

    Args:
        name: Of the shape, for people.
        columns: Those that every row of this shape must have.
        identify: Upstream row -> its identity. Raises ValueError, saying what is wrong with which field.
        read: Upstream row -> the problem, in the one form that the lane's ``curate`` knows, whatever the shape. Raises
            ValueError likewise; what it cannot read ``identify`` refuses too, so that the ledger says so.
    """

    name: str
    columns: tuple[str, ...]
    identify: Callable[[dict[str, Any]], Identity]
    read: Callable[[dict[str, Any]], Any]

    def lacks(self, row: dict[str, Any]) -> list[str]:
        """Names of needed columns that a row has not."""
        return missing_columns(row, self.columns)


@dataclass(frozen=True)
class LedgerRow:
    """An upstream row with its identity, as the ledger keeps it: what ``curate`` gets."""

    problem_id: str
    row_hash: str
    source: str
    upstream: dict[str, Any]
    """The upstream row, column by column."""
    revision: str
    license: str | None = None
    attribution: str | None = None
    source_url: str | None = None
    language: str | None = None
    """The programming language that this partition is about, in lanes that have several."""
    read: Callable[[dict[str, Any]], Any] = field(default=dict, repr=False)
    """The lane's reader of upstream rows."""

    @functools.cached_property
    def problem(self) -> Any:
        """The row in the lane's own form, read when it is first wanted."""
        return self.read(self.upstream)


@dataclass(frozen=True)
class Lane:
    """One task family.

    Args:
        name: In assets' names; ``[a-z0-9_]``.
        adapters: The shapes of upstream rows that the lane reads. Of several that fit a row the first reads it.
        curate: Ledger row -> a task, or why not. A row function: pure but for its durable calls. By default a
            ``genesys.curation.steps.Curation``, which tells how far each row came.
        prompts: Those that ``curate`` asks or writes into tasks.
        version: Raised when ``curate`` means something else; stale tasks are found by it.
        task_types: Of the tasks that ``curate`` makes; their verifiers' versions are part of what tasks depend on,
            since each gold has to pass its verifier first.
        system_prompt: Said to the teacher before each task, if any, where the plan says nothing else.
        languages: Programming languages, each of which makes a partition of its own of every shard; none for a lane
            whose partitions are its shards.
        task_type: Of an upstream row, in a lane whose rows say which it is; elsewhere a row may become any of
            ``task_types``, which its shard then needs the verifiers of.
        likeness: What a task, as its table has it, is compared by with those of earlier rows of its partition; one that
            is too much like one of them is dropped.
        executes: Whether ``curate`` has programs executed beside those that verifiers run.
    """

    name: str
    adapters: tuple[Adapter, ...]
    curate: Callable[[LedgerRow, Calls], Awaitable[Outcome]]
    prompts: tuple[PromptFile, ...]
    version: str
    task_types: tuple[str, ...] = ()
    system_prompt: str | None = None
    languages: tuple[str, ...] = ()
    task_type: Callable[[dict[str, Any]], str] | None = None
    likeness: Callable[[dict[str, Any]], Likeness | None] | None = None
    executes: bool = False

    def __post_init__(self) -> None:
        """A language is part of its partitions' names."""
        if odd := [name for name in self.languages if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]:
            raise ValueError(f"lane {self.name}: {odd} cannot be names of languages: use [a-z0-9_]")

    def adapter(self, row: dict[str, Any]) -> Adapter:
        """The shape that a row has; where it has none, the one of which it lacks the smallest share of columns."""
        return self._nearest(row)[0]

    def identify(self, row: dict[str, Any]) -> Identity:
        """An upstream row's identity.

        Raises:
            ValueError: ``field: what is wrong``.
        """
        return self._fitting(row).identify(row)

    def read(self, row: dict[str, Any]) -> Any:
        """An upstream row in the lane's own form, whatever its shape.

        Raises:
            ValueError: ``field: what is wrong``.
        """
        return self._fitting(row).read(row)

    def _fitting(self, row: dict[str, Any]) -> Adapter:
        nearest = self._nearest(row)
        if nearest[0].lacks(row):
            raise ValueError(f"{' or '.join(', '.join(adapter.lacks(row)) for adapter in nearest)}: missing")
        return nearest[0]

    def _nearest(self, row: dict[str, Any]) -> list[Adapter]:
        """The shapes of which a row lacks the smallest share of columns, in the lane's order."""
        lacking = {adapter.name: len(adapter.lacks(row)) / len(adapter.columns) for adapter in self.adapters}
        least = min(lacking.values())
        return [adapter for adapter in self.adapters if lacking[adapter.name] == least]

    @property
    def versions(self) -> dict[str, str]:
        """What the tasks table depends on besides its input: the lane's version and its prompts' hashes."""
        return {f"{self.name}.curate": self.version, **{f"prompt:{p.name}": p.hash for p in self.prompts}}
