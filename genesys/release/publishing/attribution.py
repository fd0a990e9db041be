"""Whom a release has to name: the table ``attribution`` of problems whose licence asks for it; and who is missing.

What licences allow stands in ``genesys.curation.common.licences``. Names stand in the rows' lineage, too; here they
stand once a problem, for those who only want to know whom to name.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pyarrow as pa

from genesys.curation.common.licences import kind
from genesys.release.publishing.figures import batches
from genesys.release.publishing.items import Item, writer
from genesys.release.publishing.layout import ATTRIBUTION, CONFIGS, RAW, file_name
from genesys.tables.columns import TEXT
from genesys.tables.lake import File, Lake

COLUMNS = ("problem_id", "source", "license", "attribution", "source_url")
SCHEMA = pa.schema([(name, TEXT) for name in COLUMNS])
_NAMES_WANTED = re.compile(r"\b(?:CC-BY|ODC-By|ODbL|GFDL)", re.IGNORECASE)
_GROUP = 2**14


def wants_names(license_: str | None) -> bool:
    """Whether who gives the rows on has to say whose they are."""
    return license_ is not None and bool(_NAMES_WANTED.search(license_))


def insists_on_names(license_: str | None) -> bool:
    """Whether rows without a name cannot be given on: the licence binds what is derived from them, too."""
    return wants_names(license_) and kind(license_) == "share-alike"


def attributions(lake: Lake, lineage: File) -> pl.DataFrame:
    """Problems of ``dataset/raw`` whose licence wants names, by problem_id, each once."""
    found: list[pl.DataFrame] = []
    known: dict[str, bool] = {}
    for frame in batches(lake, CONFIGS[RAW], lineage, COLUMNS, ("source", "license")):
        wanting = [name for name in map(str, frame["license"].drop_nulls().unique()) if _memo(known, name)]
        some = frame.filter(pl.col("license").cast(pl.String).is_in(wanting))
        if some.height:
            found.append(some.unique("problem_id", keep="first", maintain_order=True))
    if not found:
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String()))
    texts = pl.concat(found).unique("problem_id", keep="first", maintain_order=True).sort("problem_id")
    return texts.with_columns(pl.col("source", "license").cast(pl.String))


def _memo(known: dict[str, bool], license_: str) -> bool:
    if license_ not in known:
        known[license_] = wants_names(license_)
    return known[license_]


def unnamed(table: pl.DataFrame) -> list[tuple[str, str, int, str]]:
    """Source, licence, problems and one of them, where the licence insists and nobody is named and no page either."""
    bare = table.filter(_blank("attribution") & _blank("source_url"))
    rows = bare.group_by("source", "license").agg(pl.len(), pl.col("problem_id").min()).sort("source", "license").rows()
    return [(source, license_, count, one) for source, license_, count, one in rows if insists_on_names(license_)]


def _blank(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars() == ""


def attribution_items(table: pl.DataFrame) -> list[Item]:
    """The table as a file of a release; none where nobody has to be named."""
    if not table.height:
        return []

    def write(target: Path) -> None:
        with writer(target, SCHEMA) as out:
            out.write_table(table.select(COLUMNS).to_arrow().cast(SCHEMA), row_group_size=_GROUP)

    return [Item(file_name(ATTRIBUTION, ATTRIBUTION, 0, 1), table.height, int(table.estimated_size()), write)]
