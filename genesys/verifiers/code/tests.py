"""What a coding task asks of a program: its tests, limits and options, typed, from every upstream form.

Nothing is run or compared here. What cannot be read is the task's fault, and says where it stands and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesys.faults import TaskFault
from genesys.job import LANGUAGES, Language, Limits
from genesys.schemas import parse_info, parse_text
from genesys.verifiers.code.blocks import language_of
from genesys.verifiers.code.compare import has_reals
from genesys.verifiers.code.limits import TIME_FACTORS, read_limits

_MARKER = "{{solution}}"


@dataclass(frozen=True)
class OutputTest:
    """A test by standard input and output.

    Args:
        stdin: What the program is given.
        expected: What it has to write.
    """

    stdin: str
    expected: str


@dataclass(frozen=True)
class CallTest:
    """A test by a call of a function.

    Args:
        function: Its name.
        args: Its arguments, as JSON values.
        expected: What it has to return; several values where the task's text can be read in several ways.
    """

    function: str
    args: tuple[Any, ...]
    expected: tuple[Any, ...]


Test = OutputTest | CallTest


@dataclass(frozen=True)
class Checker:
    """A task's own program that says whether an output is right; see ``checker``."""

    language: Language
    source: str


@dataclass(frozen=True)
class CodeTask:
    """A coding task as its verifier needs it.

    Args:
        language: What programs are written in.
        tests: At least one.
        limits: Of one run.
        checker: Decides instead of a comparison with the expected outputs.
        harness: For function calls in Rust and C++: the program around a solution, see ``harnessed``.
        input_file: The file that programs read, if they do.
        output_file: The file that programs write, if they do.
        stop_at_first_failure: The tests after it are not run, and count as not passed.
        reals: Outputs are measurements; see ``compare.same_output``.
        wraps: Expected values are all lists of one element; see ``compare.same_value``.
    """

    language: Language
    tests: tuple[Test, ...]
    limits: Limits
    checker: Checker | None = None
    harness: str | None = None
    input_file: str | None = None
    output_file: str | None = None
    stop_at_first_failure: bool = False
    reals: bool = False
    wraps: bool = False

    @property
    def function(self) -> str | None:
        """The function that the tests call, if they do."""
        return next((test.function for test in self.tests if isinstance(test, CallTest)), None)


def read_task(
    verification_info: Any, metadata: Any = None, factors: Mapping[Language, float] = TIME_FACTORS
) -> CodeTask:
    """Read a task's ``verification_info`` and ``metadata``.

    Args:
        verification_info: Mapping or text with language, test_cases, and optionally checker, harness, input_file,
            output_file, stop_at_first_failure, fn_name.
        metadata: Mapping or text with time_limit, memory_limit, memory_limit_bytes.
        factors: What each language gets of a task's time limit.

    Raises:
        TaskFault: Something cannot be read, is missing or is unknown; the message names it.
    """
    info, meta = _mapping(verification_info, "verification_info"), _mapping(metadata, "metadata")
    language = _language(info.get("language"), "verification_info.language")
    tests = tuple(_test(row, index, info) for index, row in enumerate(_rows(info.get("test_cases"))))
    harness = _text(info.get("harness"), "harness")
    _check_calls(tests, language, harness)
    outputs = [test.expected for test in tests if isinstance(test, OutputTest)]
    values = [value for test in tests if isinstance(test, CallTest) for value in test.expected]
    largest = max((len(text.encode(errors="replace")) for text in outputs), default=0)
    return CodeTask(
        language=language,
        tests=tests,
        limits=read_limits(meta, language, largest, factors),
        checker=_checker(info.get("checker")),
        harness=harness,
        input_file=_file_name(info.get("input_file"), "input_file"),
        output_file=_file_name(info.get("output_file"), "output_file"),
        stop_at_first_failure=str(info.get("stop_at_first_failure")).lower() in ("true", "1"),
        reals=any(map(has_reals, outputs)),
        wraps=all(isinstance(value, list | tuple) and len(value) == 1 for value in values),
    )


def harnessed(harness: str, solution: str) -> str:
    """The program that calls a function in a language without reflection (Rust, C++).

    The harness is program text of the task. A solution takes the place of its mark ``{{solution}}``; without one, the
    harness follows the solution. For each test the program finds the arguments as one JSON array on one line of its
    standard input, and writes what the function returned as JSON, as the last line of its standard output.
    """
    if _MARKER in harness:
        before, _, after = harness.partition(_MARKER)
        return before + solution + after
    return f"{solution}\n{harness}"


def _mapping(value: Any, field: str) -> Mapping[str, Any]:
    try:
        return parse_info(value)  # type: ignore[no-any-return]
    except ValueError as error:
        raise TaskFault(f"{field} {error}. Write it as a mapping.") from None


def _language(name: Any, field: str) -> Language:
    language = language_of(name) if isinstance(name, str) else None
    if language is None:
        raise TaskFault(f"{field} is {_brief(name)}; it has to be one of {', '.join(LANGUAGES)}.")
    return language


def _rows(test_cases: Any) -> list[Any]:
    """The tests one by one; they may come as text, or as columns (APPS' inputs and outputs, a table's lists)."""
    field = "verification_info.test_cases"
    rows = _value(test_cases, field) if isinstance(test_cases, str) else test_cases
    if isinstance(rows, Mapping):
        rows = _from_columns(rows, field)
    if not isinstance(rows, list | tuple) or not rows:
        raise TaskFault(f"{field} is {_brief(test_cases)}; give it a list of at least one test.")
    return list(rows)


def _from_columns(columns: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    singular = {"inputs": "input", "outputs": "output", "types": "type", "fn_names": "fn_name"}
    lists = {singular.get(name, name): values for name, values in columns.items() if isinstance(values, list | tuple)}
    common = {name: value for name, value in columns.items() if not isinstance(value, list | tuple)}
    if len({len(values) for values in lists.values()}) != 1 or "output" not in lists:
        sizes = ", ".join(f"{name}: {len(values)}" for name, values in lists.items())
        raise TaskFault(f"{field} has columns of unequal length, or none of outputs ({sizes}); give one test a row.")
    return [common | dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _test(row: Any, index: int, info: Mapping[str, Any]) -> Test:
    where = f"verification_info.test_cases[{index}]"
    test = _value(row, where) if isinstance(row, str) else row
    if not isinstance(test, Mapping):
        raise TaskFault(f"{where} is {_brief(row)}; write it as a mapping with type, input and output.")
    function = test.get("fn_name") or info.get("fn_name")
    kind = test.get("type") or ("function_call" if function else "stdin_stdout")
    if "output" not in test or (test["output"] is None and kind != "function_call"):  # a function may return null
        raise TaskFault(f"{where}.output is missing; give the expected output, or leave the test out.")
    if kind == "stdin_stdout":
        return OutputTest(_lines(test.get("input"), f"{where}.input"), _lines(test["output"], f"{where}.output"))
    if kind != "function_call":
        raise TaskFault(f"{where}.type is {_brief(kind)}; it has to be stdin_stdout or function_call.")
    if not isinstance(function, str) or not function.strip():
        raise TaskFault(f"{where}.fn_name is {_brief(function)}; name the function that is called.")
    is_text = isinstance(test.get("input"), str)
    return CallTest(
        function.strip(), _arguments(test.get("input"), f"{where}.input"), _expected(test["output"], is_text)
    )


def _lines(value: Any, field: str) -> str:
    """A text, or its lines as a list; null is the empty text, and a lone number stands for itself."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    lines = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(line, bool) or not isinstance(line, str | int | float) for line in lines):
        raise TaskFault(f"{field} is {_brief(value)}; write it as a text, or as a list of its lines.")
    return "".join(f"{line}\n" for line in (str(line).removesuffix("\n") for line in lines))


def _arguments(value: Any, field: str) -> tuple[Any, ...]:
    """The arguments of a call: a list, or text of one, or text with one argument to a line."""
    given = _read_arguments(value, field) if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise TaskFault(f"{field} is {_brief(value)}; write the arguments as a list, a single one too.")
    try:
        json.dumps(given)
    except (TypeError, ValueError, RecursionError) as error:
        raise TaskFault(f"{field} cannot be written as JSON ({error}); give the arguments as JSON values.") from None
    return tuple(given)


def _read_arguments(text: str, field: str) -> Any:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return parse_text(text)
    except ValueError:
        if len(lines) < 2:
            raise TaskFault(f"{field} is {_brief(text)}; write the arguments as a JSON array.") from None
    return [_value(line, field) for line in lines]


def _expected(value: Any, is_serialized: bool) -> tuple[Any, ...]:
    """The readings of an expected value.

    Where the arguments are text, so is the value: ``5`` is a number. Where they are values, a text is a value, but
    one that reads as a list or a mapping may be meant as such.
    """
    if not isinstance(value, str):
        return (value,)
    try:
        parsed = parse_text(value)
    except ValueError:
        return (value,)
    if is_serialized:
        return (parsed,)
    return (value, parsed) if isinstance(parsed, list | tuple | Mapping) else (value,)


def _check_calls(tests: tuple[Test, ...], language: Language, harness: str | None) -> None:
    calls = sum(isinstance(test, CallTest) for test in tests)
    if calls and language in ("rust", "cpp") and harness is None:
        raise TaskFault(
            f"The tests call a function in {language}, which can be called by a program alone: give one as "
            "verification_info.harness, with {{solution}} where the solution goes. It reads the arguments as a JSON "
            "array from standard input and prints what the function returns as JSON."
        )
    if harness is not None and calls != len(tests):
        raise TaskFault("verification_info has a harness and tests of type stdin_stdout; split them into two tasks.")


def _checker(value: Any) -> Checker | None:
    """A checker: a mapping of language and source, text of one, or the source of a Python program itself."""
    given: Any = value
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            given = parse_text(value)
        except ValueError:
            given = value
    if isinstance(given, str):
        given = {"source": given} if given.strip() else None
    if not given:
        return None
    if not isinstance(given, Mapping) or not (source := _text(given.get("source"), "checker.source")):
        raise TaskFault(f"verification_info.checker is {_brief(value)}; give it a language and a source.")
    return Checker(_language(given.get("language") or "python", "verification_info.checker.language"), source)


def _text(value: Any, field: str) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise TaskFault(f"verification_info.{field} is {_brief(value)}; write it as a text.")
    return value


def _file_name(value: Any, field: str) -> str | None:
    name = _text(value, field)
    if name is None or name.strip().lower() in ("stdin", "stdout", "standard input", "standard output"):
        return None
    if name != name.strip() or "/" in name or "\0" in name or name in (".", "..") or len(name.encode()) > 100:
        raise TaskFault(f"verification_info.{field} is {_brief(name)}; give a plain file name.")
    return name


def _value(text: str, field: str) -> Any:
    try:
        return parse_text(text)
    except ValueError as error:
        raise TaskFault(f"{field} {error}. Write it as JSON.") from None


def _brief(value: Any) -> str:
    return "missing" if value is None else f"{type(value).__name__} {str(value)[:80]!r}"
