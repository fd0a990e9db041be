"""The instruction that a task gives: written by the curator, looked through by rules, checked by a second prompt."""

from __future__ import annotations

import re

from pydantic import BaseModel

from genesys.curation.common.leaks import leaked
from genesys.outcomes import Outcome, rejected
from genesys.prompts import Prompt

SHORTEST, LONGEST = 40, 3000
LEAK = "instruction gives the solution away"
NOT_SPECIFIC = "instruction is not specific"
NOT_CONTAINED = "instruction is not self-contained"
NOT_FAITHFUL = "edit is not what is asked"

_TOLD_LINE = 14
"""Signs of an added line, without white space, from which on it is no chance that an instruction holds it."""
_CODE_BLOCK = re.compile(r"^[ \t]*(?:`{3,}|~{3,})|^(?:diff --git|@@ -\d|[-+]{3} [ab]/)", re.MULTILINE)
_LITERAL = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_ELSEWHERE = re.compile(
    r"(?:\b(?:issue|ticket|pr|pull request|bug)\s*)?#\d{1,6}\b|\bas (?:discussed|mentioned (?:above|before|earlier))\b|"
    r"\b(?:this|the) commit(?:'s)?\b|\bcommit message\b|\bthe (?:diff|patch)\b|\bfile after\b",
    re.IGNORECASE,
)


class Instruction(BaseModel):
    """Answer of ``swe_instruction``."""

    possible: bool
    instruction: str = ""
    why: str = ""


class InstructionCheck(BaseModel):
    """Answer of ``swe_check``."""

    leaks: bool
    specific: bool
    self_contained: bool
    faithful: bool
    why: str = ""


INSTRUCTION = Prompt("swe_instruction", Instruction, block="instruction")
CHECK = Prompt("swe_check", InstructionCheck)


def flaw(instruction: str, added: list[str], before: str) -> Outcome | None:
    """What rules have against an instruction: that it holds what was to be found out, or speaks of what is not there.

    Args:
        instruction: As the curator wrote it.
        added: Lines that the file did not have before.
        before: The file that the reader sees.
    """
    if not SHORTEST <= len(instruction) <= LONGEST:
        return rejected(NOT_SPECIFIC, f"{len(instruction):,} characters")
    if _CODE_BLOCK.search(instruction):
        return rejected(LEAK, "holds a block of code or a diff")
    said, known = _squeezed(instruction), _squeezed(before)
    for line in added:
        # What is all text in quotation marks may have to be said word for word: a message that users see.
        told = _squeezed(line)
        if len(_squeezed(_LITERAL.sub("", line))) >= _TOLD_LINE and told in said and told not in known:
            return rejected(LEAK, f"holds the line {line.strip()[:120]!r}")
    if (what := leaked(instruction, "\n".join(added), before)) is not None:
        return rejected(LEAK, what)
    if (found := _ELSEWHERE.search(instruction)) is not None:
        return rejected(NOT_CONTAINED, f"says {found.group()!r}")
    return None


def verdict(check: InstructionCheck) -> Outcome | None:
    """What the second prompt has against it, the gravest first."""
    for is_wrong, reason in (
        (check.leaks, LEAK),
        (not check.specific, NOT_SPECIFIC),
        (not check.self_contained, NOT_CONTAINED),
        (not check.faithful, NOT_FAITHFUL),
    ):
        if is_wrong:
            return rejected(reason, check.why)
    return None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
