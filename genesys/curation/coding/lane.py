"""What the coding lane is."""

from __future__ import annotations

from genesys.curation.coding import curate
from genesys.lane import Lane

CODING = Lane(
    name="coding",
    adapters=curate.ADAPTERS,
    curate=curate.curate,
    prompts=curate.PROMPTS,
    version="2",
    task_types=("verifiable_code",),
)
