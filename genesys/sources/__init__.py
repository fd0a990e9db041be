"""What a source of upstream rows is, and what comes of one. How each kind is read stands in the modules beside this.

No knowledge of what a row means. Everything is streamed; a row that cannot be read becomes a ``BadRow`` in its place,
and the rows around it go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

OF_LANE = "lane:"
"""How the path of a source begins that is a lane."""
OF_GIT = "git:"
"""How the path of a source begins that is a local repository."""
LANDING = "landing"
"""What tasks that users bring are known under, wherever their place is."""


class Source(BaseModel):
    """A set of upstream rows, as a person names it in ``genesys.toml``."""

    model_config = ConfigDict(frozen=True)

    path: str
    """A hub id (``AI-MO/NuminaMath-1.5``), or a .jsonl or .parquet file, folder or glob, here or as ``s3://...``;
    ``lane:NAME``: the tasks that another lane kept; or ``git:FOLDER``: the one-file commits of a local repository."""
    name: str | None = None
    """What identities are derived from; by default the path. Set it for a local copy of a hub data set."""
    revision: str | None = None
    """Branch, tag or commit of a hub data set or of a repository; by default its newest."""
    split: str = "train"
    config: str | None = None
    data_files: tuple[str, ...] = ()
    """Patterns of files below the path, a hub id or a folder, to be read in place of a named set: JSON lines (packed or
    not), Parquet, Arrow. For repositories with a loading script; ``split`` and ``config`` are not asked then. The hub's
    own Parquet copies: ``revision = "refs/convert/parquet"``, ``data_files = ["default/train/*.parquet"]``."""
    license: str | None = None
    """The licence of its rows, where they do not carry one each."""
    attribution: str | None = None
    max_rows: int | None = None
    landing: bool = False
    """The place of ``genesys land``: its newest file is read first, and it may be empty or not there yet."""
    storage_options: dict[str, Any] = Field(default_factory=dict, exclude=True)
    """Of object storage, as in ``{client_kwargs = {endpoint_url = "..."}}``; credentials come from the environment."""

    @property
    def label(self) -> str:
        """The name that identities are derived from."""
        return self.name or (LANDING if self.landing else self.path)

    @property
    def lane(self) -> str | None:
        """The lane whose tasks these are, None for rows from elsewhere. ``genesys.lane_source`` opens such a one."""
        return self.path.removeprefix(OF_LANE) if self.path.startswith(OF_LANE) else None

    @property
    def history(self) -> str | None:
        """The folder of the repository whose commits these are, None for rows from elsewhere."""
        return self.path.removeprefix(OF_GIT) if self.path.startswith(OF_GIT) else None


@dataclass(frozen=True)
class SourceRow:
    """One upstream row and where it stands."""

    source: Source
    revision: str
    file: str
    """Its path below the folder that all files of the source share; the id of a hub data set."""
    row: int
    """Counts from 1."""
    data: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, with what a person needs to mend it."""

    file: str
    row: int
    field: str
    reason: str
    raw: str

    def __str__(self) -> str:
        """``file:row: field: reason``."""
        return f"{self.file}:{self.row}: {self.field}: {self.reason}"


@dataclass(frozen=True)
class PassedOver(BadRow):
    """What is no row, and none that ought to be mended: counted by its reason, so that a source's figures sum."""


@dataclass(frozen=True)
class Opened:
    """A source whose revision is known: the same revision always gives the same rows.

    Args:
        source: As it was named.
        revision: A commit, or a hash of what stands there.
        files: Those of a source that is local files.
        read: Gives its rows; ``genesys.sources.opening`` says where from.
    """

    source: Source
    revision: str
    files: tuple[Path, ...] = ()
    read: Callable[[], Iterator[SourceRow | BadRow]] = field(default=lambda: iter(()), repr=False, compare=False)

    def rows(self) -> Iterator[SourceRow | BadRow]:
        """All rows in order, up to ``max_rows``."""
        return islice(self.read(), self.source.max_rows)


def missing_columns(row: dict[str, Any], needed: tuple[str, ...]) -> list[str]:
    """Names of needed columns that a row has not."""
    return [column for column in needed if column not in row]
