"""Limits of one run of a program, from what a task's metadata says of them. No test and no program is read here."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from genesys.job import Language, Limits

TIME_FACTORS: Mapping[Language, float] = {"python": 5.0, "javascript": 2.0, "cpp": 1.0, "rust": 1.0}
"""Time limits of sources are made for C++; what the other languages get of them."""
DEFAULT_SECONDS = 10.0
"""For a task that says nothing (APPS): generous in every language, hence without a factor."""
LEAST_SECONDS, MOST_SECONDS = 1.0, 60.0
DEFAULT_MEMORY_MB = 512
LEAST_MEMORY_MB, MOST_MEMORY_MB = 256, 2048
"""Old contests allow 64 MB, which an interpreter and its objects alone take up."""
_WALL_FACTOR, _LEAST_WALL_S = 3.0, 10.0
_LEAST_OUTPUT, _OUTPUT_MARGIN = 64 << 10, 4 << 10

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)\.?\s*", re.IGNORECASE)
_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "second": 1.0, "ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3, "min": 60.0}
_SECONDS |= {"minute": 60.0, "us": 1e-6, "ns": 1e-9}
# Contests write MB and mean MiB.
_MEBIBYTES = {"": 1.0, "m": 1.0, "mb": 1.0, "mib": 1.0, "megabyte": 1.0, "mebibyte": 1.0}
_MEBIBYTES |= {"g": 1024.0, "gb": 1024.0, "gib": 1024.0, "gigabyte": 1024.0, "gibibyte": 1024.0}
_MEBIBYTES |= {"k": 1 / 1024, "kb": 1 / 1024, "kib": 1 / 1024, "kilobyte": 1 / 1024, "kibibyte": 1 / 1024}
_MEBIBYTES |= {"b": 2.0**-20, "byte": 2.0**-20}


def read_limits(
    metadata: Mapping[str, Any],
    language: Language,
    largest_output: int = 0,
    factors: Mapping[Language, float] = TIME_FACTORS,
) -> Limits:
    """Limits of one run. What is missing, zero, negative or no quantity at all counts as not said.

    Args:
        metadata: ``time_limit`` in seconds (a number, ``"2 seconds"``, ``"1500 ms"``, or seconds and nanos),
            ``memory_limit`` in MB (a number, ``"256 megabytes"``), ``memory_limit_bytes``, which goes before it.
        language: Has its factor on the time that the task gives.
        largest_output: Bytes of the largest expected output; a program may write twice as much.
        factors: By language.
    """
    seconds = _quantity(metadata.get("time_limit"), _SECONDS)
    cpu_s = DEFAULT_SECONDS if seconds is None else seconds * factors[language]
    cpu_s = min(max(cpu_s, LEAST_SECONDS), MOST_SECONDS)
    in_bytes = _quantity(metadata.get("memory_limit_bytes"), {"": 2.0**-20})
    memory = in_bytes if in_bytes is not None else _quantity(metadata.get("memory_limit"), _MEBIBYTES)
    memory = DEFAULT_MEMORY_MB if memory is None else min(max(memory, LEAST_MEMORY_MB), MOST_MEMORY_MB)
    return Limits(
        cpu_s=round(cpu_s, 3),
        wall_s=round(max(_WALL_FACTOR * cpu_s, _LEAST_WALL_S), 3),
        memory_mb=math.ceil(memory),
        output_bytes=max(_LEAST_OUTPUT, 2 * largest_output + _OUTPUT_MARGIN),
    )


def _quantity(value: Any, units: Mapping[str, float]) -> float | None:
    """A number above 0 in the unit whose factor is 1; None for what says nothing."""
    if isinstance(value, Mapping):
        seconds, nanos = (_quantity(value.get(name), {"": 1.0}) or 0.0 for name in ("seconds", "nanos"))
        number = seconds + nanos / 1e9
    elif isinstance(value, str):
        match = _QUANTITY.fullmatch(value)
        unit = match.group(2).lower() if match else "?"
        factor = units.get(unit, units.get(unit.removesuffix("s")))
        number = float(match.group(1)) * factor if match and factor else 0.0
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(min(value, 1e300)) * units[""]
    else:
        return None
    return number if 0 < number < math.inf else None
