"""Math-Verify as its users call it, in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import random
import re
import resource
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.verdict_parts.records import Record, easy

LIMIT_S = 60.0
MEMORY_BYTES = 4 << 30


def golds_for_rival(record: Record) -> list[str]:
    """The golds as Math-Verify's users write them: between dollar signs, unless they have delimiters of their own."""
    given = record["verification_info"]["ground_truth"]
    golds = [str(gold) for gold in (given if isinstance(given, list) else [given])]
    return [gold if re.search(r"(?<!\\)\$|\\\(|\\\[|\\boxed", gold) else f"${gold}$" for gold in golds]


def rival_verdicts(records: Sequence[Record]) -> list[bool]:
    """Math-Verify's verdicts; runs in its process."""
    from math_verify import parse, verify

    def one(record: Record) -> bool:
        answer = parse(record["llm_response"])
        return any(verify(parse(gold), answer) for gold in golds_for_rival(record))

    return [one(record) for record in records]


def rival_seconds(records: Sequence[Record]) -> float:
    """How long Math-Verify takes for them, without the way to its process; runs in it."""
    began = time.perf_counter()
    rival_verdicts(records)
    return time.perf_counter() - began


class Rival:
    """Math-Verify in a process of its own, which is started anew after a record that it does not survive."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._pool: Any = None

    def call(self, function: Any, records: Sequence[Record], limit_s: float | None = None) -> Any:
        """The function's result for these records, or None where time or memory do not suffice."""
        if self._pool is None:
            self._pool = multiprocessing.get_context("spawn").Pool(1, _prepare)
            self._pool.apply(rival_verdicts, (easy(4, random.Random(0)),))
        try:
            return self._pool.apply_async(function, (records,)).get(limit_s)
        except (multiprocessing.TimeoutError, MemoryError):
            self.close()
            return None

    def verdicts(self, records: Sequence[Record]) -> list[bool | None]:
        """Its verdicts, record by record; None where it did not survive."""
        answers = (self.call(rival_verdicts, [record], LIMIT_S) for record in records)
        return [None if answer is None else answer[0] for answer in answers]

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()
            self._pool = None


def _prepare() -> None:
    """Bound its memory; its warnings about what it cannot parse are not of interest."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.CRITICAL)
