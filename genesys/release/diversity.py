"""``dataset/diversity``: how diverse each version of the data sets is, and how long, and how often teachers were right.

One part for each version of ``dataset/sft`` that was measured, named by what it was measured on: the same inputs give
the same part, and the manifest, which forgets no part, is the history. The version that is compared with is by default
the one made last before this; versions that were measured otherwise are passed over. Which traces are measured is told
in ``genesys.release.diversity_rows``: of each group the first by their ids, which are hashes, one a problem, so that
two versions of a data set share most of their samples.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from genesys.faults import GenesysError
from genesys.outcomes import Counts
from genesys.quality.drift import Drift, drifts
from genesys.recipe import Recipe
from genesys.release import filtered, sft
from genesys.release.diversity_rows import diversity_rows
from genesys.settings.release import DiversitySettings
from genesys.tables.columns import INT, REAL, TEXT
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/diversity"
VERSION = "1"
DIVERSITY = pa.schema(
    {
        "measure": TEXT,
        "of": TEXT,
        "scope": TEXT,
        "group": TEXT,
        "size": INT,
        "value": REAL,
        "worth": REAL,
        "quantiles": pa.list_(REAL),
        "example": TEXT,
    }
)
"""One measure each: ``of`` is the text or length that was measured, ``scope`` what groups are made by (``all``,
``lane``, ``task type``, ``teacher``, ...), ``size`` on how much it rests; the rest as in ``quality.diversity``."""
Row = dict[str, Any]


def diversity_recipe(settings: DiversitySettings) -> Recipe:
    """What decides the measures, besides the tables. Limits decide only what warns."""
    return Recipe({"diversity": VERSION}, {"sample": settings.sample})


def make_diversity(lake: Lake, settings: DiversitySettings | None = None, *, run_id: str = "") -> Part:
    """Measure ``dataset/sft`` as it stands.

    Args:
        lake: Where the tables stand.
        settings: How many traces of a group are looked at.
        run_id: For the manifest.

    Returns:
        The part of this version, published; where it was measured before, that one, now the last again.

    Raises:
        GenesysError: ``dataset/sft`` was never made, or what it was made of has changed since.
    """
    chosen = settings or DiversitySettings()
    tables = {name: lake.need(name) for name in (filtered.ASSET, sft.ASSET)}
    if changed := [name for part in tables[sft.ASSET].parts.values() for name in lake.changed(part)]:
        raise GenesysError(f"{sft.ASSET} was made of an earlier version of {changed[0]}: materialize it again first")
    inputs = {f"{name}/{WHOLE}": manifest.data_version for name, manifest in tables.items()}
    recipe = diversity_recipe(chosen)
    fingerprint = recipe.fingerprint(inputs)
    version = fingerprint[:12]
    standing = lake.part(ASSET, WHOLE, version)
    if standing is not None:
        if version != _last(lake.need(ASSET).parts):
            standing = standing.model_copy(update={"run_id": run_id, "made_at": time.time()})
            lake.publish(ASSET, WHOLE, {version: standing})
        return standing
    data = lake.write(ASSET, WHOLE, DIVERSITY, diversity_rows(lake, chosen.sample))
    part = Part(
        data=data,
        fingerprint=fingerprint,
        inputs=inputs,
        versions=recipe.versions,
        settings=recipe.settings,
        counts=Counts(rows=data.rows, accepted=data.rows, records=data.rows).as_dict(),
        figures={"traces": sum(part.data.rows for part in tables[filtered.ASSET].parts.values())},
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(ASSET, WHOLE, {version: part})
    return part


# History ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """The version that stands, and how it moved."""

    version: str
    before: str | None
    """The version that it is compared with; None if there is none."""
    rows: list[Row]
    drifts: list[Drift]


def versions_compared(lake: Lake, settings: DiversitySettings) -> tuple[str, str | None] | None:
    """The version made last and the one it is compared with, None if there is none; None if nothing was measured.

    Raises:
        GenesysError: There is no version of the name that the settings give.
    """
    manifest = lake.manifest(ASSET)
    if manifest is None:
        return None
    parts, version = manifest.parts, _last(manifest.parts)
    before = settings.against or next(iter(_earlier(parts, version)), None)
    if before is not None and before not in parts:
        known = ", ".join(sorted(parts))
        raise GenesysError(f"[release.diversity] against: {ASSET} has no version {before}; there are {known}")
    return version, before if before != version else None


def compared(lake: Lake, settings: DiversitySettings) -> Compared:
    """Hold the version made last against the one before, or against the one that the settings name.

    Raises:
        GenesysError: Nothing was measured yet, or there is no version of this name.
    """
    parts = lake.need(ASSET).parts
    version, before = versions_compared(lake, settings) or ("", None)
    rows = list(lake.file_rows(ASSET, WHOLE, parts[version].data))
    earlier = lake.file_rows(ASSET, WHOLE, parts[before].data) if before else ()
    return Compared(version, before, rows, drifts(rows, earlier, settings))


def history(lake: Lake) -> list[tuple[str, int, list[Row]]]:
    """Every version that was measured as the last one is, the oldest first: name, traces, and what holds of all."""
    parts = lake.need(ASSET).parts
    last = _last(parts)
    told = []
    for name in [*reversed(_earlier(parts, last)), last]:
        rows = [row for row in lake.file_rows(ASSET, WHOLE, parts[name].data) if row["scope"] == "all"]
        told.append((name, int(parts[name].figures["traces"]), rows))
    return told


def _earlier(parts: dict[str, Part], version: str) -> list[str]:
    """Other versions that were measured in the same way, the latest first."""
    this = parts[version]
    alike = [name for name, part in parts.items() if (part.versions, part.settings) == (this.versions, this.settings)]
    return sorted((n for n in alike if n != version), key=lambda n: (parts[n].made_at, n), reverse=True)


def _last(parts: Mapping[str, Part]) -> str:
    return max(parts, key=lambda name: (parts[name].made_at, name))
