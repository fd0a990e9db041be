"""The lanes that exist, by name. A new one is a package in ``genesys.curation`` and a line here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from genesys.curation.code_understanding.lane import CODE_UNDERSTANDING
from genesys.curation.coding.lane import CODING
from genesys.curation.landing.lane import LANDING
from genesys.curation.math.lane import MATH
from genesys.curation.stackexchange.lane import STACKEXCHANGE
from genesys.curation.swe.lane import SWE
from genesys.curation.translated_coding.lane import TRANSLATED_CODING
from genesys.faults import GenesysError
from genesys.lane import Lane

if TYPE_CHECKING:
    from genesys.settings import Settings

LANES: dict[str, Lane] = {
    lane.name: lane for lane in (MATH, CODING, TRANSLATED_CODING, SWE, STACKEXCHANGE, CODE_UNDERSTANDING, LANDING)
}


def chosen_lane(settings: Settings, name: str) -> Lane:
    """A lane of the settings, with those of its languages that they choose.

    Raises:
        GenesysError: There is no such lane, or it has no such language.
    """
    if name not in LANES:
        raise GenesysError(f"[lanes.{name}]: there is no such lane; there are {', '.join(sorted(LANES))}")
    lane, wanted = LANES[name], settings.lanes[name].languages
    if unknown := [language for language in wanted if language not in lane.languages]:
        there = f"it has {', '.join(lane.languages)}" if lane.languages else "its partitions are shards alone"
        raise GenesysError(f"[lanes.{name}] languages: the lane has no {', '.join(unknown)}; {there}")
    return replace(lane, languages=tuple(one for one in lane.languages if one in wanted)) if wanted else lane
