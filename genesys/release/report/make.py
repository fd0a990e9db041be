"""``dataset/report`` as a part of the lake: one row with the page and with the facts that it was drawn from.

Why a table: whatever stands in the lake is named by its content, published by the manifest, checked, moved and
collected the same way, on a folder as on s3, and a page of a megabyte is a text like those of traces. The facts stand
beside it for whoever shows them otherwise, as the UI does. A person opens a copy of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from genesys.hashing import digest
from genesys.lane import Lane
from genesys.ledger import withdrawn_asset
from genesys.outcomes import Counts
from genesys.recipe import Recipe
from genesys.release import diversity, filtered, sft
from genesys.release.diversity_rows import MEASURED
from genesys.release.report.facts import Facts
from genesys.release.report.gathering import ERRORS, gather
from genesys.release.report.page import page
from genesys.settings import Settings
from genesys.stages.generations import generations_asset
from genesys.stages.tasks import tasks_asset
from genesys.stages.verifications import verifications_asset
from genesys.tables.columns import TEXT
from genesys.tables.lake import WHOLE, Lake, Part

ASSET = "dataset/report"
CAMPAIGN = "all"
VERSION = "1"
COPY = "{state}/report.html"
REPORT = pa.schema({"title": TEXT, "html": TEXT, "facts": TEXT})


def report_recipe(settings: Settings) -> Recipe:
    """What decides the page, besides the tables: what costs are told by, where the bar is, what warns."""
    prices = {name: list(role.prices) for name, role in settings.prices.roles.items()}
    chosen = {
        "title": _title(settings),
        "acceptance": settings.acceptance.model_dump(mode="json"),
        "diversity": settings.release.diversity.model_dump(mode="json"),
        "prices": digest(prices, 16),
    }
    return Recipe({"report": VERSION}, chosen)


def make_report(lake: Lake, lanes: Iterable[Lane], settings: Settings, *, run_id: str = "") -> Part:
    """Gather, draw and publish.

    Args:
        lake: Where the tables stand.
        lanes: All that the data sets are made of.
        settings: Prices, acceptance, limits of drift, and the data set's title.
        run_id: For the manifest.

    Returns:
        The part, published; the one that stands when nothing it tells of has changed.

    Raises:
        GenesysError: ``dataset/filtered`` was never made.
    """
    lanes = sorted(lanes, key=lambda lane: lane.name)
    lake.need(filtered.ASSET)
    inputs, recipe = _inputs(lake, lanes), report_recipe(settings)
    fingerprint = _fingerprint(lake, inputs, settings)
    standing = lake.part(ASSET, WHOLE, CAMPAIGN)
    if standing and standing.fingerprint == fingerprint:
        return standing
    facts, title = gather(lake, lanes, settings), _title(settings)
    row = {"title": title, "html": page(facts, title), "facts": facts.model_dump_json()}
    part = Part(
        data=lake.write(ASSET, WHOLE, REPORT, [row]),
        fingerprint=fingerprint,
        inputs=inputs,
        counts=Counts(rows=1, accepted=1, records=1).as_dict(),
        versions=recipe.versions,
        settings=recipe.settings,
        run_id=run_id,
        made_at=time.time(),
    )
    lake.publish(ASSET, WHOLE, {CAMPAIGN: part})
    return part


def page_now(lake: Lake, lanes: Iterable[Lane], settings: Settings) -> tuple[bytes, bool]:
    """The page as the tables are now, and whether it is the one that stands; nothing is published.

    Raises:
        GenesysError: ``dataset/filtered`` was never made.
    """
    lanes = sorted(lanes, key=lambda lane: lane.name)
    standing = lake.part(ASSET, WHOLE, CAMPAIGN)
    if standing and standing.fingerprint == _fingerprint(lake, _inputs(lake, lanes), settings):
        html = report_html(lake)
        assert html is not None  # noqa: S101 - it stands
        return html, True
    return page(gather(lake, lanes, settings), _title(settings)).encode(), False


def report_html(lake: Lake) -> bytes | None:
    """The page that stands, None if there is none yet."""
    row = _row(lake, "html")
    return None if row is None else row.encode()


def report_facts(lake: Lake) -> Facts | None:
    """What it tells, None if there is none yet."""
    row = _row(lake, "facts")
    return None if row is None else Facts.model_validate_json(row)


def report_file(settings: Settings) -> Path:
    """Where the copy that a person opens stands by default."""
    return Path(settings.path(COPY))


def _row(lake: Lake, column: str) -> str | None:
    if lake.manifest(ASSET) is None:
        return None
    return next(str(row[column]) for row in lake.rows(ASSET, WHOLE, [column]))


def _title(settings: Settings) -> str:
    return settings.release.publish.title or settings.release.publish.name


def _fingerprint(lake: Lake, inputs: dict[str, str], settings: Settings) -> str:
    """Which version was compared with is told by when versions were made, which is no table's content."""
    versions = diversity.versions_compared(lake, settings.release.diversity)
    return report_recipe(settings).fingerprint([inputs, versions])


def _inputs(lake: Lake, lanes: Iterable[Lane]) -> dict[str, str]:
    """Data version of each table that is read; one that is not there is no input."""
    names = [f"{asset}/{WHOLE}" for asset in (filtered.ASSET, sft.ASSET, diversity.ASSET, ERRORS)]
    names += [f"{MEASURED}/{partition}" for partition in lake.partitions(MEASURED)]
    for lane in lanes:
        names.append(f"{withdrawn_asset(lane)}/{WHOLE}")
        for asset in (tasks_asset(lane), generations_asset(lane), verifications_asset(lane)):
            names += [f"{asset}/{shard}" for shard in lake.partitions(asset)]
    return {name: version for name, version in lake.versions_of(names).items() if version is not None}
