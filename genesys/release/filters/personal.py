"""The filter that leaves out responses with secrets or personal data. What they hold was measured: only kinds here."""

from __future__ import annotations

import polars as pl

from genesys.curation.common.people import PERSONAL, SECRET
from genesys.release.filters.base import Filter, Traces, dropped
from genesys.settings.release import PeopleSettings


def filter_(settings: PeopleSettings) -> Filter:
    """Leave out what settings do not keep; a secret goes before personal data."""
    sought = [
        (f"{prefix}: ", reason)
        for prefix, reason, policy in (("secret", SECRET, settings.secrets), ("personal", PERSONAL, settings.personal))
        if policy == "drop"
    ]

    def drop(traces: Traces) -> pl.DataFrame:
        rows = traces.rows.select("row", pl.col("findings").cast(pl.List(pl.String)))
        rows = rows.filter(pl.col("findings").list.len() > 0)
        found = []
        for prefix, reason in sought:
            kinds = pl.col("findings").list.eval(pl.element().filter(pl.element().str.starts_with(prefix)))
            held = rows.with_columns(kinds.list.eval(pl.element().str.strip_prefix(prefix)).alias("kinds"))
            held = held.filter(pl.col("kinds").list.len() > 0)
            found.append(dropped(held, reason, pl.col("kinds").list.join(", ")))
            rows = rows.join(held, on="row", how="anti")
        return pl.concat(found).sort("row") if found else dropped(rows.head(0), SECRET)

    return Filter("secrets and personal data", "1", drop, settings.model_dump(), for_all=True)
