"""What the StackExchange lane is."""

from __future__ import annotations

from genesys.curation.stackexchange import curate
from genesys.lane import Lane
from genesys.verifiers.after_rules import JUDGED

STACKEXCHANGE = Lane(
    name="stackexchange",
    adapters=curate.ADAPTERS,
    curate=curate.curation(),
    prompts=curate.PROMPTS,
    version="1",
    task_types=(JUDGED,),
)
