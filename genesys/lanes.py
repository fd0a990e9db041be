"""The lanes that exist, by name. A new one is a line here and a module in ``genesys.curation``."""

from __future__ import annotations

from genesys.curation import numina_math
from genesys.lane import Lane

MATH = Lane(
    name="math",
    columns=numina_math.COLUMNS,
    identify=numina_math.identify,
    curate=numina_math.curate,
    prompts=numina_math.PROMPTS,
    version="1",
    task_types=("verifiable_math",),
)

LANES: dict[str, Lane] = {lane.name: lane for lane in (MATH,)}
