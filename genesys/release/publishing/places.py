"""Where releases go: a folder of this machine, or object storage. The hub stands in ``hub``.

A release is never seen half: a folder gets its name when all is in it, and on object storage the manifest comes last.
One that stands already is not written again; one whose writer was killed is gone on with.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesys.faults import GenesysError, InfrastructureFault
from genesys.release.publishing.items import Item, Written, checksum, write_item
from genesys.release.publishing.layout import MANIFEST
from genesys.release.publishing.release import Release
from genesys.storage import local_path, sync_folder

Told = Callable[[str], None]
"""Hears what is being written."""


@dataclass(frozen=True)
class Placed:
    """A release where it stands now."""

    place: str
    is_new: bool
    """Whether it was written just now."""


def put(release: Release, to: str, storage_options: dict[str, Any], told: Told) -> Placed:
    """Write a release below a folder or an fsspec URL.

    Raises:
        GenesysError: What stands there is something else, or a table's file is damaged.
        InfrastructureFault: It could not be written.
    """
    folder = local_path(to)
    if folder is not None:
        return _put_folder(release, folder, told)
    return _put_objects(release, to, storage_options, told)


def _put_folder(release: Release, to: Path, told: Told) -> Placed:
    target, partial = to / release.folder, to / f".{release.folder}.partial"
    with _writing(str(to)), _alone(to, release.folder):
        if target.exists():
            _fail_if_other(release, target / MANIFEST, (target / MANIFEST).read_bytes, str(target))
            return Placed(str(target), False)
        written: dict[str, Written] = {}
        for item in release.items:
            told(item.path)
            written[item.path] = _kept(item, partial / item.path) or _durable(item, partial / item.path)
        for found in sorted(partial.rglob("*")):
            if found.is_file() and found.relative_to(partial).as_posix() not in written:
                found.unlink()  # left by a writer that was killed
        _write_durably(partial / MANIFEST, release.manifest_text(written).encode())
        for place in [partial, *(found for found in partial.iterdir() if found.is_dir())]:
            sync_folder(place)
        partial.rename(target)
        sync_folder(to)
        _remove_abandoned(release, to)
    return Placed(str(target), True)


def _kept(item: Item, target: Path) -> Written | None:
    """A file that an earlier writer finished, where that can be told."""
    if item.sha256 is None or not target.is_file() or target.stat().st_size != item.bytes:
        return None
    return Written(item.sha256, item.bytes, item.rows) if checksum(target) == item.sha256 else None


def _durable(item: Item, target: Path) -> Written:
    written = write_item(item, target)
    with target.open("rb") as stream:
        os.fsync(stream.fileno())
    return written


def _write_durably(target: Path, content: bytes) -> None:
    with target.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


@contextlib.contextmanager
def _alone(to: Path, name: str) -> Iterator[None]:
    """One process of this machine at a time writes this release."""
    to.mkdir(parents=True, exist_ok=True)
    with _locked(to / f".{name}.lock", wait=True):
        yield


@contextlib.contextmanager
def _locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Whether a lock was had, which it always is where it is waited for; its file goes with it."""
    while True:
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            if not path.exists() or path.stat().st_ino != os.fstat(lock.fileno()).st_ino:
                continue  # whoever had it before has removed the file: somebody else may lock another one by now
            try:
                yield True
            finally:
                path.unlink(missing_ok=True)
            return


def _remove_abandoned(release: Release, to: Path) -> None:
    """Remove what killed writers left of other versions, which nobody will go on with."""
    for partial in to.glob(f".{glob.escape(release.name)}-*.partial"):
        name = partial.name.removeprefix(".").removesuffix(".partial")
        if name == release.folder:
            continue
        with _locked(to / f".{name}.lock", wait=False) as is_ours:
            if is_ours:
                shutil.rmtree(partial, ignore_errors=True)


def _put_objects(release: Release, to: str, storage_options: dict[str, Any], told: Told) -> Placed:
    import fsspec

    fs, base = fsspec.core.url_to_fs(to, **({"use_listings_cache": False} | storage_options))
    folder = f"{base.rstrip('/')}/{release.folder}"
    place = f"{to.rstrip('/')}/{release.folder}"
    manifest = f"{folder}/{MANIFEST}"
    with _writing(to):
        if fs.exists(manifest):
            _fail_if_other(release, manifest, lambda: bytes(fs.cat_file(manifest)), place)
            return Placed(place, False)
        written: dict[str, Written] = {}
        with tempfile.TemporaryDirectory(prefix="genesys-release-") as scratch:
            for item in release.items:
                told(item.path)
                file = Path(scratch) / "file"
                written[item.path] = write_item(item, file)
                fs.put_file(str(file), f"{folder}/{item.path}")
        fs.pipe_file(manifest, release.manifest_text(written).encode())
    return Placed(place, True)


def _fail_if_other(release: Release, path: object, read: Callable[[], bytes], place: str) -> None:
    """Whatever has our name has to be our release."""
    try:
        found = json.loads(read())["version"]
    except (OSError, ValueError, KeyError, TypeError):
        raise GenesysError(f"{place} is there and is no release ({path} cannot be read): move it away") from None
    if found != release.version:
        raise GenesysError(f"{place} is there, and {path} says it is version {found}: move it away")


@contextlib.contextmanager
def _writing(place: str) -> Iterator[None]:
    """A write that fails is the infrastructure's fault."""
    try:
        yield
    except GenesysError:
        raise
    except Exception as error:
        if local_path(place) is not None and not isinstance(error, OSError):
            raise  # a mistake of ours; clients of object storage have error types of their own
        raise InfrastructureFault(
            f"the release could not be written to {place}: {error}. Run the same command again: it goes on from there"
        ) from error
