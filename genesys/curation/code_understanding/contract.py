"""What a function may not be, told from its tokens: the names that reach outside, and its own idea in its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genesys.curation.code_understanding.lexing import Token
from genesys.job import Language


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


WORDS_TOLD = 6
"""So many words of an idea in a row, in names and strings of the function, are the idea told again."""
DEFINED: dict[Language, str] = {
    "python": r"^def transform\(",
    "javascript": r"^(?:function transform\(|(?:const|let|var) transform\s*=)",
    "rust": r"^(?:pub )?fn transform(?:<[^>]*>)?\(",
    "cpp": r"^(?:static |inline )*(?:std::)?string transform\(",
}
"""How ``transform`` begins, at the beginning of a line."""
_ALLOWED_IMPORTS = _set(
    "array bisect collections copy dataclasses enum fractions functools heapq itertools math operator re string "
    "textwrap typing unicodedata __future__"
)
_FORBIDDEN: dict[Language, frozenset[str]] = {
    "python": _set(
        "open input print exec eval compile __import__ globals locals vars id hash exit quit breakpoint help getattr "
        "setattr __builtins__"
    ),
    "javascript": _set(
        "require import export process console Date fetch globalThis eval Function setTimeout setInterval "
        "setImmediate performance async await WebAssembly Atomics"
    ),
    "rust": _set(
        "fs env net process thread time io print println eprint eprintln dbg unsafe extern main SystemTime Instant "
        "RandomState include_str include_bytes"
    ),
    "cpp": _set(
        "cout cin cerr clog printf fprintf scanf puts putchar getchar fopen freopen ifstream ofstream fstream system "
        "rand srand random_device chrono clock getenv asm main thread fork exit abort"
    ),
}
"""Files, clocks, chance, processes; and what is not the same in the next process (``id``, ``hash``)."""
_IMPORT = re.compile(r"(?:^|;)[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^\n;]+))", re.MULTILINE)


def with_next(cut: Sequence[Token]) -> list[tuple[Token, str]]:
    """Each token with the text of the one behind it."""
    return [(token, cut[place + 1].text if place + 1 < len(cut) else "") for place, token in enumerate(cut)]


def outside(language: Language, code: str, cut: list[Token]) -> str | None:
    """The first name by which a function would reach a file, a clock or chance."""
    for place, (token, following) in enumerate(with_next(cut)):
        before = cut[place - 1].text if place else ""
        if token.kind == "word" and token.text in _FORBIDDEN[language] and _is_used(language, before, following):
            return token.text
        if language == "javascript" and (before, token.text) == (".", "random"):
            return "Math.random"
    modules = _imported(code) if language == "python" else []
    return next((f"import {name}" for name in modules if name not in _ALLOWED_IMPORTS), None)


def _is_used(language: Language, before: str, following: str) -> bool:
    """Whether a name means what it usually does: not a method of that name, nor a variable where it is a function."""
    if language == "javascript":
        return before != "." and following != ":"
    if language == "rust":
        return before == "::" or following in ("!", "::", "(", "{")
    return before not in (".", "->") and (following in ("(", "::", "<", "<<", ">>", ".", "{") or before == "::")


def _imported(code: str) -> list[str]:
    """Top names of the modules that a Python program imports."""
    found: list[str] = []
    for source, several in _IMPORT.findall(code):
        found += [name.strip().split(" ")[0].split(".")[0] for name in ([source] if source else several.split(","))]
    return found


def told(cut: list[Token], ideas: tuple[str, ...]) -> str | None:
    """Words of an idea that stand in names and strings in the very same order."""
    text = " ".join(token.text for token in cut if token.kind in ("word", "string"))
    said = " " + " ".join(_words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))) + " "
    for idea in ideas:
        words = _words(idea)
        for at in range(len(words) - WORDS_TOLD + 1):
            if f" {(run := ' '.join(words[at : at + WORDS_TOLD]))} " in said:
                return run
    return None


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[^\W_]+", text)]
