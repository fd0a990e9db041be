"""Settings made into what keeps things: the lake with its tables, and the journal with its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genesys.calls.journal import Journal
from genesys.settings import Settings

if TYPE_CHECKING:
    from genesys.tables.lake import Lake


def open_lake(settings: Settings) -> Lake:
    """The tables."""
    from genesys.tables.lake import Lake  # commands on files want the journal alone, and none of what reads tables

    return Lake(settings.path(settings.lake.root), settings.lake.storage_options)


def open_journal(settings: Settings, *, readonly: bool = False) -> Journal:
    """The journal."""
    chosen = settings.journal
    return Journal(
        settings.path(chosen.root),
        cache=settings.path(chosen.cache),
        window=chosen.window,
        storage_options=chosen.storage_options,
        readonly=readonly,
    )
