"""Parts of a journal segment on object storage: immutable files named by their content, written once and whole."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import fsspec
import zstandard

from genesys.storage import Found, files_below

SUFFIX = ".jsonl.zst"
_AT_ONCE = 16
"""Parts fetched side by side; each is 16 MB at most."""


class RemoteParts:
    """The uploaded parts of one segment, each a zstd-compressed file of JSON lines.

    Every method may raise what the file system raises; an upload that was repeated gives the same name.
    """

    def __init__(self, root: str, segment: str, storage_options: dict[str, object]) -> None:
        """``root`` is the journal's URL."""
        self._fs, path = fsspec.core.url_to_fs(root, **storage_options)
        self._folder = f"{path.rstrip('/')}/{segment}"
        self.place = f"{root.rstrip('/')}/{segment}"
        """For people."""

    def names(self) -> list[str]:
        """Names of all parts, past what an earlier listing remembered."""
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(self._folder, detail=False)
        except FileNotFoundError:
            return []
        return sorted(path.rsplit("/", 1)[1] for path in found if path.endswith(SUFFIX))

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """Each part's name and records: (key, kind, name, row_id, made_at, blob).

        Raises:
            ValueError: A part's content is not the one that its name is a hash of.
        """
        for start in range(0, len(names), _AT_ONCE):
            paths = {f"{self._folder}/{name}": name for name in names[start : start + _AT_ONCE]}
            contents = self._fs.cat(list(paths), on_error="raise")
            for path, name in paths.items():
                if _name_of(contents[path]) != name:
                    raise ValueError(f"the part {name} was changed since it was written; put a good copy in its place")
                yield name, _records(contents[path])

    def write(self, rows: Iterable[Sequence[Any]]) -> str:
        """Upload records as one part and return its name."""
        lines = [json.dumps([*row[:-1], base64.b64encode(row[-1]).decode()]) for row in rows]
        content = zstandard.compress("\n".join(lines).encode(), 1)
        name = _name_of(content)
        self._fs.pipe_file(f"{self._folder}/{name}", content)
        return name

    def listing(self) -> list[Found]:
        """All parts, with when each was uploaded."""
        found = files_below(self._fs, self._folder)
        return [part for part in found if part.path.endswith(SUFFIX) and _folder_of(part.path) == self._folder]

    def delete(self, parts: Iterable[Found]) -> None:
        """Remove just these parts: others may have been uploaded since they were listed."""
        if paths := [part.path for part in parts]:
            self._fs.rm(paths)

    @staticmethod
    def segments(root: str, storage_options: dict[str, object]) -> set[str]:
        """Names of all segments below a journal's URL."""
        fs, path = fsspec.core.url_to_fs(root, **storage_options)
        fs.invalidate_cache()
        base = path.rstrip("/") + "/"
        return {name.removeprefix(base).rsplit("/", 1)[0] for name in fs.find(base) if name.endswith(SUFFIX)}


def _name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32] + SUFFIX


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _records(content: bytes) -> list[tuple[Any, ...]]:
    text = zstandard.ZstdDecompressor().decompress(content)
    return [(*row[:-1], base64.b64decode(row[-1])) for row in map(json.loads, text.splitlines())]
