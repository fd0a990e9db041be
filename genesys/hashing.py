"""One way to turn a value into an identity: canonical JSON, then SHA-256. No knowledge of what is hashed."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """The one byte form of a JSON-like value: sorted keys, no white space, UTF-8; dates and the like as their text.

    The standard library's encoder is used because test values hold integers beyond 64 bits, which faster ones refuse.

    Raises:
        TypeError: Keys of a mapping are of mixed types.
        UnicodeEncodeError: A text holds an unpaired surrogate.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()


def digest(value: Any, length: int = 64) -> str:
    """The first ``length`` hexadecimal digits of the SHA-256 of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:length]


def derived_seed(*parts: Any) -> int:
    """A seed in [0, 2**31) that is a function of ``parts`` alone, so that a rerun draws the same."""
    return int(digest(list(parts), 16), 16) % 2**31
