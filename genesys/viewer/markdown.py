"""Texts of models as HTML: Markdown with formulas and coloured code, in which nothing of the text becomes a tag.

HTML in a text stays text, images are links, links lead to http and https alone, and characters that steer the
direction of writing are written out. What a page may then do at most is the concern of ``app``.
"""

from __future__ import annotations

import functools
import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup

from genesys.printable import printable
from genesys.viewer.code import coloured
from genesys.viewer.formulas import LONGEST, formula

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

SHOWN = 100_000
"""Characters of one text that are drawn; the whole of it is a link away."""
_MOST_ENVIRONMENTS = 200
"""Where a text begins more of them they stay source: looking for so many ends takes too long."""
_CLOSES = {"\\(": "\\)", "\\[": "\\]"}


def drawn(text: str) -> Markup:
    """A text as HTML; what is longer than ``SHOWN`` is cut."""
    shown = printable(text[:SHOWN].replace("\r\n", "\n"))
    parser = _parser(with_environments=shown.count("\\begin") <= _MOST_ENVIRONMENTS)
    try:
        return Markup(parser.render(shown))  # noqa: S704 - the parser passes on no HTML; tests hold that
    except Exception:  # noqa: BLE001 - a text that the parser cannot take is still a text
        return Markup("<pre>{}</pre>").format(shown)


def drawn_code(text: str, language: str | None) -> Markup:
    """A text that is code as a whole."""
    return Markup(coloured(printable(text[:SHOWN].replace("\r\n", "\n")), language))  # noqa: S704 - escaped there


def is_web_address(url: str | None) -> bool:
    """Whether a link may lead there."""
    if not url or any(character.isspace() for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


@functools.cache
def _parser(*, with_environments: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.validateLink = is_web_address  # type: ignore[method-assign]
    dollarmath_plugin(
        parser,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,  # "$5 and $10" is money
        allow_blank_lines=False,
        double_inline=True,
        renderer=lambda latex, options: formula(latex, display=options["display_mode"]),
    )
    if with_environments:
        amsmath_plugin(parser, renderer=lambda latex: formula(latex, display=True))
    parser.inline.ruler.before("escape", "math_bracket", _bracketed)
    for name, rule in _RENDERERS.items():
        parser.add_render_rule(name, rule)
    return parser


def _bracketed(state: StateInline, silent: bool) -> bool:
    r"""``\( ... \)`` and ``\[ ... \]``, as most models write formulas."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in _CLOSES:
        return False
    end = state.src.find(_CLOSES[opening], state.pos + 2, state.pos + LONGEST + 4)
    if end < 0 or end > state.posMax:
        return False
    if not silent:
        token = state.push("math_bracket", "math", 0)
        token.content, token.markup = state.src[state.pos + 2 : end], opening
    state.pos = end + 2
    return True


def _math(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    is_block = token.markup == "\\["
    kind = "block" if is_block else "inline"
    return f'<span class="math {kind}">{formula(token.content.strip(), display=is_block)}</span>'


def _fence(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    words = re.split(r"[\s{,:]", token.info.strip(), maxsplit=1)
    return coloured(token.content, words[0])


def _image(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    """Nothing is fetched from anywhere: the image is a link."""
    token = tokens[at]
    address, name = str(token.attrs.get("src", "")), html.escape(token.content or "image")
    if not is_web_address(address):
        return f"<em>[{name}]</em>"
    return f'<a rel="noopener noreferrer nofollow" href="{html.escape(address)}">[image: {name}]</a>'


def _link(renderer: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    token = tokens[at]
    address = str(token.attrs.get("href", ""))
    token.attrs = {"href": address, "title": address, "rel": "noopener noreferrer nofollow"}
    return str(renderer.renderToken(tokens, at, options, env))


_RENDERERS = {"math_bracket": _math, "fence": _fence, "code_block": _fence, "image": _image, "link_open": _link}
"""By the kind of token that each draws."""
