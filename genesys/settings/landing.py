"""The landing lane in the settings: it has its place without being told one, so that no file needs to be edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genesys.faults import GenesysError
from genesys.sources import LANDING, Source
from genesys.storage import local_path

if TYPE_CHECKING:
    from genesys.settings import LaneSettings, Settings

PLACE = Source(path="{state}/landing", name=LANDING, landing=True)
"""Where ``genesys land`` puts tasks, unless a source of the lane says ``landing = true``."""


def with_place(lane: LaneSettings) -> LaneSettings:
    """The lane with a landing place among its sources, before all others: what was landed goes before theirs."""
    if any(source.landing for source in lane.sources):
        return lane
    return lane.model_copy(update={"sources": (PLACE, *lane.sources)})


def with_landing(settings: Settings) -> Settings:
    """Settings that have a landing lane, also where their file says nothing of it."""
    from genesys.settings import LaneSettings

    if LANDING in settings.lanes:
        return settings
    return settings.model_copy(update={"lanes": settings.lanes | {LANDING: with_place(LaneSettings())}})


def landing_place(settings: Settings) -> Source:
    """The place, with its path as it is from here.

    Raises:
        GenesysError: The lane names several, so that there is none to choose.
    """
    places = [source for source in with_landing(settings).lanes[LANDING].sources if source.landing]
    if len(places) > 1:
        raise GenesysError(
            f"[lanes.{LANDING}] has {len(places)} sources with landing = true: leave it with the one that "
            "`genesys land` is to put tasks into"
        )
    return settings.source(places[0])


def something_landed(settings: Settings) -> bool:
    """Whether the place of this machine holds something; one on object storage stands in the settings anyway."""
    folder = local_path(landing_place(settings).path)
    return folder is not None and folder.is_dir() and any(folder.glob("*.jsonl"))
