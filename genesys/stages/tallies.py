"""How many of a task's responses were accepted when sampling looked: a decision that a replay must come to again.

It is kept beside the answers, and names the responses, not who judged them: a verifier that changes later finds more or
fewer of them right, and the responses stay as many as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genesys.hashing import digest

TALLY = "tally"
"""Kind and name of the call."""


def tally_payload(response_ids: Sequence[str]) -> dict[str, Any]:
    """What the call's key is a hash of: all responses of the task so far, in the order of their samples."""
    return {"responses": digest(list(response_ids), 32)}
