"""Languages of source files: their names, endings, comments and parsers. Nothing is parsed here.

A language without a parser is known all the same: rules do not judge whether its files parse, and say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Grammar:
    """Where a tree-sitter grammar comes from: a module in a wheel of its own, compiled, and a function of it."""

    module: str
    function: str = "language"

    @property
    def distribution(self) -> str:
        """The name under which it is installed."""
        return self.module.replace("_", "-")


@dataclass(frozen=True)
class Language:
    """A language.

    Args:
        name: As our records write it, in lower case.
        shown: As people write it.
        label: Of fenced blocks.
        endings: Of its files' names, in lower case, the dot included.
        names: Other names, as upstream or a block's label has them.
        line: What begins a comment that goes to the line's end.
        block: What begins and ends a comment, where it has such ones.
        imports: What a line that imports begins with.
        grammar: Of its parser; None where there is none here. Python's is its own compiler.
    """

    name: str
    shown: str
    label: str
    endings: tuple[str, ...]
    names: tuple[str, ...] = ()
    line: tuple[str, ...] = ("//",)
    block: tuple[tuple[str, str], ...] = (("/*", "*/"),)
    imports: re.Pattern[str] = re.compile(r"import\b")
    grammar: Grammar | None = None

    @property
    def has_parser(self) -> bool:
        """Whether it can be told if a file of it parses."""
        return self.grammar is not None or self.name == "python"


_JS_IMPORTS = re.compile(r"import\b|export\b.*\bfrom\b|(?:const|let|var)\b[^=]*=\s*require\(")
_C_IMPORTS = re.compile(r"#\s*include\b|using\s+namespace\b|import\b")
_TYPESCRIPT = "tree_sitter_typescript"

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        shown="Python",
        label="python",
        endings=(".py", ".pyi"),
        names=("py", "python3", "python 3"),
        line=("#",),
        block=(),
        imports=re.compile(r"import\b|from\b.*\bimport\b"),
    ),
    Language(
        name="javascript",
        shown="JavaScript",
        label="javascript",
        endings=(".js", ".mjs", ".cjs", ".jsx"),
        names=("js", "jsx", "mjs", "cjs", "node", "ecmascript"),
        imports=_JS_IMPORTS,
        grammar=Grammar("tree_sitter_javascript"),
    ),
    Language(
        name="typescript",
        shown="TypeScript",
        label="typescript",
        endings=(".ts", ".mts", ".cts"),
        names=("ts",),
        imports=_JS_IMPORTS,
        grammar=Grammar(_TYPESCRIPT, "language_typescript"),
    ),
    Language(
        name="tsx",
        shown="TypeScript with JSX",
        label="tsx",
        endings=(".tsx",),
        imports=_JS_IMPORTS,
        grammar=Grammar(_TYPESCRIPT, "language_tsx"),
    ),
    Language(name="java", shown="Java", label="java", endings=(".java",), grammar=Grammar("tree_sitter_java")),
    Language(name="go", shown="Go", label="go", endings=(".go",), names=("golang",), grammar=Grammar("tree_sitter_go")),
    Language(
        name="rust",
        shown="Rust",
        label="rust",
        endings=(".rs",),
        names=("rs",),
        imports=re.compile(r"(?:pub\s+)?use\b|extern\s+crate\b"),
        grammar=Grammar("tree_sitter_rust"),
    ),
    Language(
        name="c", shown="C", label="c", endings=(".c", ".h"), imports=_C_IMPORTS, grammar=Grammar("tree_sitter_c")
    ),
    Language(
        name="cpp",
        shown="C++",
        label="cpp",
        endings=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"),
        names=("c++", "cc", "cxx", "hpp"),
        imports=_C_IMPORTS,
        grammar=Grammar("tree_sitter_cpp"),
    ),
    Language(
        name="csharp",
        shown="C#",
        label="csharp",
        endings=(".cs",),
        names=("c#", "cs", "c-sharp", "c_sharp"),
        imports=re.compile(r"(?:global\s+)?using\b[^(]*;"),
        grammar=Grammar("tree_sitter_c_sharp"),
    ),
    Language(
        name="ruby",
        shown="Ruby",
        label="ruby",
        endings=(".rb",),
        names=("rb",),
        line=("#",),
        block=(("=begin", "=end"),),
        imports=re.compile(r"require(?:_relative)?\b"),
        grammar=Grammar("tree_sitter_ruby"),
    ),
    Language(
        name="php",
        shown="PHP",
        label="php",
        endings=(".php",),
        line=("//", "#"),
        imports=re.compile(r"use\b|(?:require|include)(?:_once)?\b"),
        grammar=Grammar("tree_sitter_php", "language_php"),
    ),
    Language(
        name="shell",
        shown="shell script",
        label="bash",
        endings=(".sh", ".bash"),
        names=("bash", "sh", "zsh"),
        line=("#",),
        block=(),
        imports=re.compile(r"(?:source|\.)\s"),
        grammar=Grammar("tree_sitter_bash"),
    ),
    Language(name="kotlin", shown="Kotlin", label="kotlin", endings=(".kt", ".kts"), names=("kt",)),
    Language(name="swift", shown="Swift", label="swift", endings=(".swift",)),
    Language(name="scala", shown="Scala", label="scala", endings=(".scala",)),
    Language(name="dart", shown="Dart", label="dart", endings=(".dart",)),
    Language(
        name="lua",
        shown="Lua",
        label="lua",
        endings=(".lua",),
        line=("--",),
        block=(("--[[", "]]"),),
        imports=re.compile(r"(?:local\s+\w+\s*=\s*)?require\b"),
    ),
    Language(
        name="haskell",
        shown="Haskell",
        label="haskell",
        endings=(".hs",),
        names=("hs",),
        line=("--",),
        block=(("{-", "-}"),),
    ),
    Language(
        name="elixir",
        shown="Elixir",
        label="elixir",
        endings=(".ex", ".exs"),
        line=("#",),
        block=(),
        imports=re.compile(r"(?:import|alias|require|use)\b"),
    ),
    Language(
        name="julia",
        shown="Julia",
        label="julia",
        endings=(".jl",),
        line=("#",),
        block=(("#=", "=#"),),
        imports=re.compile(r"(?:import|using)\b"),
    ),
)

_BY_NAME = {word: language for language in LANGUAGES for word in (language.name, language.label, *language.names)}
_BY_ENDING = {ending: language for language in LANGUAGES for ending in language.endings}
_HEADERS = {".h": frozenset({"c", "cpp"})}
"""Endings that several languages have: what upstream says decides."""


def named(name: str) -> Language | None:
    """The language that a word means: its name, an abbreviation, a block's label."""
    return _BY_NAME.get(name.strip().lower())


def language_of(path: str, said: str = "") -> Language | None:
    """The language of a file.

    Args:
        path: Its name; the ending decides where it is known, since upstream's word for a ``.tsx`` is ``TypeScript``.
        said: Upstream's word, which decides for endings of several languages and for names without one that is known.
    """
    file = path.rpartition("/")[2].lower()
    ending = "." + file.rpartition(".")[2] if "." in file else ""
    found, told = _BY_ENDING.get(ending), named(said)
    if told is not None and told.name in _HEADERS.get(ending, ()):
        return told
    return found if ending else told
