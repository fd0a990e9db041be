"""How each language writes a type, a name and the head of a function. What a type is stands in ``types``."""

from __future__ import annotations

import re
from collections.abc import Callable

from genesys.curation.translated_coding.types import Type

LANGUAGES = ("javascript", "rust", "cpp")
LANGUAGE_NAMES = {"javascript": "JavaScript", "rust": "Rust", "cpp": "C++"}

_RUST = """as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod
move mut pub ref return self Self static struct super trait true type unsafe use where while abstract become box do
final macro override priv typeof unsized virtual yield try gen main"""
_CPP = """alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class
compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default
delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires
return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try
typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq main std assert errno NULL
EOF stdin stdout stderr"""
_JAVASCRIPT = """arguments await break case catch class const continue debugger default delete do else enum eval export
extends false finally for function if implements import in instanceof interface let new null package private protected
public return static super switch this throw true try typeof undefined var void while with yield NaN Infinity"""
_RESERVED = {
    "rust": frozenset(_RUST.split()),
    "cpp": frozenset(_CPP.split()),
    "javascript": frozenset(_JAVASCRIPT.split()),
}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def spelled(kind: Type, language: str) -> str:
    """A type as a language writes it; in JavaScript as a comment for people has it."""
    return _SPELLING[language](kind)


def _cpp(kind: Type) -> str:
    names = {"bool": "bool", "int": "long long", "float": "double", "text": "std::string"}
    if kind.kind in names:
        return names[kind.kind]
    within = ", ".join(map(_cpp, kind.parts))
    if kind.kind == "map":
        return f"std::map<std::string, {within}>"
    outer = {"list": "vector", "option": "optional", "tuple": "pair" if len(kind.parts) == 2 else "tuple"}[kind.kind]
    return f"std::{outer}<{within}>"


def _rust(kind: Type) -> str:
    names = {"bool": "bool", "int": "i64", "float": "f64", "text": "String"}
    if kind.kind in names:
        return names[kind.kind]
    within = ", ".join(map(_rust, kind.parts))
    if kind.kind == "tuple":
        return f"({within})"
    return {"list": f"Vec<{within}>", "map": f"HashMap<String, {within}>", "option": f"Option<{within}>"}[kind.kind]


def _javascript(kind: Type) -> str:
    names = {"bool": "boolean", "int": "number", "float": "number", "text": "string", "any": "*"}
    if kind.kind in names:
        return names[kind.kind]
    parts = [_javascript(part) for part in kind.parts]
    if kind.kind == "tuple":
        return f"[{', '.join(parts)}]"
    if kind.kind == "map":
        return f"Object<string, {parts[0]}>"
    if kind.kind == "option":
        return f"{parts[0]}|null"
    return f"({parts[0]})[]" if kind.parts[0].kind == "option" else f"{parts[0]}[]"


_SPELLING: dict[str, Callable[[Type], str]] = {"cpp": _cpp, "rust": _rust, "javascript": _javascript}


def function_name(name: str, language: str) -> str | None:
    """The name that the tests call: the same one, with a ``_`` after it where the language keeps it for itself.

    Returns:
        None for what is no name in the language, such as one with dots.
    """
    if not _WORD.fullmatch(name) or name.strip("_") == "":
        return None
    return f"{name}_" if name in _RESERVED[language] else name


def parameter_names(names: tuple[str, ...], language: str, function: str) -> tuple[str, ...]:
    """Names of parameters as the language has them: snake case, in JavaScript camel case; none twice."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        plain = name.strip("_") if _WORD.fullmatch(name) else ""
        made = _camel(plain) if language == "javascript" else _HUMP.sub("_", plain).lower()
        if not _WORD.fullmatch(made) or made in found or made == function:
            made = f"arg{number}"
        found.append(f"{made}_" if made in _RESERVED[language] else made)
    return tuple(found)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
