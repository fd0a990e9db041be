"""What a curator, a judge or a verifier said about a row while it was curated, as short facts with their calls.

What is checked of a call stands in ``chain``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from genesys.calls.context import answer_of
from genesys.calls.entry import Entry
from genesys.calls.execution import EXECUTION
from genesys.faults import ResponseFault, TaskFault
from genesys.lane import Lane
from genesys.prompts import Prompt

Facts = dict[str, Any]

_LONGEST = 400
"""Characters of one field of an answer: a rewritten text is told by its beginning."""


def decision(lane: Lane, entry: Entry, hashes: Mapping[str, str]) -> Facts:
    """One call of a curation.

    Args:
        lane: Whose prompts read the answers.
        entry: The finished call.
        hashes: Hash of each prompt, by name, when the call was made.

    Returns:
        ``key``, ``name``, who was ``asked``, and what was answered: ``prompt`` (name and hash) and ``answer`` field by
        field, or ``score`` and ``reason`` of a verdict, or what became of a program's runs.
    """
    facts: Facts = {"key": entry.key, "name": entry.name, "asked": entry.payload.get("teacher_id")}
    if entry.kind == "verdict":
        info = entry.result.get("verification_result_info") or {}
        return facts | {"score": entry.result.get("score"), "reason": info.get("reason") or entry.result.get("fault")}
    if entry.kind == EXECUTION:
        return facts | {"answer": _ran(entry.result)}
    if entry.name in hashes:
        facts["prompt"] = f"{entry.name}:{hashes[entry.name]}"
    return facts | ({"trial": entry.trial} if entry.trial else {}) | {"answer": _answer(lane, entry)}


def _answer(lane: Lane, entry: Entry) -> Any:
    prompt = next((one for one in lane.prompts if one.name == entry.name and isinstance(one, Prompt)), None)
    try:
        answer = answer_of(entry)
        if answer.refused is not None:
            return f"refused: {answer.refused}"
        if prompt is None:
            return _short(answer.content)
        return _short(prompt.read(answer.content).model_dump(mode="json"))
    except (TaskFault, ResponseFault, ValueError) as error:  # the prompt of today reads it no more, or nobody could
        return f"not readable: {_short(str(error))}"


def _ran(result: Mapping[str, Any]) -> str:
    """What came of a program, without what it wrote."""
    if "fault" in result:
        return f"fault: {_short(str(result['fault']))}"
    if not result["compiled"]:
        return f"does not compile ({result['isolation']})"
    ends = Counter(run["end"] for run in result["runs"])
    counted = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    return f"{len(result['runs'])} runs: {counted} ({result['isolation']}, toolchain {result['toolchain']})"


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value


def prompt_hashes(named: Iterable[str]) -> dict[str, str]:
    """Hash by name of prompts that are written ``name:hash``."""
    return dict(name.rpartition(":")[::2] for name in named)


def told(facts: Facts) -> str:
    """A decision in a line: what was asked, what came of it, who said so, and its call."""
    key = str(facts["key"])[:12]
    if len(facts) == 1:
        return f"call {key}: not in the journal"
    if "score" in facts:
        said = f"score {facts['score']}" + (f", {facts['reason']}" if facts["reason"] else "")
    else:
        answer = facts.get("answer")
        said = ", ".join(f"{k}: {v}" for k, v in answer.items()) if isinstance(answer, dict) else str(answer)
    again = f", trial {facts['trial']}" if facts.get("trial") else ""
    by = f" by {facts['asked']}" if facts.get("asked") else ""
    return f"{facts.get('prompt') or facts['name']} -> {said} (call {key}{again}{by})"
