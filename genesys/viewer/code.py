"""Code with its words coloured, as HTML, and the style sheet of the colours."""

from __future__ import annotations

import functools
import html
import re

LONGEST = 100_000
"""Characters that are coloured; longer code stays plain, since some lexers are slow on odd input."""
LANGUAGES = {
    "bash": "bash sh shell zsh console",
    "c": "c h",
    "cpp": "cpp c++ cxx cc hpp",
    "csharp": "csharp cs c#",
    "css": "css",
    "diff": "diff patch",
    "go": "go golang",
    "haskell": "haskell hs",
    "html": "html xml",
    "java": "java",
    "javascript": "javascript js node jsx mjs",
    "json": "json jsonl",
    "kotlin": "kotlin kt",
    "lua": "lua",
    "php": "php",
    "python": "python python3 py",
    "r": "r",
    "ruby": "ruby rb",
    "rust": "rust rs",
    "scala": "scala",
    "sql": "sql",
    "swift": "swift",
    "tex": "tex latex",
    "toml": "toml",
    "typescript": "typescript ts tsx",
    "yaml": "yaml yml",
}
"""Lexers of Pygments, and what fenced blocks call their languages."""
_LEXERS = {name: lexer for lexer, names in LANGUAGES.items() for name in names.split()}


def coloured(code: str, language: str | None = None) -> str:
    """Code as HTML: ``<pre>`` with spans of classes.

    Args:
        code: Shown to the letter.
        language: What a fenced block or a task calls it; one that is not known is shown without colours.
    """
    said = (language or "").strip().lower()
    lexer = _LEXERS.get(said)
    inner = _spans(code, lexer) if lexer and len(code) <= LONGEST else html.escape(code)
    name = html.escape(re.sub(r"[^\w+#.-]", "", said)[:20])
    label = f'<span class="language">{name}</span>' if name else ""
    return f'<div class="code">{label}<pre tabindex="0"><code>{inner}</code></pre></div>\n'


def _spans(code: str, lexer: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    return str(highlight(code, get_lexer_by_name(lexer, stripnl=False), HtmlFormatter(nowrap=True)))


@functools.cache
def style_sheet() -> str:
    """The colours of the classes, for light pages and dark ones."""
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter(style="default").get_style_defs(".code code")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".code code")
    rules = [re.sub(r"\.code code \{ ?background[^}]*\}", "", text) for text in (light, dark)]
    return f"{rules[0]}\n@media (prefers-color-scheme: dark) {{\n{rules[1]}\n}}\n"
