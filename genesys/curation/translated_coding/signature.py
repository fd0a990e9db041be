"""The signature of a function in another language, told from the calls of it that the tests make.

Names of parameters come from the Python gold. Where a language needs types and there are none, or integers are too
large for it, there is no signature, and the exception says why.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genesys.curation.translated_coding.spelling import function_name, parameter_names, spelled
from genesys.curation.translated_coding.types import ANY, NoType, TooLarge, Type, infer

NO_TYPE = "no type for its arguments"
NO_RETURN_TYPE = "no type for what it returns"
RETURNS_NOTHING = "returns nothing"
TOO_LARGE = "integers too large for the language"
OTHER_NUMBER = "calls with different numbers of arguments"
NO_NAME = "no name for its function"

_EXACT_TO = 2**53 - 1
"""Whole numbers that JavaScript's numbers hold."""


class NoSignature(ValueError):
    """A language cannot express the calls.

    Attributes:
        reason: One of the constants above.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """The detail is the message."""
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class Call:
    """A call that a test makes, and what it has to return."""

    args: tuple[Any, ...]
    returned: Any


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name in the language, and its type."""

    name: str
    kind: Type


@dataclass(frozen=True)
class Signature:
    """The head of a function.

    Args:
        language: One of ``spelling.LANGUAGES``.
        name: Which the tests call.
        parameters: In their order.
        returns: The type of what it returns.
        big: It returns integers that JavaScript's numbers do not hold.
    """

    language: str
    name: str
    parameters: tuple[Parameter, ...]
    returns: Type
    big: bool = False

    @property
    def kinds(self) -> tuple[Type, ...]:
        """All types in it."""
        return (*(parameter.kind for parameter in self.parameters), self.returns)

    @property
    def is_guessed(self) -> bool:
        """Whether a type in it was guessed, since all tests have empty lists there."""
        return any(kind.is_guessed for kind in self.kinds)

    @property
    def text(self) -> str:
        """As the language writes it; in JavaScript with the types as a comment."""
        given = [(each.name, spelled(each.kind, self.language)) for each in self.parameters]
        returned = spelled(self.returns, self.language)
        if self.language == "cpp":
            return f"{returned} {self.name}({', '.join(f'{kind} {name}' for name, kind in given)})"
        if self.language == "rust":
            return f"fn {self.name}({', '.join(f'{name}: {kind}' for name, kind in given)}) -> {returned}"
        lines = [f" * @param {{{kind}}} {name}" for name, kind in given]
        shown = returned.replace("number", "number|bigint") if self.big else returned
        lines.append(f" * @returns {{{shown}}}")
        return "\n".join(["/**", *lines, " */", f"function {self.name}({', '.join(name for name, _ in given)})"])


def signature_of(language: str, function: str, calls: Sequence[Call], gold: str | None = None) -> Signature:
    """The signature of a function that tests call.

    Args:
        language: Whose signature.
        function: Its name in Python.
        calls: At least one.
        gold: The Python program, for the names of its parameters.

    Raises:
        NoSignature: The language cannot express it.
    """
    name = function_name(function, language)
    if name is None:
        raise NoSignature(NO_NAME, f"{function!r} is no name in {language}")
    counts = {len(call.args) for call in calls}
    if len(counts) > 1:
        raise NoSignature(OTHER_NUMBER, f"from {min(counts)} to {max(counts)} of them")
    if all(call.returned is None for call in calls):
        raise NoSignature(RETURNS_NOTHING, "each test expects null")
    columns = list(zip(*(call.args for call in calls), strict=True))
    kinds = [_kind(column, language, NO_TYPE) for column in columns]
    values = [call.returned for call in calls]
    returns = _kind(values, language, NO_RETURN_TYPE)
    if language == "javascript" and any(map(_is_big, columns)):
        raise NoSignature(TOO_LARGE, f"an argument beyond {_EXACT_TO}")
    names = parameter_names(_names(gold, function, len(kinds)), language, name)
    parameters = tuple(Parameter(*each) for each in zip(names, kinds, strict=True))
    return Signature(language, name, parameters, returns, big=language == "javascript" and _is_big(values))


def unwrapped(calls: Sequence[Call]) -> list[Call]:
    """Calls whose results are all lists of one element, without those lists.

    Sources wrap what a function returns so, and a verifier takes either; a signature has to say one.
    """
    wrapped = all(isinstance(call.returned, list | tuple) and len(call.returned) == 1 for call in calls)
    return [Call(call.args, call.returned[0]) for call in calls] if wrapped else list(calls)


def _kind(values: Sequence[Any], language: str, reason: str) -> Type:
    try:
        return infer(values)
    except TooLarge as trouble:
        if language == "javascript":
            return _loose(values)
        raise NoSignature(TOO_LARGE, str(trouble)) from None
    except NoType as trouble:
        if language == "javascript":
            return _loose(values)
        raise NoSignature(reason, str(trouble)) from None


def _loose(values: Sequence[Any]) -> Type:
    """What JavaScript's comment can still say of values without a type."""
    there = {type(value) for value in values}
    return Type("list", (ANY,)) if there == {list} else Type("int") if there == {int} else ANY


def _is_big(value: Any) -> bool:
    """Whether it holds an integer that JavaScript's numbers do not."""
    if isinstance(value, dict):
        return any(map(_is_big, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_big, value))
    return isinstance(value, int) and abs(value) > _EXACT_TO


def _names(gold: str | None, function: str, count: int) -> tuple[str, ...]:
    """Names of the parameters in the Python gold; numbered ones where they do not fit."""
    numbered = tuple(f"arg{number}" for number in range(1, count + 1))
    try:
        tree = ast.parse(gold or "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return numbered
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            given = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
            names = tuple(given[1:] if given[:1] == ["self"] else given)
            return names[:count] if len(names) >= count else numbered
    return numbered
