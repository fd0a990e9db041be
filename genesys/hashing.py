"""One way to turn a value into an identity: canonical JSON, then SHA-256. No knowledge of what is hashed."""

from __future__ import annotations

import hashlib
import json
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

from genesys.faults import GenesysError

_WITH_ONE_TEXT = (date, time, timedelta, Decimal, PurePath, UUID, bytes)
"""Types that JSON has no form for, and whose text is the same in each process; that of a set or an object is not."""


def canonical_json(value: Any) -> bytes:
    """The one byte form of a JSON-like value: sorted keys, no white space, UTF-8; dates and the like as their text.

    The standard library's encoder is used because test values hold integers beyond 64 bits, which faster ones refuse.

    Raises:
        GenesysError: A value has no one form, so that its hash would be another one in the next process.
        TypeError: Keys of a mapping are of mixed types.
        UnicodeEncodeError: A text holds an unpaired surrogate.
    """
    return _ENCODER.encode(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, _WITH_ONE_TEXT):
        return str(value)
    raise GenesysError(
        f"a {type(value).__qualname__} has no form that is the same in each process, so that no hash can be made of it "
        f"({str(value)[:80]}); give it as text, a number, a list or a mapping"
    )


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_text)


def digest(value: Any, length: int = 64) -> str:
    """The first ``length`` hexadecimal digits of the SHA-256 of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:length]


def derived_seed(*parts: Any) -> int:
    """A seed in [0, 2**31) that is a function of ``parts`` alone, so that a rerun draws the same."""
    return int(digest(list(parts), 16), 16) % 2**31
