"""What source code says, as a hash: equal for code that does the same word for word, wherever and however laid out.

Comments, docstrings and layout do not count, nor in which package a module stands: neither its own place nor that of
the modules it imports, of which the last name counts alone. So a module may move and be explained better without a
verdict being made anew. The syntax tree is written out by rules of our own, since the standard library's form of it
differs between Python's versions.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import inspect
import itertools
from pathlib import Path
from typing import Any

_IMPORTS = (ast.Import, ast.ImportFrom)
_PLACES = ("module", "name")
_UNSAID = frozenset(("ctx", "kind", "level", "type_comment"))


def class_contents(cls: type) -> set[str]:
    """Hash of the module that a class stands in; of its methods where it stands in no file (typed into a prompt)."""
    try:
        inspect.getsource(cls)  # knows whether it stands there
        return {content(Path(inspect.getfile(cls)).read_bytes())}
    except (OSError, TypeError):
        codes = [_code_bytes(value) for _, value in sorted(vars(cls).items()) if inspect.isfunction(value)]
        return {hashlib.sha256(b"\0".join(codes)).hexdigest()}


def named_contents(name: str) -> set[str]:
    """Hashes of a module, of all modules of a package (found without importing them), or of ``dist:name``.

    Raises:
        ModuleNotFoundError: It is not there; PackageNotFoundError for a distribution.
    """
    if name.startswith("dist:"):
        distribution = name.removeprefix("dist:")
        return {f"{distribution} {importlib.metadata.version(distribution)}"}
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"rests_on names the module {name!r}, which is not there.")
    if spec.submodule_search_locations is None:
        return {content(Path(spec.origin).read_bytes())}
    modules = (path for place in spec.submodule_search_locations for path in Path(place).rglob("*.py"))
    return {content(path.read_bytes()) for path in modules}


@functools.lru_cache(maxsize=1024)
def content(source: bytes) -> str:
    """The hash of one module's source; of its bytes where it is no Python."""
    try:
        written = _written(ast.parse(source)).encode("utf-8", "surrogatepass")
    except (SyntaxError, ValueError, RecursionError):
        written = source
    return hashlib.sha256(written).hexdigest()


def _written(value: Any) -> str:
    """A node as its type and its fields by name; what is empty is left out, as new fields of later Pythons are."""
    if isinstance(value, list):
        # In which order imports stand is decided by the places of what they name.
        said = (item for item in value if not _is_docstring(item))
        runs = itertools.groupby(said, lambda item: isinstance(item, _IMPORTS))
        written = (sorted(map(_written, run)) if is_import else map(_written, run) for is_import, run in runs)
        return ";".join(itertools.chain.from_iterable(written))
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = []
    for name in value._fields:
        field = getattr(value, name, None)
        if name in _UNSAID or field is None:
            continue
        if name in _PLACES and isinstance(value, (ast.ImportFrom, ast.alias)):
            field = field.rpartition(".")[2]
        if (text := _written(field)) != "":
            fields.append(f"{name}={text}")
    return f"{type(value).__name__}({','.join(fields)})"


def _is_docstring(item: Any) -> bool:
    """Also one that stands below a constant: a text by itself does nothing."""
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)


def _code_bytes(function: Any) -> bytes:
    """Instructions and constants, by value: the repr of a nested code object would hold a memory address."""
    code = function.__code__
    constants = [constant for constant in code.co_consts if not inspect.iscode(constant)]
    return bytes(code.co_code) + repr((constants, code.co_names)).encode()
