"""What the math lane is."""

from __future__ import annotations

from genesys.curation.math import numina_math
from genesys.lane import Lane

MATH = Lane(
    name="math",
    adapters=numina_math.ADAPTERS,
    curate=numina_math.curate,
    prompts=numina_math.PROMPTS,
    version="2",
    task_types=("verifiable_math",),
)
