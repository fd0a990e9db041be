"""Places by fsspec: which are on this machine's disks, and how one small file is replaced there or on object storage.

What the files mean stands with who keeps them: ``genesys.tables.lake``, ``genesys.calls``, ``genesys.rows``.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fsspec.core import split_protocol
from fsspec.implementations.local import LocalFileSystem

_CONDITIONAL = frozenset({"s3", "s3a"})
"""File systems that hand conditions of a write through to their store."""
_OUTRUN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_UNKNOWN = frozenset({"NotImplemented", "501"})
_SETTLING = 0.2
"""Seconds in which another writer, who read before we wrote, has written too."""


@dataclass(frozen=True)
class Found:
    """A file as a listing shows it."""

    path: str
    """As the file system sees it."""
    size: int
    modified: float
    """Unix time."""


def local_path(place: str) -> Path | None:
    """The path of a place on this machine's disks, None for any other store. A relative path stays relative."""
    protocol, path = split_protocol(place)
    if protocol is not None:
        return Path(path) if protocol in LocalFileSystem.protocol else None
    marks = (f"{name}:" for name in LocalFileSystem.protocol)
    return Path(place.removeprefix(next(filter(place.startswith, marks), "")))


def is_within(place: str, folder: str) -> bool:
    """Whether a place is a folder, or stands in it; names of folders count whole."""
    here, there = local_path(place), local_path(folder)
    if here is not None and there is not None:
        return here.resolve().is_relative_to(there.resolve())
    return f"{place.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


def sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(target: Path, content: bytes) -> None:
    """Put a local file in another's place, durably; whoever reads sees the one or the other."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def is_conditional(fs: Any) -> bool:
    """Whether an object can be replaced there on the condition that it is still the one that was read."""
    return bool(_CONDITIONAL.intersection((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol))


def object_tag(fs: Any, path: str) -> str | None:
    """What tells an object's contents apart, None if there is no such object.

    To be asked for before the object is read: then what is read is never older than the tag.
    """
    if not is_conditional(fs):
        return None
    try:
        return str(fs.info(path, refresh=True)["ETag"])
    except FileNotFoundError:
        return None


def replace_object(fs: Any, path: str, content: bytes, tag: str | None) -> bool:
    """Put an object whole in the place of that of ``tag`` (None: where there was none).

    Returns:
        True if just this happened. False if another object stands there by now, or may: look again. That is also what
        a store that knows no conditions gets, after a pause in which others that were at it have ended.

    Raises:
        Exception: Whatever the file system raises.
    """
    if is_conditional(fs):
        try:
            fs.pipe_file(path, content, **({"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}))
        except FileNotFoundError:
            if tag is None:
                raise  # the bucket is not there
            return False
        except OSError as error:
            if (code := _code(error)) in _OUTRUN:
                return False
            if code not in _UNKNOWN:
                raise
        else:
            return True
    fs.pipe_file(path, content)
    time.sleep(_SETTLING * random.uniform(1, 2))
    return False


def _code(error: BaseException) -> str:
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def files_below(fs: Any, folder: str) -> Iterator[Found]:
    """All files below a folder; one that goes while they are listed is passed over."""
    if isinstance(fs, LocalFileSystem):
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                with contextlib.suppress(FileNotFoundError):
                    info = Path(place, name).stat()
                    yield Found(f"{place}/{name}", info.st_size, info.st_mtime)
        return
    fs.invalidate_cache()
    for path, info in sorted(fs.find(folder, detail=True).items()):
        yield Found(path, info["size"], _modified(info))


def modified(fs: Any, path: str) -> float:
    """When a file was last written.

    Raises:
        FileNotFoundError: There is none.
    """
    if isinstance(fs, LocalFileSystem):
        return Path(path).stat().st_mtime
    fs.invalidate_cache()
    return _modified(fs.info(path))


def _modified(info: dict[str, Any]) -> float:
    """Where a store does not tell, a file counts as written just now."""
    told = next((info[name] for name in ("LastModified", "mtime", "created") if info.get(name)), None)
    if isinstance(told, datetime):
        return told.timestamp()
    return float(told) if isinstance(told, int | float) else time.time()


def remove_abandoned(target: Path) -> None:
    """Remove what killed writers of this file left: a lock that can be had belongs to nobody who lives."""
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        with contextlib.suppress(OSError), leftover.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink()
