"""Texts of models as HTML: what is drawn, and that nothing of a text becomes a tag, a script or a request."""

import re
from html.parser import HTMLParser

import pytest

from genesys.viewer.code import coloured
from genesys.viewer.markdown import SHOWN, drawn, is_web_address

ALLOWED = {
    *("p", "br", "em", "strong", "s", "code", "pre", "span", "div", "a", "ul", "ol", "li", "blockquote", "hr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


class Tags(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return Tags(drawn(text)).found


@pytest.mark.parametrize(
    ("text", "element"),
    [("**bold**", "strong"), ("- one\n- two", "li"), ("a | b\n--|--\n1 | 2", "td"), ("> said", "blockquote")],
)
def test_markdown_is_drawn(text: str, element: str) -> None:
    assert element in [tag for tag, _ in tags(text)]


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$",
        "$$x^2$$",
        r"so \(x^2\) it is",
        r"\[x^2\]",
        "\\[\nx^2\n\\]",
        "\\begin{align}\nx^2\n\\end{align}",
        "a $$x^2$$ b",
    ],
)
def test_formulas_in_all_their_marks_are_math_elements(text: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in drawn(text)


def test_money_is_no_formula() -> None:
    assert "<math" not in drawn("It costs $5 and then $10 more.")


def test_a_formula_that_cannot_be_read_stands_there_as_its_source() -> None:
    assert '<code class="unread">\\frac{</code>' in drawn(r"see $\frac{$ here")


def test_code_is_coloured_by_its_language() -> None:
    assert '<span class="k">def</span>' in drawn("```python\ndef f(): pass\n```")
    assert '<span class="k">fn</span>' in drawn("```rust\nfn main() {}\n```")


def test_code_of_an_unknown_language_is_plain() -> None:
    assert drawn("```brainfog\na < b\n```") == coloured("a < b\n", "brainfog")
    assert "a &lt; b" in drawn("```brainfog\na < b\n```")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b>",
        "<!-- --><svg/onload=alert(1)>",
        "```<script>alert(1)</script>\nx\n```",
        '```python" onmouseover="alert(1)\nx\n```',
        "```\n</code></pre><script>alert(1)</script>\n```",
        "`</code><script>alert(1)</script>`",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](vbscript:x)",
        "[a](//evil.example)",
        "<javascript:alert(1)>",
        '[a](https://x.example "t\\" onclick=\\"alert(1)")',
        "![x](http://evil.example/a.png)",
        '![x" onerror="alert(1)](https://evil.example/a.png)',
        "![x](javascript:alert(1))",
        "[a]: javascript:alert(1)\n\n[a]",
        "$\\text{<script>alert(1)</script>}$",
        "\\(</span><script>alert(1)</script>\\)",
        "$$<script>alert(1)</script>$$",
        "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
        "<style>*{display:none}</style><iframe src=//evil.example></iframe><form action=//evil.example><base href=//e>",
    ],
)
def test_no_text_becomes_a_tag_that_it_brought_along(text: str) -> None:
    for tag, attributes in tags(text):
        assert tag in ALLOWED or (tag.startswith("m") and tag not in ("marquee", "meta", "map", "menu")), tag
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "id")], attributes
        if tag == "a":
            assert re.match(r"https?://", attributes["href"] or ""), attributes
            assert attributes["rel"] == "noopener noreferrer nofollow"


def test_an_image_is_a_link_and_is_not_fetched() -> None:
    assert tags("![a plot](https://x.example/a.png)")[1:] == [
        ("a", {"rel": "noopener noreferrer nofollow", "href": "https://x.example/a.png"})
    ]


def test_characters_that_turn_the_direction_of_writing_are_written_out() -> None:
    text = "user = 'admin\u202e' # \u2066 check\x1b[2J\x00"
    for made in (drawn(text), drawn(f"```python\n{text}\n```"), drawn("$a\u202eb$")):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x00]", made)
        assert r"\u202e" in made


def test_a_long_text_is_cut() -> None:
    assert len(drawn("word " * SHOWN)) < 2 * SHOWN


def test_a_text_with_thousands_of_begun_environments_is_drawn_as_source() -> None:
    assert "\\begin{align}" in drawn("\\begin{align}\n" * 5000)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://x.example/a", True),
        ("http://x.example", True),
        ("javascript:alert(1)", False),
        ("https:javascript", False),
        ("data:text/html,x", False),
        ("//x.example", False),
        ("http://[", False),
        ("", False),
        (None, False),
    ],
)
def test_links_lead_to_the_web_alone(url: str | None, may: bool) -> None:
    assert is_web_address(url) is may
