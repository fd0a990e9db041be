"""The landing place: a folder, here or on object storage, to which each landing adds one file that never changes.

A file's name is ``<time>-<what was landed>-<hash of its content>.jsonl``. Files are read newest first, so that a task
that was mended and landed again counts as it was landed last. A file shows under its name when all of it is there:
whoever watches the folder (names that begin with a dot are not there yet) never sees half of one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from genesys.faults import InfrastructureFault
from genesys.sources import Opened, Source
from genesys.sources.files import open_files
from genesys.sources.remote import SUFFIXES, files_at, is_remote, opened_at, store_errors, store_of
from genesys.storage import local_path, remove_abandoned, sync_folder

_NAME = re.compile(r"(\d{8}T\d{12}Z)-(.*)-([0-9a-f]{16})\.jsonl")
_TIME = "%Y%m%dT%H%M%S%fZ"
_LOCK, _TEMPORARY = ".landing.lock", "landing"
HASH_CHARS = 16


@dataclass(frozen=True)
class Place:
    """The place that a source names.

    Args:
        source: With ``landing``; a local path is absolute.
    """

    source: Source

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return not is_remote(self.source.path)

    @property
    def folder(self) -> Path:
        """The local folder."""
        return local_path(self.source.path) or Path(self.source.path)

    def _store(self) -> tuple[Any, str]:
        return store_of(self.source.path, self.source.storage_options)

    def open(self) -> Opened:
        """All that was landed, as a source of rows, the newest first.

        Raises:
            GenesysError: A file cannot be read.
            InfrastructureFault: The store cannot be reached.
        """
        if not self.is_local:
            fs, root = self._store()
            found = files_at(fs, root)
            return opened_at(self.source, fs, root, {name: found[name] for name in newest_first(list(found))})
        files = [self.folder / name for name in newest_first(self.names())]
        return open_files(self.source, files) if files else Opened(self.source, "empty", read=lambda: iter(()))

    def names(self) -> list[str]:
        """Files that are there, below the place."""
        if not self.is_local:
            fs, root = self._store()
            return sorted(name.removeprefix(f"{root}/") for name in files_at(fs, root))
        if not self.folder.is_dir():
            return []
        found = (path for path in self.folder.rglob("*") if path.suffix in SUFFIXES and not path.name.startswith("."))
        return sorted(path.relative_to(self.folder).as_posix() for path in found if path.is_file())

    def landed_as(self, content: str) -> str | None:
        """The file of just this content, the newest of them, if it was landed before."""
        return next((name for name in newest_first(self.names()) if _hash_of(name) == content), None)

    def is_newest(self, name: str) -> bool:
        """Whether nothing was landed since."""
        return next(iter(newest_first(self.names())), None) == name

    @contextlib.contextmanager
    def draft(self) -> Iterator[Path]:
        """A new local file to write rows into; ``put`` makes it a landing, and else it is gone at the end.

        Raises:
            InfrastructureFault: There is no room for it, or no right to write.
        """
        folder = self.folder if self.is_local else Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - a draft
        temporary = folder / f".{_TEMPORARY}.{secrets.token_hex(4)}.tmp"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            remove_abandoned(folder / _TEMPORARY)
            with temporary.open("xb") as held:
                # Held as long as the file is written: by this a later landing tells it from what a killed one left.
                fcntl.flock(held, fcntl.LOCK_EX)
                yield temporary
        except OSError as error:
            raise InfrastructureFault(
                f"{self.source.path} cannot be written: {error}. Nothing was landed; run the same command again.",
                fatal=True,
            ) from error
        finally:
            temporary.unlink(missing_ok=True)

    def put(self, draft: Path, title: str, content: str, *, again: bool = False) -> tuple[str, bool]:
        """Make a draft a landing.

        Args:
            draft: Written whole.
            title: What it holds, for people.
            content: Hash of it.
            again: Also where the same was landed before, and something else since.

        Returns:
            The file's name, and whether it was put now: False where the same stands there already.
        """
        with self._alone():
            before = self.landed_as(content)
            if before is not None and (not again or self.is_newest(before)):
                return before, False
            name = f"{self._now()}-{slug(title)}-{content}.jsonl"
            if self.is_local:
                with draft.open("rb") as stream:
                    os.fsync(stream.fileno())
                draft.rename(self.folder / name)
                sync_folder(self.folder)
            else:
                fs, root = self._store()
                with store_errors(self.source.path):
                    fs.put_file(str(draft), f"{root}/{name}")
            return name, True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two that land the same at once: the second finds the first's. A store has no such lock, and then has both."""
        if not self.is_local:
            yield
            return
        with (self.folder / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _now(self) -> str:
        """The time, and in any case later than that of what is there, whatever the clocks say."""
        now = datetime.now(UTC)
        newest = next(iter(newest_first(self.names())), "")
        if (match := _NAME.fullmatch(newest)) is not None:
            last = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
            now = max(now, last + timedelta(microseconds=1))
        return now.strftime(_TIME)


def newest_first(names: list[str] | tuple[str, ...]) -> list[str]:
    """Files in the order in which they are read: landings from the last to the first, then what others put there."""
    landed = [name for name in names if _hash_of(name)]
    others = [name for name in names if not _hash_of(name)]
    return [*sorted(landed, key=lambda name: name.rpartition("/")[2], reverse=True), *sorted(others)]


def slug(title: str) -> str:
    """A title as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._@]+", "-", title).strip("-.")[:80] or "tasks"


def open_landing(source: Source) -> Opened:
    """A landing place as a source of rows; one to which nothing was brought has none."""
    return Place(source).open()


def _hash_of(name: str) -> str:
    match = _NAME.fullmatch(name.rpartition("/")[2])
    return match[3] if match else ""
