"""Responses that give a whole edited file: which block it is, what rules say of it, and what a judge is to see.

A task's prompt shows the file before in one fenced block, whose hash stands in ``verification_info``; the gold is the
file after. Rules speak where they are certain; of what they leave open a judge sees two diffs against the file before,
its own and the gold's, and no word of what else the response says. The verdict is made by ``judge.forms``.
"""

from __future__ import annotations

import difflib
import hashlib
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genesys.faults import TaskFault
from genesys.syntax.languages import named
from genesys.syntax.parsing import Parsed, parse
from genesys.verifiers.code.blocks import Block, fenced_blocks
from genesys.verifiers.thinking import after_thinking

NO_ANSWER, CUT_OFF, NO_FILE = "no answer", "cut off", "no edited file"
UNCHANGED, BROKEN = "unchanged file", "file does not parse"
NOTES = (
    "Reference and answer are edits of the file that the task shows, each as a unified diff against it. "
    "A file too long for that stands there whole.",
    "Other code that has the effect asked for is as good as the reference. "
    "What an edit breaks, leaves out or changes without being asked counts against it.",
)
_CONTEXT = 4
_LARGE_SHARE = 0.5
"""A block with fewer lines than this share of the longest one's is a quotation, not the file."""
_NO_FILES = frozenset({"diff", "patch", "udiff", "output", "console", "json-patch"})
_MOST_LINES = 8000
"""Lines of both texts beyond which no diff is made."""
_PATH = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """What rules make of a response: a verdict where ``rule`` stands, else what a judge is to see."""

    rule: str = ""
    score: float = 0.0
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    gold: str = ""
    answer: str = ""


def normal(text: str) -> str:
    """A file up to white space at its lines' ends, its line ends and the empty lines around it."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def hash_of(text: str) -> str:
    """What names a file in ``verification_info.before_sha256``."""
    return hashlib.sha256(normal(text).encode("utf-8", "surrogatepass")).hexdigest()


def fence_for(*texts: str) -> str:
    """A fence that is longer than any at the beginning of a line of these texts."""
    longest = max((len(found[1]) for text in texts for found in _FENCE.finditer(text)), default=2)
    return "`" * max(3, longest + 1)


def answer(task: Mapping[str, Any], text: str) -> str:
    """A response that gives this file."""
    language = named(str((task["verification_info"] or {}).get("language") or ""))
    fence = fence_for(text)
    return f"{fence}{language.label if language else ''}\n{text.rstrip()}\n{fence}"


def flaw(task: Mapping[str, Any]) -> str | None:
    """Why no response to a task can be verified."""
    try:
        _texts(task)
    except TaskFault as fault:
        return str(fault)
    return None


def before_of(task: Mapping[str, Any]) -> str:
    """The file that the prompt shows.

    Raises:
        TaskFault: No block of it has the hash that ``verification_info`` gives.
    """
    wanted = (task["verification_info"] or {}).get("before_sha256")
    for block in fenced_blocks(str(task["prompt"] or "")):
        if hash_of(block.text) == wanted:
            return block.text
    raise TaskFault(
        "no fenced block of the prompt is the file before: verification_info.before_sha256 is "
        f"{wanted!r}, and the SHA-256 of none of them (without white space at the ends of lines)"
    )


def read(record: Mapping[str, Any]) -> Found:
    """What rules make of a response.

    Raises:
        TaskFault: The prompt does not show the file before, or the gold is that file.
        InfrastructureFault: No parser could be started.
    """
    before, gold = _texts(record)
    said = after_thinking(str(record["llm_response"] or ""))
    if not said.strip():
        return Found("no-answer", reason=NO_ANSWER)
    block = _file_in(said)
    if block is None:
        return Found("no-file", reason=NO_FILE)
    if not block.closed and "finish_reason" in record and record["finish_reason"] == "length":
        return Found("cut-off", reason=CUT_OFF)
    if normal(block.text) == normal(gold):
        return Found("equal", score=1.0)
    if normal(block.text) == normal(before):
        return Found("unchanged", reason=UNCHANGED)
    return _parsed(record, before, gold, block.text)


def _parsed(record: Mapping[str, Any], before: str, gold: str, text: str) -> Found:
    info = record["verification_info"]
    language = str(info.get("language") or "")
    found = parse(text, language)
    if found.state == "broken" and not is_reliable(before, gold, language):
        found = Parsed("gave-up", "neither do the file before and the gold parse here")
    facts = {"parse": {"state": found.state, "by": _parser(language), **({"why": found.why} if found.why else {})}}
    if found.state == "broken":
        return Found("does-not-parse", reason=BROKEN, facts=facts)
    path = str(info.get("path") or "file")
    return Found(facts=facts, gold=diff(before, gold, path), answer=diff(before, text, path))


def is_reliable(before: str, gold: str, language: str) -> bool:
    """Whether the parser understands this file as it was and as it is to be, so that its word on a third one counts."""
    return all(parse(text, language).state == "parses" for text in (before, gold))


def diff(before: str, after: str, path: str) -> str:
    """What was changed, for a judge; the whole file where both are too long to be compared."""
    old, new = (normal(text).split("\n") for text in (before, after))
    if len(old) + len(new) > _MOST_LINES:
        return "\n".join(new)
    return "\n".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", n=_CONTEXT, lineterm=""))


def diffs(said: str, prompt: str) -> list[str]:
    """What a judge would see of a response without its thinking, for each file that the prompt shows."""
    block = _file_in(said)
    paths = _PATH.findall(prompt)
    return [diff(shown.text, block.text, path) for shown in fenced_blocks(prompt) for path in paths] if block else []


def _file_in(said: str) -> Block | None:
    """The block that is the file: the last one of those about as long as the longest.

    What is labelled as a diff is none, and neither is a short quotation that explains the edit.
    """
    blocks = [block for block in fenced_blocks(said) if block.text.strip() and block.label not in _NO_FILES]
    longest = max((len(block.text.split("\n")) for block in blocks), default=0)
    files = [block for block in blocks if len(block.text.split("\n")) >= _LARGE_SHARE * longest]
    return files[-1] if files else None


def _texts(task: Mapping[str, Any]) -> tuple[str, str]:
    """The file before and the gold.

    Raises:
        TaskFault: The prompt does not show the one, or both are the same.
    """
    before, gold = before_of(task), str(task["gold_standard_solution"] or "")
    if normal(before) == normal(gold):
        raise TaskFault("the gold is the file before, unchanged")
    return before, gold


def _parser(language: str) -> str:
    known = named(language)
    if known is None or not known.has_parser:
        return "none"
    return "tree-sitter" if known.grammar else f"Python {'.'.join(platform.python_version_tuple()[:2])}"
