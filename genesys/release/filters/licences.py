"""The filter that leaves out rows whose licence is not on the allow-list.

How names of licences are read stands in ``genesys.curation.common.licences``.
"""

from __future__ import annotations

import polars as pl

from genesys.curation.common.licences import NOT_ALLOWED, allowed, spdx
from genesys.release.filters.base import Filter, Traces, dropped
from genesys.release.filters.joining import with_problem
from genesys.settings.release import LicenceSettings

UNKNOWN = "no licence known"


def filter_(settings: LicenceSettings) -> Filter:
    """Leave out what may not be published; an empty allow-list allows all licences that are named."""
    names = sorted({spdx(name) or name for name in settings.allow})

    def refused(written: str | None) -> str | None:
        licence = spdx(written)
        if licence is None:
            return None if settings.unknown else UNKNOWN
        return NOT_ALLOWED if names and not allowed(licence, names) else None

    def drop(traces: Traces) -> pl.DataFrame:
        licences = traces.problems["license"].cast(pl.String).unique().to_list()
        against = {licence: reason for licence in licences if (reason := refused(licence)) is not None}
        if not against:
            return dropped(traces.rows.head(0), NOT_ALLOWED)
        rows = with_problem(traces, "license").with_columns(pl.col("license").cast(pl.String))
        reasons = pl.DataFrame(
            {"license": list(against), "refused": list(against.values())},
            schema={"license": pl.String, "refused": pl.String},
        )
        rows = rows.join(reasons, on="license", how="inner", nulls_equal=True, maintain_order="left")
        return dropped(rows, pl.col("refused"), pl.col("license"))

    return Filter("licences", "1", drop, {"allow": names, "unknown": settings.unknown}, for_all=True)
