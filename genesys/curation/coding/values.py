"""Values of upstream columns in whatever form they come: parsed, as JSON text or as Python-literal text, or null.

Nothing here knows a source. A value that cannot be read is a ValueError, ``column: what is wrong``.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genesys.curation.coding.problem import Test
from genesys.outcomes import Outcome, rejected

UNEQUAL = "tests of unequal length"
UNREADABLE = "tests cannot be read"

_MAX_DIGITS = 4300
"""Python reads and writes no longer integers; a test that holds one could be neither hashed nor sent."""
_UNITS = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)")


class _Unreadable:
    """Stands for an integer that is too long. JSON has no form for it, so its test is left out."""


def value(row: Mapping[str, Any], column: str) -> Any:
    """A column's value; text that is JSON or a Python literal is parsed. Null and empty text give None.

    Raises:
        ValueError: It is text of another kind.
    """
    found = row.get(column)
    if not isinstance(found, str):
        return found
    if not found.strip():
        return None
    try:
        return json.loads(found, parse_int=_integer)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(found.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise ValueError(f"{column}: is neither JSON nor a Python literal: {found[:80]!r}") from None


def _integer(digits: str) -> Any:
    return int(digits) if len(digits) <= _MAX_DIGITS else _Unreadable()


def text(row: Mapping[str, Any], column: str) -> str:
    """A column of text; null gives empty text.

    Raises:
        ValueError: It is something else.
    """
    found = row.get(column)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise ValueError(f"{column}: is {type(found).__name__}, expected text")
    return found


def word(row: Mapping[str, Any], column: str) -> str | None:
    """A short column such as a difficulty, as text whatever its type; None where there is nothing."""
    found = row.get(column)
    return None if found is None or not str(found).strip() else str(found).strip()


def words(row: Mapping[str, Any], column: str) -> tuple[str, ...]:
    """A list of words; None where upstream wrote a list in no readable form."""
    try:
        found = value(row, column)
    except ValueError:
        return (str(row[column]).strip(),)
    if isinstance(found, str):
        return (found,)
    return tuple(str(each) for each in found) if isinstance(found, Iterable) else ()


def programs(row: Mapping[str, Any], column: str) -> list[str]:
    """A list of program texts, each once, in upstream's order.

    Raises:
        ValueError: It is no list.
    """
    found = value(row, column)
    if isinstance(found, str):
        found = [found]
    if found is None or isinstance(found, Mapping):
        found = []
    if not isinstance(found, Iterable):
        raise ValueError(f"{column}: is {type(found).__name__}, expected a list of programs")
    return list(dict.fromkeys(each for each in found if isinstance(each, str) and each.strip()))


def pairs(row: Mapping[str, Any], column: str, names: tuple[str, str]) -> list[tuple[Any, Any]] | Outcome:
    """Two columns in one: ``{a: [...], b: [...]}`` or ``[{a, b}, ...]``; empty where there is nothing.

    Returns:
        The pairs in order, or the reason to drop a row whose two lists differ in length.

    Raises:
        ValueError: It is neither.
    """
    found = value(row, column)
    first, second = names
    if found is None:
        return []
    if isinstance(found, Mapping):
        left, right = found.get(first), found.get(second)
        left, right = ([] if each is None else each for each in (left, right))
        if not isinstance(left, Sequence) or not isinstance(right, Sequence):
            raise ValueError(f"{column}: expected lists {first} and {second}")
        if len(left) != len(right):
            return rejected(UNEQUAL, f"{column} has {len(left)} {first} and {len(right)} {second}")
        return list(zip(left, right, strict=True))
    if not isinstance(found, Sequence) or not all(isinstance(each, Mapping) for each in found):
        raise ValueError(f"{column}: expected {first} and {second}, found {type(found).__name__}")
    return [(each.get(first), each.get(second)) for each in found]


def io_tests(row: Mapping[str, Any], column: str) -> tuple[list[Test], str | None, Outcome | None]:
    """Tests of APPS' and TACO's ``input_output``: ``{inputs, outputs, fn_name?}``.

    Returns:
        The tests that can be read, the function's name, and why the row is to be dropped, if it is.

    Raises:
        ValueError: The column holds something else.
    """
    found = value(row, column)
    if found is None:
        return [], None, None
    if not isinstance(found, Mapping):
        raise ValueError(f"{column}: is {type(found).__name__}, expected inputs and outputs")
    fn_name = found.get("fn_name") or None
    both = pairs({column: found}, column, ("inputs", "outputs"))
    if isinstance(both, Outcome):
        return [], fn_name, both
    made = [_test(fn_name, given, wanted) for given, wanted in both]
    tests = [test for test in made if test is not None]
    unreadable = rejected(UNREADABLE, f"all {len(made)} of them") if made and not tests else None
    return tests, fn_name, unreadable


def stdin_tests(both: Iterable[tuple[Any, Any]]) -> list[Test]:
    """Tests of whole programs; those without an output are left out."""
    return [test for given, wanted in both if (test := _test(None, given, wanted)) is not None]


def _test(fn_name: str | None, given: Any, wanted: Any) -> Test | None:
    """One test in ``verification_info``'s form; None if it cannot be put so."""
    if fn_name is None:
        if wanted is None:
            return None
        shown = lines(given), lines(wanted)
        return None if None in shown else {"type": "stdin_stdout", "input": shown[0], "output": shown[1]}
    args = given
    if isinstance(given, str):
        args, wanted = _arguments(given), _parsed(wanted)
    try:
        plain = json.loads(json.dumps([args if isinstance(args, list | tuple) else [args], wanted]))
    except (TypeError, ValueError, RecursionError):
        return None
    return {"type": "function_call", "fn_name": fn_name, "input": plain[0], "output": plain[1]}


def _arguments(given: str) -> list[Any]:
    """Arguments that stand as text, one JSON value a line; a text that is nothing of the kind is the one argument."""
    try:
        return [json.loads(line) for line in given.splitlines() if line.strip()]
    except ValueError:
        return [given]


def _parsed(wanted: Any) -> Any:
    try:
        return json.loads(wanted) if isinstance(wanted, str) else wanted
    except ValueError:
        return wanted


def lines(given: Any) -> str | None:
    """What stands on standard input or output: text, a list of lines, or lines of lists; None for a mapping."""
    if given is None:
        return ""
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping | _Unreadable):
        return None
    try:
        if isinstance(given, Sequence):
            return "\n".join(
                " ".join(map(str, each)) if isinstance(each, list | tuple) else str(each) for each in given
            )
        return str(given)
    except ValueError:  # an integer that is too long to be written
        return None


def seconds(given: Any) -> float | None:
    """A time limit: a number, text such as "2.0 seconds", or ``{seconds, nanos}``; None where there is none."""
    if isinstance(given, Mapping):
        total = float(given.get("seconds") or 0) + float(given.get("nanos") or 0) / 1e9
        return total or None
    amount = _amount(given)
    if amount is None:
        return None
    number, unit = amount
    return (number / 1000 if unit.startswith(("ms", "milli")) else number) or None


def size(given: Any, unit: str = "mb") -> int | None:
    """A memory limit in bytes: a number in ``unit``, or text such as "256.0 megabytes"."""
    amount = _amount(given)
    if amount is None:
        return None
    number, written = amount
    known = f"{written[0]}b" if written and written[0] in "kmg" else "b" if written else unit
    return int(number * _UNITS[known]) or None


def _amount(given: Any) -> tuple[float, str] | None:
    match = _AMOUNT.match(str(given)) if given is not None and not isinstance(given, bool) else None
    return (float(match.group(1)), match.group(2).lower()) if match else None
