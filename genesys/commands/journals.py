"""Which journal a command reads, and its segments; shared by commands that show and clear journals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genesys.calls.journal import Journal
from genesys.calls.segment import SUFFIX, Segment
from genesys.faults import GenesysError
from genesys.settings import load_settings
from genesys.stores import open_journal


@contextmanager
def segments_to_read(journal: str, config: str, only: str = "") -> Iterator[Iterable[Segment]]:
    """Segments of a journal, opened for reading one after the other, each time that they are gone through.

    Args:
        journal: A folder, or one segment's file; by default the settings' journal.
        config: The settings' file; by default genesys.toml here.
        only: The name of a segment, or its beginning up to a ``/``.

    Raises:
        GenesysError: There is no such journal or segment.
    """
    place = Path(journal)
    if journal.endswith(SUFFIX) and place.is_file():
        opened, only = Journal(place.parent, readonly=True), place.name.removesuffix(SUFFIX)
    elif journal:
        opened = Journal(place, readonly=True)
    else:
        opened = open_journal(load_settings(config or None), readonly=True)
    with opened:
        names = opened.names()
        if not names:
            raise GenesysError(f"there is no journal in {opened.root}; --journal names another one")
        chosen = [name for name in names if not only or name == only or name.startswith(only.rstrip("/") + "/")]
        if not chosen:
            raise GenesysError(f"{opened.root} has no segment {only}; it has {', '.join(names[:20])}")
        yield _Segments(opened, chosen)


@dataclass(frozen=True)
class _Segments:
    """There may be thousands, more than files may be open at once."""

    journal: Journal
    names: list[str]

    def __iter__(self) -> Iterator[Segment]:
        return self.journal.segments(self.names)
