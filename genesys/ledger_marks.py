"""Source rows that people withdrew, in the ledger: marked beside those that are gone, for as long as that stands.

The list of decisions says which (``genesys.overrides``); here it reaches the table that everything else asks, without
reading a source. A reading of the sources keeps the marks (``genesys.ledger_known``).
"""

from __future__ import annotations

import time
from collections.abc import Collection

import polars as pl

from genesys.faults import InfrastructureFault
from genesys.hashing import digest
from genesys.lane import Lane
from genesys.ledger_state import WITHDRAWN, ledger_asset, withdrawn_asset
from genesys.tables import columns
from genesys.tables.lake import WHOLE, Lake, Manifest

_TRIES = 10
Versions = frozenset[tuple[str, str]]
"""problem_id in the ledger and row_hash."""


def mark_withdrawn(lake: Lake, lane: Lane, ids: Collection[str]) -> int:
    """Have the lane's ledger say of just these rows, in every version, that people withdrew them.

    Args:
        lake: Where the ledger stands.
        lane: Whose it is; one without a ledger has nothing to mark.
        ids: problem_ids in the ledger; those of other lanes are passed over.

    Returns:
        How many versions of rows are marked now and were not, or the other way round.

    Raises:
        InfrastructureFault: Others change the ledger all the time.
    """
    for _ in range(_TRIES):
        manifest, ledger = lake.manifest(withdrawn_asset(lane)), lake.manifest(ledger_asset(lane))
        if manifest is None or ledger is None:
            return 0
        before = lake.frame(withdrawn_asset(lane), WHOLE)
        after = _marked(lake, lane, ledger, before, ids)
        changed = after.join(before, on=after.columns, how="anti").height + max(before.height - after.height, 0)
        if after.equals(before):
            return 0
        data = lake.write(withdrawn_asset(lane), WHOLE, columns.WITHDRAWN, after.iter_rows(named=True))
        part = manifest.parts["ledger"]
        # Another fingerprint, so that the next reading looks at the sources and not at this.
        update = {"data": data, "fingerprint": digest([part.fingerprint, data.sha256], 32), "made_at": time.time()}
        if lake.publish_after(manifest, withdrawn_asset(lane), WHOLE, {"ledger": part.model_copy(update=update)}):
            return changed
    raise InfrastructureFault(f"others have changed the {lane.name} ledger {_TRIES} times meanwhile: try again later")


def gone_versions(lake: Lake, lane: Lane) -> Versions:
    """Versions of source rows that no longer count, whatever the reason."""
    return _versions(lake, lane, None)


def withdrawn_versions(lake: Lake, lane: Lane) -> Versions:
    """Those that people withdrew."""
    return _versions(lake, lane, WITHDRAWN)


def _versions(lake: Lake, lane: Lane, status: str | None) -> Versions:
    asset = withdrawn_asset(lane)
    rows = lake.rows(asset) if lake.manifest(asset) else ()
    return frozenset((row["problem_id"], row["row_hash"]) for row in rows if status in (None, row["status"]))


def _marked(lake: Lake, lane: Lane, ledger: Manifest, before: pl.DataFrame, ids: Collection[str]) -> pl.DataFrame:
    """The table with the marks as they are to be; what the ledger said of a row otherwise stays."""
    others = before.filter(pl.col("status") != WITHDRAWN)
    keys = ["problem_id", "row_hash"]
    found = [before.select(keys).head(0)]
    for part in ledger.parts.values() if ids else ():
        rows = lake.file_frame(ledger_asset(lane), WHOLE, part.data, keys)
        found.append(rows.filter(pl.col("problem_id").is_in(sorted(ids))))
    marks = pl.concat(found).unique().join(others, on=keys, how="anti").with_columns(pl.lit(WITHDRAWN).alias("status"))
    return pl.concat([others, marks.select(before.columns)]).sort(keys)
