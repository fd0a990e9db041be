"""How a verdict's key names what the verdict is on: by a digest, so that no tests are hashed to look for a verdict.

What of a response and its task goes into the digest stands in ``stages.records``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from genesys.calls.entry import call_key
from genesys.hashing import digest

VERDICT_TRIALS = 3
"""How often the same verdict is reached at most: one that is to be had anew on purpose is another trial."""


@dataclass(frozen=True)
class Subject:
    """What a verdict is on.

    Args:
        task_type: Chooses the verifier.
        digest: Covers all that a verifier may read of it: two subjects with one digest have one verdict.
        read: Gives the record that a verifier reads. Called only where no verdict is journalled yet.
    """

    task_type: str
    digest: str
    read: Callable[[], dict[str, Any]]

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self:
        """A record that nothing is stored of: all of it is hashed, once."""
        return cls(record["task_type"], digest(record), lambda: record)


def verdict_payload(verifier: str, version: str, subject: str) -> dict[str, Any]:
    """What a verdict's key is a hash of: which verifier said it, and on what, by its digest."""
    return {"verifier": verifier, "version": version, "subject": subject}


def is_verdict_key(key: str, verifier: str, version: str, subject: str) -> bool:
    """Whether a verdict of this verifier on this very subject can have the key, in any of its trials."""
    payload = verdict_payload(verifier, version, subject)
    return any(call_key("verdict", payload, trial) == key for trial in range(VERDICT_TRIALS))
