"""Folders of engines that ended: their logs. One that lives, starts or is waited for is left alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from genesys.garbage.found import USED_SINCE, Removable
from genesys.teachers.engine_folder import START, EngineFolder, engine_folders


def in_engines(engines: Path, before: float) -> Iterator[Removable]:
    """Folders that can go; what was written later than ``before`` stays, since a person may want to read the log."""
    for folder in engine_folders(engines):
        if _is_idle(folder, before):
            size = sum(path.stat().st_size for path in folder.path.iterdir())
            yield Removable("engines", folder.path.name, size, "it ended", partial(_remove, folder.path, before))
        folder.close()


def _is_idle(folder: EngineFolder, before: float) -> bool:
    is_new = any(path.stat().st_mtime > before for path in folder.path.iterdir())
    return not (is_new or folder.is_kept or folder.leases)


def _remove(path: Path, before: float) -> str:
    if not path.exists():
        return ""
    folder = EngineFolder(path)
    try:
        # Whoever starts an engine holds this lock until its keeper lives.
        if not folder.locks.acquire(START) or not _is_idle(folder, before):
            return USED_SINCE
        shutil.rmtree(path)
    finally:
        folder.close()
    return ""
