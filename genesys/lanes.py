"""The lanes that exist, by name. A new one is a package in ``genesys.curation`` and a line here."""

from __future__ import annotations

from genesys.curation.coding.lane import CODING
from genesys.curation.math.lane import MATH
from genesys.lane import Lane

LANES: dict[str, Lane] = {lane.name: lane for lane in (MATH, CODING)}
