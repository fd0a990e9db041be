"""The harness of a function in Rust or C++: the program around a solution, by which the verifier calls it.

The texts ``harness.cpp`` and ``harness.rs`` hold what is the same for all signatures. What a harness has to do is told
by ``genesys.verifiers.code.tests.harnessed``. In C++ it stands before the solution, so that macros of a solution
(``#define int long long``) change nothing in it; a ``main`` of the solution is given another name. In Rust the solution
is a module, so that no name of it meets one of the harness, and the call stands in that module, since a function need
not be public.
"""

from __future__ import annotations

import functools
import importlib.resources

from genesys.curation.translated_coding.signature import Signature
from genesys.curation.translated_coding.spelling import spelled
from genesys.curation.translated_coding.types import Type

_FILES = {"cpp": "harness.cpp", "rust": "harness.rs"}


def harness(signature: Signature) -> str | None:
    """The harness for a signature; None for a language in which the verifier calls functions itself."""
    if signature.language not in _FILES:
        return None
    text = _text(_FILES[signature.language])
    if signature.language == "cpp":
        names = [spelled(kind, "cpp") for kind in (signature.returns, *(each.kind for each in signature.parameters))]
        return text.replace("{{types}}", ", ".join(names)).replace("{{name}}", signature.name)
    given = ", ".join(f"genesys_reader.argument::<{_whole(each.kind)}>()" for each in signature.parameters)
    return (
        text.replace("{{arguments}}", given)
        .replace("{{returns}}", _whole(signature.returns))
        .replace("{{name}}", signature.name)
    )


def _whole(kind: Type) -> str:
    """A type in Rust by its whole path: a solution may have a ``Vec`` of its own, and need not use ``HashMap``."""
    within = ", ".join(map(_whole, kind.parts))
    if kind.kind == "tuple":
        return f"({within})"
    return {
        "bool": "bool",
        "int": "i64",
        "float": "f64",
        "text": "::std::string::String",
        "list": f"::std::vec::Vec<{within}>",
        "map": f"::std::collections::HashMap<::std::string::String, {within}>",
        "option": f"::std::option::Option<{within}>",
    }[kind.kind]


@functools.cache
def _text(file: str) -> str:
    return (importlib.resources.files("genesys.curation.translated_coding") / file).read_text("utf-8")
