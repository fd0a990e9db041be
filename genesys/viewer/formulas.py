"""LaTeX becomes MathML, which browsers draw by themselves; what cannot be read becomes its own source.

Formulas come from models, so that each is bounded in size, none can define commands (a few definitions can grow without
end), and of the MathML only known elements and attributes are passed on.
"""

from __future__ import annotations

import functools
import html
import re
from xml.etree.ElementTree import Element, tostring

LONGEST = 4000
"""Characters of one formula; a longer one is shown as its source."""
_ELEMENTS = re.compile(
    "math|menclose|mfrac|mi|mlabeledtr|mmultiscripts|mn|mo|mover|mpadded|mphantom|mprescripts|mroot|mrow|ms|mspace|msqrt|"
    "mstyle|msub|msubsup|msup|mtable|mtd|mtext|mtr|munder|munderover|none"
)
_ATTRIBUTES = re.compile(
    "accent|accentunder|columnalign|columnlines|columnspacing|depth|display|displaystyle|fence|form|height|largeop|"
    "linethickness|lspace|mathcolor|mathsize|mathvariant|maxsize|minsize|movablelimits|notation|rowlines|rowspacing|"
    "rspace|scriptlevel|separator|stretchy|symmetric|voffset|width"
)
_VALUE = re.compile(r"[\w#%. +-]{0,80}")
_OTHERWISE = {"aligned": "align*", "align": "align*", "eqnarray": "align*", "dcases": "cases"} | dict.fromkeys(
    ("gather", "gather*", "gathered", "multline", "multline*"), "matrix"
)
"""Environments that the converter does not know, or would number, and those that look nearly like them."""
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-z]+\*?)\}")
_DEFINES = re.compile(r"\\(?:(?:re)?newcommand|[egx]?def|let|providecommand)(?![A-Za-z])")


def formula(latex: str, *, display: bool) -> str:
    """A formula as HTML: MathML, or its source in ``<code>`` where it is no LaTeX that can be read.

    Args:
        latex: Without its marks.
        display: Whether it stands on lines of its own.
    """
    return _mathml(latex, display) or f'<code class="unread">{html.escape(latex)}</code>'


@functools.lru_cache(maxsize=4096)
def _mathml(latex: str, display: bool) -> str | None:
    from latex2mathml.converter import Converter

    if len(latex) > LONGEST or not latex.strip() or _DEFINES.search(latex):
        return None
    try:
        element = Converter(display="block" if display else "inline").convert_to_element(_known(latex))
        if not _clean(element):
            return None
        element.set("title", latex[:500])
        return tostring(element, encoding="unicode")
    except Exception:  # noqa: BLE001 - a reader of LaTeX fails in many ways, and none of them is an error here
        return None


def _known(latex: str) -> str:
    return _ENVIRONMENT.sub(lambda one: f"\\{one[1]}{{{_OTHERWISE.get(one[2], one[2])}}}", latex)


def _clean(element: Element) -> bool:
    """Leave only what is known of an element and all below it; False where an element is not."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if not _ELEMENTS.fullmatch(str(one.tag)):
            return False
        said = one.attrib.items()
        known = {name: value for name, value in said if _ATTRIBUTES.fullmatch(name) and _VALUE.fullmatch(value)}
        one.attrib.clear()
        one.attrib.update(known)
        # The converter writes characters as references, for itself to unescape; here the text is text.
        one.text, one.tail = _plain(one.text), _plain(one.tail)
        waiting.extend(one)
    return True


def _plain(text: str | None) -> str | None:
    return None if text is None else html.unescape(text)
