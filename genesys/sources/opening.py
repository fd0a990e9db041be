"""Finds a source and its revision, whatever it is: files here or in a store, the hub, a repository, a landing place.

Tasks of another lane are opened by ``genesys.lane_source``, which knows the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from genesys.faults import GenesysError, InfrastructureFault
from genesys.sources import Opened, Source, hub
from genesys.sources.files import local_files, open_files
from genesys.sources.git.history import open_history
from genesys.sources.landing_place import open_landing
from genesys.sources.remote import is_remote, open_remote


def open_source(source: Source) -> Opened:
    """Find a source and its revision: a commit on the hub, the hash of the files' content for local ones.

    Raises:
        GenesysError: A local path that is not there, cannot be read, or holds no .jsonl or .parquet file.
        InfrastructureFault: The hub could not be reached, or has no such data set or revision.
    """
    if source.lane is not None:
        raise GenesysError(f"{source.path}: tasks of a lane are read as a source of another lane alone")
    if source.landing:
        return open_landing(source)
    if source.history is not None:
        return open_history(source)
    if is_remote(source.path):
        return open_remote(source)
    if source.data_files:
        return hub.open_data_files(source)
    if (files := local_files(source.path)) is not None:
        return open_files(source, files)
    opened = Opened(source, hub.revision_of(source))
    return replace(opened, read=lambda: hub.set_rows(opened))


def open_sources(sources: Iterable[Source], opener: Callable[[Source], Opened] | None = None) -> list[Opened]:
    """All of these; every one that cannot be opened is named, so that they can be mended at one go.

    Args:
        sources: In their order.
        opener: What opens one; by default ``open_source``.

    Raises:
        GenesysError: One or several are not there, or are nothing that can be read.
        InfrastructureFault: The hub could not be reached.
    """
    opened, flaws = [], []
    for source in sources:
        try:
            opened.append((opener or open_source)(source))
        except InfrastructureFault:
            raise
        except GenesysError as error:
            flaws.append(str(error))
    if flaws:
        raise GenesysError("; ".join(flaws))
    return opened
