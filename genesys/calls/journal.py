"""The journal: finished calls, durable, by key. SQLite in WAL mode, one file a segment (a lane's shard).

Chosen by measurement (``benchmarks/journal.py``): with one fsync for all that waits, SQLite takes some 20,000 answers
of 30 kB a second, far more than endpoints give; it opens in a millisecond whatever its size, where an append file must
be read first; it needs a fifth less room than LMDB and a quarter of what DBOS takes; several processes share it, a
torn last record is dropped by its checksums, and any SQLite tool opens it. Object storage is ``genesys.calls.parts``;
what is kept of a call is ``genesys.calls.entry``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from genesys.calls.parts import RemoteParts
from genesys.calls.removal import StoredSegment
from genesys.calls.segment import SUFFIX, Segment
from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.storage import local_path

_SEGMENT_NAME = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


class Journal:
    """A folder, or s3:// URL, of segments.

    Args:
        root: Folder or fsspec URL. On object storage the journal is a local log whose new records are uploaded as
            immutable parts every ``window`` seconds and at close: a lost machine loses at most that window.
        cache: Where the local log of a remote journal stands.
        readonly: Open for reading: nothing is created, nothing is written.
        window: Seconds between uploads.
        storage_options: fsspec options for a remote root (endpoint, credentials).
    """

    def __init__(
        self,
        root: str | Path,
        *,
        cache: str | Path | None = None,
        readonly: bool = False,
        window: float = 10.0,
        storage_options: dict[str, object] | None = None,
    ) -> None:
        """Nothing is opened yet; a segment opens at its first use."""
        self.root = str(root)
        self.readonly = readonly
        self._window = window
        self._storage_options = storage_options or {}
        self._segments: dict[str, Segment] = {}
        here = local_path(self.root)
        self.remote = here is None
        if self.remote and cache is None:
            raise GenesysError(f"the journal {self.root} needs a local folder for its log: set journal.cache")
        # Two journals that share a cache must not take each other's records for uploaded.
        self.folder = here if here is not None else Path(cache or "") / digest(self.root, 12)

    def segment(self, name: str) -> Segment:
        """The segment of this name, as in ``math/math-00000``; made if it is new, open until the journal closes."""
        if name not in self._segments:
            self._segments[name] = self.open(name)
        return self._segments[name]

    def open(self, name: str) -> Segment:
        """The same for a caller that closes it."""
        path, parts = self._place(name)
        return Segment(path, name=name, readonly=self.readonly, parts=parts, window=self._window)

    def stored(self, name: str) -> StoredSegment:
        """A segment for whoever clears up; nothing is opened or fetched."""
        return StoredSegment(name, *self._place(name))

    def _place(self, name: str) -> tuple[Path, RemoteParts | None]:
        if not _SEGMENT_NAME.fullmatch(name) or ".." in name:
            raise GenesysError(f"{name!r} is no segment name: use letters, digits, '.', '_', '-' and '/'")
        parts = RemoteParts(self.root, name, self._storage_options) if self.remote else None
        return self.folder / f"{name}{SUFFIX}", parts

    def names(self) -> list[str]:
        """All segments, those on object storage that were never opened here too, sorted."""
        found = {
            path.relative_to(self.folder).as_posix().removesuffix(SUFFIX) for path in self.folder.rglob(f"*{SUFFIX}")
        }
        if self.remote:
            found |= RemoteParts.segments(self.root, self._storage_options)
        return sorted(found)

    def segments(self, names: Iterable[str] | None = None) -> Iterator[Segment]:
        """These segments, or all; one that this opens is closed when the next is asked for: there may be thousands."""
        for name in self.names() if names is None else names:
            if name in self._segments:
                yield self._segments[name]
            else:
                with contextlib.closing(self.open(name)) as segment:
                    yield segment

    def remove(self, name: str) -> None:
        """Delete a segment, here and on object storage.

        Raises:
            GenesysError: Another process has it open for writing, or this journal is open for reading only.
        """
        if self.readonly:
            raise GenesysError(f"the journal {self.root} was opened for reading")
        if name in self._segments:
            self._segments.pop(name).close()
        stored = self.stored(name)
        with stored.alone():
            stored.delete()

    def close(self) -> None:
        """Write and upload what waits, and close every segment; the first failure is raised after all were tried."""
        with contextlib.ExitStack() as stack:
            for segment in self._segments.values():
                stack.callback(segment.close)
        self._segments.clear()

    def __enter__(self) -> Journal:
        """A journal closes at the end of a ``with``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
