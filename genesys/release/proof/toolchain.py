"""The toolchain of a verdict: which compilers, interpreters or parsers it rests on, told from the verdict alone.

Libraries that a verifier calls (SymPy for math) are none of it: their versions are part of the verifier's version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesys.schemas import parse_info


def toolchain_of(verdict: Mapping[str, Any], info: Mapping[str, Any] | str | None = None) -> str | None:
    """The toolchain as a verdict tells it, for the column ``toolchain`` of its lineage.

    Args:
        verdict: A row of verdicts, or of ``dataset/raw``.
        info: Its ``verification_result_info`` where that was parsed already.

    Returns:
        Isolation and fingerprint of compilers and interpreters (``container:ad8e12dd84897e0c``), the parser that a
        file was read by (``parser:Python 3.11``), or None for a verdict that rests on no program.
    """
    told = parse_info(verdict["verification_result_info"] if info is None else info)
    if told.get("toolchain"):
        return f"{told.get('isolation') or 'unknown'}:{told['toolchain']}"
    parse = told.get("parse")
    by = parse.get("by") if isinstance(parse, Mapping) else None
    return f"parser:{by}" if by else None
