"""What is kept of a finished call: its key, what was asked, what came back, and how it went."""

from __future__ import annotations

import json
import threading
from typing import Any

import zstandard
from pydantic import BaseModel, ConfigDict

from genesys.fast_json import read_json
from genesys.hashing import digest
from genesys.well_formed import well_formed

KEY_FORMAT = 1
"""Part of every key; raising it makes every journal miss, so it changes only with what a key means."""


class _Compression(threading.local):
    """A compressor and a decompressor for each thread: making them costs more than a short entry takes."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        self.decompressor = zstandard.ZstdDecompressor()


_ZSTD = _Compression()
_JSON = json.JSONEncoder(default=str, ensure_ascii=False)
_COLUMNS = ("key", "kind", "name", "row_id", "made_at")
"""What stands in columns of its own, so that the journal can be asked for it."""


def compressed(text: bytes) -> bytes:
    """With a checksum over what was compressed."""
    return _ZSTD.compressor.compress(text)


def call_key(kind: str, payload: dict[str, Any], trial: int = 0) -> str:
    """Identity of a call: a hash of all that determines its result, and a trial number.

    Args:
        kind: ``chat``, ``verdict`` or ``execution``.
        payload: All that determines the result, JSON-like; for a chat teacher_id (never an URL), messages, sampling.
        trial: 0 unless the same thing is done again on purpose.

    Returns:
        64 hexadecimal digits.
    """
    return digest({"format": KEY_FORMAT, "kind": kind, "payload": payload, "trial": trial})


class Entry(BaseModel):
    """A finished call."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    name: str
    """For people: the prompt's or verifier's name, or the teacher's role."""
    row_id: str
    """The row that asked first; others with the same key share the answer."""
    payload: dict[str, Any]
    trial: int = 0
    result: dict[str, Any]
    seconds: float = 0.0
    attempts: int = 1
    endpoint: str | None = None
    tier: str = ""
    """As of ``Completed``, and so is the next."""
    engine_seconds: float = 0.0
    stage: str = ""
    """Which stage of the lane paid for it: others may use it too."""
    made_at: float = 0.0
    """Unix time at which the call finished."""

    def to_json(self) -> bytes:
        """All that the journal keeps of it but the columns beside: what it is to whoever reads it from there."""
        fields = {name: value for name, value in self.__dict__.items() if name not in _COLUMNS}
        # What JSON has no form for is kept as its text, and half a character as U+FFFD: whoever uses an answer puts it
        # into tables and keys, which can hold no such thing.
        return well_formed(_JSON.encode(fields)).encode()

    def as_kept(self, text: bytes) -> Entry:
        """This entry as a replay will see it, given its JSON."""
        return Entry._from_json(text, {name: getattr(self, name) for name in _COLUMNS})

    def to_bytes(self) -> bytes:
        """The journal's bytes: that JSON, compressed, with a checksum."""
        return compressed(self.to_json())

    @classmethod
    def from_bytes(cls, blob: bytes, **columns: Any) -> Entry:
        """The inverse of ``to_bytes`` given the journal's other columns.

        Raises:
            ValueError: These bytes are not what was written; says what is wrong with them.
        """
        try:
            # What follows the end would be a checksum whose mark was lost.
            content = _ZSTD.decompressor.decompress(blob, allow_extra_data=False)
        except (zstandard.ZstdError, MemoryError) as error:  # the length it begins with may be the broken byte
            raise ValueError(str(error) or "it says that it is longer than memory") from None
        try:
            text = content.decode()
        except UnicodeDecodeError:  # a record of before, when half characters were kept
            text = well_formed(content.decode("utf-8", "surrogatepass"))
        return cls._from_json(text, columns)

    @classmethod
    def _from_json(cls, text: bytes | str, columns: dict[str, Any]) -> Entry:
        return cls.model_construct(**read_json(text), **columns)


class Failure(BaseModel):
    """The last failure of a call that has no answer yet."""

    model_config = ConfigDict(frozen=True)

    key: str
    kind: str
    name: str
    row_id: str
    error: str
    attempts: int
    failed_at: float
