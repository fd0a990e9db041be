"""The filter of length and format: what is wrong with a text was measured (``genesys.quality.text_faults``)."""

from __future__ import annotations

import polars as pl

from genesys.release.filters.base import Filter, Traces, dropped
from genesys.settings.release import FormatSettings


def filter_(settings: FormatSettings) -> Filter:
    """Leave out every response with a fault that is not borne with, for the first one it has."""
    borne = sorted(settings.tolerate)

    def drop(traces: Traces) -> pl.DataFrame:
        faults = traces.rows.select("row", pl.col("faults").cast(pl.List(pl.String)).alias("fault"))
        parts = pl.col("fault").str.splitn(": ", 2)
        found = (
            faults.filter(pl.col("fault").list.len() > 0)
            .explode("fault")
            .with_columns(parts.struct.field("field_0").alias("kind"), parts.struct.field("field_1").alias("more"))
            .filter(~pl.col("kind").is_in(borne))
            .unique("row", keep="first", maintain_order=True)
        )
        return dropped(found, pl.col("kind"), pl.col("more"))

    return Filter("length and format", "1", drop, settings.model_dump(mode="json"))
