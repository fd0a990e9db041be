"""HTML of posts -> Markdown: paragraphs, lists, quotes, code and tables. What stands within a line is in ``inline``.

lxml reads the HTML, however broken it is; here is what each element becomes. Everything takes time in proportion to the
text, and what is nested deeper than any post by hand is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from genesys.curation.stackexchange.inline import (
    MEDIA,
    MOST_DEEP,
    UNSEEN,
    Element,
    Noted,
    Piece,
    Unreadable,
    children,
    classes_of,
    inline,
    tag_of,
    text_of,
    written,
)
from genesys.well_formed import well_formed

__all__ = ["Markdown", "Unreadable", "to_markdown"]

_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_HOLDERS = frozenset(
    re.findall(
        r"\w+",
        "address article aside body center dd details div dt fieldset figcaption figure footer form header html main "
        "nav p section summary tbody td tfoot th thead tr caption",
    )
)
"""Elements that make a line of their own and are nothing else."""
_LISTS = frozenset({"ul", "ol", "menu", "dir", "dl"})
_BLOCKS = _HOLDERS | _LISTS | MEDIA | frozenset({*_HEADINGS, "pre", "blockquote", "table", "hr", "li"})
_LANGUAGE = re.compile(r"\b(?:lang|language)-([A-Za-z0-9+#._-]+)")
_COMMENT = re.compile(r"^\s*language:\s*(?:lang-)?([A-Za-z0-9+#._-]+)\s*$")
_NO_LANGUAGE = frozenset({"none", "default", "all", "prettyprint", "text", "plaintext", "nohighlight"})
_NAMES = {"js": "javascript", "py": "python", "rb": "ruby", "cs": "csharp", "c++": "cpp", "hs": "haskell", "sh": "bash"}
_FENCE = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)


@dataclass(frozen=True)
class Markdown:
    """A post as Markdown, and what was seen in it."""

    text: str
    images: tuple[str, ...] = ()
    """Sources of images, and names of other things that are no text."""
    links: tuple[str, ...] = ()
    prose: str = ""
    """The words alone, a line a block; math and code within lines are dots."""
    linked: int = 0
    """Characters of the prose that are the texts of links."""
    code: int = 0
    """Characters of code in blocks."""
    math: int = 0
    """Characters of math."""


@dataclass(frozen=True)
class _Block:
    text: str
    kind: Literal["text", "list", "other"] = "text"


def to_markdown(html: str, base: str = "") -> Markdown:
    """A post as Markdown.

    Args:
        html: As the site has it.
        base: The address that relative links count from.

    Raises:
        Unreadable: It is nested too deeply.
    """
    from lxml import html as lxml_html

    noted = Noted(base)
    sound = well_formed(html).replace("\r\n", "\n").replace("\x00", "")
    root = lxml_html.fragment_fromstring(sound, create_parent="div") if sound.strip() else None
    blocks = _blocks(root, noted, 0) if root is not None else []
    text = "\n\n".join(block.text for block in blocks)
    return Markdown(
        text=text,
        images=tuple(noted.images),
        links=tuple(noted.links),
        prose="\n".join(noted.prose),
        linked=noted.linked,
        code=noted.code,
        math=noted.math,
    )


def _blocks(element: Element, noted: Noted, depth: int) -> list[_Block]:
    """What an element holds, a block each; text that stands between blocks is a block as well."""
    if depth > MOST_DEEP:
        raise Unreadable(f"elements are nested more than {MOST_DEEP} deep")
    found: list[_Block] = []
    line = [Piece(element.text)] if element.text else []
    language = ""

    def end_line() -> None:
        if text := written(line, noted):
            found.append(_Block(text))
        line.clear()

    for child in element:
        if not isinstance(child.tag, str):
            said = _COMMENT.match(child.text or "")
            language = said[1] if said else language
        elif _is_block(child):
            end_line()
            found += _block(child, noted, depth + 1, language)
            language = ""
        else:
            line += inline(child, noted, depth + 1)
        if child.tail:
            line.append(Piece(child.tail))
    end_line()
    return found


def _is_block(element: Element) -> bool:
    """Whether an element stands on lines of its own; one within a line that holds a block does, too."""
    tag = tag_of(element)
    if tag in _BLOCKS:
        return True
    return tag not in UNSEEN and tag != "math" and any(tag_of(one) in _BLOCKS for one in element.iterdescendants())


def _block(element: Element, noted: Noted, depth: int, language: str) -> list[_Block]:
    tag = tag_of(element)
    if tag == "pre":
        return _fenced(element, noted, language)
    if tag in _HEADINGS:
        text = " ".join(written(children(element, noted, depth), noted).split())
        return [_Block(f"{_HEADINGS[tag]} {text}", "other")] if text else []
    if tag == "hr":
        return [_Block("---", "other")]
    if tag in MEDIA:
        noted.images.append(tag)
        return [_Block(f"[{tag}]", "other")]
    if tag == "blockquote":
        mark = ">! " if " spoiler " in classes_of(element) else "> "
        inner = "\n\n".join(block.text for block in _blocks(element, noted, depth))
        return [_Block(_prefixed(inner, mark, mark), "other")] if inner else []
    if tag == "table":
        return _table(element, noted, depth)
    if tag == "dl":
        return _terms(element, noted, depth)
    if tag in _LISTS:
        return _list(element, noted, depth, ordered=tag == "ol")
    if tag == "li":
        return _items([element], noted, depth, ["- "])
    return _blocks(element, noted, depth)


def _prefixed(text: str, first: str, rest: str) -> str:
    """Lines with a mark before them; an empty one gets no blanks at its end."""
    lines = text.split("\n")
    return "\n".join((first if not at else rest) + line if line else rest.rstrip() for at, line in enumerate(lines))


def _fenced(element: Element, noted: Noted, language: str) -> list[_Block]:
    """Code as it stands, between fences that are longer than any in it."""
    code = text_of(element).removesuffix("\n")
    code = code.removeprefix("\n") if not code.startswith("\n\n") else code
    if not code.strip():
        return []
    noted.code += len(code)
    classes = [classes_of(one) for one in (element, *element.iter("code"))]
    found = next((named[1] for text in classes if (named := _LANGUAGE.search(text))), language).lower()
    name = "" if found in _NO_LANGUAGE else _NAMES.get(found, found)
    longest = max((len(run) for run in _FENCE.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return [_Block(f"{fence}{name}\n{code}\n{fence}", "other")]


def _list(element: Element, noted: Noted, depth: int, *, ordered: bool) -> list[_Block]:
    items = [child for child in element if tag_of(child) not in ("", *UNSEEN)]
    start = element.get("start") or "1"
    first = int(start) if start.isdecimal() and len(start) < 7 else 1
    marks = [f"{first + number}. " if ordered else "- " for number in range(len(items))]
    return _items(items, noted, depth, marks)


def _items(items: list[Element], noted: Noted, depth: int, marks: list[str]) -> list[_Block]:
    """Items of a list; what has paragraphs or code of its own gets room around it."""
    told = []
    loose = False
    for item, mark in zip(items, marks, strict=True):
        inner = _blocks(item, noted, depth + 1) if tag_of(item) == "li" else _block(item, noted, depth + 1, "")
        loose |= any(tag_of(child) == "p" for child in item) or any(block.kind == "other" for block in inner)
        text = "".join(
            block.text if not at else ("\n" if block.kind == "list" and not loose else "\n\n") + block.text
            for at, block in enumerate(inner)
        )
        told.append(_prefixed(text, mark, " " * len(mark)) if text else mark.rstrip())
    return [_Block(("\n\n" if loose else "\n").join(told), "list")] if told else []


def _terms(element: Element, noted: Noted, depth: int) -> list[_Block]:
    """A list of terms: each bold, what is said of it below."""
    found = []
    for child in element:
        inner = "\n\n".join(block.text for block in _blocks(child, noted, depth + 1)) if tag_of(child) else ""
        if inner:
            found.append(_Block(f"**{inner}**" if tag_of(child) == "dt" else inner))
    return found


def _table(element: Element, noted: Noted, depth: int) -> list[_Block]:
    """A table with a line a row; the first row is its head, since Markdown knows no table without one."""
    rows = []
    for row in element.iter("tr"):
        cells = [cell for cell in row if tag_of(cell) in ("td", "th")]
        rows.append([written(children(cell, noted, depth + 1), noted, cell=True) for cell in cells])
    rows = [row for row in rows if row]
    if not rows:
        return _blocks(element, noted, depth)
    width = max(map(len, rows))
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return [_Block("\n".join([lines[0], "|" + " --- |" * width, *lines[1:]]), "other")]
