"""What stands within a line: elements as pieces of Markdown, each known for prose, math or code until it is written.

Paragraphs, lists and other blocks stand with ``markdown``; what is escaped in prose stands with ``prose``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from genesys.curation.stackexchange.prose import collapsed, escaped, line_start_escaped, split_math

Element = Any
"""Of lxml, which comes without types."""
Kind = Literal["prose", "math", "code", "mark", "break"]

MOST_DEEP = 60
_EMPHASIS = {"em": "*", "i": "*", "strong": "**", "b": "**", "s": "~~", "strike": "~~", "del": "~~"}
_KEPT = frozenset({"sup", "sub", "kbd"})
"""Elements that Markdown has no mark for, and that are written as they are."""
_CODE = frozenset({"code", "tt", "samp"})
UNSEEN = frozenset({"style", "noscript", "template", "head", "title", "meta", "link", "colgroup", "input", "button"})
MEDIA = frozenset({"iframe", "video", "audio", "object", "embed", "canvas", "svg", "picture"})
_TICKS = re.compile(r"`+")
_PICTURE = re.compile(
    r"https?://(?:i\.stack\.|i\.|www\.)?imgur\.com/|[^?#]*\.(?:png|jpe?g|gif|svg|bmp|webp)(?:[?#]|$)", re.I
)
_SCHEMES = ("http://", "https://", "ftp://", "mailto:")


class Unreadable(ValueError):
    """HTML that nobody wrote by hand."""


@dataclass(frozen=True)
class Piece:
    """A text of one kind."""

    text: str
    kind: Kind = "prose"


@dataclass
class Noted:
    """What was come across besides the text."""

    base: str = ""
    """Where relative links count from."""
    images: list[str] = field(default_factory=list)
    """Sources of images, and other things that are no text."""
    links: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    """Lines of prose; math and code in it are dots."""
    linked: int = 0
    """Characters of prose that are the texts of links."""
    code: int = 0
    """Characters of code in blocks."""
    math: int = 0


def tag_of(element: Element) -> str:
    """An element's name; empty for comments and the like."""
    return element.tag.lower() if isinstance(element.tag, str) else ""


def classes_of(element: Element) -> str:
    """Its classes, between blanks."""
    return f" {element.get('class') or ''} "


def inline(element: Element, noted: Noted, depth: int, within: str = "") -> list[Piece]:
    """What an element within a line becomes.

    Args:
        element: Which.
        noted: Is added to.
        depth: How deep it stands.
        within: Marks of emphasis that it stands in.

    Raises:
        Unreadable: It is nested too deeply.
    """
    if depth > MOST_DEEP:
        raise Unreadable(f"elements are nested more than {MOST_DEEP} deep")
    tag = tag_of(element)
    if not tag or tag in UNSEEN:
        return []
    if tag == "br":
        return [Piece("\n", "break")]
    if tag in MEDIA:
        noted.images.append(tag)
        return [Piece(f"[{tag}]", "mark")]
    if tag == "img":
        return [_image(element, noted)]
    if (math := _math(element, tag)) is not None:
        return [Piece(math, "math")] if math else []
    if tag in _CODE:
        return [Piece(code_span(text_of(element)), "code")] if text_of(element).strip() else []
    if (mark := _EMPHASIS.get(tag)) is not None and mark not in within.split():
        return _around(children(element, noted, depth, f"{within} {mark}"), mark, mark)
    pieces = children(element, noted, depth, within)
    if tag in _KEPT:
        return _around(pieces, f"<{tag}>", f"</{tag}>")
    return _link(element, pieces, noted) if tag == "a" else pieces


def children(element: Element, noted: Noted, depth: int, within: str = "") -> list[Piece]:
    """All within an element, its own text first."""
    found = [Piece(element.text)] if element.text else []
    for child in element:
        found += inline(child, noted, depth + 1, within)
        if child.tail:
            found.append(Piece(child.tail))
    return found


def written(pieces: Iterable[Piece], noted: Noted, *, cell: bool = False) -> str:
    """Pieces as one text of Markdown, on one line but for breaks that the writer made.

    Args:
        pieces: In order.
        noted: Gets the prose.
        cell: It stands in a table, where a bar would end it.
    """
    out: list[str] = []
    plain: list[str] = []
    for piece in _split(pieces):
        text, shown = _shown(piece, cell)
        before = out[-1][-1] if out else "\n"
        if before in " \n" and piece.kind in ("prose", "break"):
            text = text.lstrip(" ")
        if before == "\n" and piece.kind == "prose":
            text = line_start_escaped(text)
        if piece.kind == "math":
            noted.math += len(text)
        if text:
            out.append(text)
            plain.append(shown)
    said = "".join(plain).strip()
    if said:
        noted.prose.append(said)
    return "".join(out).strip()


def _split(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind joined, so that math is found whole; then math apart from prose."""
    prose = ""
    for piece in pieces:
        if piece.kind == "prose":
            prose += piece.text
            continue
        if prose:
            yield from _parted(prose)
            prose = ""
        yield piece
    if prose:
        yield from _parted(prose)


def _parted(prose: str) -> Iterator[Piece]:
    for part, is_math in split_math(prose):
        yield Piece(part.strip(), "math") if is_math else Piece(part)


def _shown(piece: Piece, cell: bool) -> tuple[str, str]:
    """(as Markdown, as prose for rules)."""
    text = piece.text
    if piece.kind == "prose":
        text = collapsed(text)
        return (escaped(text).replace("|", "\\|") if cell else escaped(text)), text
    if piece.kind == "break":
        return (" ", " ") if cell else ("  \n", "\n")
    if piece.kind == "math":
        # A bar ends a cell, and \| is another sign in math.
        found = text.replace("\\|", "\\Vert ").replace("|", "\\vert ") if cell else text
        return (" ".join(found.split()) if cell else found), "$…$"
    if piece.kind == "code":
        return (text.replace("|", "\\|") if cell else text), "`…`"
    return text, ""


def text_of(element: Element) -> str:
    """All text within, as it stands; a break is a line's end."""
    found = [element.text or ""]
    for child in element.iterdescendants():
        if tag_of(child) == "br":
            found.append("\n")
        if isinstance(child.tag, str):
            found.append(child.text or "")
        found.append(child.tail or "")
    return "".join(found)


def code_span(text: str) -> str:
    """Code within a line, between more backticks than it has."""
    text = text.replace("\r", "").replace("\n", " ")
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _around(pieces: list[Piece], before: str, after: str) -> list[Piece]:
    """Marks around pieces, with white space outside of them, where Markdown wants it."""
    if not any(piece.text.strip() for piece in pieces):
        return pieces
    first, last = pieces[0], pieces[-1]
    outer = [Piece(" ")] if first.kind == "prose" and first.text[:1].isspace() else []
    later = [Piece(" ")] if last.kind == "prose" and last.text[-1:].isspace() else []
    inner = list(pieces)
    if outer:
        inner[0] = Piece(inner[0].text.lstrip())
    if later:
        inner[-1] = Piece(inner[-1].text.rstrip())
    return [*outer, Piece(before, "mark"), *inner, Piece(after, "mark"), *later]


def _link(element: Element, pieces: list[Piece], noted: Noted) -> list[Piece]:
    """A link with its address, or its text alone where the address leads nowhere."""
    said = collapsed("".join(piece.text for piece in pieces)).strip()
    noted.linked += len(said)
    href = "".join((element.get("href") or "").split())
    if href and not href.startswith("#") and ":" not in href.partition("/")[0]:
        href = urljoin(noted.base, href) if noted.base or href.startswith("//") else ""
        href = f"https:{href}" if href.startswith("//") else href
    if not href.lower().startswith(_SCHEMES) or not said:
        return pieces
    noted.links.append(href)
    if _PICTURE.match(href):  # who may not show an image yet links to it
        noted.images.append(href)
    if said in (href, href.rstrip("/"), href.partition("://")[2]):
        return [Piece(f"<{href}>", "mark")]
    shown = f"<{href}>" if "(" in href or ")" in href else href
    return _around(pieces, "[", f"]({shown})")


def _image(element: Element, noted: Noted) -> Piece:
    """An image; one of a formula is the formula."""
    source, alt = element.get("src") or "", collapsed(element.get("alt") or "").strip()
    if formula := _pictured(source):
        return Piece(f"${formula}$", "math")
    noted.images.append(source or "img")
    return Piece(f"![{alt}]({''.join(source.split())})", "mark")


def _pictured(source: str) -> str:
    """The LaTeX of which an address makes a picture."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return ""
    if parts.netloc.endswith("codecogs.com"):
        return unquote(parts.query).removeprefix("\\inline").strip()
    if parts.netloc in ("chart.apis.google.com", "chart.googleapis.com"):
        asked = parse_qs(parts.query)
        if asked.get("cht") == ["tx"]:
            return asked.get("chl", [""])[0].strip()
    return ""


def _math(element: Element, tag: str) -> str | None:
    """The LaTeX that an element holds; empty for what MathJax drew of it, None for anything else."""
    classes = classes_of(element)
    if tag == "script":
        kind = (element.get("type") or "").lower()
        if not kind.startswith("math/tex"):
            return ""
        return _marked((element.text or "").strip(), display="mode=display" in kind)
    if " MathJax" in classes:
        return ""
    if tag == "math":
        found = [note.text for note in element.iter("annotation") if "tex" in (note.get("encoding") or "")]
        return _marked((found[0] or "").strip(), display=element.get("display") == "block") if found else None
    if tag == "span" and " math-container " in classes:
        return _marked(text_of(element).strip())
    return None


def _marked(latex: str, *, display: bool = False) -> str:
    """LaTeX between its marks, whatever it came in."""
    if not latex or latex.startswith(("$", "\\(", "\\[", "\\begin{")):
        return latex
    return f"$${latex}$$" if display else f"${latex}$"
