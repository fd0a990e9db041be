"""What a judge wrote made into a score from 0 to 1, or refused. Tolerant of form, never of meaning.

Asked for is a JSON object with a code that only the judge knows. An object with that code is the judge's own; one
without it is, unless it stands in the data that the judge was given. A score keeps the scale that was asked for, 0 to
1: another one counts only where it is written out ("85%", "85/100"), and 85 or 150 is no score.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genesys.verifiers.thinking import after_thinking

LONGEST = 100_000
"""Characters of an answer's end that are read."""
_WHY_CHARS = 1000
_BEGINNING = 40
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_BEGIN = re.compile(r"\{\s*[\"']")
_TRIED = 400
"""So many places are tried, the last ones: a text of nothing but braces would take seconds."""
_LIKE_OURS = re.compile(r"\{\s*[\"']?\s*(?:code|why|score)\b", re.IGNORECASE)
_NUMBER = r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_SCORE = re.compile(rf"({_NUMBER})\s*(?:(%)|(?:/|out\s+of|of)\s*({_NUMBER}))?", re.IGNORECASE)
_SCORE_LINE = re.compile(
    r"^(?:[>*_#`\"'-]|[^\S\n])*+(?:(?:my|final|overall|the)[^\S\n]++)*+(?:score|rating|grade|similarity)"
    r"[\s*_`\"']*+(?:is|=|:)[\s*_`\"']*+(?P<value>[-+.,\d].*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""Repetitions give nothing back and begin on a line of their own: an answer of line breaks is read as fast as any."""


class Unreadable(ValueError):
    """No verdict can be read; the message says why in words that hold nothing of the answer but numbers."""


@dataclass(frozen=True)
class Judgement:
    """A judge's verdict."""

    score: float
    why: str = ""


def read_judgement(text: str, *, code: str, data: Sequence[str]) -> Judgement:
    """Read a judge's answer.

    Args:
        text: All of it; a thinking before it is cut off.
        code: What the judge was told to put into its verdict.
        data: Texts that the judge was given: what stands in them is not its own.

    Raises:
        Unreadable: There is no verdict of the judge's own in it, or no score from 0 to 1.
    """
    body = after_thinking(text).strip()
    if not body:
        raise Unreadable("there was no answer after the thinking")
    objects, broken = _objects(_repaired(body[-LONGEST:]))
    quoted = _Quoted(data)
    with_code = [one for one in objects if str(one.value.get("code", "")).strip() == code]
    settled = with_code[-1].start if with_code else -1
    if any(start > settled and not quoted.contains(beginning) for beginning, start in broken):
        raise Unreadable("the JSON object was broken")  # the last word is in it
    if with_code:
        return _judgement(with_code[-1].value)
    own = [one.value for one in objects if "score" in one.value and not quoted.holds(one)]
    if own and str(own[-1].get("code") or "").strip():
        raise Unreadable("the code in the JSON object was not the one that was given")
    if own:
        return _judgement(own[-1])
    if any("score" in one.value for one in objects):
        raise Unreadable("the only JSON object was one quoted from the data")
    return Judgement(_score_in_prose(body, quoted))


def read_score(value: Any) -> float:
    """A score from 0 to 1 in any form whose meaning is certain.

    Raises:
        Unreadable: It is none. 85 could be of 100, and a slip: it is asked for again.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unreadable("the score was not a number")
    if isinstance(value, str):
        found = _SCORE.fullmatch(value.strip().strip("*_`\"' ").rstrip("."))
        if found is None:
            raise Unreadable("the score was not a number")
        score, whole = _float(found[1]), 100.0 if found[2] else _float(found[3]) if found[3] else 1.0
        if not whole > 0:
            raise Unreadable("the score was out of range")
        score /= whole
    else:
        score = float(value) if abs(value) < 1e6 else math.inf
    if not (math.isfinite(score) and 0.0 <= score <= 1.0):
        raise Unreadable(f"the score {brief_number(value)} was not from 0 to 1")
    return score


def brief_number(value: Any) -> str:
    """A score as it was written, if it is short."""
    text = str(value)
    return text if len(text) <= 12 and re.fullmatch(r"[-+\d.,%/ eE]+", text) else "given"


def _float(text: str) -> float:
    return float(text.replace(",", "."))


def _judgement(found: dict[str, Any]) -> Judgement:
    if "score" not in found:
        raise Unreadable("the JSON object had no score")
    return Judgement(read_score(found["score"]), str(found.get("why") or "")[:_WHY_CHARS])


def _repaired(text: str) -> str:
    """JSON as models write it: backslashes of LaTeX doubled, commas before a closing bracket dropped."""
    doubled = _ESCAPE.sub(lambda found: found.group() if found[1] else "\\\\", text)
    return _TRAILING_COMMA.sub(r"\1", doubled)


@dataclass(frozen=True)
class _Object:
    """A JSON object, and where it stands."""

    value: dict[str, Any]
    raw: str
    start: int


def _objects(text: str) -> tuple[list[_Object], list[tuple[str, int]]]:
    """All outermost JSON objects, and how and where those begin that look like a verdict and are broken.

    What stands inside of a broken one, an object quoted in its explanation say, is not the verdict.
    """
    decoder = json.JSONDecoder(strict=False)
    found: list[_Object] = []
    broken: list[tuple[str, int]] = []
    end = 0
    for start in [begin.start() for begin in _BEGIN.finditer(text)][-_TRIED:]:
        if start < end:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            if _LIKE_OURS.match(text, start):
                broken.append((text[start : start + _BEGINNING].partition("}")[0], start))
        else:
            named = {str(name).strip().casefold(): item for name, item in value.items()}
            found.append(_Object(named, text[start:end], start))
    return found, broken


class _Quoted:
    """What stands in the data, whatever its white space and escapes."""

    def __init__(self, data: Sequence[str]) -> None:
        self._data = data  # most answers are read without a look at it

    @functools.cached_property
    def _squeezed(self) -> list[str]:
        return [squeezed(form) for text in self._data for form in (text, _repaired(text))]

    @functools.cached_property
    def _lines(self) -> set[str]:
        return {squeezed(line) for text in self._data for line in text.splitlines()}

    @functools.cached_property
    def _objects(self) -> list[dict[str, Any]]:
        return [one.value for text in self._data for one in _objects(_repaired(text))[0]]

    def holds(self, found: _Object) -> bool:
        return found.value in self._objects or self.contains(found.raw)

    def contains(self, raw: str) -> bool:
        return any(squeezed(raw) in text for text in self._squeezed)

    def is_line(self, raw: str) -> bool:
        return squeezed(raw) in self._lines


def squeezed(text: str) -> str:
    """A text by which a quotation is known again."""
    return re.sub(r"[\s\\]+", "", text).casefold()


def _score_in_prose(body: str, quoted: _Quoted) -> float:
    """The score of an answer without JSON: the whole of it, or its one line that names a score."""
    bare = body.strip("*_`\"' \n").rstrip(".")
    if _SCORE.fullmatch(bare):
        if quoted.is_line(bare):
            raise Unreadable("the score was all there was, and a line of the data")
        return read_score(bare)
    lines = [line for line in _SCORE_LINE.finditer(body[-LONGEST:]) if not quoted.contains(line.group())]
    scores = {read_score(line["value"].rstrip(" \t*_`\"'.")) for line in lines}
    if len(scores) != 1:
        raise Unreadable("there was no JSON object with a score" if not scores else "there were several scores")
    return scores.pop()
