"""What the translated coding lane is."""

from __future__ import annotations

from genesys.curation.translated_coding import curate
from genesys.curation.translated_coding.parent import TASKS
from genesys.curation.translated_coding.spelling import LANGUAGES
from genesys.lane import Lane

TRANSLATED_CODING = Lane(
    name="translated_coding",
    adapters=(TASKS,),
    curate=curate.CURATE,
    prompts=curate.PROMPTS,
    version="1",
    task_types=("verifiable_code",),
    languages=LANGUAGES,
)
"""The kept Python tasks of the coding lane in JavaScript, Rust and C++, each proven by running a gold."""
