"""What programs were compiled to, by the content that they were compiled from. Removable at any time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from genesys.job import Job

_COMPILED = ("cpp", "rust")
_MOST_BYTES = 2 << 30
_LOOK_EVERY = 200
"""Stores between two looks at the folder's size."""


def cache_folder() -> Path:
    """Where this user's caches stand, by the convention of the XDG."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "genesys" / "binaries"


class Binaries:
    """A folder of compiled programs; the least used go when it grows too large.

    Args:
        folder: Where; only the host writes there, never a program.
        toolchain: Names compilers, options and machine: part of every key.
    """

    def __init__(self, folder: Path, toolchain: str) -> None:
        """The folder is made when something is kept."""
        self._folder, self._toolchain = folder, toolchain
        self._stores = 0

    def get(self, job: Job) -> bytes | None:
        """What this program was compiled to, if it is still there."""
        if job.language not in _COMPILED:
            return None
        path = self._path(job)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return content

    def keep(self, job: Job, binary: bytes) -> None:
        """Keep it; a folder that cannot be written to costs time and nothing else."""
        path = self._path(job)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(binary)
            Path(file.name).replace(path)
        self._stores += 1
        if self._stores % _LOOK_EVERY == 1:
            self._prune()

    def _path(self, job: Job) -> Path:
        key = hashlib.sha256(f"{self._toolchain}\0{job.language}\0".encode() + job.source).hexdigest()
        return self._folder / key[:2] / key

    def _prune(self) -> None:
        found = []
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(OSError):
                known = path.stat()
                found.append((known.st_mtime, known.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found, key=lambda item: item[0]):
            if total <= _MOST_BYTES:
                break
            path.unlink(missing_ok=True)
            total -= size
