"""Expected against what came out of a program: outputs as texts, returned values as JSON. Pure; nothing is run here.

What counts as equal is what judges of contests take for equal, and where they differ, the stricter reading. Every
function is total and takes time linear in its input, since what it reads was written by an untrusted program.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any

_INTEGER = re.compile(r"([+-]?)(\d+)$")
# No leading zeros: 05.30 is a time or an amount in a fixed form, not a measurement.
_DECIMAL = re.compile(r"([+-]?(?:0|[1-9]\d*)?)(?:\.(\d*))?(e[+-]?\d+)?$", re.IGNORECASE)
_REAL = re.compile(r"(?<![\w.])[+-]?\d+\.\d+(?:e[+-]?\d+)?(?![\w.])", re.IGNORECASE)
# As the four languages print them; a task that asks for the word INF does not mean these.
_NO_NUMBER = {"nan": "nan", "-nan": "nan", "NaN": "nan", "inf": "inf", "Infinity": "inf", "-inf": "-inf"}
_NO_NUMBER["-Infinity"] = "-inf"
_ABSOLUTE = 1e-6
_RELATIVE = 1e-6
# An expected 1000000.25 is an amount: 1000000.75 is wrong, though within a millionth. A measurement has more decimals.
_RELATIVE_OF_SHORT = 1e-9
_SHORT = 4
_SLACK = 1 + 1e-9  # 0.333334 is not 0.333333 + 1e-6 in binary
_MOST_DIGITS = 400
_HAIR = 1e-9
_EXACT_TO = 2**53


def has_reals(expected: str) -> bool:
    """Whether an expected output has a number with a fraction: its task measures, rather than counts."""
    return _REAL.search(expected) is not None


def same_output(expected: str, got: bytes, *, reals: bool = False) -> bool:
    r"""Whether a program's output is the expected one.

    Equal are outputs with the same words, whatever white space is between them and however lines end. Words are equal

    - as texts, letter case included;
    - as integers: exactly, ``+5`` and ``-0`` being ``5`` and ``0``, leading zeros being digits of an answer; ``9.0``
      and ``9.`` are ``9``;
    - where the expected one has a fraction: within 1e-6, absolute or relative (relative 1e-9 where at most four
      decimals are expected), so that ``9`` is ``9.0``; with ``reals`` also where a fraction came and none is expected.

    A drawing, that is, an expected output without letters and digits in which a line is indented, is compared by
    lines: there white space is what the task asks for.

    Args:
        expected: The task's output.
        got: What the program wrote; bytes that are no UTF-8 equal nothing.
        reals: The task's outputs are measurements; see ``has_reals``.
    """
    text = got.decode("utf-8", "surrogateescape")
    if expected == text or _trimmed(expected) == _trimmed(text):
        return True
    if _is_drawing(expected):
        return False
    for wanted, found in zip_longest(_words(expected), _words(text)):
        if wanted != found and (wanted is None or found is None or not _same_number(wanted, found, reals)):
            return False
    return True


def same_value(expected: Any, got: Any, *, wraps: bool = True) -> bool:
    """Whether a function returned the expected value; both in JSON's terms, the expected one perhaps in Python's.

    Lists and tuples are the same, keys of mappings are compared as texts, strings but for white space at their end,
    integers exactly, numbers with a fraction within 1e-6. A truth value is no number. A list of one element equals
    that element, at the top alone and both ways, since sources wrap outputs so.

    Args:
        expected: The task's output.
        got: What the function returned.
        wraps: All expected outputs of the task are lists of one element, so that one more list around a list can be a
            wrapping. Where it is false, ``[[1, 2]]`` is not ``[1, 2]``, yet ``[9]`` is ``9``.
    """
    if _same(expected, got):
        return True
    if _is_list(expected) and len(expected) == 1 and (wraps or not _is_list(expected[0])) and _same(expected[0], got):
        return True
    return _is_list(got) and len(got) == 1 and not _is_list(expected) and _same(expected, got[0])


def read_value(text: str) -> Any:
    """A returned value from its JSON text.

    Raises:
        ValueError: It is none, or is nested too deeply to be any task's answer.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _trimmed(text: str) -> str:
    """White space at the ends of lines and of the text is nobody's answer."""
    return "\n".join([line.rstrip() for line in text.split("\n")]).rstrip()


def _is_drawing(expected: str) -> bool:
    return not any(map(str.isalnum, expected)) and re.search(r"^[ \t]+\S", expected, re.MULTILINE) is not None


def _words(text: str) -> Iterable[str]:
    """Words line by line, so that an output of megabytes is not held once more as a list of them."""
    return (word for line in io.StringIO(text) for word in line.split())


def _same_number(expected: str, got: str, reals: bool) -> bool:
    """Whether two different words are the same number."""
    if expected in _NO_NUMBER:
        return _NO_NUMBER[expected] == _NO_NUMBER.get(got)
    if max(len(expected), len(got)) > _MOST_DIGITS:
        return _integer(expected) == _integer(got) is not None
    whole = _integer(expected)
    if whole is not None:
        return _same_integer(whole, got, reals)
    wanted, found = _decimal(expected), _decimal(got)
    return wanted is not None and found is not None and _close(wanted, found, _decimals(expected))


def _same_integer(expected: str, got: str, reals: bool) -> bool:
    """Whether a word says the integer of this canonical text."""
    whole = _integer(got)
    if whole is not None:
        return whole == expected
    match = _DECIMAL.match(got)
    if match is None or not any(map(str.isdigit, got)):
        return False
    before, after, exponent = match.groups()
    if not exponent and not (after or "").strip("0"):
        return _integer(before) == expected
    try:
        if Decimal(got) == Decimal(expected):
            return True
    except InvalidOperation:  # an exponent beyond all measure
        return False
    return reals and _close(float(expected), float(got), 0)


def _integer(word: str) -> str | None:
    """The canonical text of an integer: no plus, no negative zero; leading zeros stay."""
    match = _INTEGER.match(word)
    if match is None:
        return None
    sign, digits = match.groups()
    return "-" + digits if sign == "-" and digits.strip("0") else digits


def _decimal(word: str) -> float | None:
    """The number that a word says; None for anything but plain decimal notation (no ``0x``, ``1_000``, ``05.3``)."""
    return float(word) if _DECIMAL.match(word) and any(map(str.isdigit, word.lower().partition("e")[0])) else None


def _decimals(number: str) -> int:
    """How many decimals a number is written with; many where it has an exponent."""
    match = _DECIMAL.match(number)
    if match is None or match.group(3):
        return _MOST_DIGITS
    return len(match.group(2) or "")


def _close(expected: float, got: float, decimals: int) -> bool:
    if not (math.isfinite(expected) and math.isfinite(got)):
        return False
    relative = _RELATIVE if decimals > _SHORT else _RELATIVE_OF_SHORT
    return abs(expected - got) <= max(_ABSOLUTE, relative * abs(expected)) * _SLACK


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _same(expected: Any, got: Any) -> bool:
    """Equality at every depth, without recursion: a program may return what is nested as deeply as it likes."""
    pairs = [(expected, got)]
    while pairs:
        wanted, found = pairs.pop()
        if isinstance(wanted, set | frozenset):
            if not _is_list(found) or not _same_set(wanted, found):
                return False
        elif _is_list(wanted):
            if not _is_list(found) or len(wanted) != len(found):
                return False
            pairs.extend(zip(wanted, found, strict=True))
        elif isinstance(wanted, Mapping):
            if not isinstance(found, Mapping):
                return False
            left, right = ({str(key): value for key, value in side.items()} for side in (wanted, found))
            if left.keys() != right.keys():
                return False
            pairs.extend((left[key], right[key]) for key in left)
        elif not _same_scalar(wanted, found):
            return False
    return True


def _same_set(expected: Iterable[Any], got: Iterable[Any]) -> bool:
    """A set has no order and JSON has no sets: the same elements in one order, exactly."""
    try:
        wanted, found = (sorted(json.dumps(value, default=repr) for value in side) for side in (expected, got))
    except RecursionError:
        return False
    return wanted == found


def _same_scalar(expected: Any, got: Any) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None or got is None:
        return expected is got
    if isinstance(expected, str) and isinstance(got, str):
        return expected == got or expected.rstrip() == got.rstrip()
    if not (isinstance(expected, int | float) and isinstance(got, int | float)):
        return False
    if expected == got or (expected != expected and got != got):
        return True
    try:
        if isinstance(expected, float):
            return _close(expected, float(got), _decimals(repr(expected)))
        # Computed in floating point where an integer is expected: no more than rounding may be between them.
        return isinstance(got, float) and abs(expected) < _EXACT_TO and abs(expected - got) <= _HAIR
    except OverflowError:
        return False
