"""A whole release, planned: its files, its card, its version, and what is against it. Nothing is written here.

The version is a hash of all that decides the bytes: the tables that it is made of, how files are cut, settings,
versions of code, and the words of the card. So it is known before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from genesys.hashing import digest
from genesys.overrides import open_overrides
from genesys.release.costs import costs_section, dataset_costs
from genesys.release.proof.leaves import ALGORITHM
from genesys.release.proof.tree import root
from genesys.release.publishing.attribution import attribution_items, attributions, unnamed
from genesys.release.publishing.card import VERSION_MARK, Facts, card_text
from genesys.release.publishing.ends import ends_items
from genesys.release.publishing.figures import LANGUAGE, Figures, batches, figures_of
from genesys.release.publishing.head import Head
from genesys.release.publishing.items import Item, Written, content_item, table_items
from genesys.release.publishing.layout import (
    CARD,
    CONFIGS,
    ENDS,
    FILTERED,
    FORMAT,
    LINEAGE,
    MOST_BYTES,
    RAW,
    REPORT,
    TEST,
    TRAIN,
)
from genesys.release.publishing.licensing import License, license_of
from genesys.release.publishing.limits import limits_of
from genesys.release.publishing.recorded import (
    compared_with,
    decided_since,
    public_settings,
    set_otherwise,
    settings_of,
    steps_of,
)
from genesys.release.publishing.standing import ERROR_RATES, REPORT_TABLE, Standing, standing_of, weights
from genesys.release.publishing.trust import error_rates
from genesys.release.report.make import report_html
from genesys.settings import Settings
from genesys.settings.release import PublishSettings
from genesys.tables.lake import Lake

_TAGS = ("reasoning", "synthetic", "verified")
_IS_TAG = re.compile(r"[A-Za-z0-9][\w+.#-]{0,63}")
_TITLE = "Verified reasoning traces"


@dataclass(frozen=True)
class Release:
    """What would be written."""

    name: str
    version: str
    items: list[Item]
    card: str
    manifest: dict[str, Any]
    """All of ``manifest.json`` but its files."""
    against: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Its folder's name."""
        return f"{self.name}-{self.version}"

    def manifest_text(self, written: Mapping[str, Written]) -> str:
        """``manifest.json`` once all else is written."""
        files = {path: written[path].row() for path in sorted(written)}
        return json.dumps({**self.manifest, "files": files}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def plan_release(lake: Lake, settings: Settings, lanes: Iterable[str], *, most: int = MOST_BYTES) -> Release:
    """What would be published of a lake now.

    Args:
        lake: Where the data sets stand.
        settings: ``[release]``, and prices.
        lanes: Whose costs the card tells.
        most: Bytes of a file.

    Raises:
        GenesysError: There is no data set at all.
    """
    standing = standing_of(lake)
    chosen, publish = settings_of(standing, settings.release), settings.release.publish
    decided = open_overrides(settings)
    standing.against.extend([*decided_since(standing, decided), *set_otherwise(standing, settings, decided)])
    if standing.against:
        return Release(publish.name, "", [], "", {}, standing.against, standing.notes)
    figures = figures_of(lake, standing)
    licence = license_of(publish.license, figures.origins)
    named = attributions(lake, standing.sets[RAW].companions[LINEAGE])
    against = [*licence.against, *_unnamed(named)]
    items = [*_tables(lake, standing, figures, most), *attribution_items(named)]
    merkle = _merkle(lake, standing)
    head = _head(lake, standing, figures, licence, publish, items)
    facts = Facts(
        head=head,
        steps=steps_of(standing),
        limits=limits_of(figures, standing, chosen, rates=ERROR_RATES in standing.others),
        error_rates=error_rates(lake, standing),
        costs=costs_section(dataset_costs(lake, lanes), settings.prices),
        merkle=merkle,
        checked_against=compared_with(standing),
        named=named.height,
        has_report=REPORT_TABLE in standing.others,
        settings=chosen,
    )
    card = card_text(figures, facts)
    manifest = _manifest(publish.name, standing, figures, merkle, card, most)
    version = digest(manifest, 12)
    card = card.replace(VERSION_MARK, version)
    items = [*items, *_report(lake, standing), content_item(CARD, card.encode())]
    manifest["version"] = version
    return Release(publish.name, version, items, card, manifest, against, [*standing.notes, *licence.notes])


def _head(
    lake: Lake,
    standing: Standing,
    figures: Figures,
    licence: License,
    publish: PublishSettings,
    items: Sequence[Item],
) -> Head:
    rows = {name: standing.rows(name) for name in standing.sets if sum(standing.rows(name))}
    return Head(
        title=" ".join((publish.title or _TITLE).split()),
        license=licence,
        languages=publish.languages,
        tags=_tags(figures),
        rows=rows,
        weights={name: weights(lake, standing, name) for name in rows},
        files={name: sum(item.bytes for item in items if item.folder == name) for name in rows},
    )


def _manifest(
    name: str, standing: Standing, figures: Figures, merkle: dict[str, Any], card: str, most: int
) -> dict[str, Any]:
    parts = {FILTERED: standing.filtered, **{CONFIGS[name]: part for name, part in standing.sets.items()}}
    parts |= standing.others
    return {
        "format": FORMAT,
        "name": name,
        "made_from": dict(sorted(standing.versions.items())),
        "merkle": merkle,
        "counts": standing.filtered.counts,
        "versions": {table: part.versions for table, part in sorted(parts.items())},
        "settings": {table: public_settings(part) for table, part in sorted(parts.items())},
        "toolchains": figures.toolchains,
        "most_bytes": most,
        "card": digest(card),
    }


def _tables(lake: Lake, standing: Standing, figures: Figures, most: int) -> Iterator[Item]:
    for name, part in standing.sets.items():
        yield from table_items(lake, CONFIGS[name], part.data, name, TRAIN, most)
        if (test := part.companions.get(TEST)) is not None:
            yield from table_items(lake, CONFIGS[name], test, name, TEST, most)
    yield from table_items(lake, CONFIGS[RAW], standing.sets[RAW].companions[LINEAGE], LINEAGE, LINEAGE, most)
    dropped = sum(drop.traces for drop in figures.drops)
    yield from ends_items(lake, standing.filtered.companions[ENDS], dropped)


def _merkle(lake: Lake, standing: Standing) -> dict[str, Any]:
    lineage = standing.sets[RAW].companions[LINEAGE]

    def leaves() -> Iterator[str]:
        for frame in batches(lake, CONFIGS[RAW], lineage, ["leaf"], ()):
            yield from frame["leaf"].to_list()

    return {"root": root(leaves()), "leaves": lineage.rows, "algorithm": ALGORITHM}


def _report(lake: Lake, standing: Standing) -> list[Item]:
    html = report_html(lake) if REPORT_TABLE in standing.others else None
    return [content_item(REPORT, html)] if html else []


def _tags(figures: Figures) -> list[str]:
    languages = [slice_.name for slice_ in figures.slices.get(LANGUAGE, []) if slice_.raw]
    lanes = [slice_.name for slice_ in figures.slices.get("lane", []) if slice_.raw]
    return [tag for tag in dict.fromkeys([*_TAGS, *lanes, *languages]) if _IS_TAG.fullmatch(tag)]


def _unnamed(named: pl.DataFrame) -> list[str]:
    return [
        f"{count:,} problems of {source} stand under {license_}, which wants their authors named, and have neither a "
        f"name nor a page ({one} is one): give the source an `attribution`, or leave it out by [release.licences] allow"
        for source, license_, count, one in unnamed(named)
    ]
