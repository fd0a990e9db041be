"""What the code understanding lane is."""

from __future__ import annotations

from genesys.curation.code_understanding import curate
from genesys.curation.code_understanding.design import seeds_version
from genesys.curation.code_understanding.problem import ADAPTERS
from genesys.lane import Lane

CODE_UNDERSTANDING = Lane(
    name="code_understanding",
    adapters=ADAPTERS,
    curate=curate.CURATE,
    prompts=curate.PROMPTS,
    version=f"1.{seeds_version()}",
    task_types=(curate.TASK_TYPE,),
    languages=("python", "javascript", "rust", "cpp"),
    likeness=curate.likeness,
    executes=True,
)
