"""Verifies a predicted program output: reads the last JSON object with ``output`` and compares it. Runs no code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any

from genesys.calls.errors import TaskFault
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.thinking import after_thinking

KEY = "output"
_OBJECT_START = re.compile(r"\{\s*[\"'}]")
# A string of either quote, or a comma which nothing but space separates from a closing bracket: the alternation eats
# whole strings first, so a comma inside a string is never taken for a trailing one.
_TRAILING_COMMA = re.compile(r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|,(?=\s*[}\]])", re.DOTALL)
_STRING_OR_BRACKET = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[{}\[\]]", re.DOTALL)
_JSON = json.JSONDecoder(strict=False)  # models put raw line breaks into strings
_READ_JSON: Callable[[str], Any] = _JSON.decode
_MAX_FAILURES = 100
_MAX_OBJECT = 200_000


class CodeUnderstandingVerifier(BaseVerifier):
    """Checks ``code_output_prediction``: ``verification_info.ground_truth`` is the program's output as text.

    The answer is the last JSON object with the key ``output`` after the thinking. It is right when it is the very same
    text. One tolerance: a value that is not a string (12, true, [1, 2]) is compared with the value that the ground
    truth reads as, since JSON offers both ways to write it. Everything else is wrong.
    """

    max_parallel = 32
    timeout = 30.0
    rests_on = (__name__, "genesys.verifiers.thinking")

    def verify(self, result: Any) -> dict[str, Any]:
        """Score 1 or 0; the info holds extracted_answer, canonical_answer, rule and ground_truth.

        Raises:
            TaskFault: There is no ground truth. The empty text is one: a program may print nothing.
        """
        truth = (result["verification_info"] or {}).get("ground_truth")
        if truth is None:
            raise TaskFault("The task has no ground_truth in verification_info, so its output cannot be compared.")
        truth = truth if isinstance(truth, str) else json.dumps(truth)
        predicted = last_output(after_thinking(result["llm_response"]))
        if predicted is None:
            return _verdict(0.0, "none/no-answer", None, truth)
        score, rule = _compare(predicted[0], truth)
        return _verdict(score, rule, _as_text(predicted[0]), truth)


def last_output(text: str) -> tuple[Any] | None:
    """The value under ``output`` in the last object that has it, read as JSON or as a Python literal.

    Returns:
        The value as a one-tuple (since null is a value too); ``None`` where no such object can be read.
    """
    starts = [match.start() for match in _OBJECT_START.finditer(text)]
    found: tuple[Any] | None = None
    read_to = failures = 0
    for left, start in zip(range(len(starts) - 1, -1, -1), starts, strict=True):
        # Each start that cannot be read may cost a scan of the text; a text made of such starts is read at its end
        # only.
        if start < read_to or (failures > _MAX_FAILURES and left >= _MAX_FAILURES):
            continue
        value, end = _read_object(text, start)
        if not isinstance(value, dict):
            failures += 1
            continue
        read_to = end  # what stands inside this object is part of its value
        if KEY in value:
            found = (value[KEY],)
    return found


def _read_object(text: str, start: int) -> tuple[Any, int]:
    """The object that opens at ``start`` and where it ends; ``(None, start)`` where none can be read."""
    try:
        return _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    end = _closing(text, start)
    if end is None:
        return None, start
    source = _TRAILING_COMMA.sub(lambda match: match.group(1) or "", text[start:end])
    values = _readings(source)
    return (values[0], end) if values else (None, start)


def _closing(text: str, start: int) -> int | None:
    """Index after the bracket that closes the one at ``start``, with strings of either quote skipped."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text, start, start + _MAX_OBJECT):
        if match.group() in ("{", "["):
            depth += 1
        elif match.group() in ("}", "]"):
            depth -= 1
            if depth == 0:
                return match.end()
    return None


def _compare(predicted: Any, truth: str) -> tuple[float, str]:
    """Score and rule. A string is compared as a string; any other value with the values its ground truth reads as."""
    if isinstance(predicted, str):
        return (1.0, "json/exact") if predicted == truth else (0.0, "json/differs")
    same = any(_same_value(predicted, value) for value in _readings(truth))
    return (1.0, "json/value") if same else (0.0, "json/differs")


def _readings(text: str) -> list[Any]:
    """What a text says as JSON and as a Python literal, in this order, each where it can be read at all."""
    readings: list[Any] = []
    for read in (_READ_JSON, ast.literal_eval):
        try:
            readings.append(read(text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return readings


def _same_value(left: Any, right: Any) -> bool:
    """Equality that tells 1 from 1.0 and from True, at every depth."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_same_value(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(_same_value(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)


def _as_text(value: Any) -> str:
    """A value as Python prints it, which is how ground truths are written."""
    return value if isinstance(value, str) else repr(value)


def _verdict(score: float, rule: str, answer: str | None, truth: str) -> dict[str, Any]:
    """The result in Genesys' form; the canonical answer is the text that stands for this output."""
    info = {"extracted_answer": answer, "canonical_answer": answer, "rule": rule, "ground_truth": truth}
    return {"score": score, "verification_result_info": info}
