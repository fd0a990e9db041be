"""What the math lane is."""

from __future__ import annotations

from genesys.curation.math import numina_math
from genesys.lane import Adapter, Lane

MATH = Lane(
    name="math",
    adapters=(Adapter("numina_math", numina_math.COLUMNS, numina_math.identify),),
    curate=numina_math.curate,
    prompts=numina_math.PROMPTS,
    version="1",
    task_types=("verifiable_math",),
)
