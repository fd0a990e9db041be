"""Verifies a predicted program output: the last JSON object with ``output`` against the gold. Runs no code.

How objects are found and read stands in ``genesys.lenient_json``; here stands which one is the answer, and when it is
the gold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from genesys.faults import TaskFault
from genesys.lenient_json import Dialect, Unreadable, objects, read
from genesys.verifiers.base_verifier import BaseVerifier
from genesys.verifiers.thinking import after_thinking

KEY = "output"
_NAMES_KEY = re.compile(rf"[\"'“‘`{{,\s]{KEY}[\"'”’`]?\s*:", re.IGNORECASE)
_ESCAPED_START = re.compile(r"\{\s*\\[\"n]")
_ESCAPED = re.compile(r"\\([\"\\])")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")


class CodeUnderstandingVerifier(BaseVerifier):
    """Checks ``code_output_prediction``: ``verification_info.ground_truth`` is the program's output as text.

    The answer is the last JSON object with the key ``output`` after the thinking. A string is right when it is the
    very same text, to the last space. One tolerance: a number, true, false or null is right where the ground truth is
    its text, in JSON's, Python's or JavaScript's spelling; a list, tuple, set or object where the ground truth is read
    as the same value. An object that gives ``output`` two values, or is cut off at the end of the response, is no
    answer. Everything else is wrong.
    """

    max_parallel = 32
    timeout = 30.0
    rests_on = ("genesys.lenient_json", "genesys.verifiers.thinking")

    def verify(self, result: Any) -> dict[str, Any]:
        """Score 1 or 0; the info holds extracted_answer, canonical_answer, rule and ground_truth.

        Raises:
            TaskFault: There is no ground truth. The empty text is one: a program may print nothing.
        """
        truth = (result["verification_info"] or {}).get("ground_truth")
        if truth is None:
            raise TaskFault("The task has no ground_truth in verification_info, so its output cannot be compared.")
        # A gold that is no text came as JSON; as a program's output it may be spelled as Python does.
        spellings = [truth] if isinstance(truth, str) else [json.dumps(truth), str(truth)]
        values, source = last_output(after_thinking(result["llm_response"]))
        if not values:
            return _verdict(0.0, f"{source}/no-answer", None, spellings[0])
        if len({_form(value) for value in values}) > 1:
            return _verdict(0.0, "json/ambiguous", values[-1], spellings[0])
        score, rule = _compare(values[-1], spellings)
        return _verdict(score, rule, values[-1], spellings[0])


@dataclass(frozen=True)
class Number:
    """A number as it was written, and its one spelling: equal numbers are those of one spelling, so 1.0 is not 1."""

    token: str = field(compare=False)
    spelling: str


@dataclass(frozen=True)
class Object:
    """An object with its pairs as they were written, duplicates and all."""

    pairs: tuple[tuple[Any, Any], ...]


def last_output(text: str) -> tuple[list[Any], str]:
    """What the last object with ``output`` says it is.

    Returns:
        The values that this object has under the key (several where it is there twice), read with ``Number`` and
        ``Object``, and ``json``; no value and ``none`` where there is no such object, or ``cut-off`` where the
        response ends within it.
    """
    values, source = _last_output(text)
    if source == "none" and _ESCAPED_START.search(text):  # written as it would stand inside a string
        values, source = _last_output(_ESCAPED.sub(r"\1", text.replace("\\n", "\n")))
    return values, source


def _last_output(text: str) -> tuple[list[Any], str]:
    values: list[Any] = []
    source = "none"
    end_of_text = len(text.rstrip())
    for found in objects(text, _AS_WRITTEN):
        if found.value is None and found.end >= end_of_text and _NAMES_KEY.search(text, found.start):
            values, source = [], "cut-off"
        for said in _outputs(found.value):
            values, source = said, "json"
    return values, source


def _outputs(value: Any) -> Iterator[list[Any]]:
    """Values under the key in each object that has it, in order; what such an object holds is part of its answer."""
    if isinstance(value, Object):
        said = [item for key, item in value.pairs if isinstance(key, str) and key.strip().casefold() == KEY]
        if said:
            yield said
            return
    inside = [item for _, item in value.pairs] if isinstance(value, Object) else value
    if isinstance(inside, list | tuple):
        for item in inside:
            yield from _outputs(item)


def _compare(predicted: Any, spellings: list[str]) -> tuple[float, str]:
    if isinstance(predicted, str):
        return (1.0, "json/exact") if predicted in spellings else (0.0, "json/differs")
    if isinstance(predicted, list | tuple | frozenset | Object):
        same = any(_form(predicted) == form for truth in spellings for form in _forms(truth))
    else:
        same = not _texts(predicted).isdisjoint(spellings)
    return (1.0, "json/value") if same else (0.0, "json/differs")


def _texts(scalar: Any) -> set[str]:
    """Spellings of a scalar that is not a string."""
    if isinstance(scalar, Number):
        # JavaScript writes no zero before an exponent of one digit, Python does.
        return {scalar.token, scalar.spelling, re.sub(r"e([+-])0(\d)$", r"e\1\2", scalar.spelling)}
    if isinstance(scalar, float):
        return {str(scalar), str(scalar).replace("nan", "NaN").replace("inf", "Infinity")}
    if scalar is None or isinstance(scalar, bool):
        return {str(scalar), json.dumps(scalar)}
    return {repr(scalar)}


def _forms(truth: str) -> Iterator[Any]:
    """What a ground truth says as a value, its strings read as JSON has them and as Python has them."""
    for dialect in (_AS_WRITTEN, _AS_PYTHON):
        try:
            yield _form(read(truth, dialect))
        except Unreadable:
            continue


def _form(value: Any) -> tuple[str, Any]:
    """A value such that equal ones are the same beyond doubt: kinds differ, and so do orders of keys."""
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(_form(item) for item in value)
    if isinstance(value, frozenset):
        return "set", frozenset(_form(item) for item in value)
    if isinstance(value, Object):
        return "object", tuple((_form(key), _form(item)) for key, item in value.pairs)
    if isinstance(value, float):
        return "float", str(value)  # what is not a number is the same as itself here
    return type(value).__name__, value


def _as_text(value: Any) -> str:
    """A value as Python prints it, which is how ground truths are written."""
    return value if isinstance(value, str) else _python(value)


def _python(value: Any) -> str:
    if isinstance(value, Number):
        return value.spelling
    if isinstance(value, Object):
        return "{" + ", ".join(f"{_python(key)}: {_python(item)}" for key, item in value.pairs) + "}"
    if isinstance(value, list | tuple | frozenset):
        items = [_python(item) for item in value]
        if isinstance(value, list):
            return f"[{', '.join(items)}]"
        if isinstance(value, frozenset):
            return "{" + ", ".join(sorted(items)) + "}"
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return repr(value)


def _number(token: str) -> Number:
    """A number and its one spelling; one that JSON does not know (007) has none but its own."""
    if _WHOLE.fullmatch(token):
        return Number(token, "0" if token == "-0" else token)  # noqa: S105 - no password
    value = float(token) if re.search(r"[.eE]", token) else float("inf")
    return Number(token, token if value in (float("inf"), float("-inf")) else repr(value))


_AS_WRITTEN = Dialect(number=_number, pairs=lambda pairs: Object(tuple(pairs)))
_AS_PYTHON = Dialect(number=_number, pairs=lambda pairs: Object(tuple(pairs)), python=True)


def _verdict(score: float, rule: str, answer: Any, truth: str) -> dict[str, Any]:
    """The result in Genesys' form; the canonical answer is the text that stands for this output."""
    # Half a character, which an escape can name, is in no file.
    text = None if rule.endswith("/no-answer") else _as_text(answer).encode("utf-8", "backslashreplace").decode()
    info = {"extracted_answer": text, "canonical_answer": text, "rule": rule, "ground_truth": truth}
    return {"score": score, "verification_result_info": info}
