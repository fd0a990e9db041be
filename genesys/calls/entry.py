"""What is kept of a finished call: its key, what was asked, what came back, and how it went."""

from __future__ import annotations

import json
import threading
from typing import Any

import zstandard
from pydantic import BaseModel, ConfigDict

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


def call_key(kind: str, payload: dict[str, Any], trial: int = 0) -> str:
    """Identity of a call: a hash of all that determines its result, and a trial number.

    Args:
        kind: ``chat`` or ``verdict``.
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
    made_at: float = 0.0
    """Unix time at which the call finished."""

    def to_bytes(self) -> bytes:
        """Compressed JSON, with a checksum, of everything but the columns the journal keeps beside it."""
        columns = {"key", "kind", "name", "row_id", "made_at"}
        fields = {name: value for name, value in self.__dict__.items() if name not in columns}
        # What JSON has no form for is kept as its text, and half a character as U+FFFD: whoever uses an answer puts it
        # into tables and keys, which can hold no such thing.
        text = json.dumps(fields, ensure_ascii=False, default=str)
        return _ZSTD.compressor.compress(well_formed(text).encode())

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
        return cls.model_construct(**json.loads(text), **columns)


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
