"""The process in which files are parsed; started by ``parsing``. A parser is a program in C that others' text drives.

Parsers fall over hostile text: a line of sixty thousand brackets ends that of Java by a segmentation fault.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from typing import TYPE_CHECKING, Any

from genesys.syntax.languages import named
from genesys.workers import serving

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_SHOWN = 80


def answer(question: dict[str, Any], cpu_s: int) -> dict[str, Any]:
    """Parse one file: ``{"language": name, "text": ...}`` -> ``{"parses": bool, "why": where it does not}``."""
    why = _python(question["text"]) if question["language"] == "python" else _tree(**question)
    return {"parses": why is None, "why": why}


def _python(text: str) -> str | None:
    """What Python's own compiler has against a file; it also knows ``return`` outside of a function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "file", "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"line {error.lineno}: {error.msg}"
        except (ValueError, RecursionError) as error:
            return f"{type(error).__name__}: {error}"
    return None


def _tree(language: str, text: str) -> str | None:
    """Where the tree has a place that the grammar does not know, or lacks what must stand there."""
    raw = text.encode()
    root = _parser(language).parse(raw).root_node
    if not root.has_error:
        return None
    node = _first_error(root)
    found = raw[node.start_byte : node.end_byte].decode("utf-8", "replace").split("\n", 1)[0][:_SHOWN]
    what = f"{node.type} is missing" if node.is_missing else f"not understood: {found!r}"
    return f"line {node.start_point.row + 1}: {what}"


def _first_error(root: Node) -> Node:
    node = root
    while not (node.is_error or node.is_missing):
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            break
        node = inner
    return node


@functools.cache
def _parser(language: str) -> Parser:
    from tree_sitter import Language, Parser

    known = named(language)
    if known is None or known.grammar is None:
        raise ValueError(f"there is no parser for {language}")
    module = importlib.import_module(known.grammar.module)
    return Parser(Language(getattr(module, known.grammar.function)()))


if __name__ == "__main__":
    serving.main(answer)
