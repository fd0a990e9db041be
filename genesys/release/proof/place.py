"""A published data set where it stands: a folder, object storage, or the hub. Its files are had one by one.

What is in them stands in ``contents``. Nothing here believes what a manifest says: a path that leads out of the data
set is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.core import url_to_fs

from genesys.faults import GenesysError, InfrastructureFault
from genesys.storage import files_below, local_path

_HUB = re.compile(r"(?:hf://(?:datasets/)?|hub:)?(?P<id>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w./-]+))?/?")
_NAMED = ("hf:", "hub:")
_BLOCK = 2**20


@dataclass(frozen=True)
class Place:
    """Where a data set stands.

    Args:
        name: As a person names it.
        fs: Its file system.
        base: Its folder there.
        local: Whether that is a folder of this machine.
    """

    name: str
    fs: Any
    base: str
    local: bool

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return bool(is_inside(path) and self.fs.isfile(f"{self.base}/{path}"))

    def listing(self) -> dict[str, int]:
        """All its files with their sizes, but for hidden ones."""
        found = ((each.path.removeprefix(self.base).lstrip("/"), each.size) for each in files_below(self.fs, self.base))
        return {path: size for path, size in found if not any(part.startswith(".") for part in path.split("/"))}

    def read(self, path: str, most: int) -> bytes:
        """A small file, whole.

        Raises:
            GenesysError: There is none, or it is larger.
        """
        try:
            with self.fs.open(f"{self.base}/{path}", "rb") as stream:
                content: bytes = stream.read(most + 1)
        except FileNotFoundError:
            raise GenesysError(f"{self.name} has no {path}: is it a published data set, and complete?") from None
        except OSError as error:
            raise InfrastructureFault(f"{self.name}/{path}: {error}") from error
        if len(content) > most:
            raise GenesysError(f"{self.name}/{path} is larger than {most:,} bytes, as none of its kind is")
        return content

    def sha256(self, path: str) -> str:
        """Of a file as it stands there now.

        Raises:
            OSError: It cannot be read.
        """
        sha = hashlib.sha256()
        with self.fs.open(f"{self.base}/{path}", "rb") as stream:
            while block := stream.read(_BLOCK):
                sha.update(block)
        return sha.hexdigest()

    @contextlib.contextmanager
    def fetched(self, path: str) -> Iterator[tuple[Path, str]]:
        """A file of this machine and its SHA-256: its own where the data set is local, else a copy for the block.

        Raises:
            OSError: It cannot be read.
        """
        if self.local:
            yield Path(self.base, path), self.sha256(path)
            return
        with tempfile.TemporaryDirectory(prefix="genesys-reverify-") as folder:
            target, sha = Path(folder, "file"), hashlib.sha256()
            with self.fs.open(f"{self.base}/{path}", "rb") as stream, target.open("wb") as copy:
                while block := stream.read(_BLOCK):
                    sha.update(block)
                    copy.write(block)
            yield target, sha.hexdigest()


def is_inside(path: str) -> bool:
    """Whether a path from a manifest stays in the data set."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and ":" not in path


def open_place(name: str, storage_options: Mapping[str, Any] | None = None) -> Place:
    """A data set by its name.

    Args:
        name: A folder, an fsspec URL such as ``s3://bucket/folder``, or a data set of the hub: ``owner/name``,
            ``hf://owner/name``, both with ``@revision`` behind.
        storage_options: fsspec options (endpoint, credentials).

    Raises:
        GenesysError: There is nothing of this name.
        InfrastructureFault: The hub or the store cannot be reached.
    """
    found = _HUB.fullmatch(name)
    if name.startswith(_NAMED):
        if found is None:
            raise GenesysError(f"{name}: a data set of the hub is named owner/name, or owner/name@revision")
        return _of_hub(found["id"], found["revision"])
    folder = local_path(name)
    if folder is not None and folder.is_dir():
        return _at(name, str(folder.absolute()), {}, local=True)
    if folder is None:
        return _at(name, name, dict(storage_options or {}), local=False)
    if found is None or name.startswith((".", "/", "~")):
        raise GenesysError(f"{name}: there is no such folder")
    return _of_hub(found["id"], found["revision"])


def _at(name: str, url: str, options: dict[str, Any], *, local: bool) -> Place:
    try:
        fs, base = url_to_fs(url, **options)
    except (ValueError, ImportError) as error:
        raise GenesysError(f"{name}: {error}") from None
    return Place(name.rstrip("/"), fs, base.rstrip("/"), local)


def _of_hub(repository: str, revision: str | None) -> Place:
    try:
        from huggingface_hub import snapshot_download

        folder = snapshot_download(repository, repo_type="dataset", revision=revision)
    except Exception as error:  # its client lets errors of many libraries through
        raise InfrastructureFault(
            f"{repository} is no folder here, and could not be had from the hub: {type(error).__name__}: {error}",
            final=True,
        ) from error
    return _at(repository, str(folder), {}, local=True)
