"""The first link: the source row itself, looked up again in the source where that is a local file."""

from __future__ import annotations

from collections.abc import Iterable

from genesys.faults import GenesysError
from genesys.hashing import digest
from genesys.lane import Identity
from genesys.lane_source import open_all
from genesys.ledger import identify
from genesys.lineage.evidence import Evidence
from genesys.lineage.held import Row
from genesys.lineage.records import Checks, Link
from genesys.sources import Opened, Source, SourceRow
from genesys.sources.files import local_files
from genesys.sources.remote import is_remote


def source_link(evidence: Evidence, sources: Iterable[Source]) -> Link:
    """Where the row came from, and whether it still stands there.

    Args:
        evidence: Of the response.
        sources: Those that the lane is set up with; a data set of the hub is not fetched again.
    """
    checks, row = Checks(), evidence.ledger.row
    if row is None:
        checks.differs("source row", "the ledger does not say which one it is")
        return Link(step="source row", where="", facts={}, checks=tuple(checks.made))
    names = ("source", "revision", "file", "row", "source_url", "license", "attribution")
    source = next((source for source in sources if source.label == row["source"]), None)
    _look_up(evidence, row, source, checks)
    return Link(
        step="source row",
        where=source.path if source else row["source"],
        facts={name: row[name] for name in names},
        checks=tuple(checks.made),
    )


def _look_up(evidence: Evidence, row: Row, source: Source | None, checks: Checks) -> None:
    what = f"row {row['row']} of {row['file']}"
    if source is None:
        checks.note(what, f"no source called {row['source']} is set up here, so it was not read again")
        return
    try:
        is_read = source.lane is not None or source.history is not None or source.landing or is_remote(source.path)
        if not is_read and local_files(source.path) is None:
            checks.note(what, "a data set of the hub is not fetched again; the ledger holds the row as it was")
            return
        (opened,) = open_all([source], evidence.lake)
        found = _now(evidence, row, opened)
    except (GenesysError, OSError) as error:
        checks.note(what, f"the source cannot be read any more ({error}); the ledger holds the row as it was")
        return
    if found is not None and digest(found.data, 32) == row["row_hash"]:
        moved = "" if (found.file, found.row) == (row["file"], row["row"]) else f"now row {found.row} of {found.file}"
        checks.agrees(what, moved)
    elif evidence.withdrawn:
        checks.note(what, f"the source has changed since, and the ledger knows: {evidence.withdrawn}")
    elif opened.revision == row["revision"]:
        checks.differs(what, "the source is the one that was read, but does not hold this row: the ledger was altered")
    else:
        change = "is gone from the source" if found is None else "has other content in the source"
        checks.differs(what, f"{change} since it was read; materialize {evidence.lane.name}/ledger to have it marked")


def _now(evidence: Evidence, row: Row, opened: Opened) -> SourceRow | None:
    """The row with this upstream key as the source holds it today, the first one if there are several."""
    for candidate in opened.rows():
        if isinstance(candidate, SourceRow):
            identity = identify(evidence.lane, candidate)
            if isinstance(identity, Identity) and identity.key == row["upstream_key"]:
                return candidate
    return None
