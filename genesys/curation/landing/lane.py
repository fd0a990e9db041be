"""What the landing lane is."""

from __future__ import annotations

from genesys.curation.landing import curate, task_row
from genesys.lane import Adapter, Lane
from genesys.verifiers.kinds import CODE, JUDGED, MATH, OUTPUT

LANDING = Lane(
    name="landing",
    adapters=(Adapter("task", task_row.NEEDED, task_row.identify, task_row.read),),
    curate=curate.CURATION,
    prompts=(),
    version="1",
    # Tasks of a plug-in's type are taken as well; what is known of them is known when they are here.
    task_types=(MATH, CODE, JUDGED, OUTPUT),
    task_type=curate.task_type,
)
