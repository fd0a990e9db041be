"""Local logs of a journal on object storage, all of whose records are there too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from genesys.calls.journal import Journal
from genesys.calls.removal import StoredSegment
from genesys.calls.segment import SUFFIX
from genesys.faults import GenesysError
from genesys.garbage.found import USED_SINCE, Kept, Removable


def in_caches(journal: Journal, before: float) -> Iterator[Removable | Kept]:
    """Logs that can go; what was written later than ``before`` may belong to a run, and stays."""
    if not journal.remote:
        return
    for path in sorted(journal.folder.rglob(f"*{SUFFIX}")):
        stored = journal.stored(path.relative_to(journal.folder).as_posix().removesuffix(SUFFIX))
        try:
            if stored.log_modified() <= before and stored.is_uploaded():
                why = "uploaded, and not used lately"
                yield Removable("caches", stored.name, stored.size, why, partial(_remove, stored, before))
        except GenesysError as error:
            yield Kept("caches", stored.name, str(error))


def _remove(stored: StoredSegment, before: float) -> str:
    try:
        # A run that goes on writing into a log without a name would upload nothing of it, and not notice.
        with stored.alone():
            if stored.log_modified() > before or not stored.is_uploaded():
                return USED_SINCE
            stored.delete_log()
    except GenesysError as error:
        return str(error)
    return ""
