r"""Text as people write it: where its math is, and what must be escaped so that Markdown leaves it as it was.

Math is known by its marks (``$``, ``$$``, ``\(``, ``\[``, ``\begin{...}``) and passes untouched, white space and all.
On sites without MathJax a dollar is a dollar: what stands between two of them is not escaped, and nothing else happens.
What elements become stands with ``inline``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPENS = re.compile(r"\\\\|\\\$|\$\$|\$|\\\(|\\\[|\\begin\{(\w{1,20}\*?)\}")
_CLOSES = {"$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_MOST_OPEN = 20
"""After so many kinds of math that never end no further ones are looked for."""
_INLINE = re.compile(r"\$((?:\\.|[^$\\])*)\$", re.DOTALL)
"""From one dollar to the next; a backslash takes the character after it along."""
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")
_UNSEEN = re.compile("[\u200b\u2060\ufeff]")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_STAR = re.compile(r"(?<=\S)\*|\*(?=\S)")
_UNDERSCORE = re.compile(r"(?<![^\W_])_(?=[^\s])|(?<=[^\s])_(?![^\W_])")
_LINE_START = re.compile(r"#{1,6}(?=\s)|>|-{3,}\s*$|={3,}\s*$")


def split_math(text: str) -> Iterator[tuple[str, bool]]:
    """A text in parts, in order: (part, whether it is math). One pass, whatever the text is."""
    place = at = 0
    gone: set[str] = set()
    while (opening := _OPENS.search(text, at)) is not None:
        end = _end_of_math(text, opening, gone)
        if end is None:
            at = opening.end()
            continue
        if opening.start() > place:
            yield text[place : opening.start()], False
        yield text[opening.start() : end], True
        place = at = end
    if place < len(text):
        yield text[place:], False


def _end_of_math(text: str, opening: re.Match[str], gone: set[str]) -> int | None:
    """Where the math that begins here ends; ``gone`` remembers which marks do not come any more."""
    mark = opening[0]
    if mark in ("\\\\", "\\$"):
        return None
    if mark == "$":
        if "$" in gone:
            return None
        found = _INLINE.match(text, opening.start())
        if found is None:
            gone.add("$")
            return None
        return found.end() if found[1].strip() else None
    closing = _CLOSES.get(mark) or f"\\end{{{opening[1]}}}"
    end = -1 if closing in gone or len(gone) > _MOST_OPEN else text.find(closing, opening.end())
    if end < 0:
        gone.add(closing)
        return None
    return end + len(closing)


def collapsed(text: str) -> str:
    """White space as a browser shows it, and nothing that nobody sees."""
    return _BLANKS.sub(" ", _UNSEEN.sub("", text))


def escaped(text: str) -> str:
    """Prose with a backslash where Markdown would read a mark that the writer did not mean, and nowhere else."""
    text = _TAG.sub(r"\\<", text)
    if text.count("`") > 1:
        text = text.replace("`", "\\`")
    if text.count("*") > 1:
        text = _STAR.sub(r"\\*", text)
    if text.count("_") > 1:
        text = _UNDERSCORE.sub(r"\\_", text)
    return text


def line_start_escaped(text: str) -> str:
    """The same for marks that count at the start of a line alone. A number or a dash there means what it looks like."""
    return f"\\{text}" if _LINE_START.match(text) else text
