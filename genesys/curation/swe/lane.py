"""What the SWE lane is."""

from __future__ import annotations

from genesys.curation.swe import curate
from genesys.curation.swe.commit import ADAPTER
from genesys.lane import Lane
from genesys.verifiers.after_rules import JUDGED

SWE = Lane(
    name="swe",
    adapters=(ADAPTER,),
    curate=curate.CURATION,
    prompts=curate.PROMPTS,
    version="1",
    task_types=(JUDGED,),
)
